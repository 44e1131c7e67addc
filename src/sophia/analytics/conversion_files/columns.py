"""Which columns mean what, by the names that Google Analytics 4, Shopify and our own API give them."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum


class FileFormat(StrEnum):
    """Whose file it is: orders of Shopify, or else rows of Google Analytics or of one's own."""

    EVENTS = "events"
    SHOPIFY = "shopify"


# In each row the first name that the file has counts.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "event_type": ("event_type", "Event name"),
    "event_date": ("event_date", "Date", "Date + hour (YYYYMMDDHH)", "Date hour"),
    "source": ("source", "Session source", "Session source / medium", "Session manual source"),
    "revenue_amount": ("revenue_amount", "Purchase revenue", "Total revenue", "Revenue"),
    "currency": ("currency", "Currency code"),
    "content_draft_id": ("content_draft_id",),
    "external_id": ("external_id",),
    "transaction_id": ("Transaction ID",),
    "customer_key": ("customer_key", "User ID", "Effective user ID"),
    "utm_source": ("utm_source", "Session manual source", "Session source", "Session source / medium"),
    "utm_medium": ("utm_medium", "Session manual medium", "Session medium", "Session source / medium"),
    "utm_campaign": ("utm_campaign", "Session manual campaign name", "Session campaign", "Session campaign name"),
    "utm_content": ("utm_content", "Session manual ad content", "Manual ad content"),
    "link_url": ("link_url", "Landing page + query string", "Page location"),
    "count": ("count", "Event count", "Sessions"),
}
SHOPIFY: Mapping[str, tuple[str, ...]] = {
    "event_date": ("Created at",),
    "revenue_amount": ("Total",),
    "currency": ("Currency",),
    "transaction_id": ("Name",),
    "customer_key": ("Email",),
    "status": ("Financial Status",),
    "refunded": ("Refunded Amount",),
    "refunded_on": ("Cancelled at",),
}
COLUMNS = {FileFormat.EVENTS: EVENTS, FileFormat.SHOPIFY: SHOPIFY}
SOURCE_AND_MEDIUM = "Session source / medium"
# What Google Analytics writes where it knows nothing.
BLANKS = frozenset({"", "-", "(not set)", "(none)", "(not provided)", "(data not available)"})

# Names of events that Google Analytics recommends, beside our own.
EVENT_NAMES: Mapping[str, str] = {
    "purchase": "conversion",
    "in_app_purchase": "conversion",
    "generate_lead": "inquiry",
    "session_start": "utm_click",
}
# Begins every visit, whatever led there: a click on a tagged link only where the row has our tags.
ANY_VISIT = "session_start"


def plain_name(heading: str) -> str:
    """A heading without case, spaces and signs: `Transaction ID` and `transactionId` are one."""
    return re.sub(r"[^a-z0-9]", "", heading.casefold())


def format_of(headings: Iterable[str]) -> FileFormat:
    names = {plain_name(heading) for heading in headings}
    return FileFormat.SHOPIFY if {"name", "financialstatus"} <= names else FileFormat.EVENTS


def find_columns(headings: list[str]) -> dict[str, int]:
    """Where each known field stands in a file with these headings."""
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        places.setdefault(plain_name(heading), index)
    found: dict[str, int] = {}
    for field, names in COLUMNS[format_of(headings)].items():
        known = [places[plain_name(name)] for name in names if plain_name(name) in places]
        found |= {field: known[0]} if known else {}
    return found
