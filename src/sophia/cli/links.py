"""`sophia links`: list the links in published copy, and check that they still work."""

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sophia.cli.arguments import Client, OptionalClient
from sophia.cli.cancellation import run
from sophia.cli.errors import PARTLY, warn
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local_time, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.links.queries import LinkRecord

links = typer.Typer(help="List and check the links in published copy.", no_args_is_help=True)


@links.command("list")
def list_(
    client: Client,
    status: Annotated[str | None, typer.Option(help="Only links with this status, such as dead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the links in a client's published copy, newest first."""
    from sophia.analytics.links.queries import NO_DOMAINS, client_domains, list_links

    installation = open_installation()
    with installation.read_client(client) as (session, client_id):
        listed = list_links(session, client_id, status=status)
        domains = client_domains(session, client_id)
    if as_json:
        show_json({"domains": domains, "links": listed})
        return
    if not domains:
        warn(f"{NO_DOMAINS} Set them: sophia client domains {client_id} example.com")
    rows = [link_row(link, installation.settings.operator_zone) for link in listed]
    show_table(rows, empty="There is no link yet. Publishing a draft registers its links.")


def link_row(link: "LinkRecord", zone: ZoneInfo) -> dict[str, str]:
    return {
        "id": str(link.id),
        "draft": str(link.draft_id),
        "status": link.status,
        "checked": local_time(link.last_checked_at, zone),
        "link": link.tagged,
        "untagged": link.untagged or "",
        "problem": link.problem or "",
    }


@links.command()
def check(
    client: OptionalClient = None,
    everything: Annotated[bool, typer.Option("--all", help="Include links checked in the last six days.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open links to find those that are dead or lose their tags. Exit code 3 if there are any."""
    from sophia.analytics.links.checking import NOT_STORED, check_links
    from sophia.link_checks import LinkChecker

    installation = open_installation()
    client_id = installation.find_client_id(client)

    async def check_all() -> dict[str, int]:
        async with LinkChecker(allow_loopback=installation.settings.link_check_loopback) as checker:
            return await check_links(
                installation.database, checker, installation.clock, client_id=client_id, include_recent=everything
            )

    counts = run(check_all())
    if as_json:
        show_json({"checked": sum(counts.values()), "statuses": counts})
    else:
        states = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        echo(f"{sum(counts.values())} addresses checked{': ' if states else ''}{states}.")
    if counts.keys() & {"dead", "loses_tags", "refused", NOT_STORED}:
        raise typer.Exit(PARTLY)
