"""Reads single conversions and their versions."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Row, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.conversions.counted import counts, version_valid_at, versions
from sophia.analytics.conversions.event_types import AttributedBy, EventType
from sophia.analytics.conversions.models import ConversionEvent, ConversionEventRevision
from sophia.analytics.figures.cursors import read_cursor, row_number, write_cursor
from sophia.errors import NotFoundError
from sophia.meta.reporting_zone import DateRange


@dataclass(frozen=True, slots=True)
class ConversionVersionRecord:
    """One version of a conversion. `reason` is why a person amended or deleted it, or its source withdrew it.

    The hash of the customer is not part of it.
    """

    event_type: EventType
    source: str
    origin: Annotated[str, Field(description="The shop, analytics property or sender that gave the external id.")]
    event_date: date
    revenue_amount: Decimal | None
    currency: str | None
    external_id: str | None
    content_draft_id: int | None
    attributed_by: AttributedBy | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_content: str | None
    link_url: str | None
    details: dict[str, Any] | None
    recorded_at: datetime
    removed_at: datetime | None
    removed_by: str | None
    reason: str | None
    replaced_at: Annotated[datetime | None, Field(description="Null for the newest version.")] = None


# The columns of both tables of versions.
_VERSION_COLUMNS = tuple(field.name for field in fields(ConversionVersionRecord) if field.name != "replaced_at")


@dataclass(frozen=True, slots=True)
class ConversionRecord:
    """The newest version of a conversion. `counts`: it is not removed, and no other source counts the same sale."""

    id: int
    counts: bool
    revisions: int
    version: ConversionVersionRecord


@dataclass(frozen=True, slots=True)
class ConversionHistory(ConversionRecord):
    """A conversion with its earlier versions, newest first."""

    history: list[ConversionVersionRecord]


@dataclass(frozen=True, slots=True)
class ConversionFilter:
    """Which conversions to list. `source` is a source or an origin."""

    window: DateRange | None = None
    event_type: str | None = None
    source: str | None = None
    external_id: str | None = None
    with_removed: bool = False


def list_conversions(
    session: Session, client_id: int, conversion_filter: ConversionFilter, *, limit: int, cursor: str | None = None
) -> list[ConversionRecord]:
    """Return conversions, newest day first. Raises InvalidInputError for an invalid cursor."""
    event = ConversionEvent
    query = _records(client_id).order_by(event.event_date.desc(), event.id.desc()).limit(limit)
    if conversion_filter.window is not None:
        query = query.where(
            event.event_date >= conversion_filter.window.start, event.event_date < conversion_filter.window.end
        )
    if conversion_filter.event_type is not None:
        query = query.where(event.event_type == conversion_filter.event_type)
    if conversion_filter.source is not None:
        query = query.where(or_(event.source == conversion_filter.source, event.origin == conversion_filter.source))
    if conversion_filter.external_id is not None:
        query = query.where(event.external_id == conversion_filter.external_id)
    if not conversion_filter.with_removed:
        query = query.where(event.removed_at.is_(None))
    if cursor is not None:
        day, last_id = read_cursor(cursor, date.fromisoformat, row_number)
        query = query.where(or_(event.event_date < day, and_(event.event_date == day, event.id < last_id)))
    return [_record(row) for row in session.execute(query)]


def conversion_cursor(record: ConversionRecord) -> str:
    """Return the cursor of the page after this conversion."""
    return write_cursor(record.version.event_date, record.id)


def find_conversion(session: Session, client_id: int, conversion_id: int) -> ConversionRecord:
    """Return a conversion. Raises NotFoundError."""
    row = session.execute(_records(client_id).where(ConversionEvent.id == conversion_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"Client {client_id} has no conversion {conversion_id}.")
    return _record(row)


def find_history(session: Session, client_id: int, conversion_id: int) -> ConversionHistory:
    """Return a conversion with its earlier versions. Raises NotFoundError."""
    record = find_conversion(session, client_id, conversion_id)
    revisions = list_revisions(session, client_id, conversion_id)
    return ConversionHistory(record.id, record.counts, record.revisions, record.version, revisions)


def list_revisions(session: Session, client_id: int, conversion_id: int) -> list[ConversionVersionRecord]:
    """Return the earlier versions of a conversion, newest first."""
    revision = ConversionEventRevision
    rows = session.execute(
        select(*(getattr(revision, name) for name in _VERSION_COLUMNS), revision.replaced_at)
        .where(revision.client_id == client_id, revision.conversion_id == conversion_id)
        .order_by(revision.replaced_at.desc(), revision.id.desc())
    )
    return [ConversionVersionRecord(*tuple(row)) for row in rows]


def _records(client_id: int) -> Select[*tuple[Any, ...]]:
    event, revision = ConversionEvent, ConversionEventRevision
    version = versions(None, "version")
    revisions = select(func.count()).where(revision.conversion_id == event.id).correlate(event).scalar_subquery()
    is_counted = (
        select(true())
        .where(version.c.event_id == event.id, version_valid_at(version, None), counts(version, None))
        .correlate(event)
        .exists()
    )
    shared = (getattr(event, name) for name in _VERSION_COLUMNS)
    return select(event.id, is_counted, revisions, *shared).where(event.client_id == client_id)


def _record(row: Row[*tuple[Any, ...]]) -> ConversionRecord:
    conversion_id, is_counted, revisions, *shared = row
    return ConversionRecord(conversion_id, bool(is_counted), revisions, ConversionVersionRecord(*shared))
