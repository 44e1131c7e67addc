"""What the watch over series has told: anomalies of the clients that may be seen, and events of the portfolio."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.analytics.anomalies.records import EventKind
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.analytics.readings.run_models import Watermark
from sophia.database.statements import among
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Account


@dataclass(frozen=True, slots=True)
class StoredAnomaly:
    """An anomaly as it was told last. `withdrawn_at`: Meta restated its day, or it was the beginning of another."""

    id: int
    client_id: int
    account_id: int
    platform: str
    metric: str
    kind: str
    since: date
    noticed: date
    until: date | None
    worst: date | None
    value: float | None
    score: float | None
    expected: float | None
    low: float | None
    high: float | None
    provisional: bool
    event_since: date | None
    first_told_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredPortfolioEvent:
    """Days on which most accounts of a platform moved alike, as they were told last."""

    id: int
    platform: str
    metric: str
    kind: EventKind
    since: date
    until: date | None
    series: int
    alike: int
    score: float
    first_told_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The watch over one metric on one platform: documents of its series by account, and of the open event."""

    last_day: date
    together: tuple[float | None, ...]
    event: dict[str, object] | None
    series: dict[int, dict[str, object]]


def told_anomalies(
    session: Session, client_id: int, *, window: DateRange | None = None, only_open: bool = False
) -> list[StoredAnomaly]:
    """Those of the client whose days touch the window, newest first; of open ones none that was withdrawn."""
    entry = AnomalyEntry
    columns = [getattr(entry, name) for name in StoredAnomaly.__dataclass_fields__ if hasattr(entry, name)]
    rows = session.execute(
        select(Account.client_id, Account.platform, *columns)
        .join(Account, Account.id == entry.account_id)
        .where(Account.client_id == client_id, *_asked(entry.since, entry.until, entry.withdrawn_at, window, only_open))
        .order_by(entry.since.desc(), entry.id.desc())
    )
    return [StoredAnomaly(**row) for row in rows.mappings()]


def told_events(
    session: Session, *, window: DateRange | None = None, only_open: bool = False
) -> list[StoredPortfolioEvent]:
    """The events of the portfolio whose days touch the window, newest first."""
    entry = PortfolioEventEntry
    rows = session.execute(
        select(*(getattr(entry, name) for name in StoredPortfolioEvent.__dataclass_fields__))
        .where(*_asked(entry.since, entry.until, entry.withdrawn_at, window, only_open))
        .order_by(entry.since.desc(), entry.id.desc())
    )
    return [StoredPortfolioEvent(**row) for row in rows.mappings()]


def _asked(
    since: InstrumentedAttribute[date],
    until: InstrumentedAttribute[date | None],
    withdrawn: InstrumentedAttribute[datetime | None],
    window: DateRange | None,
    only_open: bool,
) -> list[ColumnElement[bool]]:
    touches = true() if window is None else (since < window.end) & or_(until.is_(None), until >= window.start)
    return [touches, until.is_(None) & withdrawn.is_(None) if only_open else true()]


def judged_through(session: Session, client_id: int) -> date | None:
    """The last day that was judged for good in every watched metric of the client's platforms."""
    platforms = select(Account.platform).where(Account.client_id == client_id)
    return session.scalar(select(func.min(MonitoredMetric.last_day)).where(MonitoredMetric.platform.in_(platforms)))


def portfolio_judged_through(session: Session) -> date | None:
    """The last day that was judged for good in every metric that is watched on any platform."""
    return session.scalar(select(func.min(MonitoredMetric.last_day)))


def remembered_watch(session: Session, platform: str, metric: str, accounts: Collection[int]) -> Remembered | None:
    """What the watch knew when it judged last; None before its first day."""
    row = session.get(MonitoredMetric, (platform, metric))
    if row is None:
        return None
    rows = session.execute(
        select(MonitoredSeries.account_id, MonitoredSeries.remembered).where(
            MonitoredSeries.metric == metric, among(MonitoredSeries.account_id, accounts)
        )
    )
    series = {account: found for account, found in rows}  # noqa: C416 - rows are no pairs to the type checker
    return Remembered(row.last_day, tuple(row.together), row.event, series)


def asked_through(session: Session, accounts: Collection[int]) -> date | None:
    """The last day that was asked of any of these accounts: nothing can be missing on a day that nobody asked for."""
    return session.scalar(
        select(func.max(Watermark.through_day)).where(
            among(Watermark.account_id, accounts), Watermark.family.in_(DAY_FAMILIES)
        )
    )
