"""Reads KPI snapshots, now or as of a past time, and the weeks whose snapshots must be computed."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import ColumnElement, Integer, Text, case, cast, exists, func, or_, select, true, type_coerce, union
from sqlalchemy.orm import Session, aliased

from sophia.analytics.conversions.models import (
    ConversionEvent,
    ConversionEventRevision,
    ConversionSourceChoice,
    MarketingCost,
)
from sophia.analytics.figures.ages import AGES, WIDEST_BRACKET
from sophia.analytics.figures.documents import figure_of
from sophia.analytics.figures.figures import Figure, week_of
from sophia.analytics.kpis.models import FORMULAS, KPISnapshot, KPISnapshotRevision
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricSeries
from sophia.analytics.readings.permissions import ClientScope, visible
from sophia.analytics.readings.run_models import Watermark
from sophia.database.columns import EPOCH
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange, reporting_day
from sophia.portfolio.models import Account, ApprovalEvent, Client, ContentDraft, Post

# Other transactions may have ended in another order than their timestamps.
MARGIN = timedelta(hours=1)
# 1970-01-01 was a Thursday: with three more days, weeks begin on Monday.
_FROM_MONDAY = 3


@dataclass(frozen=True, slots=True)
class WeekSnapshot:
    """The KPIs of one client, or of one of its accounts, in one complete week; `checked_at` is when they were last confirmed."""

    client_id: Annotated[int, Field(exclude=True)]
    account_id: Annotated[int | None, Field(exclude=True)]
    week: DateRange
    kpis: Mapping[str, Figure]
    algo_dependent_summary: Mapping[str, Figure]
    algo_independent_summary: Mapping[str, Figure]
    computed_at: datetime
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class ClientWeek:
    """Some KPIs of one client in one complete week."""

    client_id: int
    week: DateRange
    computed_at: datetime
    kpis: Mapping[str, Figure]


def client_snapshots(
    session: Session, client_id: int, weeks: Collection[DateRange], *, account_id: int | None = None
) -> list[WeekSnapshot]:
    """Return the existing snapshots of these weeks, oldest first, of the whole client or of one account."""
    rows = session.scalars(
        select(KPISnapshot)
        .where(
            KPISnapshot.client_id == client_id,
            KPISnapshot.account_key == (account_id or 0),
            KPISnapshot.week_start.in_([week.start for week in weeks]),
        )
        .order_by(KPISnapshot.week_start)
    )
    return [_snapshot(row) for row in rows]


def portfolio_snapshots(
    session: Session, allowed_clients: ClientScope, weeks: Collection[DateRange], kpis: Collection[str]
) -> list[ClientWeek]:
    """Return these KPIs of the allowed active clients in these weeks, by client and week."""
    snapshot = KPISnapshot
    rows = session.execute(
        select(snapshot.client_id, snapshot.week_start, snapshot.computed_at, cast(snapshot.kpis, Text))
        .join(Client, Client.id == snapshot.client_id)
        .where(
            snapshot.account_key == 0,
            snapshot.week_start.in_([week.start for week in weeks]),
            visible(snapshot.client_id, allowed_clients),
            Client.status == "active",
        )
        .order_by(snapshot.client_id, snapshot.week_start)
    )
    return [
        ClientWeek(client, week_of(start), computed_at, _chosen(document, kpis))
        for client, start, computed_at, document in rows
    ]


def _snapshot(row: KPISnapshot) -> WeekSnapshot:
    documents = (row.kpis, row.algo_dependent_summary or {}, row.algo_independent_summary or {})
    kpis, dependent, independent = (
        {name: figure_of(figure) for name, figure in document.items()} for document in documents
    )
    week = DateRange(row.week_start, row.week_end + ONE_DAY)
    return WeekSnapshot(
        row.client_id, row.account_id, week, kpis, dependent, independent, row.computed_at, row.checked_at
    )


def portfolio_kpis(
    session: Session,
    weeks: Collection[DateRange],
    kpis: Collection[str],
    *,
    clients: Collection[int] | None = None,
    as_of: datetime | None = None,
) -> dict[int, dict[date, dict[str, Figure]]]:
    """Return {client: {Monday: {KPI: figure}}} of whole clients, as the snapshots were at a time, with one query."""
    rows = session.execute(
        select(KPISnapshot.client_id, KPISnapshot.week_start, _said(as_of)).where(
            KPISnapshot.account_key == 0,
            KPISnapshot.week_start.in_([week.start for week in weeks]),
            true() if clients is None else among(KPISnapshot.client_id, clients),
        )
    )
    figures: dict[int, dict[date, dict[str, Figure]]] = defaultdict(dict)
    for client, start, document in rows:
        if document is not None:
            figures[client][start] = _chosen(document, kpis)
    return figures


def account_figures(
    session: Session, week: DateRange, kpis: Collection[str], *, as_of: datetime | None = None
) -> dict[int, dict[str, Figure]]:
    """Return {account: {KPI: figure}} of every account in one week, as the snapshots were at a time, with one query."""
    rows = session.execute(
        select(KPISnapshot.account_key, _said(as_of)).where(
            KPISnapshot.week_start == week.start, KPISnapshot.account_key != 0
        )
    )
    return {account: _chosen(document, kpis) for account, document in rows if document is not None}


def _chosen(document: str, kpis: Collection[str]) -> dict[str, Figure]:
    figures = _figures(document)
    return {name: figures[name] for name in kpis if name in figures}


@lru_cache(maxsize=4096)
def _figures(document: str) -> Mapping[str, Figure]:
    """Return the figures of a document. It is cached: every report reads the whole portfolio's, and they rarely change."""
    return MappingProxyType({name: figure_of(load) for name, load in json.loads(document).items()})


