"""Whom a client wants to reach, and how much of its audience that is."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.audience import queries, store
from sophia.analytics.audience.schemas import (
    AudienceAnswer,
    AudienceQuery,
    ProfileAnswer,
    ProfileGiven,
    account_audience_answer,
    profile_answer,
)
from sophia.analytics.figures.requests import ClientId, Name
from sophia.analytics.readings.permissions import expect_client
from sophia.errors import NotFoundError

router = APIRouter(responses=documented(404))

ProfileName = Annotated[Name, Path(description="With single spaces, and without a slash.")]


@router.get("/{client_id}/audience")
def audience(context: ReadContext, client_id: ClientId, asked: Annotated[AudienceQuery, Query()]) -> AudienceAnswer:
    """Who the audience of each account is, by age, gender, country and city, and how it fits each ideal customer."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = queries.audiences(session, client_id, asked.audience)
        profiles = [ideal_customer.profile for ideal_customer in queries.ideal_customers(session, client_id)]
    accounts = [account_audience_answer(one, profiles) for one in found]
    return AudienceAnswer(client_id=client_id, audience=asked.audience, accounts=accounts)


@router.get("/{client_id}/ideal-customers")
def ideal_customers(context: ReadContext, client_id: ClientId) -> list[ProfileAnswer]:
    """The client's ideal customer profiles, by name."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return [profile_answer(ideal_customer) for ideal_customer in queries.ideal_customers(session, client_id)]


@router.get("/{client_id}/ideal-customers/{name}")
def ideal_customer(context: ReadContext, client_id: ClientId, name: ProfileName) -> ProfileAnswer:
    """One ideal customer profile."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return _profile(context, client_id, name)


@router.put("/{client_id}/ideal-customers/{name}", responses=documented(400, 409, 413))
def put_ideal_customer(
    context: WriteContext, client_id: ClientId, name: ProfileName, given: ProfileGiven
) -> ProfileAnswer:
    """Keep a profile under this name, in the place of an earlier one. The same again changes nothing."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.put_ideal_customer(session, client_id, given.profile(name), context.now)
    return _profile(context, client_id, name)


@router.delete("/{client_id}/ideal-customers/{name}", status_code=204)
def delete_ideal_customer(context: WriteContext, client_id: ClientId, name: ProfileName) -> None:
    """Delete a profile; what was collected stays."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.delete_ideal_customer(session, client_id, name)


def _profile(context: RequestContext, client_id: int, name: str) -> ProfileAnswer:
    with context.database.read() as session:
        found = queries.ideal_customers(session, client_id, name)
    if not found:
        raise NotFoundError(f"Client {client_id} has no profile named {name!r}.")
    return profile_answer(found[0])
