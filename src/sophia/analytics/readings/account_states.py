"""State and health of accounts and clients: counted readings, newest days, last successes; no readings (J8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.analytics.readings.models import AccountTotal, MetricSeries, StoredMetric
from sophia.analytics.readings.permissions import ClientScope, visible
from sophia.analytics.readings.run_models import ASIDE, COMMENTS, FRESH, IMPORT, BudgetPause, CollectionRun, Watermark
from sophia.analytics.readings.runs import RunRecord, runs_by_id
from sophia.meta.catalogue.terms import Level, Period, Platform
from sophia.meta.errors import LimitScope
from sophia.meta.pacing import APPLICATION, Budget
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.models import Account, Client
from sophia.portfolio.service import AccountInfo, list_accounts

T = TypeVar("T")
SUCCESSES = ("ok", "partial")
# Families that describe days; the others only record when they were requested.
DAY_FAMILIES = ("page_insights", "account_series", "account_totals")
# The daily collection may be half a day late before Sophia reports it.
STALE_AFTER = timedelta(hours=36)

ClientCondition = Literal["ok", "stale", "no_data", "needs_reconnect", "no_accounts"]


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account, without its token, and the state of its collection. Moments are in UTC."""

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
        """Return whether the daily collection is late: no success for 36 hours, or not requested through the day before
        yesterday. A paused account is never late.
        """
        if self.status == "paused":
            return False
        yesterday = reporting_day(now) - timedelta(days=1)
        late = self.last_success_at is None or now - self.last_success_at > STALE_AFTER
        return late or self.through_day is None or self.through_day < yesterday - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClientState:
    """A client and the state of its accounts together; `status` is the worst state of any account."""

    client_id: int
    name: str
    accounts: int
    status: ClientCondition
    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    readings: int
    action_needed: str | None


@dataclass(frozen=True, slots=True)
class UnknownMetric:
    """A stored metric that the catalogue does not know."""

    platform: Platform
    level: Level
    metric_name: str
    period: Period
    breakdown: str


def account_states(
    session: Session, allowed_clients: ClientScope, *, client_id: int | None = None, active_clients: bool = False
) -> list[AccountState]:
    """Return the accounts of allowed clients, by client and id."""
    conditions = [visible(Account.client_id, allowed_clients, client_id)]
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
            _of_newest_run(CollectionRun.id).label("last_run_id"),
        )
        .join(Client, Client.id == Account.client_id)
        .outerjoin(AccountTotal, AccountTotal.account_id == Account.id)
        .where(*conditions)
        .order_by(Account.client_id, Account.id)
    )
    return [AccountState(**row) for row in rows.mappings()]


def last_success() -> ScalarSelect[datetime | None]:
    """Return the subquery of the end of an account's last successful run."""
    return _of_newest_run(CollectionRun.finished_at, CollectionRun.status.in_(SUCCESSES))


def _of_newest_run(column: InstrumentedAttribute[T], *conditions: ColumnElement[bool]) -> ScalarSelect[T]:
    """Return the subquery of a column of an account's newest run, through the index on its runs."""
    return (
        select(column)
        .where(CollectionRun.account_id == Account.id, CollectionRun.trigger.not_in(ASIDE), *conditions)
        .order_by(CollectionRun.started_at.desc())
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )


def _through_day() -> ScalarSelect[date]:
    """Return the subquery of the last day that was requested in all families that describe days."""
    return (
        select(func.min(Watermark.through_day))
        .where(Watermark.account_id == Account.id, Watermark.family.in_(DAY_FAMILIES))
        .correlate(Account)
        .scalar_subquery()
    )


def client_states(session: Session, allowed_clients: ClientScope, now: datetime) -> list[ClientState]:
    """Return the active clients among the allowed ones, by name, in two queries (J8, J9)."""
    clients = session.execute(
        select(Client.id, Client.name)
        .where(Client.status == "active", visible(Client.id, allowed_clients))
        .order_by(Client.name, Client.id)
    )
    accounts: dict[int, list[AccountState]] = {}
    for account in account_states(session, allowed_clients, active_clients=True):
        accounts.setdefault(account.client_id, []).append(account)
    return [client_state(number, name, accounts.get(number, []), now) for number, name in clients]


def client_state(client_id: int, name: str, accounts: list[AccountState], now: datetime) -> ClientState:
    """Return the state of a client; `status` is the first of no_accounts, needs_reconnect, no_data, stale, ok (H11)."""
    stale = any(account.is_stale(now) for account in accounts)
    actions = [f"{a.name} ({a.platform}): {a.action_needed}" for a in accounts if a.action_needed]
    readings = sum(account.readings for account in accounts)
    status: ClientCondition
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


def unknown_metrics(
    session: Session, allowed_clients: ClientScope, client_id: int | None = None
) -> list[UnknownMetric]:
    """Return the unclassified metrics that a visible account has readings of (A7)."""
    accounts = select(Account.id).where(visible(Account.client_id, allowed_clients, client_id))
    stored = exists().where(MetricSeries.metric_id == StoredMetric.id, MetricSeries.account_id.in_(accounts))
    rows = session.scalars(
        select(StoredMetric)
        .where(StoredMetric.classification == "unclassified", stored)
        .order_by(StoredMetric.platform, StoredMetric.level, StoredMetric.metric_name, StoredMetric.id)
    )
    return [
        UnknownMetric(Platform(row.platform), Level(row.level), row.metric_name, Period(row.period), row.breakdown)
        for row in rows
    ]


def last_successes(session: Session) -> dict[int, datetime]:
    """Return {account: end of its last successful run}, for all accounts that had one."""
    rows = session.execute(select(Account.id, last_success()))
    return {number: moment for number, moment in rows if moment is not None}


