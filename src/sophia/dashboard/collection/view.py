"""Collection: which account has a problem, since when, and what to do; collect now; gaps, tokens and calls."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from sophia.access.pages import ReadPage, WritePage
from sophia.access.roles import Role
from sophia.access.web import AppState, RequestContext
from sophia.analytics.collector.plan import history_plan
from sophia.analytics.readings.account_states import AccountState, account_states
from sophia.analytics.readings.gaps import Gap, find_gaps
from sophia.analytics.readings.refusals import list_refusals
from sophia.analytics.readings.runs import RunRecord, list_runs
from sophia.analytics.readings.runs_router import gap_window
from sophia.dashboard.collection.progress import ProgressPanel, progress_panel
from sophia.dashboard.layout.forms import OptionalDay, OptionalId
from sophia.dashboard.layout.pages import allow_forms_to, frame, is_operator, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import DASH, PLATFORM_LABELS, clock, day, decimal, whole
from sophia.display.values import Cell, Choice, Column, Link, Notice, State, Table, Value
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.jobs.on_demand import OnDemandCollection, manual_plan
from sophia.meta.errors import CONNECT
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.connecting import can_log_in
from sophia.portfolio.service import AccountInfo, list_accounts

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NEWEST_RUNS = 50
RUN_STATES: dict[str, State] = {"ok": "sage", "partial": "amber", "throttled": "amber", "running": "none"}
MOST_NAMES = 3
NO_JOBS = (
    "This process runs no jobs, so it cannot collect. Start it without --no-jobs, open the address of the process that "
    "runs the jobs, or run: sophia collect"
)
READS_ONLY = "A viewer cannot start a collection. Ask an operator or a manager."
# A stream of progress ends after this time. Browsers then open it again, with a new check of the session.
STREAM_SECONDS = 60
STEP_SECONDS = 0.5
NOTHING_RUNS = ProgressPanel("", (), is_open=False)


@dataclass(frozen=True, slots=True)
class Reconnect:
    """An account that must be connected again: what happened, and the text of its button."""

    account_id: int
    text: str
    button: str


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """`collect` is the text of the button, and `no_collect` says why there is no button; one of both is empty.

    `connect` leads to the page for connecting, `reconnects` has a button for each account whose token ended; both are for
    operators only. `has_login`: the buttons open Meta's dialog.
    """

    lead: str
    connect: Link | None
    jobs: Link | None
    choices: tuple[Choice, ...]
    reconnects: tuple[Reconnect, ...]
    has_login: bool
    collect: str
    no_collect: str
    progress: ProgressPanel | None
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
    page = collection_page(context, accounts, gaps, runs, request.app.state.on_demand)
    response = respond(request, "collection/page.html", frame(request, context, "Collection"), page)
    return allow_forms_to(response, context.settings.facebook_login_url) if page.has_login else response


@router.post("/collection/collect")
async def collect_now(
    request: Request,
    context: WritePage,
    account_id: OptionalId = None,
    since: OptionalDay = None,
    history: Annotated[bool, Form()] = False,
) -> Response:
    """Start to collect an account, or all accounts that the user may see.

    `history` and `since` ask for earlier days too: from that day on, or all that Meta has.
    """
    on_demand: OnDemandCollection | None = request.app.state.on_demand
    if on_demand is None:
        raise ConflictError(NO_JOBS)
    today = reporting_day(context.now)
    if since is not None and since > today:
        raise InvalidInputError("The first day is in the future. Nothing was collected.")
    accounts = await run_in_threadpool(accounts_to_collect, context, account_id)
    with_history = history or since is not None
    on_demand.begin(accounts, (lambda info: history_plan(info.platform, since, today)) if with_history else manual_plan)
    return RedirectResponse(f"{context.settings.path_prefix}/collection", 303)


@router.get("/collection/progress", response_class=EventSourceResponse)
async def follow_progress(request: Request, context: ReadPage) -> AsyncIterator[ServerSentEvent]:
    """Send the progress of the collection whenever it changes, until every account is finished."""
    app_state: AppState = request.app.state.app_state
    loop = asyncio.get_running_loop()
    end, sent = loop.time() + STREAM_SECONDS, NOTHING_RUNS
    while loop.time() < end:
        panel = progress_panel(request.app.state.on_demand, context.allowed_clients, app_state.clock()) or NOTHING_RUNS
        if panel != sent or not panel.is_open:
            yield ServerSentEvent(event="progress", data=panel)
            sent = panel
        if not panel.is_open:
            return
        await asyncio.sleep(STEP_SECONDS)


def accounts_to_collect(context: RequestContext, account_id: int | None = None) -> list[AccountInfo]:
    """Return the accounts of allowed clients that are not paused, or only this account. Raises NotFoundError."""
    allowed = context.allowed_clients
    with context.database.read() as session:
        accounts = list_accounts(session, account_ids=None if account_id is None else [account_id])
    visible = [account for account in accounts if allowed is None or account.client_id in allowed]
    if account_id is not None and not visible:
        raise NotFoundError(f"There is no account {account_id}.")
    return [account for account in visible if account.status != "paused"]


def collection_page(
    context: RequestContext,
    accounts: Sequence[AccountState],
    gaps: Sequence[Gap],
    runs: Sequence[RunRecord],
    on_demand: OnDemandCollection | None,
) -> CollectionPage:
    now, zone = context.now, ZoneInfo(context.settings.operator_timezone)
    names = {account.id: account.name for account in accounts}
    no_collect = reason_not_to_collect(context, on_demand) if accounts else ""
    panel = progress_panel(on_demand, context.allowed_clients, now)
    is_offered = bool(accounts) and not no_collect and (panel is None or not panel.is_open)
    prefix, may_connect = context.settings.path_prefix, is_operator(context)
    return CollectionPage(
        lead=lead(accounts, now),
        connect=Link("Connect accounts", f"{prefix}/connect") if may_connect else None,
        jobs=Link("Jobs", f"{prefix}/collection/jobs") if may_connect else None,
        choices=account_choices(accounts) if is_offered else (),
        reconnects=reconnects(accounts) if may_connect else (),
        has_login=may_connect and can_log_in(context.settings),
        collect="Collect now" if is_offered else "",
        no_collect=no_collect,
        progress=panel,
        notices=notices(accounts, now, timedelta(days=context.settings.token_warning_days), is_operator=may_connect),
        accounts=account_table(prefix, accounts, zone, now),
        gaps=gap_table(gaps, names),
        runs=run_table(runs, names, zone, now),
    )


def reason_not_to_collect(context: RequestContext, on_demand: OnDemandCollection | None) -> str:
    """Return why this user cannot start a collection here; empty if the user can."""
    if not context.viewer.role.includes(Role.WRITE):
        return READS_ONLY
    return NO_JOBS if on_demand is None else ""


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


def account_choices(accounts: Sequence[AccountState]) -> tuple[Choice, ...]:
    return tuple(
        Choice(str(account.id), f"{account.client_name}, {PLATFORM_LABELS[account.platform]}, {account.name}")
        for account in accounts
        if account.status != "paused"
    )


def reconnects(accounts: Sequence[AccountState]) -> tuple[Reconnect, ...]:
    """Return a button for each account whose token ended."""
    return tuple(
        Reconnect(account.id, problem_text(account), "Reconnect")
        for account in accounts
        if account.status == "needs_reconnect"
    )


def problem_text(account: AccountState) -> str:
    """Return the account and what a person must do, without the command, which a page has a button for."""
    action = (account.action_needed or "").replace(CONNECT, "Connect this account again.")
    return f"{account.client_name}, {PLATFORM_LABELS[account.platform]}, {account.name}: {action}"


def notices(
    accounts: Sequence[AccountState], now: datetime, soon: timedelta, *, is_operator: bool
) -> tuple[Notice, ...]:
    """Return what a person must do: reconnect an account, or renew a token before it ends.

    An operator has buttons for accounts that must be reconnected.
    """
    texts = [
        Notice(problem_text(account))
        for account in accounts
        if account.action_needed is not None and not (is_operator and account.status == "needs_reconnect")
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
    return Table(
        "accounts", "Accounts", columns, rows, "No account is connected yet. An operator connects the first one."
    )


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
