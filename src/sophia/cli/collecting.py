"""`sophia collect` and `sophia backfill`: collect now, whatever is due or not."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.errors import ERROR, PARTLY
from sophia.cli.opening import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from sophia.analytics.collector.plan import Plan
    from sophia.analytics.readings.runs_store import RunOutcome
    from sophia.portfolio.service import AccountInfo

Client = Annotated[str | None, typer.Option(metavar="NAME_OR_ID", help="Only the accounts of this client.")]
Account = Annotated[int | None, typer.Option(metavar="ID", min=1, help="Only this account; `sophia status` shows ids.")]
Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Days and posts from this day on, as far as Meta goes.")
]


def collect(
    client: Client = None,
    account: Account = None,
    since: Since = None,
    comments: Annotated[bool, typer.Option("--comments", help="Read comments and competitors instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Collect accounts now."""
    from sophia.analytics.collector.plan import Plan  # noqa: PLC0415

    first = past(since)
    if comments:
        if first is not None:
            raise typer.BadParameter("comments are read as far back as they are kept", param_hint="--since")
        collect_now(client, account, lambda _: Plan("comments", comments_only=True), as_json=as_json, what="comments")
        return
    collect_now(client, account, lambda _: Plan("manual", since=first), as_json=as_json)


def backfill(client: Client = None, account: Account = None, since: Since = None, as_json: AsJson = False) -> None:
    """Read history, by default all that Meta still has: 2 years for Facebook, 90 days for Instagram."""
    from sophia.analytics.collector.plan import Plan  # noqa: PLC0415
    from sophia.cli.opening import utc_now  # noqa: PLC0415
    from sophia.meta import facebook, instagram  # noqa: PLC0415
    from sophia.meta.reporting_zone import reporting_day  # noqa: PLC0415

    limits = {"facebook": facebook.HISTORY_DAYS, "instagram": instagram.HISTORY_DAYS}
    first, today = past(since), reporting_day(utc_now())

    def plan(account_info: "AccountInfo") -> "Plan":
        oldest = today - timedelta(days=limits[account_info.platform] - 1)
        return Plan("backfill", since=first or oldest, at_least=timedelta(days=90))

    collect_now(client, account, plan, as_json=as_json)


def past(since: datetime | None) -> date | None:
    """The day. A day that has not come yet is a mistake of usage."""
    from sophia.cli.opening import utc_now  # noqa: PLC0415

    if since is None:
        return None
    if since.date() > utc_now().date():
        raise typer.BadParameter("that day has not come yet", param_hint="--since")
    return since.date()


def collect_now(
    client: str | None,
    account: int | None,
    plan: Callable[["AccountInfo"], "Plan"],
    *,
    as_json: bool,
    what: str = "readings",
) -> None:
    installation = open_installation()
    accounts = chosen(installation, client, account)
    outcomes = collect_accounts(installation, accounts, plan, as_json=as_json)
    if as_json:
        show_json({"accounts": [as_document(a, o) for a, o in zip(accounts, outcomes, strict=True)]})
    else:
        summarise(outcomes, what)
    code = exit_code(outcomes)
    if code:
        raise typer.Exit(code)


def chosen(installation: Installation, client: str | None, account: int | None) -> list["AccountInfo"]:
    """The accounts that were asked for. Raises NotFoundError when there are none."""
    from sophia.errors import NotFoundError  # noqa: PLC0415
    from sophia.portfolio.service import find_client, list_accounts  # noqa: PLC0415

    with installation.database.read() as session:
        client_id = None if client is None else find_client(session, client).id
        known = list_accounts(session, client_id=client_id, account_ids=None if account is None else [account])
    named = client is not None or account is not None
    accounts = [one for one in known if named or one.status != "paused"]
    if not accounts:
        what = "such account" if named else "account"
        raise NotFoundError(
            f"There is no {what} to collect. `sophia status` shows accounts, `sophia connect` adds some."
        )
    return accounts


def collect_accounts(
    installation: Installation,
    accounts: list["AccountInfo"],
    plan: Callable[["AccountInfo"], "Plan"],
    *,
    as_json: bool,
) -> list["RunOutcome"]:
    from sophia.cli.progress import watch  # noqa: PLC0415
    from sophia.cli.running import run  # noqa: PLC0415
    from sophia.jobs.collecting import Order, collect_orders  # noqa: PLC0415

    async def work() -> list["RunOutcome"]:
        async with installation.graph_client() as graph:
            collector = installation.context(graph).collector()
            orders = [Order(account, plan(account)) for account in accounts]
            with watch(len(accounts), silent=as_json) as watching:
                return await collect_orders(collector, orders, watching)

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


def summarise(outcomes: list["RunOutcome"], what: str = "readings") -> None:
    """What became of all accounts together."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.status] = counts.get(outcome.status, 0) + 1
    new, changed = sum(o.saved.new for o in outcomes), sum(o.saved.changed for o in outcomes)
    states = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    accounts = f"{len(outcomes)} account{'' if len(outcomes) == 1 else 's'}"
    echo(f"{accounts} ({states}): {new:,} {what} new, {changed:,} changed")


def exit_code(outcomes: list["RunOutcome"]) -> int:
    """0 when all is well, 1 when nothing is, 3 in between (C10)."""
    if all(outcome.status == "ok" for outcome in outcomes):
        return 0
    return PARTLY if any(outcome.status in ("ok", "partial") for outcome in outcomes) else ERROR


def register(app: typer.Typer) -> None:
    app.command()(collect)
    app.command()(backfill)
