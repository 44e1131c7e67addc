"""The links that stood in a client's copy, and the domains that are its own."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.figures.pagination import paginate
from sophia.analytics.figures.requests import ClientId
from sophia.analytics.links import store
from sophia.analytics.links.queries import NO_DOMAINS, LinkState, client_domains, list_links
from sophia.analytics.links.schemas import DomainsAnswer, LinkAnswer, LinksQuery, NewDomains
from sophia.analytics.readings.permissions import expect_client

router = APIRouter(responses=documented(404))


@router.get("/{client_id}/links", response_model=list[LinkAnswer])
def links(
    context: ReadContext,
    client_id: ClientId,
    asked: Annotated[LinksQuery, Query()],
    request: Request,
    response: Response,
) -> list[LinkState]:
    """Links, newest first: where they lead, with which tags, and what the last check found."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = list_links(
            session,
            client_id,
            status=asked.status,
            draft_id=asked.draft_id,
            before_id=asked.before_id,
            limit=asked.limit + 1,
        )
    return paginate(request, response, found, asked.limit, before_id=lambda last: last.id)


@router.get("/{client_id}/domains")
def domains(context: ReadContext, client_id: ClientId) -> DomainsAnswer:
    """The client's own domains; while there are none, no link can be told to be its own."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        known = client_domains(session, client_id)
    return DomainsAnswer(domains=known, note=None if known else NO_DOMAINS)


@router.put("/{client_id}/domains", responses=documented(400, 413))
def set_domains(context: WriteContext, client_id: ClientId, given: NewDomains) -> DomainsAnswer:
    """Say which domains are the client's own, in place of those before."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        kept = store.set_domains(session, client_id, given.domains)
    return DomainsAnswer(domains=kept, note=None if kept else NO_DOMAINS)
