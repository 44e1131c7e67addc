"""Which versions of conversions count: those valid at a moment, and of a sale that two systems name, one."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, and_, case, exists, func, not_, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Float

from sophia.analytics.measures.commerce import CONVERSION, REFUND
from sophia.analytics.measures.facts import ConversionFact, Money
from sophia.analytics.models import ConversionEvent, ConversionSourceChoice
from sophia.analytics.models.conversions import EVERY_SOURCE
from sophia.analytics.queries.validity import standing

SALES = (CONVERSION, REFUND)
# Google Analytics writes this where it knows of no channel.
DIRECT = "(direct)"
# Web analytics and a shop may put a sale on two days, by their zones or because the payment was late. Of refunds a file of
# orders often says no day, and then the order's day stands for it.
MOST_DAYS_APART = 7
MOST_DAYS_APART_OF_REFUNDS = 120


class days_between(GenericFunction[float]):  # noqa: N801 - reads as the SQL that it stands for
    """`days_between(a, b)`: how many days lie between two days, in either order."""

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


Event = AliasedClass[ConversionEvent]


def valid_at(event: Event | type[ConversionEvent], as_of: datetime | None) -> ColumnElement[bool]:
    """Whether a version is the one of that moment; without a moment, whether it is the one of now."""
    return standing(event.recorded_at, event.replaced_at, as_of)


def counted_conversions(as_of: datetime | None = None) -> Subquery:
    """Every event that counts, once, as it was known at a moment.

    Columns: `event_id`, `client_id`, `event_type`, `event_date`, `source`, `revenue_amount`, `currency`, `customer_key`,
    `content_draft_id`, `utm_source`, `utm_campaign`. A shop does not know what led to a sale: its sale has the draft and
    the tags that web analytics saw for it, where it has none.
    """
    event, seen = aliased(ConversionEvent, name="event"), aliased(ConversionEvent, name="seen")
    other = aliased(ConversionEvent, name="other")
    first = (
        select(func.min(other.id)).where(_same_sale(event, other, as_of), other.from_analytics).scalar_subquery()
    ).correlate(event)
    twin = and_(
        not_(event.from_analytics),
        event.transaction_key.is_not(None),
        _same_sale(event, seen, as_of),
        seen.from_analytics,
        seen.id == first,
        not_(_chosen(event, as_of, EVERY_SOURCE)),
    )
    return (
        select(
            func.coalesce(event.revision_of, event.id).label("event_id"),
            event.client_id,
            event.event_type,
            event.event_date,
            event.source,
            event.revenue_amount,
            event.currency,
            event.customer_key,
            func.coalesce(event.content_draft_id, seen.content_draft_id).label("content_draft_id"),
            func.coalesce(event.utm_source, seen.utm_source).label("utm_source"),
            func.coalesce(event.utm_campaign, seen.utm_campaign).label("utm_campaign"),
        )
        .outerjoin(seen, twin)
        .where(valid_at(event, as_of), counts(event, as_of))
        .subquery("counted")
    )


def conversion_fact(row: Row[Any]) -> ConversionFact:
    """Return the fact of a row of `counted_conversions`."""
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


def counts(event: Event, as_of: datetime | None) -> ColumnElement[bool]:
    """Whether a valid version counts: a sale only when its source is chosen.

    Without a choice all sources count, and a sale that web analytics saw only where no other source has the same sale.
    """
    other = aliased(ConversionEvent, name="shop")
    known_by_shop = and_(
        event.from_analytics,
        event.transaction_key.is_not(None),
        exists().where(_same_sale(event, other, as_of), not_(other.from_analytics)).correlate(event),
    )
    return or_(
        event.event_type.not_in(SALES),
        _chosen(event, as_of, event.origin, EVERY_SOURCE),
        and_(not_(_chosen(event, as_of)), not_(known_by_shop)),
    )


def _same_sale(event: Event, other: Event, as_of: datetime | None) -> ColumnElement[bool]:
    """Whether two events have the same number once `#` is left aside, and lie close together."""
    most = case((event.event_type == CONVERSION, MOST_DAYS_APART), else_=MOST_DAYS_APART_OF_REFUNDS)
    return and_(
        other.client_id == event.client_id,
        other.transaction_key == event.transaction_key,
        other.event_type == event.event_type,
        days_between(other.event_date, event.event_date) <= most,
        valid_at(other, as_of),
    )


def _chosen(event: Event, as_of: datetime | None, *origins: Any) -> ColumnElement[bool]:
    """Whether the client chose one of these origins, or any when none is named."""
    choice = aliased(ConversionSourceChoice)
    of_client = [choice.client_id == event.client_id, standing(choice.set_at, choice.ended_at, as_of)]
    if origins:
        of_client.append(choice.origin.in_(origins))
    return exists().where(*of_client).correlate(event)
