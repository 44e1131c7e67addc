"""Annotations of a client or of the whole portfolio."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sophia.access.problems import documented
from sophia.access.web import AdminPortfolioContext, ReadContext, RequestContext, WriteContext
from sophia.analytics.annotations.queries import Note, notes, told_to
from sophia.analytics.annotations.schemas import NewAnnotation, NoteAnswer, NotesQuery
from sophia.analytics.annotations.store import annotate, remove_annotation
from sophia.analytics.figures.requests import AGAIN, ClientId, Id, requested_dates, writing
from sophia.analytics.readings.permissions import expect_client

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
AnnotationId = Annotated[Id, Path()]


# -- annotations -------------------------------------------------------------------------------------------------------


@router.get("/{client_id}/annotations", response_model=list[NoteAnswer])
def annotations(context: ReadContext, client_id: ClientId, asked: Annotated[NotesQuery, Query()]) -> tuple[Note, ...]:
    """What was written down of days of this client, and of the whole portfolio, oldest day first."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return told_to(context.allowed_clients, notes(session, [client_id], window=requested_dates(asked)))


@router.post(
    "/{client_id}/annotations",
    status_code=201,
    response_model=NoteAnswer,
    responses={200: AGAIN | {"model": NoteAnswer}, **writing},
)
def write_annotation(context: WriteContext, client_id: ClientId, given: NewAnnotation, response: Response) -> Note:
    """Write down what happened on a day of this client. The name of the key stands beside it."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return _write(context, client_id, given, response)


@router.delete("/{client_id}/annotations/{annotation_id}", status_code=204)
def take_annotation_back(context: WriteContext, client_id: ClientId, annotation_id: AnnotationId) -> None:
    """Take an annotation back; those of the portfolio are not the client's."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        remove_annotation(session, client_id, annotation_id, context.now)


@portfolio.get("/portfolio/annotations", response_model=list[NoteAnswer])
def portfolio_annotations(context: ReadContext, asked: Annotated[NotesQuery, Query()]) -> tuple[Note, ...]:
    """What was written down of days of the whole portfolio, oldest first."""
    with context.database.read() as session:
        return told_to(context.allowed_clients, notes(session, [], window=requested_dates(asked)))


@portfolio.post(
    "/portfolio/annotations",
    status_code=201,
    response_model=NoteAnswer,
    responses={200: AGAIN | {"model": NoteAnswer}, **writing},
)
def write_portfolio_annotation(context: AdminPortfolioContext, given: NewAnnotation, response: Response) -> Note:
    """Write down what happened to all clients on a day, such as a holiday; for keys that see all clients.

    The text is meant for everybody: the reports of every client show it, to every key. Name no client in it.
    """
    return _write(context, None, given, response)


@portfolio.delete(
    "/portfolio/annotations/{annotation_id}", status_code=204, responses=documented(404)
)  # fmt: skip
def take_portfolio_annotation_back(context: AdminPortfolioContext, annotation_id: AnnotationId) -> None:
    """Take an annotation of the whole portfolio back."""
    with context.database.write() as session:
        remove_annotation(session, None, annotation_id, context.now)


def _write(context: RequestContext, client_id: int | None, given: NewAnnotation, response: Response) -> Note:
    mine = [] if client_id is None else [client_id]
    with context.database.write() as session:
        number, is_new = annotate(session, client_id, given.day, given.text, context.actor, context.now)
        found = next(note for note in notes(session, mine) if note.id == number)
    response.status_code = 201 if is_new else 200
    return found