def accounts_by_status(session: Session) -> dict[str, int]:
    rows = session.execute(select(Account.status, func.count()).group_by(Account.status))
    return dict(rows.all())


def readings_in_store(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.sum(AccountTotal.readings), 0))) or 0


# Results that a person should know. A family that was not requested, or that a limit stopped, has no result of its own.
FAILED = frozenset({"failed", "empty", "incomplete", "not permitted"})
INCONCLUSIVE = frozenset({"not asked", "stopped"})
RUNS_COUNTED = 3


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """An account and its health. `through` is the last day requested, `asked_at` the moment of the request, by family.

    `rests_until`: the moment (UTC) until which a limit of Meta's forbids calls about the account, or None.
    """

    account: AccountInfo
    through: dict[str, date]
    asked_at: dict[str, datetime]
    readings: int
    latest_day: date | None
    last_success_at: datetime | None
    last_run: RunRecord | None
    rests_until: datetime | None = None


def account_health(
    session: Session, *, client_id: int | None = None, account_id: int | None = None
) -> list[AccountHealth]:
    """Return the health of the accounts of active clients, by client and name; `account_id` selects one account."""
    accounts = list_accounts(session, client_id=client_id, account_ids=None if account_id is None else [account_id])
    if account_id is not None:
        client_id = accounts[0].client_id if accounts else client_id
    states = {state.id: state for state in account_states(session, None, client_id=client_id, active_clients=True)}
    through: dict[int, dict[str, date]] = {}
    asked_at: dict[int, dict[str, datetime]] = {}
    marks = select(Watermark) if account_id is None else select(Watermark).where(Watermark.account_id == account_id)
    for mark in session.scalars(marks):
        through.setdefault(mark.account_id, {})[mark.family] = mark.through_day
        asked_at.setdefault(mark.account_id, {})[mark.family] = mark.updated_at
    last = last_runs(session, account_id)
    pauses = {pause.budget: pause.until for pause in session.scalars(select(BudgetPause))}
    return [
        AccountHealth(
            account=account,
            through=through.get(account.id, {}),
            asked_at=asked_at.get(account.id, {}),
            readings=states[account.id].readings,
            latest_day=states[account.id].latest_metric_date,
            last_success_at=states[account.id].last_success_at,
            last_run=last.get(account.id),
            rests_until=max((pauses[key] for key in budgets_of(account) if key in pauses), default=None),
        )
        for account in accounts
    ]


def budgets_of(account: AccountInfo) -> tuple[str, str]:
    """Return the keys of the budgets that every call about an account counts against, besides its token's."""
    return APPLICATION.key, Budget(LimitScope.OBJECT, account.external_id).key


def last_runs(session: Session, account_id: int | None = None) -> dict[int, RunRecord]:
    """Return the newest run of each account, without runs that read only stories or comments.

    The newest is the one with the largest id: a run of a clock that ran ahead must not hide later runs (E4).
    """
    query = select(func.max(CollectionRun.id)).where(CollectionRun.trigger.not_in(ASIDE))
    if account_id is not None:
        query = query.where(CollectionRun.account_id == account_id)
    newest = session.scalars(query.group_by(CollectionRun.account_id))
    return {run.account_id: run for run in runs_by_id(session, newest.all()).values()}


@dataclass(frozen=True, slots=True)
class FailingFamily:
    """A family of series that failed in its last run, and in how many runs in a row (at most RUNS_COUNTED)."""

    family: str
    runs: int
    message: str
    what_to_do: str


def failing_families(session: Session, *, client_id: int | None = None) -> dict[int, list[FailingFamily]]:
    """Return {account: families that failed when they were last requested, by name}, in two queries.

    The hourly runs (stories, new posts), the daily runs for comments and the daily collections count alike.
    """
    kind = case((CollectionRun.trigger == FRESH, FRESH), (CollectionRun.trigger == COMMENTS, COMMENTS), else_="")
    order = func.row_number().over(partition_by=(CollectionRun.account_id, kind), order_by=CollectionRun.id.desc())
    numbered = select(CollectionRun.id, order.label("place")).where(CollectionRun.trigger != IMPORT)
    if client_id is not None:
        accounts = select(Account.id).where(Account.client_id == client_id)
        numbered = numbered.where(CollectionRun.account_id.in_(accounts))
    newest = numbered.subquery()
    ids = session.scalars(select(newest.c.id).where(newest.c.place <= RUNS_COUNTED)).all()
    runs: dict[int, list[RunRecord]] = {}
    for run in sorted(runs_by_id(session, ids).values(), key=lambda run: run.id, reverse=True):
        runs.setdefault(run.account_id, []).append(run)
    return {account_id: _failing(of_account) for account_id, of_account in runs.items()}


def _failing(runs: Sequence[RunRecord]) -> list[FailingFamily]:
    """Return the families that failed in the newest of these runs, newest first, with a result for them."""
    failing_families = []
    for family in sorted({name for run in runs for name in run.families}):
        conclusive = [run for run in runs if family in run.families and run.families[family].ended not in INCONCLUSIVE]
        ends = [run.families[family].ended in FAILED for run in conclusive]
        if not ends or not ends[0]:
            continue
        problems = [p for p in conclusive[0].problems if p.family == family] or conclusive[0].problems
        message = problems[0].message if problems else "see the log of the last run"
        what_to_do = (problems[0].what_to_do if problems else None) or "Look at the run: GET /api/analytics/runs"
        runs_in_a_row = ends.index(False) if False in ends else len(ends)
        failing_families.append(FailingFamily(family, min(runs_in_a_row, RUNS_COUNTED), message, what_to_do))
    return failing_families
