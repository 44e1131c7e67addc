"""`sophia draft`: write drafts, change them, approve and reject them, and see what happened to them."""

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.errors import warn
from sophia.cli.opening import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local, show_json, show_table

if TYPE_CHECKING:
    from sophia.portfolio.drafts import Draft

drafts = typer.Typer(help="Copy on its way to becoming posts: written, approved, rejected.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="DRAFT", min=1, help="The draft's number.")]
By = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Who does this. Default: your name on this machine.", show_default=False),
]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")]
Media = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="Where Meta fetches a picture or video; several, in their order."),
]
Accounts = Annotated[
    list[int] | None,
    typer.Option("--account", metavar="ID", min=1, help="Only for this account; may be given several times."),
]
Pillar = Annotated[
    str | None, typer.Option(metavar="NAME", help="The content pillar; with the month it makes a campaign.")
]
CopyText = Annotated[
    str | None, typer.Option("--copy", metavar="TEXT", help="The text; `-` reads it from standard input.")
]
LONGEST_SHOWN = 50
MOST_LISTED = 1_000
STATES = ("draft", "approved", "rejected", "published")
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="How many, the newest first.")]


def actor(name: str | None) -> str:
    """The name that was given, else that of whoever runs the command."""
    import getpass  # noqa: PLC0415

    if name is not None:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise typer.BadParameter(
            "your name on this machine is not known: say who does this", param_hint="--by"
        ) from None


def given_text(copy: str | None) -> str | None:
    return sys.stdin.read().removesuffix("\n") if copy == "-" else copy


