"""`sophia publish`: put drafts into the queue, send what is due, see what became of it."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sophia.cli.drafts import MOST_LISTED, Accounts, By, Limit, actor, expect_state
from sophia.cli.errors import ERROR, PARTLY
from sophia.cli.moments import EXAMPLES, parse_moment_in_zone
from sophia.cli.opening import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local, show_json, show_table

if TYPE_CHECKING:
    from sophia.publishing.queue import QueueEntry

STATES = ("queued", "publishing", "published", "failed", "cancelled")
EMPTY = "The queue is empty. Put a draft into it with: sophia publish queue DRAFT"
publishing = typer.Typer(help="Send approved drafts to their accounts.", no_args_is_help=True)
Entry = Annotated[
    int, typer.Argument(metavar="ENTRY", min=1, help="The entry's number; `sophia publish list` shows them.")
]


@publishing.command()
def queue(
    draft: Annotated[int, typer.Argument(metavar="DRAFT", min=1)],
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"When, in the operator's zone: {EXAMPLES}. Default: as soon as it is approved.",
            show_default=False,
        ),
    ] = None,
    account: Accounts = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Put a draft into the queue of its accounts, or move it to another time. A time in the past is refused."""
    installation = open_installation()
    from sophia.publishing.queue import enqueue, list_entries  # noqa: PLC0415

    settings = installation.settings
    moment = None if at is None else parse_moment_in_zone(at, settings.operator_zone, "--at")
    two_person = settings.two_person_approval
    with installation.database.write() as session:
        ids = enqueue(
            session,
            draft,
            actor(by),
            installation.clock(),
            account_ids=account or (),
            scheduled_for=moment,
            two_person=two_person,
        )
        entries = list_entries(session, None, entry_ids=ids, limit=len(ids), two_person=two_person)
    show(installation, entries, as_json=as_json)


@publishing.command()
def due(as_json: AsJson = False) -> None:
    """Send now what is due, and find out what became of what was sent. The server does this every minute."""
    installation = open_installation()
    from sophia.publishing import queue as entries  # noqa: PLC0415

    two_person = installation.settings.two_person_approval
    with installation.database.read() as session:
        ids = [one.entry_id for one in entries.due(session, installation.clock(), two_person=two_person)]
    if ids:
        send(installation, ids)
    with installation.database.read() as session:
        done = entries.list_entries(session, None, entry_ids=ids, limit=len(ids) or 1)
        queued = entries.list_entries(session, None, status=entries.QUEUED)
    show(installation, done, as_json=as_json, empty="Nothing is due.")
    unapproved = sum(1 for one in queued if not one.approved)
    if unapproved and not as_json:
        waits = "1 entry waits" if unapproved == 1 else f"{unapproved} entries wait"
        echo(f"{waits} for an approval: sophia publish list --status queued")
    failed = sum(1 for one in done if one.status == entries.FAILED)
    if failed:
        raise typer.Exit(ERROR if failed == len(done) else PARTLY)


def send(installation: Installation, entry_ids: Collection[int]) -> None:
    from sophia.cli.running import run  # noqa: PLC0415
    from sophia.publishing.sending import Publisher  # noqa: PLC0415

    async def work() -> None:
        i = installation
        async with i.graph_client() as graph:
            await Publisher(i.database, i.vault, graph, i.settings, i.clock).publish_due(entry_ids)

    run(work())


@publishing.command()
def cancel(entry: Entry, as_json: AsJson = False) -> None:
    """Take an entry out of the queue, as long as it is not being sent."""
    installation = open_installation()
    from sophia.publishing.queue import cancel as cancel_entry  # noqa: PLC0415

    with installation.database.write() as session:
        cancel_entry(session, entry)
    show_entry(installation, entry, as_json=as_json)


@publishing.command()
def retry(entry: Entry, as_json: AsJson = False) -> None:
    """Let an entry that failed try again."""
    installation = open_installation()
    from sophia.publishing.queue import retry as retry_entry  # noqa: PLC0415

    with installation.database.write() as session:
        retry_entry(session, entry)
    show_entry(installation, entry, as_json=as_json)


@publishing.command("list")
def list_(
    client: Annotated[str | None, typer.Option(metavar="NAME_OR_ID", help="Only this client.")] = None,
    draft: Annotated[int | None, typer.Option(metavar="DRAFT", min=1, help="Only this draft.")] = None,
    status: Annotated[
        str | None, typer.Option(help=f"Only entries in this state: {', '.join(STATES)}.", show_default=False)
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show what is queued, was published or failed, and what to do about it: the latest moment first."""
    expect_state(status, STATES)
    installation = open_installation()
    from sophia.portfolio.service import find_client  # noqa: PLC0415
    from sophia.publishing.queue import list_entries  # noqa: PLC0415

    with installation.database.read() as session:
        client_id = None if client is None else find_client(session, client).id
        entries = list_entries(
            session,
            None,
            client_id=client_id,
            draft_id=draft,
            status=status,
            limit=limit + 1,
            two_person=installation.settings.two_person_approval,
        )
    filtered = client is not None or draft is not None or status is not None
    empty = "No entry matches." if filtered else EMPTY
    show(installation, entries[:limit], as_json=as_json, empty=empty, more=len(entries) > limit)


def show_entry(installation: Installation, number: int, *, as_json: bool) -> None:
    from sophia.publishing.queue import find_entry  # noqa: PLC0415

    with installation.database.read() as session:
        two_person = installation.settings.two_person_approval
        entry = find_entry(session, None, number, two_person=two_person)
    show(installation, [entry], as_json=as_json)


def show(
    installation: Installation,
    entries: "list[QueueEntry]",
    *,
    as_json: bool,
    empty: str = EMPTY,
    more: bool = False,
) -> None:
    """Show entries. `more`: whether there are others, which these are the first of."""
    if as_json:
        show_json({"entries": entries, "more": more})
        return
    zone = installation.settings.operator_zone
    rows = [
        {
            "entry": str(entry.id),
            "draft": str(entry.draft_id),
            "account": f"{entry.platform} {entry.account_name}",
            "status": entry.status,
            "when": when(entry, zone),
            "what to do": advice(entry),
        }
        for entry in entries
    ]
    show_table(rows, empty=empty)
    if more:
        echo(f"There are more than these {len(entries)}. See more with --limit, up to {MOST_LISTED}.")


def advice(entry: "QueueEntry") -> str:
    """What went wrong and what to do about it. A text that contains the other is shown alone."""
    problem, what_to_do = entry.problem or "", entry.what_to_do or ""
    if what_to_do in problem:
        said = problem or "nothing"
    else:
        said = what_to_do if problem in what_to_do else f"{problem} {what_to_do}"
    return f"{said} (sophia publish retry {entry.id})" if entry.status == "failed" else said


def when(entry: "QueueEntry", zone: ZoneInfo) -> str:
    """The moment that matters: when it went out, is tried again, or is meant for."""
    moment = entry.published_at or entry.next_try_at or entry.scheduled_for
    return "as soon as possible" if moment is None else local(moment, zone)


def register(app: typer.Typer) -> None:
    app.add_typer(publishing, name="publish")
