"""`sophia costs`, `sophia goals`, `sophia annotate`: what people know of a client and numbers do not tell."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import DAYS, Client
from sophia.cli.conversions import checked, currency
from sophia.cli.drafts import By, actor
from sophia.cli.drawing import figure
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.annotations.queries import Note
    from sophia.analytics.goals.progress import ReportedGoal

costs = typer.Typer(
    help="What sales and marketing cost; without it nobody knows what a customer costs.", no_args_is_help=True
)
goals = typer.Typer(help="What KPIs are to come to, and whether they are on their way there.", no_args_is_help=True)

First = Annotated[datetime, typer.Option("--from", formats=DAYS, help="First day.")]
Last = Annotated[datetime, typer.Option("--to", formats=DAYS, help="Last day, included.")]


# -- costs -------------------------------------------------------------------------------------------------------------


def amount(text: str) -> Decimal:
    """Raises BadParameter for what is no amount of money of at most twelve digits before the point."""
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        decimal = Decimal(-1)
    if not (decimal.is_finite() and 0 <= decimal < Decimal(10) ** 12) or decimal != round(decimal, 3):
        raise typer.BadParameter("An amount looks like 19.90 and is not below 0.")
    return decimal


@costs.command()
def add(
    client: Client,
    amount_: Annotated[Decimal, typer.Argument(metavar="AMOUNT", parser=amount, help="Such as 19.90.")],
    currency_: Annotated[str, typer.Argument(metavar="CURRENCY", callback=checked(currency), help="Such as CAD.")],
    purpose: Annotated[str, typer.Option("--for", metavar="TEXT", help="What it was spent on.")],
    first: First,
    last: Last,
    as_json: AsJson = False,
) -> None:
    """Record what sales and marketing cost in some days. The same once more adds nothing."""
    installation = open_installation()
    from sophia.analytics.conversions.costs_store import Cost, add_cost  # noqa: PLC0415
    from sophia.analytics.figures.schemas import expect_decimals  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    purpose = " ".join(purpose.split())
    if not purpose or len(purpose) > 200:  # noqa: PLR2004 - the column's length
        raise typer.BadParameter("Say what it was spent on, in 1 to 200 characters.", param_hint="--for")
    try:
        expect_decimals(amount_, currency_)
    except ValueError as wrong:
        raise typer.BadParameter(f"{wrong}.", param_hint="AMOUNT") from None
    cost = Cost(first.date(), last.date(), amount_, currency_, purpose)
    with installation.database.write() as session:
        number, is_new = add_cost(session, find_client(session, client).id, cost, installation.clock())
    if as_json:
        show_json({"id": number, "is_new": is_new})
    else:
        echo(f"Cost {number} {'is recorded' if is_new else 'was recorded before'}.")


@costs.command("list")
def list_costs_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's costs, newest days first."""
    installation = open_installation()
    from sophia.analytics.conversions.costs import list_costs  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        found = list_costs(session, find_client(session, client).id)
    if as_json:
        show_json({"costs": found})
        return
    rows = [
        {
            "id": str(one.id),
            "from": str(one.start_date),
            "to": str(one.end_date),
            "amount": f"{one.amount:,f} {one.currency}",
            "for": one.purpose,
        }
        for one in found
    ]
    show_table(rows, empty="No costs are recorded. Record them: sophia costs add")


@costs.command()
def remove(client: Client, cost: Annotated[int, typer.Argument(metavar="COST", min=1)]) -> None:
    """Take a cost back."""
    installation = open_installation()
    from sophia.analytics.conversions.costs_store import remove_cost  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        remove_cost(session, find_client(session, client).id, cost, installation.clock())
    echo(f"Cost {cost} is taken back.")


# -- goals -------------------------------------------------------------------------------------------------------------