@drafts.command()
def create(
    client: Annotated[str, typer.Option(metavar="NAME_OR_ID", help="The client that it is for.")],
    platform: Annotated[str, typer.Option(help="facebook or instagram.")],
    kind: Annotated[
        str, typer.Option(help="Facebook: feed, photo, video, reel. Instagram: image, carousel, reel, story.")
    ],
    copy: CopyText = None,
    media: Media = None,
    account: Accounts = None,
    pillar: Pillar = None,
    campaign: Annotated[int | None, typer.Option(metavar="ID", min=1, help="The campaign that it belongs to.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write a draft and show its number."""
    installation = open_installation()
    from sophia.analytics.campaigns.store import add_drafts  # noqa: PLC0415
    from sophia.portfolio.drafts import DraftContent, create_draft  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    text = given_text(copy) or ""
    content = DraftContent(platform, kind, text, tuple(media or ()), tuple(account or ()), pillar)
    with installation.database.write() as session:
        client_id = find_client(session, client).id
        number = create_draft(session, client_id, content, actor(by), installation.clock())
        if campaign is not None:
            add_drafts(session, client_id, campaign, [number])
    tell(installation, number, f"Draft {number} is written. Approve it with: sophia draft approve {number}", as_json)


@drafts.command()
def edit(
    draft: Number,
    kind: Annotated[str | None, typer.Option(help="Another kind of post.")] = None,
    copy: CopyText = None,
    media: Media = None,
    account: Accounts = None,
    pillar: Pillar = None,
    regenerated: Annotated[
        bool, typer.Option("--regenerated", help="It was made anew, and not mended: counted apart from edits.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change a draft. An approval that it had is taken back."""
    installation = open_installation()
    from sophia.portfolio.drafts import edit_draft  # noqa: PLC0415

    given = {
        "kind": kind,
        "copy": given_text(copy),
        "media_urls": None if media is None else tuple(media),
        "account_ids": None if account is None else tuple(account),
        "content_pillar": pillar,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with installation.database.write() as session:
        edit_draft(session, draft, actor(by), installation.clock(), regenerated=regenerated, **changes)
    tell(installation, draft, f"Draft {draft} is changed.", as_json)


@drafts.command()
def approve(draft: Number, by: By = None, note: Note = None, as_json: AsJson = False) -> None:
    """Let a draft go out as it is now."""
    installation = open_installation()
    from sophia.portfolio import approvals  # noqa: PLC0415

    with installation.database.write() as session:
        two_person = installation.settings.two_person_approval
        approvals.approve(session, draft, actor(by), installation.clock(), note=note, two_person=two_person)
    tell(installation, draft, f"Draft {draft} is approved. Send it with: sophia publish queue {draft}", as_json)


@drafts.command()
def reject(draft: Number, by: By = None, note: Note = None, as_json: AsJson = False) -> None:
    """Keep a draft from going out."""
    installation = open_installation()
    from sophia.portfolio import approvals  # noqa: PLC0415

    with installation.database.write() as session:
        approvals.reject(session, draft, actor(by), installation.clock(), note=note)
    tell(installation, draft, f"Draft {draft} is rejected.", as_json)


@drafts.command()
def show(draft: Number, as_json: AsJson = False) -> None:
    """Show a draft, and everything that happened to it."""
    installation = open_installation()
    found = read_draft(installation, draft)
    if as_json:
        show_json(found)
        return
    state = "approved" if found.approved else found.status
    echo(f"Draft {found.id}, {found.platform} {found.kind or 'post'}, version {found.version}: {state}")
    for line in (*found.media_urls, found.copy):
        echo(line)
    zone = installation.settings.operator_zone
    rows = [
        {
            "when": local(event.at, zone),
            "who": event.actor,
            "what": f"{event.kind} version {event.version}",
            "why": event.note or "",
        }
        for event in found.events
    ]
    show_table(rows, empty="Nothing has happened to it.")


@drafts.command()
def preview(draft: Number, as_json: AsJson = False) -> None:
    """Show the text as it would go out now, and the links that are left untagged, with the reason."""
    installation = open_installation()
    from sophia.publishing.composing import preview as preview_draft  # noqa: PLC0415

    read_draft(installation, draft)
    with installation.database.read() as session:
        shown = preview_draft(session, draft, installation.clock())
    if as_json:
        show_json(shown)
        return
    echo(shown.text)
    for link in shown.links:
        if link.untagged is not None:
            warn(f"Not tagged ({link.untagged}): {link.original}. {link.note}")
    if shown.overflow:
        warn(f"The text is too long by {shown.overflow:,} of {shown.limit:,} characters. Shorten it.")


@drafts.command("list")
def list_(
    client: Annotated[str | None, typer.Option(metavar="NAME_OR_ID", help="Only this client.")] = None,
    status: Annotated[
        str | None, typer.Option(help=f"Only drafts in this state: {', '.join(STATES)}.", show_default=False)
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show drafts in every state, newest first."""
    expect_state(status, STATES)
    installation = open_installation()
    from sophia.portfolio.drafts import list_drafts  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        client_id = None if client is None else find_client(session, client).id
        found = list_drafts(session, None, client_id=client_id, status=status, limit=limit + 1)
    known = found[:limit]
    if as_json:
        show_json({"drafts": known, "more": len(found) > limit})
        return
    rows = [
        {
            "draft": str(one.id),
            "for": f"{one.platform} {one.kind or 'post'}",
            "status": one.status,
            "version": str(one.version),
            "copy": " ".join(one.copy.split())[:LONGEST_SHOWN],
        }
        for one in known
    ]
    none = "There is no draft yet. Write one with: sophia draft create"
    show_table(rows, empty=none if client is None and status is None else "No draft matches.")
    if len(found) > limit:
        echo(f"There are more than these {limit}. See more with --limit, up to {MOST_LISTED}.")


def expect_state(name: str | None, states: Collection[str]) -> None:
    """Raises BadParameter for a state that does not exist, which would otherwise read like an empty list."""
    if name is not None and name not in states:
        raise typer.BadParameter(f"there is no state {name!r}; use one of {', '.join(states)}", param_hint="--status")


def read_draft(installation: Installation, number: int) -> "Draft":
    from sophia.portfolio.drafts import find_draft  # noqa: PLC0415

    with installation.database.read() as session:
        return find_draft(session, None, number)


def tell(installation: Installation, number: int, said: str, as_json: bool) -> None:
    if as_json:
        show_json(read_draft(installation, number))
    else:
        echo(said)


def register(app: typer.Typer) -> None:
    app.add_typer(drafts, name="draft")
