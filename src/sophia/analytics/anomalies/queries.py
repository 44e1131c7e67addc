"""Reads stored anomalies, portfolio events, and the saved states of monitoring."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.analytics.anomalies.records import StoredAnomaly, StoredPortfolioEvent, series_name
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.analytics.readings.run_models import Watermark
from sophia.database.statements import among
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Account


def stored_anomalies(
    session: Session, client_id: int | None, *, window: DateRange | None = None, only_open: bool = False
) -> list[StoredAnomaly]:
    """Return the anomalies of a client, or of all, whose days touch the window, newest first.

    With `only_open` none that was withdrawn.
    """
    entry = AnomalyEntry
    columns = [getattr(entry, name) for name in StoredAnomaly.__dataclass_fields__ if hasattr(entry, name)]
    conditions = _conditions(entry.since, entry.until, entry.withdrawn_at, window, only_open)
    rows = session.execute(
        select(Account.platform, *columns)
        .join(Account, Account.id == entry.account_id)
        .where(true() if client_id is None else Account.client_id == client_id, *conditions)
        .order_by(entry.since.desc(), entry.id.desc())
    )
    return [
        StoredAnomaly(series=series_name(row["account_id"], row["metric"]), **_with_platform(row))
        for row in rows.mappings()
    ]


def stored_events(
    session: Session, *, window: DateRange | None = None, only_open: bool = False
) -> list[StoredPortfolioEvent]:
    """Return the events of the portfolio whose days touch the window and that were not withdrawn, newest first."""
    entry = PortfolioEventEntry
    rows = session.execute(
        select(*(getattr(entry, name) for name in StoredPortfolioEvent.__dataclass_fields__))
        .where(
            entry.withdrawn_at.is_(None),
            *_conditions(entry.since, entry.until, entry.withdrawn_at, window, only_open),
        )
        .order_by(entry.since.desc(), entry.id.desc())
    )
    return [StoredPortfolioEvent(**_with_platform(row)) for row in rows.mappings()]


def _with_platform(row: Any) -> dict[str, Any]:
    return {**row, "platform": Platform(row["platform"])}


def _conditions(
    since: InstrumentedAttribute[date],
    until: InstrumentedAttribute[date | None],
    withdrawn_at: InstrumentedAttribute[datetime | None],
    window: DateRange | None,
    only_open: bool,
) -> list[ColumnElement[bool]]:
    touches = true() if window is None else (since < window.end) & or_(until.is_(None), until >= window.start)
    return [touches, until.is_(None) & withdrawn_at.is_(None) if only_open else true()]


def judged_through(session: Session, client_id: int | None = None) -> date | None:
    """Return the last day for which every monitored metric is final, on the client's platforms or on all."""
    platforms = select(Account.platform).where(Account.client_id == client_id)
    on_platforms = true() if client_id is None else MonitoredMetric.platform.in_(platforms)
    return session.scalar(select(func.min(MonitoredMetric.last_day)).where(on_platforms))


def saved_series(session: Session, metric: str, accounts: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return {account: the saved state of its series of this metric, as a JSON document}."""
    rows = session.execute(
        select(MonitoredSeries.account_id, MonitoredSeries.remembered).where(
            MonitoredSeries.metric == metric, among(MonitoredSeries.account_id, accounts)
        )
    )
    return {account: document for account, document in rows}  # noqa: C416 - rows are no pairs to the type checker


def last_requested_day(session: Session, accounts: Collection[int]) -> date | None:
    """Return the last day requested for any of these accounts: no reading can be missing on a later day."""
    return session.scalar(
        select(func.max(Watermark.through_day)).where(
            among(Watermark.account_id, accounts), Watermark.family.in_(DAY_FAMILIES)
        )
    )
