"""Reads the sources of a client's sales, which of them count, and which sales two of them share."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Row, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.counted import MOST_DAYS_APART, counts, same_sale, version_valid_at, versions
from sophia.analytics.conversions.event_types import CONVERSION, SALES
from sophia.analytics.conversions.models import EVERY_SOURCE, ConversionSourceChoice
from sophia.analytics.readings.validity import valid_at
from sophia.meta.reporting_zone import DateRange

BOTH = "both"


@dataclass(frozen=True, slots=True)
class SharedSales:
    """Sales that two sources both report. `by_number` counts sales with the same transaction number.

    `possible` counts sales on the same day without a common number, and with the same amount if both sources have amounts
    of single sales. Possible ones count twice unless a source is chosen.
    """

    sources: tuple[str, str]
    by_number: int
    possible: int
    counted: Annotated[
        str, Field(description="The source that counts for sales with the same number; or `both`, or `neither`.")
    ]


@dataclass(frozen=True, slots=True)
class ConversionSource:
    """A source of sales and refunds. `revenue` and `counted_revenue` are {currency: sales minus refunds}."""

    name: str
    from_analytics: bool
    sales: int
    counted_sales: int
    revenue: dict[str, Decimal]
    counted_revenue: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class ConversionSources:
    """The sources of a client. `chosen` are the sources whose sales count: `["*"]` for all, null for the default rule.

    By the default rule, a sale that web analytics and a shop both report counts once, with the data of the shop.
    """

    chosen: tuple[str, ...] | None
    sources: tuple[ConversionSource, ...]
    shared: tuple[SharedSales, ...]


def chosen_sources(session: Session, client_id: int) -> tuple[str, ...] | None:
    """Return the sources whose sales count; None for the default rule."""
    choice = ConversionSourceChoice
    rows = session.scalars(
        select(choice.origin)
        .where(choice.client_id == client_id, valid_at(choice.set_at, choice.ended_at, None))
        .order_by(choice.origin)
    )
    return tuple(rows) or None


def list_sources(session: Session, client_id: int) -> ConversionSources:
    """Return the sources of a client's sales and the sales that they share, in seven queries."""
    event = versions(None, "event")
    counted = case((counts(event, None), 1), else_=0)
    rows = session.execute(
        select(event.c.origin, event.c.from_analytics, event.c.event_type, event.c.currency, counted)
        .add_columns(func.count(), func.sum(event.c.revenue_amount))
        .where(event.c.client_id == client_id, event.c.event_type.in_(SALES), version_valid_at(event, None))
        .group_by(event.c.origin, event.c.from_analytics, event.c.event_type, event.c.currency, counted)
    ).all()
    days = session.execute(
        select(func.min(event.c.event_date), func.max(event.c.event_date)).where(event.c.client_id == client_id)
    ).one()
    shared: tuple[SharedSales, ...] = ()
    if days[0] is not None:
        shared = find_shared_sales(session, client_id, DateRange(days[0], days[1] + timedelta(days=1)))
    return ConversionSources(chosen_sources(session, client_id), _summed(rows), shared)


def _summed(rows: Collection[Row[*tuple[Any, ...]]]) -> tuple[ConversionSource, ...]:
    sources: dict[tuple[str, bool], ConversionSource] = {}
    for origin, from_analytics, event_type, currency, is_counted, event_count, amount in rows:
        key = origin, bool(from_analytics)
        source = sources.setdefault(key, ConversionSource(*key, 0, 0, {}, {}))
        is_sale = event_type == CONVERSION
        if currency is not None:
            signed = Decimal(amount) if is_sale else -Decimal(amount)
            for revenue in [source.revenue, *([source.counted_revenue] if is_counted else [])]:
                revenue[currency] = revenue.get(currency, Decimal(0)) + signed
        sources[key] = ConversionSource(
            *key,
            source.sales + is_sale * event_count,
            source.counted_sales + is_sale * is_counted * event_count,
            source.revenue,
            source.counted_revenue,
        )
    return tuple(sources[key] for key in sorted(sources))