@goals.command("list")
def list_goals(client: Client, as_json: AsJson = False) -> None:
    """Show a client's goals and their pace."""
    installation = open_installation()
    from sophia.analytics.goals.tracking import client_goals  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        number = find_client(session, client).id
    found = client_goals(installation.database, number, installation.clock())
    if as_json:
        show_json({"goals": found})
        return
    show_table(goal_rows(found), empty="There is no goal yet. Set one: sophia goals set")


def goal_rows(reported_goals: "tuple[ReportedGoal, ...]") -> list[dict[str, str]]:
    from sophia.analytics.figures.figures import ONE_DAY  # noqa: PLC0415

    return [
        {
            "goal": reported_goal.name,
            "KPI": reported_goal.kpi,
            "target": f"{'≤ ' if reported_goal.at_most else ''}{reported_goal.target:,g}",
            "until": str(reported_goal.window.end - ONE_DAY),
            "so far": figure(reported_goal.current),
            "pace": figure(reported_goal.pace),
            "leads to": figure(reported_goal.projected),
            "stands": reported_goal.standing.value,
        }
        for reported_goal in reported_goals
    ]


@goals.command("set")
def set_(
    client: Client,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Your own name for it.")],
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Such as views, followers or save_rate.")],
    target: Annotated[float, typer.Argument(metavar="TARGET")],
    first: First,
    last: Last,
    at_most: Annotated[bool, typer.Option("--at-most", help="The rate is not to exceed the target.")] = False,
) -> None:
    """Set a goal, in place of the one of that name."""
    installation = open_installation()
    from sophia.analytics.goals.store import NewGoal, set_goal  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    goal = NewGoal(kpi, target, first.date(), last.date(), at_most)
    with installation.database.write() as session:
        number = find_client(session, client).id
        set_goal(session, number, name, goal, installation.clock())
    echo(f"The goal {name!r} is set. See how it stands: sophia goals list {number}")


@goals.command("delete")
def delete_goal(client: Client, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Give a goal up."""
    installation = open_installation()
    from sophia.analytics.goals.store import end_goal  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        end_goal(session, find_client(session, client).id, name, installation.clock())
    echo(f"The goal {name!r} is given up.")


# -- annotations -------------------------------------------------------------------------------------------------------


def annotate(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Name or id; `all` for the whole portfolio.")],
    day: Annotated[datetime | None, typer.Argument(formats=DAYS, help="Left out: show what was written.")] = None,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What happened.")] = None,
    remove: Annotated[int | None, typer.Option(metavar="ID", min=1, help="Take this annotation back.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write down what happened on a day; reports, trends and anomalies show it. Without a day: show what is written.

    What is written of `all` is meant for everybody: the reports of every client show it. Name no client in it.
    """
    if (day is None) != (text is None) or (remove is not None and day is not None):
        raise typer.BadParameter("Give a day and a text, or --remove, or nothing but the client.")
    installation = open_installation()
    from sophia.analytics.annotations.queries import notes  # noqa: PLC0415
    from sophia.analytics.annotations.store import annotate, remove_annotation  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    now = installation.clock()
    with installation.database.write() as session:
        number = None if client == "all" else find_client(session, client).id
        if remove is not None:
            remove_annotation(session, number, remove, now)
        elif day is not None and text is not None:
            annotate(session, number, day.date(), text, actor(by), now)
        found = notes(session, [] if number is None else [number])
    if as_json:
        show_json({"annotations": found})
        return
    show_table(note_rows(found), empty="Nothing is written down. Write: sophia annotate CLIENT DAY TEXT")


def note_rows(notes: "list[Note]") -> list[dict[str, str]]:
    return [
        {
            "id": str(note.id),
            "day": str(note.day),
            "of": "all clients" if note.client_id is None else "this client",
            "what": note.text,
            "by": note.author or "",
        }
        for note in notes
    ]


def register(app: typer.Typer) -> None:
    app.add_typer(costs, name="costs")
    app.add_typer(goals, name="goals")
    app.command("annotate")(annotate)
