"""`sophia campaigns`: show campaigns, and group drafts by content pillar and month."""

from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client, OptionalClient
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_list

if TYPE_CHECKING:
    from sophia.analytics.campaigns.queries import CampaignRecord

campaigns = typer.Typer(help="Group drafts into campaigns and show their results.", no_args_is_help=True)


@campaigns.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's campaigns, newest first."""
    from sophia.analytics.campaigns.queries import list_campaigns

    installation = open_installation()
    with installation.read_client(client) as (session, client_id):
        listed = list_campaigns(session, client_id, installation.clock())
    empty = "There is no campaign yet. Group drafts by pillar and month: sophia campaigns group"
    show_list("campaigns", listed, campaign_row, as_json=as_json, empty=empty)


def campaign_row(campaign: "CampaignRecord") -> dict[str, str]:
    return {
        "id": str(campaign.id),
        "name": campaign.name,
        "slug": campaign.slug,
        "status": campaign.status,
        "from": str(campaign.start_date),
        "to": str(campaign.end_date or ""),
        "drafts": str(len(campaign.draft_ids)),
        "posts": str(campaign.totals.posts),
        "sales": str(campaign.totals.conversions.value),
        "revenue": ", ".join(f"{figure.value} {figure.currency}" for figure in campaign.revenue),
    }


@campaigns.command()
def lift(
    client: Client,
    campaign: Annotated[int, typer.Argument(metavar="ID", help="As `sophia campaigns list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Estimate what a campaign added to engagements, against the portfolio's other clients."""
    from sophia.analytics.campaigns.lifts import campaign_lift

    installation = open_installation()
    with installation.read_client(client) as (session, client_id):
        result = campaign_lift(session, client_id, campaign, installation.clock())
    if as_json:
        show_json(result)
        return
    for text in [result.reason] if result.reason is not None else [part.text for part in result.platforms]:
        echo(text)


@campaigns.command()
def group(client: OptionalClient = None, as_json: AsJson = False) -> None:
    """Group drafts into one campaign per content pillar and month. Repeating the command changes nothing."""
    from sophia.analytics.campaigns.store import group_drafts
    from sophia.portfolio.service import list_clients

    installation = open_installation()
    if client is not None:
        clients = {(row := installation.find_client(client)).id: row.name}
    else:
        with installation.database.read() as session:
            clients = {row.id: row.name for row in list_clients(session) if row.status == "active"}
    results = {}
    for client_id, name in clients.items():
        with installation.database.write() as session:
            results[name] = group_drafts(session, client_id, installation.clock())
    if as_json:
        show_json({"clients": results})
        return
    for name, result in results.items():
        echo(
            f"{name}: {result.drafts} drafts grouped, {result.campaigns} new campaigns; "
            f"{result.without_pillar} drafts have no content pillar, {result.without_day} have no date."
        )
