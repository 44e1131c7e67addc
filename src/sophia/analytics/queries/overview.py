"""How accounts and clients stand: counted readings, newest days, last successes. Never touches the readings (J8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ScalarSelect, exists, func, select
from sqlalchemy.orm import Session

from sophia.analytics.models import AccountTotal, CollectionRun, MetricSeries, StoredMetric, Watermark
from sophia.analytics.models.collection import ASIDE
from sophia.analytics.queries.sight import Seen, visible
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.models import Account, Client

SUCCESSES = ("ok", "partial")
# Families that describe days; the others note only when they were asked.
DAY_FAMILIES = ("page_insights", "account_series", "account_totals")
# The daily collection may be late by half a day before anybody is told.
STALE_AFTER = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account, without its token, and how its collection stands. Moments are in UTC."""

    id: int
    client_id: int
    client_name: str
    platform: str
    name: str
    username: str | None
    external_id: str
    status: str
    status_reason: str | None
    connected_at: datetime
    has_token: bool
    token_expires_at: datetime | None
    data_access_expires_at: datetime | None
    readings: int
    latest_metric_date: date | None
    through_day: date | None
    last_success_at: datetime | None
    last_run_id: int | None

    @property
    def action_needed(self) -> str | None:
        return self.status_reason or "Connect this account again." if self.status == "needs_reconnect" else None

    def is_stale(self, now: datetime) -> bool:
        """Whether the daily collection is behind: no success for 36 hours, or not asked through the day before
        yesterday. A paused account is not behind, it rests.
        """
        if self.status == "paused":
            return False
        yesterday = reporting_day(now) - timedelta(days=1)
        late = self.last_success_at is None or now - self.last_success_at > STALE_AFTER
        return late or self.through_day is None or self.through_day < yesterday - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClientState:
    """A client and its accounts, put together."""

    client_id: int
    name: str
    accounts: int
    status: str
    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    readings: int
    action_needed: str | None


@dataclass(frozen=True, slots=True)
class UnknownMetric:
    """A metric as it is stored, of which nobody can say what it means."""

    platform: str
    level: str
    metric_name: str
    period: str
    breakdown: str


def account_states(
    session: Session, seen: Seen, *, client_id: int | None = None, active_clients: bool = False
) -> list[AccountState]:
    """The accounts that may be seen, by client and id."""
    conditions = [visible(Account.client_id, seen, client_id)]
    if active_clients:
        conditions.append(Client.status == "active")
    rows = session.execute(
        select(
            Account.id,
            Account.client_id,
            Client.name.label("client_name"),
            Account.platform,
            Account.name,
            Account.username,
            Account.external_id,
            Account.status,
            Account.status_reason,
            Account.connected_at,
            Account.token_encrypted.is_not(None).label("has_token"),
            Account.token_expires_at,
            Account.data_access_expires_at,
            func.coalesce(AccountTotal.readings, 0).label("readings"),
            AccountTotal.latest_metric_date,
            _through_day().label("through_day"),
            last_success().label("last_success_at"),
            _last_run().label("last_run_id"),
        )
        .join(Client, Client.id == Account.client_id)
        .outerjoin(AccountTotal, AccountTotal.account_id == Account.id)
        .where(*conditions)
        .order_by(Account.client_id, Account.id)
    )
    return [AccountState(**row) for row in rows.mappings()]


def last_success() -> ScalarSelect[datetime | None]:
    """The end of an account's last successful run: walks its runs from the newest, by their index."""
    return (
        select(CollectionRun.finished_at)
        .where(
            CollectionRun.account_id == Account.id,
            CollectionRun.status.in_(SUCCESSES),
            CollectionRun.trigger.not_in(ASIDE),
        )
        .order_by(CollectionRun.started_at.desc())
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )


def _last_run() -> ScalarSelect[int]:
    return (
        select(CollectionRun.id)
        .where(CollectionRun.account_id == Account.id, CollectionRun.trigger.not_in(ASIDE))
        .order_by(CollectionRun.started_at.desc())
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )


def _through_day() -> ScalarSelect[date]:
    """The last day that was asked in all families that describe days."""
    return (
        select(func.min(Watermark.through_day))
        .where(Watermark.account_id == Account.id, Watermark.family.in_(DAY_FAMILIES))
        .correlate(Account)
        .scalar_subquery()
    )


def client_states(session: Session, seen: Seen, now: datetime) -> list[ClientState]:
    """The active clients that may be seen, by name: two queries, however many there are (J8, J9)."""
    clients = session.execute(
        select(Client.id, Client.name)
        .where(Client.status == "active", visible(Client.id, seen))
        .order_by(Client.name, Client.id)
    )
    accounts: dict[int, list[AccountState]] = {}
    for account in account_states(session, seen, active_clients=True):
        accounts.setdefault(account.client_id, []).append(account)
    return [client_state(number, name, accounts.get(number, []), now) for number, name in clients]


def client_state(client_id: int, name: str, accounts: list[AccountState], now: datetime) -> ClientState:
    """`status` is the worst thing that can be said: no_accounts, needs_reconnect, no_data, stale, or ok (H11)."""
    stale = any(account.is_stale(now) for account in accounts)
    actions = [f"{a.name} ({a.platform}): {a.action_needed}" for a in accounts if a.action_needed]
    readings = sum(account.readings for account in accounts)
    if not accounts:
        status = "no_accounts"
    elif actions:
        status = "needs_reconnect"
    elif not readings:
        status = "no_data"
    else:
        status = "stale" if stale else "ok"
    return ClientState(
        client_id=client_id,
        name=name,
        accounts=len(accounts),
        status=status,
        latest_metric_date=newest(account.latest_metric_date for account in accounts),
        last_success_at=latest(account.last_success_at for account in accounts),
        stale=stale,
        readings=readings,
        action_needed="; ".join(actions) or None,
    )


def newest(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


def latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def unknown_metrics(session: Session, seen: Seen, client_id: int | None = None) -> list[UnknownMetric]:
    """Metrics that Meta sent and the catalogue does not know, of which a visible account has readings (A7)."""
    mine = select(Account.id).where(visible(Account.client_id, seen, client_id))
    stored = exists().where(MetricSeries.metric_id == StoredMetric.id, MetricSeries.account_id.in_(mine))
    rows = session.scalars(
        select(StoredMetric)
        .where(StoredMetric.classification == "unclassified", stored)
        .order_by(StoredMetric.platform, StoredMetric.level, StoredMetric.metric_name, StoredMetric.id)
    )
    return [UnknownMetric(row.platform, row.level, row.metric_name, row.period, row.breakdown) for row in rows]


def newest_day(session: Session, client_id: int) -> date | None:
    """The newest day of which a client has a reading, from the counted totals."""
    accounts = select(Account.id).where(Account.client_id == client_id)
    return session.scalar(
        select(func.max(AccountTotal.latest_metric_date)).where(AccountTotal.account_id.in_(accounts))
    )


def last_successes(session: Session) -> dict[int, datetime]:
    """{account: end of its last successful run} of all accounts that had one, for whoever watches over the whole store."""
    rows = session.execute(select(Account.id, last_success()))
    return {number: moment for number, moment in rows if moment is not None}


def accounts_by_status(session: Session) -> dict[str, int]:
    rows = session.execute(select(Account.status, func.count()).group_by(Account.status))
    return dict(rows.all())


def readings_in_store(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.sum(AccountTotal.readings), 0))) or 0
