"""Selects the versions of conversions that count at a moment, and one of each sale that two systems report."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Subquery, and_, case, exists, func, not_, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Float

from sophia.analytics.conversions.event_types import CONVERSION, DIRECT, SALES
from sophia.analytics.conversions.models import (
    EVERY_SOURCE,
    ConversionEvent,
    ConversionEventRevision,
    ConversionSourceChoice,
)
from sophia.analytics.figures.facts import ConversionFact, Money
from sophia.analytics.readings.validity import valid_at

# Web analytics and a shop may date a sale differently, because of zones or late payment. Files of orders often have no day
# for a refund, which then gets the day of the order.
MOST_DAYS_APART = 7
MOST_DAYS_APART_OF_REFUNDS = 120


COLUMNS = (
    *("client_id", "event_type", "event_date", "source", "revenue_amount", "currency", "customer_key"),
    *("content_draft_id", "utm_source", "utm_campaign", "origin", "from_analytics", "transaction_key", "row_key"),
    "recorded_at",
)


class days_between(GenericFunction[float]):  # noqa: N801 - reads as the SQL that it stands for
    """`days_between(a, b)`: the number of days between two days, in either order."""

    type = Float()
    inherit_cache = True


@compiles(days_between, "sqlite")
def _days_between_sqlite(element: days_between, compiler: SQLCompiler, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"abs(julianday({first}) - julianday({second}))"


@compiles(days_between, "postgresql")
def _days_between_postgresql(element: days_between, compiler: SQLCompiler, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"abs({first} - {second})"


def versions(as_of: datetime | None, name: str) -> FromClause:
    """Return all versions under an alias, with the end of each as `until`. Without a moment, return the newest only."""
    event, revision = ConversionEvent.__table__, ConversionEventRevision.__table__
    newest = select(
        event.c.id.label("event_id"), event.c.removed_at.label("until"), *(event.c[column] for column in COLUMNS)
    )
    if as_of is None:
        return newest.subquery(name)
    replaced = select(revision.c.conversion_id, revision.c.replaced_at, *(revision.c[column] for column in COLUMNS))
    return newest.union_all(replaced).subquery(name)


def version_valid_at(event: FromClause, as_of: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a version is valid at a moment; without a moment, that it is not removed."""
    return valid_at(event.c.recorded_at, event.c.until, as_of)


def counted_conversions(as_of: datetime | None = None) -> Subquery:
    """Return every event that counts, once, as it was at a moment.

    Columns: `event_id`, `client_id`, `event_type`, `event_date`, `source`, `revenue_amount`, `currency`, `customer_key`,
    `content_draft_id`, `utm_source`, `utm_campaign`, `recorded_at`. A shop does not know what led to a sale, so its sale gets the draft and
    the tags that web analytics recorded for it.
    """
    event, observed, other = (versions(as_of, name) for name in ("event", "observed", "other"))
    first = (
        select(func.min(other.c.event_id))
        .where(same_sale(event, other, as_of), other.c.from_analytics)
        .correlate(event)
        .scalar_subquery()
    )
    same_observed = and_(
        not_(event.c.from_analytics),
        event.c.transaction_key.is_not(None),
        same_sale(event, observed, as_of),
        observed.c.from_analytics,
        observed.c.event_id == first,
        not_(_chosen(event, as_of, EVERY_SOURCE)),
    )
    return (
        select(
            *(event.c[name] for name in ("event_id", "client_id", "event_type", "event_date", "source")),
            *(event.c[name] for name in ("revenue_amount", "currency", "customer_key")),
            *(
                func.coalesce(event.c[name], observed.c[name]).label(name)
                for name in ("content_draft_id", "utm_source", "utm_campaign")
            ),
            event.c.recorded_at,
        )
        .select_from(event.outerjoin(observed, same_observed))
        .where(version_valid_at(event, as_of), counts(event, as_of))
        .subquery("counted")
    )


def conversion_fact(row: Row[Any]) -> ConversionFact:
    """Return a row of `counted_conversions` as a fact."""
    has_revenue = row.revenue_amount is not None and row.currency is not None
    return ConversionFact(
        event_id=row.event_id,
        event_type=row.event_type,
        day=row.event_date,
        source=row.source,
        revenue=Money(row.revenue_amount, row.currency) if has_revenue else None,
        customer=row.customer_key,
        draft_id=row.content_draft_id,
        last_click=None if row.utm_source == DIRECT else row.utm_source,
    )


def counts(event: FromClause, as_of: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a valid version counts. A sale counts if its source is chosen.

    Without a choice all sources count, but a sale of web analytics only if no other source has the same sale.
    """
    other = versions(as_of, "shop")
    known_by_shop = and_(
        event.c.from_analytics,
        event.c.transaction_key.is_not(None),
        exists().where(same_sale(event, other, as_of), not_(other.c.from_analytics)).correlate(event),
    )
    return or_(
        event.c.event_type.not_in(SALES),
        _chosen(event, as_of, event.c.origin, EVERY_SOURCE),
        and_(not_(_chosen(event, as_of)), not_(known_by_shop)),
    )


def same_sale(event: FromClause, other: FromClause, as_of: datetime | None) -> ColumnElement[bool]:
    """Return the condition that two events have the same number without `#`, and days close to each other."""
    most_days = case((event.c.event_type == CONVERSION, MOST_DAYS_APART), else_=MOST_DAYS_APART_OF_REFUNDS)
    return and_(
        other.c.client_id == event.c.client_id,
        other.c.transaction_key == event.c.transaction_key,
        other.c.event_type == event.c.event_type,
        days_between(other.c.event_date, event.c.event_date) <= most_days,
        version_valid_at(other, as_of),
    )


def _chosen(event: FromClause, as_of: datetime | None, *origins: Any) -> ColumnElement[bool]:
    """Return the condition that the client chose one of these origins; without origins, that it chose any."""
    choice = aliased(ConversionSourceChoice)
    of_client = [choice.client_id == event.c.client_id, valid_at(choice.set_at, choice.ended_at, as_of)]
    if origins:
        of_client.append(choice.origin.in_(origins))
    return exists().where(*of_client).correlate(event)
