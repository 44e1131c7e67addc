"""`sophia draft`: write, change, approve and reject drafts, and show their history."""

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.arguments import By, ClientOption, user_name
from sophia.cli.errors import warn
from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local_time, on_one_line, show_json, show_table

if TYPE_CHECKING:
    from sophia.portfolio.drafts import Draft

drafts = typer.Typer(help="Write, approve and reject drafts of posts.", no_args_is_help=True)

DraftId = Annotated[int, typer.Argument(metavar="DRAFT", min=1, help="The draft's id.")]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help="The reason.")]
Media = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="Address of a picture or video, from which Meta fetches it. Can be repeated."),
]
Accounts = Annotated[
    list[int] | None,
    typer.Option("--account", metavar="ID", min=1, help="Only this account. Can be repeated."),
]
Pillar = Annotated[
    str | None, typer.Option(metavar="NAME", help="The content pillar. Sophia groups drafts by pillar and month.")
]
CopyText = Annotated[
    str | None, typer.Option("--copy", metavar="TEXT", help="The text; `-` reads it from standard input.")
]
LONGEST_COPY = 50
MOST_LISTED = 1_000
STATES = ("draft", "approved", "rejected", "published")
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="Show this many.")]


def read_copy(copy: str | None) -> str | None:
    """Return the text of --copy; `-` reads it from standard input."""
    return sys.stdin.read().removesuffix("\n") if copy == "-" else copy


