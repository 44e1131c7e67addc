"""Whom a client wants to reach, and how much of its audience that is."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sophia.access.problems import documented
from sophia.access.web import CanWrite, Visit, Visited
from sophia.analytics.audience import queries, store
from sophia.analytics.audience.schemas import (
    AudienceAnswer,
    AudienceQuery,
    ProfileAnswer,
    ProfileGiven,
    account_audience_answer,
    profile_answer,
)
from sophia.analytics.figures.shapes import ClientId, Name
from sophia.analytics.readings.visibility import expect_client
from sophia.errors import NotFoundError

router = APIRouter(responses=documented(404))

ProfileName = Annotated[Name, Path(description="With single spaces, and without a slash.")]


@router.get("/{client_id}/audience")
def audience(context: Visited, client_id: ClientId, asked: Annotated[AudienceQuery, Query()]) -> AudienceAnswer:
    """Who the audience of each account is, by age, gender, country and city, and how it fits each ideal customer."""
    with context.database.read() as session:
        expect_client(session, context.seen, client_id)
        found = queries.audiences(session, client_id, asked.audience)
        profiles = [ideal_customer.profile for ideal_customer in queries.ideal_customers(session, client_id)]
    accounts = [account_audience_answer(one, profiles) for one in found]
    return AudienceAnswer(client_id=client_id, audience=asked.audience, accounts=accounts)


@router.get("/{client_id}/ideal-customers")
def ideal_customers(context: Visited, client_id: ClientId) -> list[ProfileAnswer]:
    """The client's ideal customer profiles, by name."""
    with context.database.read() as session:
        expect_client(session, context.seen, client_id)
        return [profile_answer(ideal_customer) for ideal_customer in queries.ideal_customers(session, client_id)]


@router.get("/{client_id}/ideal-customers/{name}")
def ideal_customer(context: Visited, client_id: ClientId, name: ProfileName) -> ProfileAnswer:
    """One ideal customer profile."""
    with context.database.read() as session:
        expect_client(session, context.seen, client_id)
    return _profile(context, client_id, name)


@router.put("/{client_id}/ideal-customers/{name}", responses=documented(400, 409, 413))
def put_ideal_customer(
    can_write: CanWrite, client_id: ClientId, name: ProfileName, given: ProfileGiven
) -> ProfileAnswer:
    """Keep a profile under this name, in the place of an earlier one. The same again changes nothing."""
    with can_write.database.write() as session:
        expect_client(session, can_write.seen, client_id)
        store.put_ideal_customer(session, client_id, given.profile(name), can_write.now)
    return _profile(can_write, client_id, name)


@router.delete("/{client_id}/ideal-customers/{name}", status_code=204)
def delete_ideal_customer(can_write: CanWrite, client_id: ClientId, name: ProfileName) -> None:
    """Delete a profile; what was collected stays."""
    with can_write.database.write() as session:
        expect_client(session, can_write.seen, client_id)
        store.delete_ideal_customer(session, client_id, name)


def _profile(context: Visit, client_id: int, name: str) -> ProfileAnswer:
    with context.database.read() as session:
        found = queries.ideal_customers(session, client_id, name)
    if not found:
        raise NotFoundError(f"Client {client_id} has no profile named {name!r}.")
    return profile_answer(found[0])
