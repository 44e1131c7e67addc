"""Goals, costs and annotations of one client: what is recorded, with forms to add and delete."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from sophia.access.pages import ReadPage, WritePage
from sophia.access.roles import Role
from sophia.access.web import RequestContext
from sophia.analytics.annotations.queries import AnnotationRecord, list_annotations, visible_annotations
from sophia.analytics.annotations.store import add_annotation, remove_annotation
from sophia.analytics.conversions.costs import RecordedCost, list_costs
from sophia.analytics.conversions.costs_store import add_cost, remove_cost
from sophia.analytics.figures.requests import Id
from sophia.analytics.goals import store
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.goals.tracking import client_goals
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.goals.forms import AnnotationForm, Choice, CostForm, GoalForm, Text
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.figures import definition, label_of
from sophia.display.formatting import DASH, beginning, dates, late_note, money, number_text, value_of, whole
from sophia.display.values import Cell, Column, Table, Value
from sophia.errors import ConflictError, InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.models import Client
from sophia.reporting.building import STATES

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ClientPath = Annotated[Id, Path()]
RowId = Annotated[Id, Form()]
LONGEST_CHOICE = 60
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class GoalsForms:
    """The forms of a user who may change what is recorded, and the rows that can be deleted."""

    goal: GoalForm
    kpis: tuple[Choice, ...]
    cost: CostForm
    annotation: AnnotationForm
    goals: tuple[Choice, ...]
    costs: tuple[Choice, ...]
    annotations: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class GoalsPage:
    """The page. `forms` is None for users who only read."""

    name: str
    lead: str
    goals: Table
    costs: Table
    annotations: Table
    action: str
    forms: GoalsForms | None


# The addresses of all three forms show the page: a form that was refused leaves its address in the browser.
@router.get("/clients/{client_id}/goals")
@router.get("/clients/{client_id}/costs")
@router.get("/clients/{client_id}/annotations")
def goals(
    request: Request, context: ReadPage, client_id: ClientPath, _query: Annotated[PageQuery, Query()]
) -> Response:  # fmt: skip
    return show_goals(request, context, client_id)


@router.post("/clients/{client_id}/goals")
def set_goal(
    request: Request,
    context: WritePage,
    client_id: ClientPath,
    name: Text = "",
    kpi: Text = "",
    target: Text = "",
    start_date: Text = "",
    end_date: Text = "",
    at_most: Annotated[bool, Form()] = False,
) -> Response:
    """Set a goal, or replace the goal of that name."""
    form = GoalForm(name, kpi, target, start_date, end_date, at_most)
    try:
        goal_name, goal = form.new_goal()
        change(context, client_id, lambda session: store.set_goal(session, client_id, goal_name, goal, context.now))
    except (InvalidInputError, ConflictError) as error:
        return show_goals(request, context, client_id, goal=replace(form, error=str(error)))
    return to_goals(context, client_id)


@router.post("/clients/{client_id}/goals/delete")
def delete_goal(context: WritePage, client_id: ClientPath, name: Text) -> Response:
    change(context, client_id, lambda session: store.end_goal(session, client_id, name, context.now))
    return to_goals(context, client_id)


@router.post("/clients/{client_id}/costs")
def record_cost(
    request: Request,
    context: WritePage,
    client_id: ClientPath,
    start_date: Text = "",
    end_date: Text = "",
    amount: Text = "",
    currency: Text = "",
    purpose: Text = "",
) -> Response:
    """Record a cost. A repetition adds nothing."""
    form = CostForm(start_date, end_date, amount, currency, purpose)
    try:
        cost = form.new_cost()
        change(context, client_id, lambda session: add_cost(session, client_id, cost, context.now))
    except InvalidInputError as error:
        return show_goals(request, context, client_id, cost=replace(form, error=str(error)))
    return to_goals(context, client_id)


@router.post("/clients/{client_id}/costs/delete")
def delete_cost(context: WritePage, client_id: ClientPath, cost_id: RowId) -> Response:
    change(context, client_id, lambda session: remove_cost(session, client_id, cost_id, context.now))
    return to_goals(context, client_id)


@router.post("/clients/{client_id}/annotations")
def annotate(
    request: Request, context: WritePage, client_id: ClientPath, day: Text = "", text: Text = ""
) -> Response:  # fmt: skip
    """Add an annotation to a day of this client. It carries the name of the user."""
    form = AnnotationForm(day, text)
    try:
        annotation = form.new_annotation()
        change(
            context,
            client_id,
            lambda session: add_annotation(session, client_id, annotation, context.actor, context.now),
        )
    except InvalidInputError as error:
        return show_goals(request, context, client_id, annotation=replace(form, error=str(error)))
    return to_goals(context, client_id)


@router.post("/clients/{client_id}/annotations/delete")
def delete_annotation(context: WritePage, client_id: ClientPath, annotation_id: RowId) -> Response:
    change(context, client_id, lambda session: remove_annotation(session, client_id, annotation_id, context.now))
    return to_goals(context, client_id)


def change(context: RequestContext, client_id: int, write: Callable[[Session], object]) -> None:
    """Change something of a client in one transaction. Raises NotFoundError for a client that may not be seen."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        write(session)


def to_goals(context: RequestContext, client_id: int) -> Response:
    return RedirectResponse(f"{context.settings.path_prefix}/clients/{client_id}/goals", 303)


