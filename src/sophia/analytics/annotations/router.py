"""Endpoints for annotations of a client and of the whole portfolio."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sophia.access.problems import documented
from sophia.access.web import AdminPortfolioContext, ReadContext, RequestContext, WriteContext
from sophia.analytics.annotations.queries import AnnotationRecord, list_annotations, visible_annotations
from sophia.analytics.annotations.store import NewAnnotation, add_annotation, remove_annotation
from sophia.analytics.figures.requests import AGAIN, ClientId, DateRangeQuery, Id, requested_dates, writing
from sophia.analytics.readings.permissions import expect_client, read_client, write_client

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
AnnotationId = Annotated[Id, Path()]
created = {200: AGAIN | {"model": AnnotationRecord}, **writing}


@router.get("/{client_id}/annotations")
def get_annotations(
    context: ReadContext, client_id: ClientId, query: Annotated[DateRangeQuery, Query()]
) -> tuple[AnnotationRecord, ...]:
    """Return the annotations of this client and of the whole portfolio, oldest day first."""
    with read_client(context, client_id) as session:
        annotations = list_annotations(session, [client_id], window=requested_dates(query))
    return visible_annotations(context.allowed_clients, annotations)


@router.post("/{client_id}/annotations", status_code=201, responses=created)
def post_annotation(
    context: WriteContext, client_id: ClientId, annotation: NewAnnotation, response: Response
) -> AnnotationRecord:
    """Add an annotation to a day of this client. It carries the name of the API key."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return _add(context, client_id, annotation, response)


@router.delete("/{client_id}/annotations/{annotation_id}", status_code=204)
def delete_annotation(context: WriteContext, client_id: ClientId, annotation_id: AnnotationId) -> None:
    """Delete an annotation of this client. Annotations of the portfolio have their own endpoint."""
    with write_client(context, client_id) as session:
        remove_annotation(session, client_id, annotation_id, context.now)


@portfolio.get("/portfolio/annotations")
def get_portfolio_annotations(
    context: ReadContext, query: Annotated[DateRangeQuery, Query()]
) -> tuple[AnnotationRecord, ...]:
    """Return the annotations of the whole portfolio, oldest day first."""
    with context.database.read() as session:
        annotations = list_annotations(session, [], window=requested_dates(query))
    return visible_annotations(context.allowed_clients, annotations)


@portfolio.post("/portfolio/annotations", status_code=201, responses=created)
def post_portfolio_annotation(
    context: AdminPortfolioContext, annotation: NewAnnotation, response: Response
) -> AnnotationRecord:
    """Add what happened to all clients on a day, such as a holiday. Only keys that see all clients may.

    The reports of every client show the text to every key: do not name a client in it.
    """
    return _add(context, None, annotation, response)


@portfolio.delete("/portfolio/annotations/{annotation_id}", status_code=204, responses=documented(404))
def delete_portfolio_annotation(context: AdminPortfolioContext, annotation_id: AnnotationId) -> None:
    """Delete an annotation of the whole portfolio."""
    with context.database.write() as session:
        remove_annotation(session, None, annotation_id, context.now)


def _add(
    context: RequestContext, client_id: int | None, annotation: NewAnnotation, response: Response
) -> AnnotationRecord:
    client_ids = [] if client_id is None else [client_id]
    with context.database.write() as session:
        annotation_id, is_new = add_annotation(session, client_id, annotation, context.actor, context.now)
        records = {record.id: record for record in list_annotations(session, client_ids)}
    response.status_code = 201 if is_new else 200
    return records[annotation_id]
