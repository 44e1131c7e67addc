"""What people tell of a client, or of the portfolio: costs, goals, annotations."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sophia.access.problems import documented
from sophia.access.web import CanAdministerPortfolio, CanWrite, Visit, Visited
from sophia.analytics import queries, schemas
from sophia.analytics.queries.told import Note, RecordedCost, list_costs, notes, told_to
from sophia.analytics.report import client_goals
from sophia.analytics.report.records import ReportedGoal
from sophia.analytics.router.clients import ClientId
from sophia.analytics.schemas import told
from sophia.analytics.schemas.asking import days_asked
from sophia.analytics.schemas.reports import GoalAnswer, NoteAnswer
from sophia.analytics.store.annotations import annotate, remove_annotation
from sophia.analytics.store.costs import Cost, add_cost, remove_cost
from sophia.analytics.store.goals import NewGoal, end_goal, set_goal
from sophia.errors import NotFoundError

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
writing = documented(400, 409, 413)

CostId = Annotated[schemas.Id, Path()]
AnnotationId = Annotated[schemas.Id, Path()]
Name = Annotated[told.GoalName, Path()]
AGAIN = {"description": "It stood there already, in the same words."}


# -- costs -------------------------------------------------------------------------------------------------------------


@router.get("/{client_id}/costs", response_model=list[told.CostAnswer])
def costs(who: Visited, client_id: ClientId) -> list[RecordedCost]:
    """What sales and marketing cost, newest days first. The cost of acquiring a customer needs one for every day."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        return list_costs(session, client_id)


@router.post(
    "/{client_id}/costs",
    status_code=201,
    response_model=told.CostAnswer,
    responses={200: AGAIN | {"model": told.CostAnswer}, **writing},
)
def record_cost(who: CanWrite, client_id: ClientId, given: told.NewCost, response: Response) -> RecordedCost:
    """Record a cost; the same once more adds nothing."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        number, is_new = add_cost(session, client_id, Cost(**given.model_dump()), who.now)
        found = next(one for one in list_costs(session, client_id) if one.id == number)
    response.status_code = 201 if is_new else 200
    return found


@router.delete("/{client_id}/costs/{cost_id}", status_code=204)
def take_cost_back(who: CanWrite, client_id: ClientId, cost_id: CostId) -> None:
    """Take a cost back. Reports as of a moment before this one still know it."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        remove_cost(session, client_id, cost_id, who.now)


# -- goals -------------------------------------------------------------------------------------------------------------


@router.get("/{client_id}/goals", response_model=list[GoalAnswer])
def goals(who: Visited, client_id: ClientId) -> tuple[ReportedGoal, ...]:
    """All goals as they stand today, with their pace, those that end first at the beginning."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    return client_goals(who.database, client_id, who.now)


@router.get("/{client_id}/goals/{name}", response_model=GoalAnswer)
def goal(who: Visited, client_id: ClientId, name: Name) -> ReportedGoal:
    """One goal as it stands today."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    return _goal(who, client_id, name)


@router.put(
    "/{client_id}/goals/{name}",
    response_model=GoalAnswer,
    responses={201: {"model": GoalAnswer, "description": "There was no goal of that name."}, **writing},
)
def put_goal(
    who: CanWrite, client_id: ClientId, name: Name, given: told.NewGoalBody, response: Response
) -> ReportedGoal:
    """Set a goal, in place of the one of that name. What it was stays in reports as of a moment before this one."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        is_new = set_goal(session, client_id, name, NewGoal(**given.model_dump()), who.now)
    response.status_code = 201 if is_new else 200
    return _goal(who, client_id, name)


@router.delete("/{client_id}/goals/{name}", status_code=204)
def delete_goal(who: CanWrite, client_id: ClientId, name: Name) -> None:
    """Give a goal up."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        end_goal(session, client_id, name, who.now)


def _goal(who: Visit, client_id: int, name: str) -> ReportedGoal:
    for one in client_goals(who.database, client_id, who.now):
        if one.name == name:
            return one
    raise NotFoundError(f"Client {client_id} has no goal {name!r}.")


# -- annotations -------------------------------------------------------------------------------------------------------


@router.get("/{client_id}/annotations", response_model=list[NoteAnswer])
def annotations(who: Visited, client_id: ClientId, asked: Annotated[told.NotesQuery, Query()]) -> tuple[Note, ...]:
    """What was written down of days of this client, and of the whole portfolio, oldest day first."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        return told_to(who.seen, notes(session, [client_id], window=days_asked(asked)))


@router.post(
    "/{client_id}/annotations",
    status_code=201,
    response_model=NoteAnswer,
    responses={200: AGAIN | {"model": NoteAnswer}, **writing},
)
def write_annotation(who: CanWrite, client_id: ClientId, given: told.NewAnnotation, response: Response) -> Note:
    """Write down what happened on a day of this client. The name of the key stands beside it."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    return _write(who, client_id, given, response)


@router.delete("/{client_id}/annotations/{annotation_id}", status_code=204)
def take_annotation_back(who: CanWrite, client_id: ClientId, annotation_id: AnnotationId) -> None:
    """Take an annotation back; those of the portfolio are not the client's."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        remove_annotation(session, client_id, annotation_id, who.now)


@portfolio.get("/portfolio/annotations", response_model=list[NoteAnswer])
def portfolio_annotations(who: Visited, asked: Annotated[told.NotesQuery, Query()]) -> tuple[Note, ...]:
    """What was written down of days of the whole portfolio, oldest first."""
    with who.database.read() as session:
        return told_to(who.seen, notes(session, [], window=days_asked(asked)))


@portfolio.post(
    "/portfolio/annotations",
    status_code=201,
    response_model=NoteAnswer,
    responses={200: AGAIN | {"model": NoteAnswer}, **writing},
)
def write_portfolio_annotation(who: CanAdministerPortfolio, given: told.NewAnnotation, response: Response) -> Note:
    """Write down what happened to all clients on a day, such as a holiday; for keys that see all clients.

    The text is meant for everybody: the reports of every client show it, to every key. Name no client in it.
    """
    return _write(who, None, given, response)


@portfolio.delete(
    "/portfolio/annotations/{annotation_id}", status_code=204, responses=documented(404)
)  # fmt: skip
def take_portfolio_annotation_back(who: CanAdministerPortfolio, annotation_id: AnnotationId) -> None:
    """Take an annotation of the whole portfolio back."""
    with who.database.write() as session:
        remove_annotation(session, None, annotation_id, who.now)


def _write(who: Visit, client_id: int | None, given: told.NewAnnotation, response: Response) -> Note:
    mine = [] if client_id is None else [client_id]
    with who.database.write() as session:
        number, is_new = annotate(session, client_id, given.day, given.text, who.actor, who.now)
        found = next(one for one in notes(session, mine) if one.id == number)
    response.status_code = 201 if is_new else 200
    return found
