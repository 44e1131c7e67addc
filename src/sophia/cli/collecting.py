"""`sophia collect` and `sophia backfill`: collect now, independent of the schedule."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.errors import ERROR, PARTLY
from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from sophia.analytics.collector.plan import Plan
    from sophia.analytics.readings.runs_store import RunOutcome
    from sophia.portfolio.service import AccountInfo

Client = Annotated[str | None, typer.Option(metavar="NAME_OR_ID", help="Only the accounts of this client.")]
Account = Annotated[int | None, typer.Option(metavar="ID", min=1, help="Only this account; `sophia status` shows ids.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Days and posts from this day on, as far back as Meta answers."),
]


def collect(
    client: Client = None,
    account: Account = None,
    since: Since = None,
    comments: Annotated[bool, typer.Option("--comments", help="Collect comments and competitors instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Collect accounts now."""
    from sophia.analytics.collector.plan import Plan

    first_day = past_day(since)
    if comments:
        if first_day is not None:
            raise typer.BadParameter("--comments cannot be combined with --since.", param_hint="--since")
        collect_now(client, account, lambda _: Plan("comments", comments_only=True), as_json=as_json, noun="comments")
        return
    collect_now(client, account, lambda _: Plan("manual", since=first_day), as_json=as_json)


def backfill(client: Client = None, account: Account = None, since: Since = None, as_json: AsJson = False) -> None:
    """Collect history, by default all that Meta has: 2 years for Facebook, 90 days for Instagram."""
    from sophia.analytics.collector.plan import history_plan
    from sophia.cli.installation import utc_now
    from sophia.meta.reporting_zone import reporting_day

    first_day, today = past_day(since), reporting_day(utc_now())
    collect_now(client, account, lambda info: history_plan(info.platform, first_day, today), as_json=as_json)


def past_day(since: datetime | None) -> date | None:
    """Return the date. Raise BadParameter for a date in the future."""
    from sophia.cli.installation import utc_now

    if since is None:
        return None
    if since.date() > utc_now().date():
        raise typer.BadParameter("The day is in the future.", param_hint="--since")
    return since.date()


def collect_now(
    client: str | None,
    account: int | None,
    plan: Callable[["AccountInfo"], "Plan"],
    *,
    as_json: bool,
    noun: str = "readings",
) -> None:
    installation = open_installation()
    accounts = chosen_accounts(installation, client, account)
    outcomes = collect_accounts(installation, accounts, plan, as_json=as_json)
    if as_json:
        show_json({"accounts": [as_document(*pair) for pair in zip(accounts, outcomes, strict=True)]})
    else:
        summarise(outcomes, noun)
    code = exit_code(outcomes)
    if code:
        raise typer.Exit(code)


def chosen_accounts(installation: Installation, client: str | None, account: int | None) -> list["AccountInfo"]:
    """Return the requested accounts. Raise NotFoundError when there are none."""
    from sophia.errors import NotFoundError
    from sophia.portfolio.service import list_accounts

    client_id = installation.find_client_id(client)
    with installation.database.read() as session:
        listed = list_accounts(session, client_id=client_id, account_ids=None if account is None else [account])
    is_selection = client is not None or account is not None
    accounts = [row for row in listed if is_selection or row.status != "paused"]
    if not accounts:
        noun = "such account" if is_selection else "account"
        raise NotFoundError(
            f"There is no {noun} to collect. Show accounts: sophia status. Add accounts: sophia connect"
        )
    return accounts


def collect_accounts(
    installation: Installation,
    accounts: list["AccountInfo"],
    plan: Callable[["AccountInfo"], "Plan"],
    *,
    as_json: bool,
) -> list["RunOutcome"]:
    from sophia.cli.cancellation import run
    from sophia.cli.progress import account_progress
    from sophia.jobs.collecting import Order, collect_orders
    from sophia.jobs.pictures import fetch_pictures

    async def work() -> list["RunOutcome"]:
        async with installation.graph_client() as graph:
            context = installation.context(graph)
            orders = [Order(account, plan(account)) for account in accounts]
            with account_progress(len(accounts), silent=as_json) as progress_of:
                outcomes = await collect_orders(context.collector(), orders, progress_of)
            await fetch_pictures(context)
            return outcomes

    return run(work())


def as_document(account: "AccountInfo", outcome: "RunOutcome") -> dict[str, Any]:
    return {
        "account_id": account.id,
        "client_id": account.client_id,
        "client": account.client_name,
        "platform": account.platform,
        "name": account.name,
        "status": outcome.status,
        **asdict(outcome.saved),
        "calls": outcome.calls,
        "calls_counted_by_meta": outcome.calls_counted_by_meta,
        "action_needed": outcome.action_needed,
        "problems": outcome.problems,
    }


def summarise(outcomes: list["RunOutcome"], noun: str = "readings") -> None:
    """Print one line about all accounts together."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.status] = counts.get(outcome.status, 0) + 1
    new, changed = sum(o.saved.new for o in outcomes), sum(o.saved.changed for o in outcomes)
    states = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    accounts = f"{len(outcomes)} account{'' if len(outcomes) == 1 else 's'}"
    echo(f"{accounts} ({states}): {new:,} {noun} new, {changed:,} changed")


def exit_code(outcomes: list["RunOutcome"]) -> int:
    """Return 0 when every run is ok, 1 when every run failed, 3 otherwise (C10)."""
    if all(outcome.status == "ok" for outcome in outcomes):
        return 0
    return PARTLY if any(outcome.status in ("ok", "partial") for outcome in outcomes) else ERROR
