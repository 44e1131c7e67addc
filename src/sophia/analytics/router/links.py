"""The links that stood in a client's copy, and the domains that are its own."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import CanWrite, Visited
from sophia.analytics import queries, schemas, store
from sophia.analytics.queries.links import LinkState
from sophia.analytics.router.clients import ClientId
from sophia.analytics.router.linking import cut_page

router = APIRouter(responses=documented(404))


@router.get("/{client_id}/links", response_model=list[schemas.LinkAnswer])
def links(
    who: Visited,
    client_id: ClientId,
    asked: Annotated[schemas.LinksQuery, Query()],
    request: Request,
    response: Response,
) -> list[LinkState]:
    """Links, newest first: where they lead, with which tags, and what the last check found."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        found = queries.list_links(
            session,
            client_id,
            status=asked.status,
            draft_id=asked.draft_id,
            before_id=asked.before_id,
            limit=asked.limit + 1,
        )
    return cut_page(request, response, found, asked.limit, before_id=lambda last: last.id)


@router.get("/{client_id}/domains", response_model=schemas.DomainsAnswer)
def domains(who: Visited, client_id: ClientId) -> schemas.DomainsAnswer:
    """The client's own domains; while there are none, no link can be told to be its own."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        known = queries.client_domains(session, client_id)
    return schemas.DomainsAnswer(domains=known, note=None if known else queries.NO_DOMAINS)


@router.put("/{client_id}/domains", response_model=schemas.DomainsAnswer, responses=documented(400, 413))
def set_domains(who: CanWrite, client_id: ClientId, given: schemas.NewDomains) -> schemas.DomainsAnswer:
    """Say which domains are the client's own, in place of those before."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        kept = store.set_domains(session, client_id, given.domains)
    return schemas.DomainsAnswer(domains=kept, note=None if kept else queries.NO_DOMAINS)
