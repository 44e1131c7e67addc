"""`sophia links`: the links that are out, and whether they still lead somewhere."""

from typing import Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.errors import PARTLY, warn
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.running import run
from sophia.cli.tables import AsJson, local, show_json, show_table

links = typer.Typer(help="The links in published copy.", no_args_is_help=True)


@links.command("list")
def list_(
    client: Client,
    status: Annotated[str | None, typer.Option(help="Only links of this status, such as dead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the links in a client's published copy, newest first."""
    installation = open_installation()
    from sophia.analytics.links.queries import NO_DOMAINS, client_domains, list_links  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        known = find_client(session, client)
        found = list_links(session, known.id, status=status)
        domains = client_domains(session, known.id)
    if as_json:
        show_json({"domains": domains, "links": found})
        return
    if not domains:
        warn(f"{NO_DOMAINS} Set them: sophia client domains {known.id} example.com")
    zone = installation.settings.operator_zone
    rows = [
        {
            "id": str(one.id),
            "draft": str(one.draft_id),
            "status": one.status,
            "checked": local(one.last_checked_at, zone),
            "link": one.tagged,
            "untagged": one.untagged or "",
            "problem": one.problem or "",
        }
        for one in found
    ]
    show_table(rows, empty="No links are registered. They are when a draft is published.")


@links.command()
def check(
    client: Annotated[str | None, typer.Argument(metavar="[CLIENT]", help="Name or id; all if left out.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those checked during the last six days.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow links to see which lead nowhere or lose their tags. Ends with 3 when some do, or could not be stored."""
    installation = open_installation()
    from sophia.analytics.links.checking import NOT_STORED, check_links  # noqa: PLC0415
    from sophia.link_checks import LinkChecker  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    client_id = None
    if client is not None:
        with installation.database.read() as session:
            client_id = find_client(session, client).id

    async def go() -> dict[str, int]:
        async with LinkChecker(allow_loopback=installation.settings.link_check_loopback) as checker:
            return await check_links(
                installation.database, checker, installation.clock, client_id=client_id, include_recent=everything
            )

    counts = run(go())
    if as_json:
        show_json({"checked": sum(counts.values()), "statuses": counts})
    else:
        said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        echo(f"{sum(counts.values())} places checked{': ' if said else ''}{said}.")
    if counts.keys() & {"dead", "loses_tags", "refused", NOT_STORED}:
        raise typer.Exit(PARTLY)


def register(app: typer.Typer) -> None:
    app.add_typer(links, name="links")
