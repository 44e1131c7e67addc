"""Endpoints of audiences and target audiences."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field, with_config

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.audience.matching import AudienceCriteria, SavedTargetAudience, TargetAudience
from sophia.analytics.audience.queries import AudienceKind, ClientAudience, client_audience, list_target_audiences
from sophia.analytics.audience.store import delete_target_audience, put_target_audience
from sophia.analytics.figures.requests import ClientId, Name, RequestModel, writing
from sophia.analytics.readings.permissions import expect_client, read_client, write_client
from sophia.errors import NotFoundError

router = APIRouter(responses=documented(404))

TargetName = Annotated[Name, Path(description="With single spaces, and without a slash.")]


class AudienceQuery(RequestModel):
    audience: AudienceKind = Field(default="followers", description="The followers, the engaged or the reached people.")


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAudienceBody(AudienceCriteria):
    """The criteria of a target audience. The answer of GET can be sent back with a change."""

    name: Annotated[str | None, Field(description="Ignored: the address names the target audience.")] = None
    created_at: Annotated[datetime | None, Field(description="Ignored.")] = None
    updated_at: Annotated[datetime | None, Field(description="Ignored.")] = None

    def target_audience(self, name: str) -> TargetAudience:
        """Return the criteria under a name. Raises InvalidInputError as `TargetAudience` does."""
        criteria = {field.name: getattr(self, field.name) for field in fields(AudienceCriteria)}
        return TargetAudience(name=name, **criteria)


@router.get("/{client_id}/audience")
def audience(context: ReadContext, client_id: ClientId, query: Annotated[AudienceQuery, Query()]) -> ClientAudience:
    """Return the audience of each account by age, gender, country and city, and its match with each target audience."""
    with read_client(context, client_id) as session:
        return client_audience(session, client_id, query.audience)


@router.get("/{client_id}/ideal-customers")
def ideal_customers(context: ReadContext, client_id: ClientId) -> list[SavedTargetAudience]:
    """List the client's target audiences by name."""
    with read_client(context, client_id) as session:
        return list_target_audiences(session, client_id)


@router.get("/{client_id}/ideal-customers/{name}")
def ideal_customer(context: ReadContext, client_id: ClientId, name: TargetName) -> SavedTargetAudience:
    """Return one target audience."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return _target_audience(context, client_id, name)


@router.put("/{client_id}/ideal-customers/{name}", responses=writing)
def put_ideal_customer(
    context: WriteContext, client_id: ClientId, name: TargetName, body: TargetAudienceBody
) -> SavedTargetAudience:
    """Save a target audience under this name and replace an earlier one. An equal one changes nothing."""
    with write_client(context, client_id) as session:
        put_target_audience(session, client_id, body.target_audience(name), context.now)
    return _target_audience(context, client_id, name)


@router.delete("/{client_id}/ideal-customers/{name}", status_code=204)
def delete_ideal_customer(context: WriteContext, client_id: ClientId, name: TargetName) -> None:
    """Delete a target audience; the collected data stays."""
    with write_client(context, client_id) as session:
        delete_target_audience(session, client_id, name)


def _target_audience(context: RequestContext, client_id: int, name: str) -> SavedTargetAudience:
    with context.database.read() as session:
        targets = list_target_audiences(session, client_id, name)
    if not targets:
        raise NotFoundError(f"Client {client_id} has no target audience named {name!r}.")
    return targets[0]
