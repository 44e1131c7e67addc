"""`sophia goals`: set targets for KPIs and follow their pace."""

from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client, RequiredFirst, RequiredLast
from sophia.cli.formatting import format_figure
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_list

if TYPE_CHECKING:
    from sophia.analytics.goals.progress import ReportedGoal

goals = typer.Typer(help="Set targets for KPIs and follow their pace.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Your own name for the goal.")]


@goals.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's goals and their pace."""
    from sophia.analytics.goals.tracking import client_goals

    installation = open_installation()
    client_id = installation.find_client(client).id
    reported_goals = client_goals(installation.database, client_id, installation.clock())
    empty = "There is no goal yet. Set one: sophia goals set"
    show_list("goals", reported_goals, goal_row, as_json=as_json, empty=empty)


def goal_row(goal: "ReportedGoal") -> dict[str, str]:
    from sophia.meta.reporting_zone import ONE_DAY

    return {
        "goal": goal.name,
        "KPI": goal.kpi,
        "target": f"{'≤ ' if goal.at_most else ''}{goal.target:,g}",
        "until": str(goal.window.end - ONE_DAY),
        "actual": format_figure(goal.current),
        "pace": format_figure(goal.pace),
        "projected": format_figure(goal.projected),
        "chance": format_figure(goal.chance),
        "status": goal.standing.value,
    }


@goals.command("set")
def set_(
    client: Client,
    name: Name,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Such as views, followers or save_rate.")],
    target: Annotated[float, typer.Argument(metavar="TARGET")],
    first: RequiredFirst,
    last: RequiredLast,
    at_most: Annotated[bool, typer.Option("--at-most", help="The rate must not exceed the target.")] = False,
) -> None:
    """Set a goal. It replaces the client's goal of the same name."""
    from sophia.analytics.goals.store import NewGoal, set_goal

    installation = open_installation()
    goal = NewGoal(kpi, target, first.date(), last.date(), at_most)
    with installation.write_client(client) as (session, client_id):
        set_goal(session, client_id, name, goal, installation.clock())
    echo(f"The goal {name!r} is set. See its pace: sophia goals list {client_id}")


@goals.command()
def delete(client: Client, name: Name) -> None:
    """Delete a goal."""
    from sophia.analytics.goals.store import end_goal

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        end_goal(session, client_id, name, installation.clock())
    echo(f"The goal {name!r} is deleted.")
