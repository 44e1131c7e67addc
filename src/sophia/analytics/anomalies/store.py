"""Keeps what the watch over series has told. Telling the same again changes nothing; what was told once stays told."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.portfolio.models import Account

Found = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class JudgedDays:
    """What a watch found in new days, and what it must remember to go on.

    `anomalies` are (account, values by column), `events` values by column; `series` is {account: document}.
    """

    platform: str
    metric: str
    before: date | None
    last_day: date
    together: list[float | None]
    event: dict[str, Any] | None
    series: Mapping[int, dict[str, Any]]
    anomalies: Collection[Found]
    events: Collection[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Told:
    """How many entries were new, said something else than before, or were withdrawn."""

    new: int = 0
    changed: int = 0
    withdrawn: int = 0

    def __add__(self, other: "Told") -> "Told":
        return Told(self.new + other.new, self.changed + other.changed, self.withdrawn + other.withdrawn)


def keep_judged(session: Session, judged: JudgedDays, now: datetime) -> Told:
    """Store it all in the caller's transaction; nothing when somebody else has judged these days meanwhile."""
    key = (judged.platform, judged.metric)
    row = session.get(MonitoredMetric, key, with_for_update=True)
    if (None if row is None else row.last_day) != judged.before:
        return Told()
    if row is None:
        row = MonitoredMetric(platform=judged.platform, metric=judged.metric)
        session.add(row)
    row.last_day, row.together, row.event, row.judged_at = judged.last_day, judged.together, judged.event, now
    saved = _keep_anomalies(session, judged, now) + _keep_events(session, judged, now)
    _keep_series(session, judged)
    session.flush()
    return saved


def _keep_series(session: Session, judged: JudgedDays) -> None:
    platform_accounts = select(Account.id).where(Account.platform == judged.platform)
    session.execute(
        delete(MonitoredSeries).where(
            MonitoredSeries.metric == judged.metric, MonitoredSeries.account_id.in_(platform_accounts)
        )
    )
    session.add_all(
        MonitoredSeries(account_id=account, metric=judged.metric, remembered=document)
        for account, document in judged.series.items()
    )


def _keep_anomalies(session: Session, judged: JudgedDays, now: datetime) -> Told:
    entry = AnomalyEntry
    values_by_key = {(account, values["noticed"]): values for account, values in judged.anomalies}
    first = min((noticed for _, noticed in values_by_key), default=date.max)
    rows = session.scalars(
        select(entry)
        .join(Account, Account.id == entry.account_id)
        .where(
            Account.platform == judged.platform,
            entry.metric == judged.metric,
            (entry.noticed >= first)
            | ((entry.until.is_(None) | entry.provisional.is_(True)) & entry.withdrawn_at.is_(None)),
        )
    )
    rows_by_key = {(row.account_id, row.noticed): row for row in rows}
    saved = Told()
    for (account, noticed), values in values_by_key.items():
        row = rows_by_key.get((account, noticed))
        if row is None:
            session.add(entry(account_id=account, metric=judged.metric, first_told_at=now, changed_at=now, **values))
            saved += Told(new=1)
        else:
            saved += _update(row, values, now)
    for key, row in rows_by_key.items():
        if key not in values_by_key and row.withdrawn_at is None:
            saved += _end(row, judged, now)
    return saved


def _end(row: AnomalyEntry, judged: JudgedDays, now: datetime) -> Told:
    """What was provisional and is not found any more never was; what nobody watches any more has ended."""
    if row.provisional:
        row.withdrawn_at = row.changed_at = now
        return Told(withdrawn=1)
    if row.until is None and row.account_id not in judged.series:
        row.until, row.changed_at = max(judged.last_day, row.since), now
        return Told(changed=1)
    return Told()


def _keep_events(session: Session, judged: JudgedDays, now: datetime) -> Told:
    entry = PortfolioEventEntry
    values_by_day = {values["since"]: values for values in judged.events}
    rows = session.scalars(
        select(entry).where(
            entry.platform == judged.platform,
            entry.metric == judged.metric,
            entry.since.in_(list(values_by_day)) | (entry.until.is_(None) & entry.withdrawn_at.is_(None)),
        )
    )
    rows_by_day = {row.since: row for row in rows}
    saved = Told()
    for since, values in values_by_day.items():
        row = rows_by_day.get(since)
        if row is None:
            about = {"platform": judged.platform, "metric": judged.metric, "first_told_at": now, "changed_at": now}
            session.add(entry(**about, **values))
            saved += Told(new=1)
        else:
            saved += _update(row, values, now)
    for since, row in rows_by_day.items():
        # It became the new level of everybody, which began earlier.
        if since not in values_by_day and row.withdrawn_at is None and row.until is None:
            row.withdrawn_at = row.changed_at = now
            saved += Told(withdrawn=1)
    return saved


def _update(row: AnomalyEntry | PortfolioEventEntry, values: Mapping[str, Any], now: datetime) -> Told:
    new_values = {**values, "withdrawn_at": None}
    if all(getattr(row, name) == value for name, value in new_values.items()):
        return Told()
    for name, value in new_values.items():
        setattr(row, name, value)
    row.changed_at = now
    return Told(changed=1)
