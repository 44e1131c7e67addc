"""Finds what people should know now: one condition per cause, in sentences that reports use too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy.orm import Session

from sophia.analytics.anomalies.queries import stored_anomalies, stored_events
from sophia.analytics.anomalies.sentences import say_anomaly, say_event
from sophia.analytics.anomalies.shared_events import shared_events
from sophia.analytics.goals.progress import GoalStatus, ReportedGoal
from sophia.analytics.goals.sentences import say_goal
from sophia.analytics.goals.tracking import gather_goals
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.readings.account_states import (
    STALE_AFTER,
    AccountHealth,
    AccountState,
    FailingFamily,
    account_health,
    account_states,
    failing_families,
)
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day
from sophia.portfolio.alert_models import AlertKind
from sophia.portfolio.service import AccountInfo, list_clients

# Parts of an event that are older belong to no event of today.
EVENT_DAYS = 60
# A family that fails once may succeed in the next run, an hour or a day later.
LASTING_RUNS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A cause for an alert. `key` is the same as long as it lasts; `path` is the page about it."""

    key: str
    kind: AlertKind
    client_id: int | None = None
    account_id: int | None = None
    title: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Situation:
    """All conditions of a moment, and how conditions that are over ended, by key, where more can be said than that."""

    conditions: tuple[Condition, ...]
    outcomes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known about the collection of one account."""

    health: AccountHealth
    state: AccountState
    failing: Sequence[FailingFamily]

    @property
    def account(self) -> AccountInfo:
        return self.health.account

    @property
    def needs_reconnect(self) -> bool:
        return self.account.status == "needs_reconnect" or not self.account.has_token

    @property
    def failures(self) -> list[str]:
        """Return what failed in the last runs and what to do, one sentence each; a limit of Meta's is no failure."""
        run = self.health.last_run
        lasting = [family for family in self.failing if family.runs >= LASTING_RUNS]
        texts = [f"{family.family}: {family.message.rstrip('.')}. {family.what_to_do}" for family in lasting]
        if not texts and run is not None and run.status == "failed":
            texts = [problem.message for problem in run.problems[:1]] or ["The last run failed."]
        return texts


def gather_situation(session: Session, now: datetime, warning_time: timedelta) -> Situation:
    """Return all conditions of active clients. Tokens are reported `warning_time` before they end."""
    goals = goal_sentences(session, now)
    conditions = [
        *token_conditions(facts := account_facts(session), now, warning_time),
        *collection_conditions(facts, now),
        *anomaly_conditions(session),
        *event_conditions(session, now),
        *(condition for condition, _ in goals if condition.kind == "goal" and _),
    ]
    return Situation(
        tuple(conditions), {condition.key: condition.text for condition, is_behind in goals if not is_behind}
    )


def account_facts(session: Session) -> list[AccountFacts]:
    """Return the facts of every account of active clients."""
    states = {state.id: state for state in account_states(session, None, active_clients=True)}
    failing = failing_families(session)
    return [
        AccountFacts(health, states[health.account.id], failing.get(health.account.id, ()))
        for health in account_health(session)
    ]


def about_account(kind: AlertKind, stage: str, account: AccountInfo, title: str, text: str, path: str) -> Condition:
    """Return a condition of an account; `stage` tells conditions of one kind apart."""
    return Condition(
        key=f"{kind}{stage}:{account.id}",
        kind=kind,
        client_id=account.client_id,
        account_id=account.id,
        title=f"{account.client_name}: {title}",
        text=f"{account.label}: {text}",
        path=path,
    )


def token_conditions(facts: Iterable[AccountFacts], now: datetime, warning_time: timedelta) -> Iterator[Condition]:
    """Yield accounts that must be connected again, now or soon."""
    for item in facts:
        account, end = item.account, item.account.token_ends_at
        if item.needs_reconnect:
            reason = account.status_reason or "There is no token. Connect this account again."
            yield about_account("token", "", account, "an account must be connected again", reason, "/connect")
        # This stays open after the end, so that its end is reported when the account is connected again.
        if account.has_token and end is not None and end - now <= warning_time:
            verb = "ended" if end <= now else "ends"
            text = f"The token {verb} on {end.date()}. Connect the account again."
            yield about_account("token", "-ends", account, "a token ends soon", text, "/connect")


