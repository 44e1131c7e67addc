"""`sophia client`: list, rename, archive, bring back and delete clients; say where they are and which domains are theirs."""

from typing import Annotated

import typer

from sophia.cli.opening import open_installation
from sophia.cli.output import confirm, echo
from sophia.cli.tables import AsJson, local, show_json, show_table

clients = typer.Typer(help="The businesses that are measured.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME_OR_ID")]


@clients.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show all clients, archived ones too."""
    installation = open_installation()
    from sophia.portfolio.service import list_clients  # noqa: PLC0415

    with installation.database.read() as session:
        known = list_clients(session)
    if as_json:
        show_json({"clients": known})
        return
    zone = installation.settings.operator_zone
    rows = [
        {
            "id": str(one.id),
            "name": one.name,
            "status": one.status,
            "accounts": str(one.accounts),
            "industry": one.industry or "",
            "zone": one.timezone,
            "since": local(one.created_at, zone),
        }
        for one in known
    ]
    show_table(rows, empty="There is no client yet. Begin with: sophia connect")


@clients.command()
def domains(
    name: Name,
    given: Annotated[list[str] | None, typer.Argument(metavar="[DOMAIN]...", help="Such as example.com.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take all domains away.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set the domains whose links are a client's own, with all below them; links to others are never tagged."""
    if given and none:
        raise typer.BadParameter("Give domains or --none, not both.")
    installation = open_installation()
    from sophia.analytics.links.queries import NO_DOMAINS, client_domains  # noqa: PLC0415
    from sophia.analytics.links.store import set_domains  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if given or none:
        with installation.database.write() as session:
            known = set_domains(session, find_client(session, name).id, given or [])
    else:
        with installation.database.read() as session:
            known = client_domains(session, find_client(session, name).id)
    if as_json:
        show_json({"domains": known})
    else:
        echo("\n".join(known) or NO_DOMAINS)


@clients.command()
def industry(
    name: Name,
    given: Annotated[str | None, typer.Argument(metavar="[INDUSTRY]", help="As benchmarks name it.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take the industry away.")] = False,
) -> None:
    """Show or set the industry that a client is compared with."""
    if given is not None and none:
        raise typer.BadParameter("Give an industry or --none, not both.")
    installation = open_installation()
    from sophia.analytics.benchmarks.queries import benchmark_industries  # noqa: PLC0415
    from sophia.portfolio.revising import set_industry  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if given is not None or none:
        with installation.database.write() as session:
            kept = set_industry(session, find_client(session, name).id, given, installation.clock())
    else:
        with installation.database.read() as session:
            kept = find_client(session, name).industry
    with installation.database.read() as session:
        known = benchmark_industries(session)
    echo(kept or "No industry: compared with all industries together.")
    if kept is not None and kept.casefold() not in known:
        echo(f"Nobody's numbers are of this industry. They are of: {', '.join(known)}.", err=True)


@clients.command()
def rename(name: Name, given: Annotated[str, typer.Argument(metavar="NEW_NAME")]) -> None:
    """Call a client otherwise. What is made as of an earlier moment still says the old name."""
    installation = open_installation()
    from sophia.portfolio.revising import rename_client  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        kept = rename_client(session, find_client(session, name).id, given, installation.clock())
    echo(f"The client is named {kept} now.")


@clients.command()
def zone(name: Name, given: Annotated[str, typer.Argument(metavar="ZONE", help="Such as Europe/Lisbon.")]) -> None:
    """Say in which time zone a client's people think. What is made as of an earlier moment still uses the old one."""
    installation = open_installation()
    from sophia.portfolio.revising import set_zone  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        client = find_client(session, name)
        set_zone(session, client.id, given, installation.clock())
    echo(f"{client.name} is in {given} now.")


@clients.command()
def archive(name: Name) -> None:
    """Collect a client no more; everything collected so far stays."""
    installation = open_installation()
    from sophia.portfolio.service import archive_client, find_client  # noqa: PLC0415

    with installation.database.write() as session:
        client = find_client(session, name)
        archive_client(session, client.id)
    echo(f"{client.name} is archived. Bring it back with: sophia client restore {client.id}")


@clients.command()
def restore(name: Name) -> None:
    """Collect an archived client again."""
    installation = open_installation()
    from sophia.portfolio.service import find_client, restore_client  # noqa: PLC0415

    with installation.database.write() as session:
        client = find_client(session, name)
        restore_client(session, client.id)
    echo(f"{client.name} is collected again.")


@clients.command()
def delete(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False
) -> None:
    """Delete a client with its accounts, tokens, posts, readings, drafts and everything else. For ever."""
    installation = open_installation()
    from sophia.analytics.maintenance.deleting import delete_client_data  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        client = find_client(session, name)
        number, full_name = client.id, client.name
    if not yes:
        confirm(f"Delete {full_name} with everything that was collected for it, for ever?", abort=True)
    delete_client_data(installation.database, number, installation.clock())
    echo(f"{full_name} is deleted.")


def register(app: typer.Typer) -> None:
    app.add_typer(clients, name="client")
