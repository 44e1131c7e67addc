"""`sophia connect`: give accounts to clients. Tokens come from a hidden prompt, a pipe or the settings, never as arguments,
which other users of the machine could read.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.errors import ERROR, PARTLY, warn
from sophia.cli.opening import Installation, open_installation
from sophia.cli.output import ask as ask_person
from sophia.cli.output import ask_hidden, confirm, echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from pydantic import SecretStr

    from sophia.config import Settings
    from sophia.meta.client import GraphClient
    from sophia.meta.tokens import DiscoveredPage
    from sophia.portfolio.connecting import Connected, Connecting, Offer

QUESTION = "Access token of a person who manages the Pages (it is not shown)"


def connect(
    client: Annotated[str | None, typer.Option(metavar="NAME", help="The client that gets the accounts.")] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of clients that are new. Default: the operator's.")
    ] = None,
    page: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this Page; may be given several times.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: one client per Page, named after it, unless --client.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect Pages and their Instagram accounts to clients.

    With SOPHIA_FACEBOOK_PAGE_ID or SOPHIA_INSTAGRAM_BUSINESS_ACCOUNT_ID and the token that belongs to it, just those.
    """
    installation = open_installation(create=True)
    from sophia.cli.running import run  # noqa: PLC0415
    from sophia.portfolio.connecting import CANNOT_CHECK, app_of, store  # noqa: PLC0415

    zone = checked_zone(timezone) or installation.settings.operator_timezone
    if names_accounts(installation.settings):
        if app_of(installation.settings) is None:
            warn(CANNOT_CHECK)
        done = run(from_settings(installation, client))
    else:
        token = given_token(installation.settings)
        offer = run(look(installation, token))
        for warning in offer.warnings:
            warn(warning)
        clients = assign(offer, client, page or [], ask=not yes and sys.stdin.isatty(), yes=yes)
        done = store(installation.database, installation.vault, offer, clients, zone, installation.clock())
    show(done, as_json=as_json)
    refused = [one for one in done if one.refused]
    if refused:
        raise typer.Exit(ERROR if len(refused) == len(done) else PARTLY)


def checked_zone(name: str | None) -> str | None:
    from sophia.config import known_zone  # noqa: PLC0415

    try:
        return None if name is None else known_zone(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--timezone") from None


def names_accounts(settings: "Settings") -> bool:
    """Whether the settings name single accounts. A Facebook token alone is a person's, who has Pages."""
    return bool(settings.facebook_page_id or settings.instagram_access_token or settings.instagram_business_account_id)


def given_token(settings: "Settings") -> "SecretStr":
    """The person's token: from the settings, from a prompt that shows nothing, or the first line of a pipe."""
    from pydantic import SecretStr  # noqa: PLC0415

    from sophia.errors import InvalidInputError  # noqa: PLC0415

    if settings.facebook_access_token is not None:
        return settings.facebook_access_token
    is_person = sys.stdin.isatty()
    text = ask_hidden(QUESTION) if is_person else sys.stdin.readline()
    if not text.strip() or not text.strip().isascii() or len(text.split()) != 1:
        raise InvalidInputError(
            "There is no token. Paste it when asked, pipe it in, or set SOPHIA_FACEBOOK_ACCESS_TOKEN. "
            "Meta's Graph API Explorer makes one: https://developers.facebook.com/tools/explorer/"
        )
    return SecretStr(text.strip())


def connecting(installation: Installation, graph: "GraphClient") -> "Connecting":
    from sophia.portfolio.connecting import Connecting  # noqa: PLC0415

    i = installation
    return Connecting(i.database, i.vault, graph, i.settings, i.clock)


async def from_settings(installation: Installation, client: str | None) -> "list[Connected]":
    async with installation.graph_client() as graph:
        return await connecting(installation, graph).connect_from_settings(client)


async def look(installation: Installation, token: "SecretStr") -> "Offer":
    async with installation.graph_client() as graph:
        return await connecting(installation, graph).examine(token)


def assign(offer: "Offer", client: str | None, only: list[str], *, ask: bool, yes: bool) -> dict[str, str]:
    """{Page id: client's name} for the Pages that are to be connected."""
    from sophia.errors import InvalidInputError, NotFoundError  # noqa: PLC0415

    pages = [page for page in offer.pages if not only or page.id in only]
    absent = set(only) - {page.id for page in pages}
    if absent:
        raise NotFoundError(f"This token does not open the Page {', '.join(sorted(absent))}.")
    if ask and not (client is not None and (only or len(pages) == 1)):
        return asked(pages, offer, client)
    if client is None and not yes and not only:
        raise InvalidInputError("Nobody can be asked here. Add --yes for one client per Page, or --client and --page.")
    if client is not None and len(pages) > 1 and not yes and not only:
        raise InvalidInputError(
            f"This token opens {len(pages)} Pages. Say which belong to {client}: --page ID, or --yes for all of them."
        )
    return {page.id: client or offer.owners.get(page.id) or page.name for page in pages}


def asked(pages: "list[DiscoveredPage]", offer: "Offer", client: str | None) -> dict[str, str]:
    """Ask for the client of each Page; a hyphen leaves the Page out."""
    chosen: dict[str, str] = {}
    for page in pages:
        linked = f" with @{page.instagram.username}" if page.instagram else ""
        title = f"{page.name}{linked} (Page {page.id})"
        if client is not None:
            if confirm(f"{title}: connect it to {client}?"):
                chosen[page.id] = client
            continue
        default = offer.owners.get(page.id) or page.name
        name = ask_person(f"{title}: which client? (- leaves it out)", default)
        if name != "-":
            chosen[page.id] = name
    return chosen


def show(done: "list[Connected]", *, as_json: bool) -> None:
    if as_json:
        show_json({"accounts": done})
        return
    for one in done:
        what = f"{one.client} · {one.platform} · {one.name}"
        if one.refused:
            warn(f"{what}: {one.refused}")
        else:
            echo(f"{what}: {'connected' if one.is_new else 'connected again'} (account {one.account_id})")
    if not done:
        echo("Nothing was connected.")
    elif any(not one.refused for one in done):
        echo("Next: sophia collect, or sophia serve, which collects every day")


def register(app: typer.Typer) -> None:
    app.command()(connect)