@drafts.command()
def create(
    client: Annotated[str, typer.Option(metavar="NAME_OR_ID", help="The client of the draft.")],
    platform: Annotated[str, typer.Option(help="facebook or instagram.")],
    kind: Annotated[
        str, typer.Option(help="Facebook: feed, photo, video, reel. Instagram: image, carousel, reel, story.")
    ],
    copy: CopyText = None,
    media: Media = None,
    account: Accounts = None,
    pillar: Pillar = None,
    campaign: Annotated[int | None, typer.Option(metavar="ID", min=1, help="Add the draft to this campaign.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write a draft and show its number."""
    from sophia.analytics.campaigns.store import add_drafts
    from sophia.portfolio.drafts import DraftContent, create_draft

    installation = open_installation()
    text = read_copy(copy) or ""
    content = DraftContent(platform, kind, text, tuple(media or ()), tuple(account or ()), pillar)
    with installation.write_client(client) as (session, client_id):
        draft_id = create_draft(session, client_id, content, user_name(by), installation.clock())
        if campaign is not None:
            add_drafts(session, client_id, campaign, [draft_id])
    message = f"Draft {draft_id} is written. Approve it with: sophia draft approve {draft_id}"
    show_result(installation, draft_id, message, as_json)


@drafts.command()
def edit(
    draft: DraftId,
    kind: Annotated[str | None, typer.Option(help="Another kind of post.")] = None,
    copy: CopyText = None,
    media: Media = None,
    account: Accounts = None,
    pillar: Pillar = None,
    regenerated: Annotated[
        bool, typer.Option("--regenerated", help="The text was regenerated, not edited. Counted separately.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change a draft. This withdraws its approval."""
    from sophia.portfolio.drafts import edit_draft

    installation = open_installation()
    fields = {
        "kind": kind,
        "copy": read_copy(copy),
        "media_urls": None if media is None else tuple(media),
        "account_ids": None if account is None else tuple(account),
        "content_pillar": pillar,
    }
    changes: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    with installation.database.write() as session:
        edit_draft(session, draft, user_name(by), installation.clock(), regenerated=regenerated, **changes)
    show_result(installation, draft, f"Draft {draft} is changed.", as_json)


@drafts.command()
def approve(draft: DraftId, by: By = None, note: Note = None, as_json: AsJson = False) -> None:
    """Approve a draft as it is now, so that it can be published."""
    from sophia.portfolio import approvals

    installation = open_installation()
    with installation.database.write() as session:
        two_person = installation.settings.two_person_approval
        approvals.approve(session, draft, user_name(by), installation.clock(), note=note, two_person=two_person)
    show_result(
        installation, draft, f"Draft {draft} is approved. Publish it with: sophia publish queue {draft}", as_json
    )


@drafts.command()
def reject(draft: DraftId, by: By = None, note: Note = None, as_json: AsJson = False) -> None:
    """Reject a draft, so that it cannot be published."""
    from sophia.portfolio import approvals

    installation = open_installation()
    with installation.database.write() as session:
        approvals.reject(session, draft, user_name(by), installation.clock(), note=note)
    show_result(installation, draft, f"Draft {draft} is rejected.", as_json)


@drafts.command()
def show(draft: DraftId, as_json: AsJson = False) -> None:
    """Show a draft and its history."""
    installation = open_installation()
    content = read_draft(installation, draft)
    if as_json:
        show_json(content)
        return
    state = "approved" if content.approved else content.status
    echo(f"Draft {content.id}, {content.platform} {content.kind or 'post'}, version {content.version}: {state}")
    for line in (*content.media_urls, content.copy):
        echo(line)
    zone = installation.settings.operator_zone
    rows = [
        {
            "when": local_time(event.at, zone),
            "by": event.actor,
            "event": f"{event.kind} version {event.version}",
            "note": event.note or "",
        }
        for event in content.events
    ]
    show_table(rows, empty="The draft has no history.")


@drafts.command()
def preview(draft: DraftId, as_json: AsJson = False) -> None:
    """Show the text as it would be published now, and the links that stay untagged with the reason."""
    from sophia.publishing.composing import preview as preview_draft

    installation = open_installation()
    read_draft(installation, draft)
    with installation.database.read() as session:
        text_preview = preview_draft(session, draft, installation.clock())
    if as_json:
        show_json(text_preview)
        return
    echo(text_preview.text)
    for link in text_preview.links:
        if link.untagged is not None:
            warn(f"Not tagged ({link.untagged}): {link.original}. {link.note}")
    if text_preview.overflow:
        excess, limit = text_preview.overflow, text_preview.limit
        warn(f"The text is {excess:,} characters longer than the limit of {limit:,}. Shorten it.")


@drafts.command("list")
def list_(
    client: ClientOption = None,
    status: Annotated[
        str | None, typer.Option(help=f"Only drafts with this status: {', '.join(STATES)}.", show_default=False)
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show drafts, newest first."""
    from sophia.portfolio.drafts import list_drafts

    expect_state(status, STATES)
    installation = open_installation()
    client_id = installation.find_client_id(client)
    with installation.database.read() as session:
        listed = list_drafts(session, None, client_id=client_id, status=status, limit=limit + 1)
    more, listed = len(listed) > limit, listed[:limit]
    if as_json:
        show_json({"drafts": listed, "more": more})
        return
    rows = [
        {
            "draft": str(draft.id),
            "for": f"{draft.platform} {draft.kind or 'post'}",
            "status": draft.status,
            "version": str(draft.version),
            "copy": on_one_line(draft.copy, LONGEST_COPY),
        }
        for draft in listed
    ]
    empty = "There is no draft yet. Write one with: sophia draft create"
    show_table(rows, empty=empty if client is None and status is None else "No draft matches.")
    if more:
        echo(f"There are more than these {limit}. Use --limit, up to {MOST_LISTED}.")


def expect_state(name: str | None, states: Collection[str]) -> None:
    """Raise BadParameter for an unknown status, which would otherwise give an empty list."""
    if name is not None and name not in states:
        raise typer.BadParameter(f"There is no status {name!r}. Use one of {', '.join(states)}", param_hint="--status")


def read_draft(installation: Installation, draft_id: int) -> "Draft":
    from sophia.portfolio.drafts import find_draft

    with installation.database.read() as session:
        return find_draft(session, None, draft_id)


def show_result(installation: Installation, draft_id: int, message: str, as_json: bool) -> None:
    if as_json:
        show_json(read_draft(installation, draft_id))
    else:
        echo(message)
