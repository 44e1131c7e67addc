"""`sophia client`: list, rename, archive, restore and delete clients; set their zone, industry and domains."""

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sophia.cli.installation import open_installation
from sophia.cli.output import confirm, echo
from sophia.cli.tables import AsJson, local_time, show_json, show_list

if TYPE_CHECKING:
    from sophia.portfolio.service import ClientInfo

clients = typer.Typer(help="Manage the clients whose accounts are measured.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME_OR_ID")]


@clients.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show all clients, including archived ones."""
    from sophia.portfolio.service import list_clients

    installation = open_installation()
    zone = installation.settings.operator_zone
    with installation.database.read() as session:
        listed = list_clients(session)
    empty = "There is no client yet. Begin with: sophia connect"
    show_list("clients", listed, lambda client: client_row(client, zone), as_json=as_json, empty=empty)


def client_row(client: "ClientInfo", zone: ZoneInfo) -> dict[str, str]:
    return {
        "id": str(client.id),
        "name": client.name,
        "status": client.status,
        "accounts": str(client.accounts),
        "industry": client.industry or "",
        "zone": client.timezone,
        "since": local_time(client.created_at, zone),
    }


@clients.command()
def domains(
    name: Name,
    names: Annotated[list[str] | None, typer.Argument(metavar="DOMAIN", help="Such as example.com.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Remove all domains.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set a client's own domains. Sophia tags links to them and their subdomains, and no other links."""
    from sophia.analytics.links.queries import NO_DOMAINS, client_domains
    from sophia.analytics.links.store import set_domains

    if names and none:
        raise typer.BadParameter("Give domains or --none, not both.")
    installation = open_installation()
    if names or none:
        with installation.write_client(name) as (session, client_id):
            own_domains = set_domains(session, client_id, names or [])
    else:
        with installation.read_client(name) as (session, client_id):
            own_domains = client_domains(session, client_id)
    if as_json:
        show_json({"domains": own_domains})
    else:
        echo("\n".join(own_domains) or NO_DOMAINS)


@clients.command()
def industry(
    name: Name,
    industry: Annotated[str | None, typer.Argument(metavar="INDUSTRY", help="As benchmarks name it.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Remove the industry.")] = False,
) -> None:
    """Show or set the industry whose benchmarks a client is compared with."""
    from sophia.analytics.benchmarks.queries import benchmark_industries
    from sophia.portfolio.revising import set_industry

    if industry is not None and none:
        raise typer.BadParameter("Give an industry or --none, not both.")
    installation = open_installation()
    if industry is not None or none:
        with installation.write_client(name) as (session, client_id):
            current = set_industry(session, client_id, industry, installation.clock())
    else:
        current = installation.find_client(name).industry
    with installation.database.read() as session:
        industries = benchmark_industries(session)
    echo(current or "No industry. The client is compared with the benchmarks of all industries.")
    if current is not None and current.casefold() not in industries:
        echo(f"There is no benchmark of this industry. There are benchmarks of: {', '.join(industries)}.", err=True)


@clients.command()
def rename(name: Name, new_name: Annotated[str, typer.Argument(metavar="NEW_NAME")]) -> None:
    """Rename a client. Reports as of an earlier moment keep the old name."""
    from sophia.portfolio.revising import rename_client

    installation = open_installation()
    with installation.write_client(name) as (session, client_id):
        stored_name = rename_client(session, client_id, new_name, installation.clock())
    echo(f"The client is named {stored_name} now.")


@clients.command()
def zone(name: Name, zone: Annotated[str, typer.Argument(metavar="ZONE", help="Such as Europe/Lisbon.")]) -> None:
    """Set a client's time zone. Reports as of an earlier moment keep the old zone."""
    from sophia.portfolio.revising import set_zone

    installation = open_installation()
    client = installation.find_client(name)
    with installation.database.write() as session:
        set_zone(session, client.id, zone, installation.clock())
    echo(f"{client.name} is in the zone {zone} now.")


@clients.command()
def archive(name: Name) -> None:
    """Stop collecting a client. Everything collected so far stays."""
    from sophia.portfolio.service import archive_client

    installation = open_installation()
    client = installation.find_client(name)
    with installation.database.write() as session:
        archive_client(session, client.id)
    echo(f"{client.name} is archived. Restore it with: sophia client restore {client.id}")


@clients.command()
def restore(name: Name) -> None:
    """Collect an archived client again."""
    from sophia.portfolio.service import restore_client

    installation = open_installation()
    client = installation.find_client(name)
    with installation.database.write() as session:
        restore_client(session, client.id)
    echo(f"{client.name} is collected again.")


@clients.command()
def delete(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False
) -> None:
    """Delete a client with its accounts, tokens, posts, readings, drafts and all other data. This cannot be undone."""
    from sophia.analytics.maintenance.deleting import delete_client_data

    installation = open_installation()
    client = installation.find_client(name)
    if not yes:
        confirm(f"Delete {client.name} with all its data? This cannot be undone.", abort=True)
    delete_client_data(installation.database, client.id, installation.settings.data_dir, installation.clock())
    echo(f"{client.name} is deleted.")
