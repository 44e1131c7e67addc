"""Endpoints for the goals of a client."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.figures.requests import ClientId, writing
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.goals.store import GoalName, NewGoal, end_goal, set_goal
from sophia.analytics.goals.tracking import client_goals
from sophia.analytics.readings.permissions import expect_client, write_client
from sophia.errors import NotFoundError

router = APIRouter(responses=documented(404))
Name = Annotated[GoalName, Path()]


@router.get("/{client_id}/goals")
def list_goals(context: ReadContext, client_id: ClientId) -> list[ReportedGoal]:
    """Return all goals with their progress today, by end date."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return list(client_goals(context.database, client_id, context.now))


@router.get("/{client_id}/goals/{name}")
def get_goal(context: ReadContext, client_id: ClientId, name: Name) -> ReportedGoal:
    """Return one goal with its progress today."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return _goal(context, client_id, name)


@router.put(
    "/{client_id}/goals/{name}",
    responses={201: {"model": ReportedGoal, "description": "The goal is new."}, **writing},
)
def put_goal(context: WriteContext, client_id: ClientId, name: Name, goal: NewGoal, response: Response) -> ReportedGoal:
    """Set a goal, or replace the goal of that name. Reports as of an earlier time keep the old goal."""
    with write_client(context, client_id) as session:
        is_new = set_goal(session, client_id, name, goal, context.now)
    response.status_code = 201 if is_new else 200
    return _goal(context, client_id, name)


@router.delete("/{client_id}/goals/{name}", status_code=204)
def delete_goal(context: WriteContext, client_id: ClientId, name: Name) -> None:
    """Delete a goal."""
    with write_client(context, client_id) as session:
        end_goal(session, client_id, name, context.now)


def _goal(context: RequestContext, client_id: int, name: str) -> ReportedGoal:
    for client_goal in client_goals(context.database, client_id, context.now):
        if client_goal.name == name:
            return client_goal
    raise NotFoundError(f"Client {client_id} has no goal {name!r}.")
