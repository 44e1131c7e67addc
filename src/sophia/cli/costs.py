"""`sophia costs`: record what sales and marketing cost."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import (
    Client,
    RequiredFirst,
    RequiredLast,
    check_currency,
    check_text,
    option_check,
    parse_amount,
)
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_list

if TYPE_CHECKING:
    from sophia.analytics.conversions.costs import RecordedCost

costs = typer.Typer(
    help="Record what sales and marketing cost. Customer acquisition cost (CAC) needs this.", no_args_is_help=True
)
LONGEST_PURPOSE = 200  # as wide as the column


@costs.command()
def add(
    client: Client,
    amount: Annotated[Decimal, typer.Argument(metavar="AMOUNT", parser=parse_amount, help="Such as 19.90.")],
    currency: Annotated[
        str, typer.Argument(metavar="CURRENCY", callback=option_check(check_currency), help="Such as CAD.")
    ],
    purpose: Annotated[str, typer.Option("--for", metavar="TEXT", help="What the money paid for.")],
    first: RequiredFirst,
    last: RequiredLast,
    as_json: AsJson = False,
) -> None:
    """Record a cost, spread evenly over some days. Repeating the command adds nothing."""
    from sophia.analytics.conversions.costs_store import NewCost, add_cost

    installation = open_installation()
    purpose = check_text(purpose, LONGEST_PURPOSE, "--for")
    try:
        cost = NewCost(first.date(), last.date(), amount, currency, purpose)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="AMOUNT") from None
    with installation.write_client(client) as (session, client_id):
        cost_id, is_new = add_cost(session, client_id, cost, installation.clock())
    if as_json:
        show_json({"id": cost_id, "is_new": is_new})
    else:
        echo(f"Cost {cost_id} {'is recorded' if is_new else 'was recorded before'}.")


@costs.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's costs, newest days first."""
    from sophia.analytics.conversions.costs import list_costs

    with open_installation().read_client(client) as (session, client_id):
        recorded_costs = list_costs(session, client_id)
    empty = "No costs are recorded. Record one: sophia costs add"
    show_list("costs", recorded_costs, cost_row, as_json=as_json, empty=empty)


def cost_row(cost: "RecordedCost") -> dict[str, str]:
    return {
        "id": str(cost.id),
        "from": str(cost.start_date),
        "to": str(cost.end_date),
        "amount": f"{cost.amount:,f} {cost.currency}",
        "for": cost.purpose,
    }


@costs.command()
def remove(client: Client, cost: Annotated[int, typer.Argument(metavar="COST", min=1)]) -> None:
    """Delete a cost."""
    from sophia.analytics.conversions.costs_store import remove_cost

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        remove_cost(session, client_id, cost, installation.clock())
    echo(f"Cost {cost} is deleted.")
