"""Fields of forms, and moments that a person types."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Form, UploadFile
from pydantic import AfterValidator, BeforeValidator, Field

from sophia.analytics.figures.requests import UNSTORABLE, CalendarDay, Id
from sophia.errors import InvalidInputError
from sophia.portfolio.drafts import LONGEST_COPY

LONGEST_LINE = 300


def storable(text: str) -> str:
    """Return the text with the line ends that are stored. Browsers send those of Windows."""
    if UNSTORABLE.search(text):
        raise ValueError("has a character that cannot be stored")
    return text.replace("\r\n", "\n")


LineField = Annotated[str, Form(max_length=LONGEST_LINE), AfterValidator(storable)]
# An item of a field that a form sends several times.
LineText = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(storable)]
NoteField = Annotated[str, Form(max_length=2_000), AfterValidator(storable)]
# Each line end is sent as two characters.
TextField = Annotated[str, Form(max_length=2 * LONGEST_COPY), AfterValidator(storable)]


def text_of_upload(file: UploadFile) -> str:
    """Return the text of a file that a form sent. Raises InvalidInputError unless it is UTF-8."""
    try:
        return file.file.read().decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInputError("The file is not UTF-8 text. Save it as CSV in UTF-8.") from None


def none_if_empty(value: object) -> object:
    """Return None for an empty field: a browser sends every field of a form."""
    return None if value == "" else value


OptionalId = Annotated[Id | None, BeforeValidator(none_if_empty), Form()]
OptionalDay = Annotated[CalendarDay | None, BeforeValidator(none_if_empty), Form()]


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text field that are not empty."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a `datetime-local` field names on the operator's clock, or None for an empty field.

    Raises InvalidInputError for other text and for a time that clocks skip. Of a time that clocks show twice, the first
    is meant.
    """
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError(f"{text!r} is not a date and time. Write it like 2026-12-24T09:00.") from None
    moment = local if local.tzinfo else local.replace(tzinfo=zone)
    try:
        back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    except OverflowError:
        raise InvalidInputError(f"{text!r} is not in the calendar of this installation.") from None
    if back.replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise InvalidInputError(f"{local:%Y-%m-%d %H:%M} does not exist in {zone.key}: clocks go forward then.")
    return moment
