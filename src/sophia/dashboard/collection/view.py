"""Collection: which account has a problem, since when, and what to do; gaps, tokens and calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.readings.account_states import AccountState, account_states
from sophia.analytics.readings.gaps import Gap, find_gaps
from sophia.analytics.readings.refusals import list_refusals
from sophia.analytics.readings.runs import RunRecord, list_runs
from sophia.analytics.readings.runs_router import gap_window
from sophia.dashboard.layout.formatting import DASH, clock, day, decimal, whole
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.values import Cell, Column, Notice, State, Table, Value
from sophia.dashboard.layout.windows import PageQuery

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NEWEST_RUNS = 50
RUN_STATES: dict[str, State] = {"ok": "sage", "partial": "amber", "throttled": "amber", "running": "none"}
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class CollectionPage:
    lead: str
    notices: tuple[Notice, ...]
    accounts: Table
    gaps: Table
    runs: Table


@router.get("/collection")
def collection(request: Request, context: ReadPage, query: Annotated[PageQuery, Query()]) -> Response:
    window = gap_window(query.start_date, query.end_date, context.now)
    with context.database.read() as session:
        accounts = account_states(session, context.allowed_clients)
        gaps = find_gaps(session, accounts, list_refusals(session, context.allowed_clients), window)
        runs = list_runs(session, context.allowed_clients, limit=NEWEST_RUNS)
    zone = ZoneInfo(context.settings.operator_timezone)
    soon = timedelta(days=context.settings.token_warning_days)
    page = collection_page(context.settings.path_prefix, accounts, gaps, runs, zone, context.now, soon)
    return respond(request, "collection/page.html", frame(request, context, "Collection"), page)


def collection_page(
    prefix: str,
    accounts: Sequence[AccountState],
    gaps: Sequence[Gap],
    runs: Sequence[RunRecord],
    zone: ZoneInfo,
    now: datetime,
    soon: timedelta,
) -> CollectionPage:
    """Return the page; `soon` is how long before its end a token is mentioned."""
    names = {account.id: account.name for account in accounts}
    return CollectionPage(
        lead=lead(accounts, now),
        notices=notices(accounts, now, soon),
        accounts=account_table(prefix, accounts, zone, now),
        gaps=gap_table(gaps, names),
        runs=run_table(runs, names, zone, now),
    )


def lead(accounts: Sequence[AccountState], now: datetime) -> str:
    """Return one sentence: whether everything was collected."""
    if not accounts:
        return "No account is connected yet."
    broken = sum(account.status == "needs_reconnect" for account in accounts)
    behind = sum(account.is_stale(now) for account in accounts)
    if broken:
        return f"{broken} of {len(accounts)} accounts must be reconnected."
    return (
        f"{behind} of {len(accounts)} accounts are behind."
        if behind
        else f"All {len(accounts)} accounts are up to date."
    )


def notices(accounts: Sequence[AccountState], now: datetime, soon: timedelta) -> tuple[Notice, ...]:
    """Return what a person must do: reconnect an account, or renew a token before it ends."""
    texts = [
        Notice(f"{account.client_name}, {account.name}: {account.action_needed}")
        for account in accounts
        if account.action_needed is not None
    ]
    texts += [
        Notice(
            f"The token of {account.name} ends on {day(account.token_expires_at.date())}. Connect the account again."
        )
        for account in accounts
        if account.token_expires_at is not None and now < account.token_expires_at < now + soon
    ]
    return tuple(texts)


def account_table(prefix: str, accounts: Sequence[AccountState], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("Account"),
        Column("Client"),
        Column("State"),
        Column("Last success"),
        Column("Complete through"),
        Column("Readings", numeric=True),
        Column("Token ends"),
    )
    rows = tuple(
        (
            Cell(Value(account.name), note=account.platform.capitalize()),
            Cell(Value(account.client_name), f"{prefix}/clients/{account.client_id}"),
            Cell(Value(state_text(account, now)), state=account_state(account, now)),
            Cell(clock(account.last_success_at, zone, now)),
            Cell(_day(account.through_day)),
            Cell(Value(whole(account.readings)), sort=account.readings),
            Cell(_day(None if account.token_expires_at is None else account.token_expires_at.date())),
        )
        for account in accounts
    )
    return Table("accounts", "Accounts", columns, rows, "No account is connected yet. Run: sophia connect")


def account_state(account: AccountState, now: datetime) -> State:
    if account.status == "needs_reconnect":
        return "coral"
    if account.status == "paused":
        return "none"
    return "amber" if account.is_stale(now) else "sage"


def state_text(account: AccountState, now: datetime) -> str:
    if account.status == "needs_reconnect":
        return "reconnect"
    if account.status == "paused":
        return "paused"
    return "behind" if account.is_stale(now) else "up to date"


def gap_table(gaps: Sequence[Gap], names: dict[int, str]) -> Table:
    columns = (Column("Account"), Column("Metrics"), Column("Days"), Column("Missing", numeric=True), Column("Reason"))
    rows = tuple(
        (
            Cell(Value(names.get(gap.account_id, str(gap.account_id)))),
            Cell(Value(_names(gap.metric_names), ", ".join(gap.metric_names))),
            Cell(Value(f"{day(gap.start)}–{day(gap.end - timedelta(days=1))}", f"{gap.start} to {gap.end}")),
            Cell(Value(str(gap.days)), sort=gap.days),
            Cell(Value(gap.reason)),
        )
        for gap in gaps
    )
    return Table("gaps", "Days without readings", columns, rows, "No day is missing.")


def run_table(runs: Sequence[RunRecord], names: dict[int, str], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("Started"),
        Column("Account"),
        Column("Result"),
        Column("New", numeric=True),
        Column("Changed", numeric=True),
        Column("HTTP calls", numeric=True),
        Column("As Meta counts", numeric=True),
        Column("Budget used", numeric=True),
        Column("Problem"),
    )
    rows = tuple(
        (
            Cell(clock(run.started_at, zone, now), sort=run.started_at.timestamp()),
            Cell(Value(names.get(run.account_id, str(run.account_id))), note=run.trigger),
            Cell(Value(run.status.replace("_", " ")), state=RUN_STATES.get(run.status, "coral")),
            *(
                Cell(Value(whole(number)), sort=number)
                for number in (run.readings_new, run.readings_changed, run.calls, run.calls_counted_by_meta)
            ),
            Cell(Value(f"{decimal(run.percent_used, 0)} %"), sort=run.percent_used),
            Cell(Value(run.problems[0].message if run.problems else "")),
        )
        for run in runs
    )
    return Table("runs", f"Newest {NEWEST_RUNS} runs", columns, rows, "Nothing was collected yet. Run: sophia collect")


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _day(moment: date | None) -> Value:
    return Value(DASH, reason="not known") if moment is None else Value(day(moment), moment.isoformat())
