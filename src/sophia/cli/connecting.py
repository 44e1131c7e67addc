"""`sophia connect`: connect accounts to clients.

Tokens come from a hidden prompt, a pipe or the settings. They are never arguments, which other users of the machine can
read.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import check_zone, option_check
from sophia.cli.errors import ERROR, PARTLY, warn
from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import ask, ask_hidden, confirm, echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from pydantic import SecretStr

    from sophia.config import Settings
    from sophia.meta.client import GraphClient
    from sophia.meta.tokens import DiscoveredPage
    from sophia.portfolio.connecting import Connected, Connecting, Offer

QUESTION = "Access token of a person who manages the Pages (hidden)"


def connect(
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Connect the accounts to this client.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            callback=option_check(check_zone),
            help="Time zone of new clients. Default: the operator's.",
        ),
    ] = None,
    page: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this Page. Can be repeated.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask: without --client, create one client per Page.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect Pages and their Instagram accounts to clients.

    With SOPHIA_FACEBOOK_PAGE_ID or SOPHIA_INSTAGRAM_BUSINESS_ACCOUNT_ID and its token: connect only that account.
    """
    from sophia.cli.cancellation import run
    from sophia.portfolio.connecting import CANNOT_CHECK, app_of, store

    installation = open_installation(create=True)
    zone = timezone or installation.settings.operator_timezone
    if names_accounts(installation.settings):
        if app_of(installation.settings) is None:
            warn(CANNOT_CHECK)
        connections = run(connect_from_settings(installation, client))
    else:
        token = read_token(installation.settings)
        offer = run(find_pages(installation, token))
        for warning in offer.warnings:
            warn(warning)
        clients = assign(offer, client, page or [], interactive=not yes and sys.stdin.isatty(), yes=yes)
        connections = store(installation.database, installation.vault, offer, clients, zone, installation.clock())
    show(connections, as_json=as_json)
    refused = [connection for connection in connections if connection.refused]
    if refused:
        raise typer.Exit(ERROR if len(refused) == len(connections) else PARTLY)


def names_accounts(settings: "Settings") -> bool:
    """Return whether the settings name single accounts. A Facebook token alone belongs to a person with Pages."""
    return bool(settings.facebook_page_id or settings.instagram_access_token or settings.instagram_business_account_id)


def read_token(settings: "Settings") -> "SecretStr":
    """Return the person's token from the settings, a hidden prompt, or the first line of a pipe."""
    from pydantic import SecretStr

    from sophia.errors import InvalidInputError

    if settings.facebook_access_token is not None:
        return settings.facebook_access_token
    text = ask_hidden(QUESTION) if sys.stdin.isatty() else sys.stdin.readline()
    if not text.strip() or not text.strip().isascii() or len(text.split()) != 1:
        raise InvalidInputError(
            "There is no token. Paste it at the prompt, pipe it in, or set SOPHIA_FACEBOOK_ACCESS_TOKEN. "
            "Meta's Graph API Explorer creates one: https://developers.facebook.com/tools/explorer/"
        )
    return SecretStr(text.strip())


def connecting(installation: Installation, graph: "GraphClient") -> "Connecting":
    from sophia.portfolio.connecting import Connecting

    i = installation
    return Connecting(i.database, i.vault, graph, i.settings, i.clock)


async def connect_from_settings(installation: Installation, client: str | None) -> "list[Connected]":
    async with installation.graph_client() as graph:
        return await connecting(installation, graph).connect_from_settings(client)


async def find_pages(installation: Installation, token: "SecretStr") -> "Offer":
    async with installation.graph_client() as graph:
        return await connecting(installation, graph).examine(token)


def assign(offer: "Offer", client: str | None, only: list[str], *, interactive: bool, yes: bool) -> dict[str, str]:
    """Return {Page id: client's name} for the Pages to connect."""
    from sophia.errors import InvalidInputError, NotFoundError

    pages = [page for page in offer.pages if not only or page.id in only]
    missing = set(only) - {page.id for page in pages}
    if missing:
        raise NotFoundError(f"This token has no access to the Page {', '.join(sorted(missing))}.")
    if interactive and not (client is not None and (only or len(pages) == 1)):
        return ask_for_clients(pages, offer, client)
    if client is None and not yes and not only:
        raise InvalidInputError(
            "Standard input is not a terminal. Add --yes for one client per Page, or --client and --page."
        )
    if client is not None and len(pages) > 1 and not yes and not only:
        raise InvalidInputError(
            f"This token opens {len(pages)} Pages. Choose those of {client} with --page ID, or all of them with --yes."
        )
    return {page.id: client or offer.owners.get(page.id) or page.name for page in pages}


def ask_for_clients(pages: "list[DiscoveredPage]", offer: "Offer", client: str | None) -> dict[str, str]:
    """Ask for the client of each Page. A hyphen skips the Page."""
    chosen: dict[str, str] = {}
    for page in pages:
        linked = f" with @{page.instagram.username}" if page.instagram else ""
        title = f"{page.name}{linked} (Page {page.id})"
        if client is not None:
            if confirm(f"Connect {title} to {client}?"):
                chosen[page.id] = client
            continue
        default = offer.owners.get(page.id) or page.name
        name = ask(f"Client of {title} (- skips it)", default)
        if name != "-":
            chosen[page.id] = name
    return chosen


def show(connections: "list[Connected]", *, as_json: bool) -> None:
    if as_json:
        show_json({"accounts": connections})
        return
    for connection in connections:
        label = f"{connection.client} · {connection.platform} · {connection.name}"
        if connection.refused:
            warn(f"{label}: {connection.refused}")
        else:
            verb = "connected" if connection.is_new else "connected again"
            echo(f"{label}: {verb} (account {connection.account_id})")
    if not connections:
        echo("No account was connected.")
    elif not all(connection.refused for connection in connections):
        echo("Next, collect once with `sophia collect`, or every day with `sophia serve`.")