def _said(as_of: datetime | None) -> ColumnElement[Any]:
    """Return the expression for a snapshot's KPIs, now or at a time; NULL if the snapshot did not exist then."""
    snapshot, revision = KPISnapshot, KPISnapshotRevision
    current = cast(snapshot.kpis, Text)
    if as_of is None:
        return current
    revised = (
        select(cast(revision.kpis, Text))
        .where(revision.snapshot_id == snapshot.id, revision.computed_at <= as_of, revision.replaced_at > as_of)
        .limit(1)
        .correlate(snapshot)
        .scalar_subquery()
    )
    return case((snapshot.computed_at <= as_of, current), else_=revised)


def weeks_due(session: Session, today: date) -> dict[DateRange, set[int]]:
    """Return {complete week: clients whose snapshot is missing or outdated}.

    The last complete week is due for every client collected for it, since it changes most. All weeks were correct when
    that week was last checked, so only data stored since then matters, and the weeks whose posts have reached a fixed age
    since then.
    """
    newest = DateRange(week_of(today).start - ONE_WEEK, week_of(today).start)
    first = _first_weeks(session)
    due: dict[DateRange, set[int]] = defaultdict(set)
    computed_weeks = _known_weeks(session)
    for client, begun in first.items():
        for index in range((newest.start - begun).days // 7 + 1):
            start = begun + index * ONE_WEEK
            if start == newest.start or start not in computed_weeks.get(client, ()):
                due[DateRange(start, start + ONE_WEEK)].add(client)
    last_week = select(func.max(KPISnapshot.week_start)).scalar_subquery()
    checked = session.scalar(
        select(func.min(KPISnapshot.checked_at))
        .join(Client, Client.id == KPISnapshot.client_id)
        .where(KPISnapshot.account_key == 0, KPISnapshot.week_start == last_week, Client.status == "active")
    )
    if checked is not None:
        for start in _aging_weeks(reporting_day(checked - MARGIN), today):
            due[DateRange(start, start + ONE_WEEK)] |= {
                client for client in first if start in computed_weeks.get(client, ())
            }
        for client, start in _touched_weeks(session, checked - MARGIN):
            # The followers at the end of one week are those at the start of the next.
            for week in (DateRange(start, start + ONE_WEEK), DateRange(start + ONE_WEEK, start + 2 * ONE_WEEK)):
                if week.start in computed_weeks.get(client, ()) and week.is_closed(today):
                    due[week].add(client)
    return {week: clients for week, clients in sorted(due.items()) if clients}


def _aging_weeks(since: date, today: date) -> Iterator[date]:
    """Yield the Mondays of complete weeks whose posts reached a fixed age, or were read after it, since a day."""
    oldest = week_of(since - max(AGES.values()) * (1 + WIDEST_BRACKET)).start - ONE_WEEK
    for index in range((week_of(today).start - oldest).days // 7):
        start = oldest + index * ONE_WEEK
        settled = (start + ONE_WEEK + age * (1 + WIDEST_BRACKET) + ONE_DAY for age in AGES.values())
        if any(start + age <= today and day >= since for age, day in zip(AGES.values(), settled, strict=True)):
            yield start


def _first_weeks(session: Session) -> dict[int, date]:
    """Return {active client: the Monday of the first whole week requested for one of its accounts}."""
    rows = session.execute(
        select(Account.client_id, func.min(Watermark.from_day))
        .join(Watermark, Watermark.account_id == Account.id)
        .join(Client, Client.id == Account.client_id)
        .where(Watermark.family.in_(DAY_FAMILIES), Client.status == "active")
        .group_by(Account.client_id)
    )
    return {client: week_of(day + 6 * ONE_DAY).start for client, day in rows}


def _known_weeks(session: Session) -> dict[int, set[date]]:
    """Return {client: the Mondays whose snapshots have the present formulas}."""
    mondays_by_client: dict[int, set[date]] = defaultdict(set)
    rows = session.execute(
        select(KPISnapshot.client_id, KPISnapshot.week_start).where(
            KPISnapshot.account_key == 0, KPISnapshot.formulas == FORMULAS
        )
    )
    for client, start in rows:
        mondays_by_client[client].add(start)
    return mondays_by_client


def _touched_weeks(session: Session, since: datetime) -> set[tuple[int, date]]:
    """Return (client, Monday) of the weeks about which data was stored since."""
    owner = dict(session.execute(select(Account.id, Account.client_id)).all())
    first = session.scalar(select(func.min(Fetch.id)).where(Fetch.stored_at > since))
    weeks: set[tuple[int, date]] = set()
    if first is not None:
        number = (type_coerce(EngagementMetric.metric_date, Integer) + _FROM_MONDAY) // 7
        rows = session.execute(
            select(MetricSeries.account_id, number)
            .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
            .where(EngagementMetric.fetch_id >= first)
            .distinct()
        )
        weeks |= {(owner[account], EPOCH + timedelta(days=7 * int(week) - _FROM_MONDAY)) for account, week in rows}
        weeks |= {(owner[account], week_of(reporting_day(at)).start) for account, at in _first_read(session, first)}
    posts = session.execute(select(Post.account_id, Post.published_at).where(Post.first_seen_at > since))
    weeks |= {(owner[account], week_of(reporting_day(moment)).start) for account, moment in posts}
    return (
        weeks
        | _weeks_of_conversions(session, since)
        | _weeks_of_decisions(session, since)
        | _weeks_of_costs(session, since)
    )


def _first_read(session: Session, first: int) -> list[tuple[int, datetime]]:
    """Return (account, publication) of the posts that have a first reading of a counter since this fetch.

    Where a post was not read in its own week, its first later values count for that week.
    """
    reading, earlier = EngagementMetric, aliased(EngagementMetric)
    is_first = ~exists().where(earlier.series_id == reading.series_id, earlier.metric_date < reading.metric_date)
    rows = session.execute(
        select(Post.account_id, Post.published_at)
        .join(MetricSeries, MetricSeries.post_id == Post.id)
        .join(reading, reading.series_id == MetricSeries.id)
        .where(reading.fetch_id >= first, is_first)
        .distinct()
    )
    return [(account, published_at) for account, published_at in rows]


def _weeks_of_conversions(session: Session, since: datetime) -> set[tuple[int, date]]:
    """Return the weeks of conversions that changed since, of the same sales in other sources, and of changed source choices."""
    event, twin, choice = ConversionEvent, aliased(ConversionEvent), ConversionSourceChoice
    old = ConversionEventRevision
    # A change or removal writes a newer version.
    is_new = event.recorded_at > since
    chosen = select(choice.client_id).where(or_(choice.set_at > since, choice.ended_at > since))
    same_sale = (twin.client_id == event.client_id) & (twin.transaction_key == event.transaction_key)
    rows = session.execute(
        union(
            select(event.client_id, event.event_date).where(is_new),
            select(old.client_id, old.event_date).where(old.replaced_at > since),
            select(twin.client_id, twin.event_date).join(event, same_sale).where(is_new),
            select(event.client_id, event.event_date).where(event.client_id.in_(chosen)),
        )
    )
    return {(client, week_of(day).start) for client, day in rows}


def _weeks_of_decisions(session: Session, since: datetime) -> set[tuple[int, date]]:
    rows = session.execute(
        select(Client.id, Client.timezone, ApprovalEvent.happened_at)
        .join(ContentDraft, ContentDraft.client_id == Client.id)
        .join(ApprovalEvent, ApprovalEvent.draft_id == ContentDraft.id)
        .where(ApprovalEvent.happened_at > since)
    )
    return {(client, week_of(moment.astimezone(ZoneInfo(zone)).date()).start) for client, zone, moment in rows}


def _weeks_of_costs(session: Session, since: datetime) -> set[tuple[int, date]]:
    """Return every week with days of a cost that was recorded or removed since."""
    cost = MarketingCost
    rows = session.execute(
        select(cost.client_id, cost.start_date, cost.end_date).where(
            or_(cost.recorded_at > since, cost.removed_at > since)
        )
    )
    return {
        (client, monday)
        for client, first, last in rows
        for index in range((last - week_of(first).start).days // 7 + 1)
        if (monday := week_of(first).start + index * ONE_WEEK)
    }