def collection_conditions(facts: Iterable[AccountFacts], now: datetime) -> Iterator[Condition]:
    """Yield accounts whose collection failed, and others whose collection is overdue; never both for one account.

    An account that must be connected again, or is paused, has neither: the reason is known.
    """
    for item in facts:
        account = item.account
        if item.needs_reconnect or account.status == "paused":
            continue
        if item.failures:
            text = " ".join(item.failures)
            yield about_account("collection_failed", "", account, "a collection failed", text, "/collection")
        elif is_overdue(item.state, now):
            newest = item.state.last_success_at
            since = (
                "There was no successful collection yet"
                if newest is None
                else f"Last success: {newest:%Y-%m-%d %H:%M} UTC"
            )
            text = f"{since}. Check that the server runs and look at the page Collection."
            yield about_account("collection_overdue", "", account, "a collection is overdue", text, "/collection")


def is_overdue(state: AccountState, now: datetime) -> bool:
    """Return whether the daily collection is late; a new account has as much time for its first."""
    return state.is_stale(now) and now - state.connected_at > STALE_AFTER


def anomaly_conditions(session: Session) -> Iterator[Condition]:
    """Yield the open anomalies of single clients; those that an event of the portfolio explains are part of it."""
    accounts = {health.account.id: health.account for health in account_health(session)}
    for anomaly in stored_anomalies(session, None, only_open=True):
        account = accounts.get(anomaly.account_id)
        if account is None or anomaly.event_since is not None:
            continue
        sentence = say_anomaly(anomaly, anomaly.kind, anomaly.metric, anomaly.platform).text
        doubt = " Meta may still change this day." if anomaly.provisional else ""
        yield Condition(
            key=f"anomaly:{anomaly.id}",
            kind="anomaly",
            client_id=account.client_id,
            account_id=account.id,
            title=f"{account.client_name}: unusual values",
            text=f"{account.label}: {sentence}{doubt}",
            path=f"/clients/{account.client_id}",
        )


def event_conditions(session: Session, now: datetime) -> Iterator[Condition]:
    """Yield the open events of the portfolio, as the brief groups them. The oldest part names the event."""
    today = reporting_day(now)
    parts = stored_events(session, window=DateRange(today - EVENT_DAYS * ONE_DAY, today + ONE_DAY))
    for event in shared_events(parts):
        if event.until is not None:
            continue
        yield Condition(
            key=f"portfolio_event:{min(part.id for part in event.parts)}",
            kind="portfolio_event",
            title="All clients: a change of the platform",
            text=say_event(event, event).text,
            path="/portfolio",
        )


def goal_sentences(session: Session, now: datetime) -> list[tuple[Condition, bool]]:
    """Return (condition, whether the goal is in danger) of every goal of active clients.

    A goal is in danger while it is behind its pace, or a rate is on the wrong side of its target.
    """
    active = {client.id: client.name for client in list_clients(session) if client.status == "active"}
    clients = [client for client in measured_clients(session) if client.id in active]
    goals = gather_goals(session, clients, now)
    return [
        (goal_condition(client_id, active[client_id], goal), goal.standing is GoalStatus.BEHIND)
        for client_id, client_goals in goals.items()
        for goal in client_goals
    ]


def goal_condition(client_id: int, client_name: str, goal: ReportedGoal) -> Condition:
    return Condition(
        key=f"goal:{client_id}:{goal.name}",
        kind="goal",
        client_id=client_id,
        title=f"{client_name}: a goal is in danger",
        text=say_goal({"goal": goal}, goal, "goal").text,
        path=f"/clients/{client_id}/goals",
    )
