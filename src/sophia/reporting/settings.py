"""How the reports of a client look: brand, language and sections, with those of the agency where the client has none."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, with_config
from sqlalchemy.orm import Session

from sophia.analytics.reports.models import AGENCY_ID, ReportSettingsEntry
from sophia.database.records import as_record
from sophia.display.languages import ENGLISH, LanguageCode, expect_language
from sophia.errors import InvalidInputError
from sophia.portfolio.thumbnails import make_logo
from sophia.reporting.branding import ACCENT, Branding, expect_colour
from sophia.reporting.document import SECTIONS

LONGEST_NAME = 120
# A larger file is no logo; it is refused before it is decoded.
MOST_LOGO_BYTES = 500_000
# Base64 needs four characters for three bytes.
LONGEST_LOGO = 4 * (MOST_LOGO_BYTES // 3 + 1)
Line = Annotated[str, Field(max_length=LONGEST_NAME)]


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """How the reports of a client, or of the agency, look. A field without a value inherits."""

    name: Annotated[Line | None, Field(description="The name at the top of documents.")] = None
    logo: Annotated[
        str | None, Field(max_length=LONGEST_LOGO, description="A PNG in Base64; a JPEG or large PNG becomes one.")
    ] = None
    colour: Annotated[str | None, Field(max_length=7, description="Like #1f5fbf, and dark enough for paper.")] = None
    sender: Annotated[Line | None, Field(description="Who prepared the report, and the sender of its mails.")] = None
    language: LanguageCode | None = None
    sections: Annotated[tuple[str, ...] | None, Field(description="The parts of a report, in any order.")] = None


@dataclass(frozen=True, slots=True)
class ReportLook:
    """The settings in force for a client: its own, else the agency's, else those of Sophia."""

    branding: Branding
    language: LanguageCode
    sections: tuple[str, ...]


def read_settings(session: Session, client_id: int | None) -> ReportSettings:
    """Return the own settings of a client, or of the agency for None."""
    row = session.get(ReportSettingsEntry, AGENCY_ID if client_id is None else client_id)
    if row is None:
        return ReportSettings()
    sections = None if row.sections is None else tuple(row.sections)
    language = None if row.language is None else expect_language(row.language)
    return as_record(ReportSettings, row, sections=sections, language=language)


def report_look(session: Session, client_id: int) -> ReportLook:
    """Return the settings in force for the reports of a client."""
    own, agency = read_settings(session, client_id), read_settings(session, None)
    logo = own.logo or agency.logo
    return ReportLook(
        Branding(
            name=own.name or agency.name or "",
            logo=f"data:image/png;base64,{logo}" if logo else "",
            colour=own.colour or agency.colour or ACCENT,
            sender=own.sender or agency.sender or "",
        ),
        own.language or agency.language or ENGLISH,
        own.sections or agency.sections or SECTIONS,
    )


def save_settings(session: Session, client_id: int | None, settings: ReportSettings, now: datetime) -> ReportSettings:
    """Replace the settings of a client, or of the agency for None, and return them as stored.

    Raises InvalidInputError for a name, logo, colour or section that cannot be used.
    """
    key = AGENCY_ID if client_id is None else client_id
    row = session.get(ReportSettingsEntry, key)
    if row is None:
        row = ReportSettingsEntry(id=key, client_id=client_id)
        session.add(row)
    row.name, row.sender = checked_line(settings.name, "name"), checked_line(settings.sender, "sender")
    row.colour = expect_colour(settings.colour) if settings.colour else None
    row.language = settings.language
    row.sections = None if settings.sections is None else list(checked_sections(settings.sections))
    if settings.logo != row.logo:
        row.logo = logo_from_base64(settings.logo) if settings.logo else None
    row.changed_at = now
    session.flush()
    return read_settings(session, client_id)


def logo_of(content: bytes) -> str:
    """Return a picture as a small PNG in Base64. Raises InvalidInputError for anything but a PNG or JPEG."""
    if len(content) > MOST_LOGO_BYTES:
        raise InvalidInputError(f"A logo has at most {MOST_LOGO_BYTES // 1_000} kB.")
    return b64encode(make_logo(content)).decode()


def logo_from_base64(text: str) -> str:
    """Return the logo of a Base64 text. Raises InvalidInputError for other texts."""
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        raise InvalidInputError("The logo is not in Base64.") from None
    return logo_of(content)


def checked_line(text: str | None, field: str) -> str | None:
    """Return a line with single spaces, or None for an empty one. Raises InvalidInputError."""
    line = " ".join((text or "").split())
    if len(line) > LONGEST_NAME or not line.isprintable():
        raise InvalidInputError(f"The {field} has at most {LONGEST_NAME} printable characters.")
    return line or None


def checked_sections(sections: Sequence[str]) -> tuple[str, ...]:
    """Return the sections in their order. Raises InvalidInputError for an unknown name and for no section."""
    unknown = [name for name in sections if name not in SECTIONS]
    if unknown or not sections:
        raise InvalidInputError(f"Choose at least one section of: {', '.join(SECTIONS)}.")
    return tuple(name for name in SECTIONS if name in sections)
