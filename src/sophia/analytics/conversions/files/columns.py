"""Which columns of a file mean what: by its headings, or by the names that the user gives."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from sophia.analytics.conversions.files import headings as known
from sophia.errors import InvalidInputError


class FileFormat(StrEnum):
    """Whose file it is: orders of Shopify, rows of Google Analytics, or rows of one's own."""

    EVENTS = "events"
    GA4 = "ga4"
    SHOPIFY = "shopify"


# Names of events that Google Analytics recommends, beside our own.
EVENT_NAMES: Mapping[str, str] = {
    "purchase": "conversion",
    "in_app_purchase": "conversion",
    "generate_lead": "inquiry",
    "session_start": "utm_click",
}
# Begins every visit, whatever led there: a click on a tagged link only where the row has our tags.
ANY_VISIT = "session_start"
# Headings that Google Analytics shares with files of one's own.
_SHARED = ("event_date", "source", "currency", "customer_key", "count", "content_draft_id", "external_id", "link_url")


def plain_name(heading: str) -> str:
    """A heading without case, spaces and signs: `Transaction ID` and `transactionId` are one."""
    composed = unicodedata.normalize("NFC", heading).casefold()
    return re.sub(r"[\W_]", "", composed)


def columns_of(file_format: FileFormat) -> Mapping[str, tuple[str, ...]]:
    return known.SHOPIFY if file_format is FileFormat.SHOPIFY else known.EVENTS


def format_of(headings: Iterable[str], named: Iterable[str] = ()) -> FileFormat:
    """Whose file it is, by its headings and by the fields that the user names columns for."""
    names = {plain_name(heading) for heading in headings}
    if {"name", "financialstatus"} <= names:
        return FileFormat.SHOPIFY
    if any(name in _GA4_FIELDS for name in named):
        return FileFormat.GA4
    is_own = any(plain_name(name) in names for name in known.OWN)
    return FileFormat.GA4 if not is_own and names & _GA4_NAMES else FileFormat.EVENTS


# Only reports of analytics have such columns.
_GA4_FIELDS = frozenset({"gross", "refunded", "transaction_id", "event_count", "purchases", "key_events"})
_GA4_NAMES = frozenset(
    plain_name(name)
    for field, names in known.EVENTS.items()
    if field not in _SHARED
    for name in names
    if name not in known.OWN and not name.startswith("utm_")
)


def find_columns(headings: Sequence[str], named: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return where each known field is in a file with these headings; `named` is {field: heading}.

    Raises InvalidInputError for a field that no column can be, and for a heading that the file does not have.
    """
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        places.setdefault(plain_name(heading), index)
    fields = columns_of(format_of(headings))
    columns: dict[str, int] = {}
    for field, names in fields.items():
        present = [places[plain_name(name)] for name in names if plain_name(name) in places]
        columns |= {field: present[0]} if present else {}
    for field, heading in (named or {}).items():
        if field not in fields:
            raise InvalidInputError(f"{field!r} is no field of a conversion. Give one of: {', '.join(fields)}.")
        columns[field] = find_heading(headings, heading)
    return columns


def find_heading(headings: Sequence[str], heading: str) -> int:
    """Return the column with this heading. Raises InvalidInputError, which lists the headings."""
    wanted = plain_name(heading)
    for index, name in enumerate(headings):
        if plain_name(name) == wanted:
            return index
    raise InvalidInputError(f"The file has no column {heading!r}. Its columns: {', '.join(headings)[:500]}.")
