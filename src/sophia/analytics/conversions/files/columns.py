"""Finds the known fields in the headings of a file, and recognizes whose file it is."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from sophia.analytics.conversions.files.headings import EVENTS, OWN, SHOPIFY
from sophia.errors import InvalidInputError


class FileFormat(StrEnum):
    """The format of a file: orders of Shopify, a report of Google Analytics, or the user's own rows."""

    EVENTS = "events"
    GA4 = "ga4"
    SHOPIFY = "shopify"


# Event names that Google Analytics recommends, and the event types of Sophia that they mean.
EVENT_NAMES: Mapping[str, str] = {
    "purchase": "conversion",
    "in_app_purchase": "conversion",
    "generate_lead": "inquiry",
    "session_start": "utm_click",
}
# Google Analytics sends this for every visit. It is a click on a tagged link only if the row has Sophia's tags.
ANY_VISIT = "session_start"
# Fields whose headings also occur in the user's own files.
_SHARED = ("event_date", "source", "currency", "customer_key", "count", "content_draft_id", "external_id", "link_url")


def plain_name(heading: str) -> str:
    """Return a heading without case, spaces and signs, so that `Transaction ID` equals `transactionId`."""
    composed = unicodedata.normalize("NFC", heading).casefold()
    return re.sub(r"[\W_]", "", composed)


def columns_of(file_format: FileFormat) -> Mapping[str, tuple[str, ...]]:
    """Return {field: known headings} of a format."""
    return SHOPIFY if file_format is FileFormat.SHOPIFY else EVENTS


def format_of(headings: Iterable[str], named_fields: Iterable[str] = ()) -> FileFormat:
    """Return the format by the headings of a file and by the fields that the user names columns for."""
    names = {plain_name(heading) for heading in headings}
    if {"name", "financialstatus"} <= names:
        return FileFormat.SHOPIFY
    if not _GA4_FIELDS.isdisjoint(named_fields):
        return FileFormat.GA4
    is_own = any(plain_name(name) in names for name in OWN)
    return FileFormat.GA4 if not is_own and names & _GA4_NAMES else FileFormat.EVENTS


# Only reports of analytics have these columns.
_GA4_FIELDS = frozenset({"gross", "refunded", "transaction_id", "event_count", "purchases", "key_events"})
_GA4_NAMES = frozenset(
    plain_name(name)
    for field, names in EVENTS.items()
    if field not in _SHARED
    for name in names
    if name not in OWN and not name.startswith("utm_")
)


def find_columns(headings: Sequence[str], named: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return {field: column} of a file with these headings; `named` is {field: heading}.

    Raises InvalidInputError for an unknown field, and for a heading that the file does not have.
    """
    indexes: dict[str, int] = {}
    for index, heading in enumerate(headings):
        indexes.setdefault(plain_name(heading), index)
    fields = columns_of(format_of(headings))
    columns: dict[str, int] = {}
    for field, names in fields.items():
        present = [indexes[plain_name(name)] for name in names if plain_name(name) in indexes]
        columns |= {field: present[0]} if present else {}
    for field, heading in (named or {}).items():
        if field not in fields:
            raise InvalidInputError(f"{field!r} is not a field of a conversion. Choose one of: {', '.join(fields)}.")
        columns[field] = find_heading(headings, heading)
    return columns


def find_heading(headings: Sequence[str], heading: str) -> int:
    """Return the column with this heading. Raises InvalidInputError, which lists the headings."""
    names = [plain_name(name) for name in headings]
    if plain_name(heading) in names:
        return names.index(plain_name(heading))
    raise InvalidInputError(f"The file has no column {heading!r}. Its columns: {', '.join(headings)[:500]}.")
