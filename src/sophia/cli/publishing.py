"""`sophia publish`: queue drafts, publish what is due, and show the result."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sophia.cli.arguments import By, ClientOption, user_name
from sophia.cli.cancellation import run
from sophia.cli.drafts import MOST_LISTED, Accounts, Limit, expect_state
from sophia.cli.errors import ERROR, PARTLY
from sophia.cli.installation import Installation, open_installation
from sophia.cli.moments import EXAMPLES, parse_moment_in_zone
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local_time, show_json, show_table

if TYPE_CHECKING:
    from sophia.publishing.queue import QueueEntry

STATES = ("queued", "publishing", "published", "failed", "cancelled")
EMPTY = "The queue is empty. Queue a draft with: sophia publish queue DRAFT"
publishing = typer.Typer(help="Publish approved drafts on their accounts.", no_args_is_help=True)
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
            help=f"Time in the operator's zone: {EXAMPLES}. Default: as soon as the draft is approved.",
            show_default=False,
        ),
    ] = None,
    account: Accounts = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Queue a draft for its accounts, or move it to another time. The time must not be in the past."""
    from sophia.publishing.queue import enqueue, list_entries

    installation = open_installation()
    settings = installation.settings
    moment = None if at is None else parse_moment_in_zone(at, settings.operator_zone, "--at")
    two_person = settings.two_person_approval
    with installation.database.write() as session:
        ids = enqueue(
            session,
            draft,
            user_name(by),
            installation.clock(),
            account_ids=account or (),
            scheduled_for=moment,
            two_person=two_person,
        )
        entries = list_entries(session, None, entry_ids=ids, limit=len(ids), two_person=two_person)
    show(installation, entries, as_json=as_json)


@publishing.command()
def due(as_json: AsJson = False) -> None:
    """Publish now what is due, and check what was sent. The server does this every minute."""
    from sophia.publishing import queue as entries

    installation = open_installation()
    two_person = installation.settings.two_person_approval
    with installation.database.read() as session:
        ids = [entry.entry_id for entry in entries.due(session, installation.clock(), two_person=two_person)]
    if ids:
        send(installation, ids)
    with installation.database.read() as session:
        sent = entries.list_entries(session, None, entry_ids=ids, limit=len(ids) or 1)
        queued = entries.list_entries(session, None, status=entries.QUEUED)
    show(installation, sent, as_json=as_json, empty="Nothing is due.")
    unapproved = sum(not entry.approved for entry in queued)
    if unapproved and not as_json:
        waits = "1 entry waits" if unapproved == 1 else f"{unapproved} entries wait"
        echo(f"{waits} for approval: sophia publish list --status queued")
    failed = sum(entry.status == entries.FAILED for entry in sent)
    if failed:
        raise typer.Exit(ERROR if failed == len(sent) else PARTLY)


def send(installation: Installation, entry_ids: Collection[int]) -> None:
    from sophia.publishing.sending import Publisher

    async def work() -> None:
        i = installation
        async with i.graph_client() as graph:
            await Publisher(i.database, i.vault, graph, i.settings, i.clock).publish_due(entry_ids)

    run(work())


@publishing.command()
def cancel(entry: Entry, as_json: AsJson = False) -> None:
    """Remove an entry from the queue, unless it is being sent."""
    from sophia.publishing.queue import cancel as cancel_entry

    installation = open_installation()
    with installation.database.write() as session:
        cancel_entry(session, entry)
    show_entry(installation, entry, as_json=as_json)


@publishing.command()
def retry(entry: Entry, as_json: AsJson = False) -> None:
    """Retry an entry that failed."""
    from sophia.publishing.queue import retry as retry_entry

    installation = open_installation()
    with installation.database.write() as session:
        retry_entry(session, entry)
    show_entry(installation, entry, as_json=as_json)


@publishing.command("list")
def list_(
    client: ClientOption = None,
    draft: Annotated[int | None, typer.Option(metavar="DRAFT", min=1, help="Only this draft.")] = None,
    status: Annotated[
        str | None, typer.Option(help=f"Only entries with this status: {', '.join(STATES)}.", show_default=False)
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show queued, published and failed entries with the action they need, latest time first."""
    from sophia.publishing.queue import list_entries

    expect_state(status, STATES)
    installation = open_installation()
    client_id = installation.find_client_id(client)
    with installation.database.read() as session:
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


def show_entry(installation: Installation, entry_id: int, *, as_json: bool) -> None:
    from sophia.publishing.queue import find_entry

    with installation.database.read() as session:
        two_person = installation.settings.two_person_approval
        entry = find_entry(session, None, entry_id, two_person=two_person)
    show(installation, [entry], as_json=as_json)


def show(
    installation: Installation,
    entries: "list[QueueEntry]",
    *,
    as_json: bool,
    empty: str = EMPTY,
    more: bool = False,
) -> None:
    """Show entries. `more`: there are further entries, which are not shown."""
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
            "action": advice(entry),
        }
        for entry in entries
    ]
    show_table(rows, empty=empty)
    if more:
        echo(f"There are more than these {len(entries)}. Use --limit, up to {MOST_LISTED}.")


def advice(entry: "QueueEntry") -> str:
    """Return the problem and the action. If one text contains the other, return the longer one alone."""
    problem, what_to_do = entry.problem or "", entry.what_to_do or ""
    if what_to_do in problem:
        text = problem or "none"
    else:
        text = what_to_do if problem in what_to_do else f"{problem} {what_to_do}"
    return f"{text} (sophia publish retry {entry.id})" if entry.status == "failed" else text


def when(entry: "QueueEntry", zone: ZoneInfo) -> str:
    """Return the time of publication, else of the next try, else the scheduled time."""
    moment = entry.published_at or entry.next_try_at or entry.scheduled_for
    return "as soon as possible" if moment is None else local_time(moment, zone)
