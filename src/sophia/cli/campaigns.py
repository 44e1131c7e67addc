"""`sophia campaigns`: show them, and group drafts by content pillar and month."""

from typing import Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_table

campaigns = typer.Typer(help="Drafts that belong together, and what they came to.", no_args_is_help=True)


@campaigns.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's campaigns, newest first."""
    installation = open_installation()
    from sophia.analytics.campaigns.queries import list_campaigns  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        found = list_campaigns(session, find_client(session, client).id, installation.clock())
    if as_json:
        show_json({"campaigns": found})
        return
    rows = [
        {
            "id": str(one.id),
            "name": one.name,
            "slug": one.slug,
            "status": one.status,
            "from": str(one.start_date),
            "to": str(one.end_date or ""),
            "drafts": str(len(one.draft_ids)),
            "posts": str(one.totals.posts),
            "sales": str(one.totals.conversions.value),
            "revenue": ", ".join(f"{figure.value} {figure.currency}" for figure in one.revenue),
        }
        for one in found
    ]
    show_table(rows, empty="There is no campaign yet. Group drafts by pillar and month: sophia campaigns group")


@campaigns.command()
def group(
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Name or id; all clients if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put drafts that are in no grouped campaign into that of their content pillar and month; twice changes nothing."""
    installation = open_installation()
    from sophia.analytics.campaigns.store import group_drafts  # noqa: PLC0415
    from sophia.portfolio.service import find_client, list_clients  # noqa: PLC0415

    with installation.database.read() as session:
        wanted = None if client is None else find_client(session, client).id
        known = [
            one for one in list_clients(session) if one.id == wanted or (wanted is None and one.status == "active")
        ]
    done = {}
    for one in known:
        with installation.database.write() as session:
            done[one.name] = group_drafts(session, one.id, installation.clock())
    if as_json:
        show_json({"clients": done})
        return
    for name, result in done.items():
        echo(
            f"{name}: {result.drafts} drafts grouped, {result.campaigns} new campaigns; "
            f"{result.without_pillar} drafts have no content pillar, {result.without_day} no day."
        )


def register(app: typer.Typer) -> None:
    app.add_typer(campaigns, name="campaigns")