def find_shared_sales(
    session: Session, client_id: int, window: DateRange, origins: Collection[str] | None = None
) -> tuple[SharedSales, ...]:
    """Return the sales of the window that two sources both report, of these origins or of all, in four queries."""
    by_number = _shared_by_number(session, client_id, window)
    possible = _possibly_shared(session, client_id, window)
    event = versions(None, "event")
    of_analytics = select(event.c.origin).where(event.c.client_id == client_id, event.c.from_analytics).distinct()
    analytics = set(session.scalars(of_analytics))
    chosen = chosen_sources(session, client_id)
    pairs = sorted(set(by_number) | set(possible))
    return tuple(
        SharedSales(pair, by_number[pair], possible[pair], _counted_source(pair, chosen, analytics))
        for pair in pairs
        if origins is None or not set(pair).isdisjoint(origins)
    )


def _counted_source(pair: tuple[str, str], chosen: Collection[str] | None, analytics: Collection[str]) -> str:
    if chosen is None:
        remaining = [origin for origin in pair if origin not in analytics]
    else:
        remaining = [origin for origin in pair if origin in chosen or EVERY_SOURCE in chosen]
    if len(remaining) == 1:
        return remaining[0]
    return BOTH if remaining or chosen is None else "neither"


def _shared_by_number(session: Session, client_id: int, window: DateRange) -> Counter[tuple[str, str]]:
    event, other = versions(None, "event"), versions(None, "other")
    near = window.start - timedelta(days=MOST_DAYS_APART), window.end + timedelta(days=MOST_DAYS_APART)
    rows = session.execute(
        select(event.c.origin, other.c.origin, func.count(event.c.transaction_key.distinct()))
        .join(other, and_(same_sale(event, other, None), event.c.origin < other.c.origin))
        .where(
            event.c.client_id == client_id,
            event.c.event_type == CONVERSION,
            event.c.event_date.between(*near),
            version_valid_at(event, None),
        )
        .group_by(event.c.origin, other.c.origin)
    )
    return Counter({(first, second): count for first, second, count in rows})


def _possibly_shared(session: Session, client_id: int, window: DateRange) -> Counter[tuple[str, str]]:
    """Return the sales of two sources on the same day without a common number.

    Sales of two shops also need the same amount. A report that counts sales by day has no single amounts, so all its sales
    are possible.
    """
    event, other = versions(None, "event"), versions(None, "other")
    agrees = exists().where(same_sale(event, other, None), other.c.origin != event.c.origin).correlate(event)
    is_summed = event.c.row_key.is_not(None)
    rows = session.execute(
        select(event.c.event_date, event.c.currency, event.c.revenue_amount, event.c.origin, event.c.from_analytics)
        .add_columns(is_summed.label("is_summed"), func.count().label("number"))
        .where(
            event.c.client_id == client_id,
            event.c.event_type == CONVERSION,
            event.c.event_date >= window.start,
            event.c.event_date < window.end,
            or_(event.c.revenue_amount.is_(None), event.c.revenue_amount > 0),
            version_valid_at(event, None),
            or_(event.c.transaction_key.is_(None), not_(agrees)),
        )
        .group_by(
            event.c.event_date,
            event.c.currency,
            event.c.revenue_amount,
            event.c.origin,
            event.c.from_analytics,
            is_summed,
        )
    ).all()
    return _same_days(rows)


def _same_days(rows: Collection[Row[Any]]) -> Counter[tuple[str, str]]:
    by_day: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    by_amount: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    summed = {row.origin for row in rows if row.is_summed}
    for row in rows:
        by_day[row.event_date, row.currency][row.origin] += row.number
        if row.revenue_amount is not None:
            by_amount[row.event_date, row.currency, row.revenue_amount][row.origin] += row.number
    pairs: Counter[tuple[str, str]] = Counter()
    for groups, is_same_kind in ((by_day, False), (by_amount, True)):
        for counts_by_origin in groups.values():
            for first, second in combinations(sorted(counts_by_origin), 2):
                if ((first in summed) == (second in summed)) == is_same_kind:
                    pairs[first, second] += min(counts_by_origin[first], counts_by_origin[second])
    return pairs
