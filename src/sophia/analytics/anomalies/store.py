"""Stores the results of monitoring. Storing a result again changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.analytics.anomalies.records import Anomaly, MonitoringResult, PortfolioEvent
from sophia.analytics.anomalies.state import events_document, series_document
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.meta.catalogue.terms import Platform
from sophia.portfolio.models import Account


@dataclass(frozen=True, slots=True)
class JudgedDays:
    """The result of monitoring one metric on one platform.

    `before` is the last day that was final before, None on the first run. `accounts` is {series: account}.
    """

    platform: Platform
    metric: str
    before: date | None
    result: MonitoringResult
    accounts: Mapping[str, int]

    @property
    def last_day(self) -> date:
        return self.result.state.last_day


def save_judged(session: Session, judged: JudgedDays, now: datetime) -> SavedRows:
    """Store a result in the caller's transaction, or nothing if another process has judged these days meanwhile."""
    row = session.get(MonitoredMetric, (judged.platform, judged.metric), with_for_update=True)
    if (None if row is None else row.last_day) != judged.before:
        return SavedRows()
    if row is None:
        row = MonitoredMetric(platform=judged.platform, metric=judged.metric)
        session.add(row)
    state = judged.result.state
    row.last_day, row.together, row.event, row.judged_at = (
        state.last_day,
        [*state.together],
        events_document(state),
        now,
    )
    saved = _save_anomalies(session, judged, now) + _save_events(session, judged, now)
    _save_series(session, judged)
    session.flush()
    return saved


def _save_series(session: Session, judged: JudgedDays) -> None:
    platform_accounts = select(Account.id).where(Account.platform == judged.platform)
    session.execute(
        delete(MonitoredSeries).where(
            MonitoredSeries.metric == judged.metric, MonitoredSeries.account_id.in_(platform_accounts)
        )
    )
    session.add_all(
        MonitoredSeries(
            account_id=judged.accounts[series.series], metric=judged.metric, remembered=series_document(series)
        )
        for series in judged.result.state.series
    )


def _save_anomalies(session: Session, judged: JudgedDays, now: datetime) -> SavedRows:
    entry = AnomalyEntry
    anomalies = {(judged.accounts[anomaly.series], anomaly.noticed): anomaly for anomaly in judged.result.anomalies}
    first = min((noticed for _, noticed in anomalies), default=date.max)
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
    saved = SavedRows()
    for (account, noticed), anomaly in anomalies.items():
        values = {field.name: getattr(anomaly, field.name) for field in fields(Anomaly) if field.name != "series"}
        row = rows_by_key.get((account, noticed))
        if row is None:
            session.add(entry(account_id=account, metric=judged.metric, first_told_at=now, changed_at=now, **values))
            saved += SavedRows(new=1)
        else:
            saved += _update(row, values, now)
    for key, row in rows_by_key.items():
        if key not in anomalies and row.withdrawn_at is None:
            saved += _end(row, judged, now)
    return saved


def _end(row: AnomalyEntry, judged: JudgedDays, now: datetime) -> SavedRows:
    """Withdraw a provisional anomaly that is no longer detected; end an anomaly whose series is no longer monitored."""
    if row.provisional:
        return _withdraw(row, now)
    if row.until is None and row.account_id not in {
        judged.accounts[state.series] for state in judged.result.state.series
    }:
        row.until, row.changed_at = max(judged.last_day, row.since), now
        return SavedRows(changed=1)
    return SavedRows()


def _save_events(session: Session, judged: JudgedDays, now: datetime) -> SavedRows:
    entry = PortfolioEventEntry
    events = {event.since: event for event in judged.result.events}
    rows = session.scalars(
        select(entry).where(
            entry.platform == judged.platform,
            entry.metric == judged.metric,
            entry.since.in_(list(events)) | (entry.until.is_(None) & entry.withdrawn_at.is_(None)),
        )
    )
    rows_by_day = {row.since: row for row in rows}
    saved = SavedRows()
    for since, event in events.items():
        values = {field.name: getattr(event, field.name) for field in fields(PortfolioEvent)}
        row = rows_by_day.get(since)
        if row is None:
            key = {"platform": judged.platform, "metric": judged.metric}
            session.add(entry(**key, **values, first_told_at=now, changed_at=now))
            saved += SavedRows(new=1)
        else:
            saved += _update(row, values, now)
    for since, row in rows_by_day.items():
        # It became the portfolio's new level, which began earlier.
        if since not in events and row.withdrawn_at is None and row.until is None:
            saved += _withdraw(row, now)
    return saved


def _withdraw(row: AnomalyEntry | PortfolioEventEntry, now: datetime) -> SavedRows:
    row.withdrawn_at = row.changed_at = now
    return SavedRows(withdrawn=1)


def _update(row: AnomalyEntry | PortfolioEventEntry, values: Mapping[str, Any], now: datetime) -> SavedRows:
    new_values = {**values, "withdrawn_at": None}
    if all(getattr(row, name) == value for name, value in new_values.items()):
        return SavedRows()
    for name, value in new_values.items():
        setattr(row, name, value)
    row.changed_at = now
    return SavedRows(changed=1)
