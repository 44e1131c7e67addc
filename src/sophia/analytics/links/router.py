"""Endpoints for a client's tracked links and its domains."""

from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import ClientId
from sophia.analytics.links import queries, store
from sophia.analytics.links.queries import NO_DOMAINS, LinkRecord
from sophia.analytics.links.schemas import ClientDomains, LinksQuery, NewDomains
from sophia.analytics.readings.permissions import read_client, write_client

router = APIRouter(responses=documented(404))


@router.get("/{client_id}/links")
def list_links(
    context: ReadContext, client_id: ClientId, query: Annotated[LinksQuery, Query()], paging: Paging
) -> list[LinkRecord]:
    """Return links, newest first, with their tags and the result of the last check."""
    with read_client(context, client_id) as session:
        links = queries.list_links(
            session,
            client_id,
            status=query.status,
            draft_id=query.draft_id,
            before_id=query.before_id,
            limit=query.limit + 1,
        )
    return paging.cut(links, query.limit, before_id=lambda last: last.id)


@router.get("/{client_id}/domains")
def get_domains(context: ReadContext, client_id: ClientId) -> ClientDomains:
    """Return the client's domains. Without any, Sophia tags no link."""
    with read_client(context, client_id) as session:
        return _with_note(queries.client_domains(session, client_id))


@router.put("/{client_id}/domains", responses=documented(400, 413))
def put_domains(context: WriteContext, client_id: ClientId, new_domains: NewDomains) -> ClientDomains:
    """Replace the client's domains."""
    with write_client(context, client_id) as session:
        return _with_note(store.set_domains(session, client_id, new_domains.domains))


def _with_note(domains: list[str]) -> ClientDomains:
    return ClientDomains(domains, None if domains else NO_DOMAINS)
