"""Amounts, days and counts as files write them. What could mean two things is refused, never guessed."""

import re
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from sophia.errors import InvalidInputError

DecimalMark = Literal[".", ","]
MOST_OF_ONE_ROW = 10_000
_SPACES = re.compile(r"[\s'\u2019]")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_MARK = re.compile(r"[.,]")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:([0-9]{2}))?")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:[T ]+([0-9]{1,2})(:[0-9]{2}.*))?")
_OFFSET = re.compile(r" (?=[+-][0-9]{2}:?[0-9]{2}$)")
_THOUSAND = 3


def read_amount(text: str, mark: DecimalMark | None) -> Decimal:
    """`1.234,56`, `1,234.56`, `19,9`: with both signs the last one parts the cents, one sign alone does unless exactly
    three digits follow it. `mark` says which sign parts the cents. Raises InvalidInputError.
    """
    bare = _SPACES.sub("", text)
    known = mark or _mark_of(bare, text)
    other = "," if known == "." else "."
    plain = bare.replace(other, "").replace(known, ".")
    if not _PLAIN.fullmatch(plain):
        raise InvalidInputError(f"{text!r} is no amount of money.")
    return Decimal(plain)


def _mark_of(bare: str, text: str) -> str:
    marks = _MARK.findall(bare)
    if not marks:
        return "."
    if len(set(marks)) > 1:
        return str(marks[-1])
    if len(marks) > 1:
        return "." if marks[0] == "," else ","
    if len(bare.rpartition(marks[0])[2]) == _THOUSAND:
        raise InvalidInputError(f"{text!r} may be thousands or not. Say which sign parts the cents: --decimal . or ,")
    return str(marks[0])


def read_day(text: str, file_zone: tzinfo, client_zone: tzinfo) -> date:
    """The day on the client's calendar. A moment without an offset is in the file's zone; a day alone stays what it is.

    `2026-02-28`, `20260228`, `28.2.2026`, `2026022813` (with the hour), and moments as in ISO 8601 or Shopify's
    `2026-02-28 23:30:00 -0500`, or `28.2.2026 9:30`. Raises InvalidInputError; 02/03/2026 may be either of two days.
    """
    try:
        if found := _DAY.fullmatch(text):
            year, month, day, hour = (int(part or 0) for part in found.groups())
            if found[4] is None:
                return date(year, month, day)
            return datetime(year, month, day, hour, tzinfo=file_zone).astimezone(client_zone).date()
        if found := _GERMAN_DAY.fullmatch(text):
            day_alone = date(int(found[3]), int(found[2]), int(found[1]))
            if found[4] is None:
                return day_alone
        iso = f"{day_alone} {found[4]:0>2}{found[5]}" if found else text
        moment = datetime.fromisoformat(_OFFSET.sub("", iso))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=file_zone)
        return aware.astimezone(client_zone).date()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{text!r} is no day that can be told. Write it as 2026-02-28.") from None


def read_count(text: str) -> int:
    """How often, from 0 to 10,000. Raises InvalidInputError."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > MOST_OF_ONE_ROW:  # noqa: PLR2004
        raise InvalidInputError(f"{text!r} is no count from 0 to {MOST_OF_ONE_ROW:,}.")
    return int(text)