def show_goals(
    request: Request,
    context: RequestContext,
    client_id: int,
    *,
    goal: GoalForm | None = None,
    cost: CostForm | None = None,
    annotation: AnnotationForm | None = None,
) -> Response:
    """Return the page; with a form that was not accepted, it keeps what was entered and has the status 422."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        costs = list_costs(session, client_id)
        annotations = list_annotations(session, [client_id])
    annotations = list(visible_annotations(context.allowed_clients, reversed(annotations)))
    reported = client_goals(context.database, client_id, context.now)
    forms = None
    if context.viewer.role.includes(Role.WRITE):
        goal_form = goal or GoalForm()
        forms = GoalsForms(
            goal=goal_form,
            kpis=goal_form.kpis,
            cost=cost or CostForm(currency=costs[0].currency if costs else ""),
            annotation=annotation or AnnotationForm(),
            goals=tuple(
                Choice(reported_goal.name, beginning(reported_goal.name, LONGEST_CHOICE)) for reported_goal in reported
            ),
            costs=tuple(Choice(str(recorded.id), cost_label(recorded)) for recorded in costs),
            annotations=annotation_choices(annotations),
        )
    prefix = context.settings.path_prefix
    page = GoalsPage(
        name=name,
        lead=lead(reported),
        goals=goal_table(prefix, reported),
        costs=cost_table(costs),
        annotations=annotation_table(annotations),
        action=f"{prefix}/clients/{client_id}",
        forms=forms,
    )
    outside = frame(request, context, f"Goals of {name}", sections=client_sections(request, context, client_id))
    is_refused = any(form is not None for form in (goal, cost, annotation))
    return respond(request, "goals/page.html", outside, page, UNPROCESSABLE if is_refused else 200)


def lead(reported: Sequence[ReportedGoal]) -> str:
    """Return one sentence: how many goals are on pace."""
    if not reported:
        return "This client has no goal yet."
    good = sum(STATES[goal.standing] == "sage" for goal in reported)
    return f"{good} of {len(reported)} {'goal' if len(reported) == 1 else 'goals'} {'is' if 1 in (good, len(reported)) else 'are'} reached or on pace."


def goal_table(prefix: str, reported: Sequence[ReportedGoal]) -> Table:
    columns = (
        Column("Goal"),
        Column("KPI"),
        Column("Days"),
        Column("Target", numeric=True),
        Column("Current", numeric=True),
        Column("Of target", numeric=True),
        Column("Pace", numeric=True),
        Column("Projected", numeric=True),
        Column("Chance", numeric=True),
        Column("State"),
    )
    rows = tuple(
        (
            Cell(Value(goal.name)),
            Cell(Value(label_of(goal.kpi)), definition(prefix, goal.kpi)),
            days_cell(goal.window),
            Cell(Value(target_text(goal)), sort=goal.target),
            Cell(value_of(goal.current), note=late_note(goal.current)),
            Cell(value_of(goal.done)),
            Cell(value_of(goal.pace)),
            Cell(value_of(goal.projected)),
            chance_cell(goal),
            Cell(Value(goal.standing.value), state=STATES[goal.standing]),
        )
        for goal in reported
    )
    return Table("goals", "Goals", columns, rows, "Set the first goal below.")


def chance_cell(goal: ReportedGoal) -> Cell:
    """Return the chance in whole percent: it is not known better."""
    if goal.chance.value is None:
        return Cell(value_of(goal.chance))
    return Cell(Value(f"{whole(goal.chance.value)} %"), sort=float(goal.chance.value))


def target_text(goal: ReportedGoal) -> str:
    text = number_text(goal.target, goal.current.unit, goal.current.currency, short=False)
    return f"≤ {text}" if goal.at_most else text


def days_cell(window: DateRange) -> Cell:
    last = window.end - ONE_DAY
    return Cell(Value(f"{dates(window)} {last.year}", f"{window.start} to {last}"), sort=window.start.toordinal())


def cost_table(costs: Sequence[RecordedCost]) -> Table:
    columns = (Column("Purpose"), Column("Days"), Column("Amount", numeric=True))
    rows = tuple(
        (
            Cell(Value(cost.purpose)),
            days_cell(DateRange(cost.start_date, cost.end_date + ONE_DAY)),
            Cell(Value(money(cost.amount, cost.currency)), sort=float(cost.amount)),
        )
        for cost in costs
    )
    empty = "No cost is recorded. The customer acquisition cost (CAC) needs a cost for every day."
    return Table("costs", "Recorded costs of sales and marketing", columns, rows, empty)


def annotation_table(annotations: Sequence[AnnotationRecord]) -> Table:
    columns = (Column("What happened"), Column("Day"), Column("Concerns"), Column("Written by"))
    rows = tuple(
        (
            Cell(Value(annotation.text)),
            Cell(Value(f"{annotation.day:%d %b %Y}", annotation.day.isoformat()), sort=annotation.day.toordinal()),
            Cell(Value("all clients" if annotation.client_id is None else "this client")),
            Cell(Value(DASH, reason="Only users who see every client see this name."))
            if annotation.author is None
            else Cell(Value(annotation.author)),
        )
        for annotation in annotations
    )
    return Table("annotations", "Recorded annotations", columns, rows, "No annotation is recorded.")


def annotation_choices(annotations: Sequence[AnnotationRecord]) -> tuple[Choice, ...]:
    """Return the annotations that can be deleted here: those of this client, not of the whole portfolio."""
    return tuple(
        Choice(str(annotation.id), beginning(f"{annotation.day:%d %b %Y}: {annotation.text}", LONGEST_CHOICE))
        for annotation in annotations
        if annotation.client_id is not None
    )


def cost_label(cost: RecordedCost) -> str:
    window = DateRange(cost.start_date, cost.end_date + ONE_DAY)
    return beginning(
        f"{money(cost.amount, cost.currency)}, {dates(window)} {cost.end_date.year}: {cost.purpose}", LONGEST_CHOICE
    )
