"""Endpoints that record conversions and costs, and that report the funnel and attribution."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.conversions import store
from sophia.analytics.conversions.costs import RecordedCost, list_costs
from sophia.analytics.conversions.costs_store import NewCost, add_cost, remove_cost
from sophia.analytics.conversions.incoming import (
    Conversion,
    NewConversion,
    Recorded,
    RecordStatus,
    expect_event_date,
)
from sophia.analytics.conversions.reports import make_attribution, make_funnel
from sophia.analytics.conversions.schemas import AttributionQuery, AttributionReport, FunnelQuery, FunnelReport
from sophia.analytics.figures.requests import AGAIN, ClientId, Id, IdempotencyKey, writing
from sophia.analytics.readings.permissions import read_client, write_client

router = APIRouter(responses=documented(404))
CostId = Annotated[Id, Path()]


@router.post(
    "/{client_id}/conversion",
    status_code=201,
    responses={
        200: {"model": Recorded, "description": "The conversion was recorded before, or has a new version now."},
        **writing,
    },
)
def post_conversion(
    context: WriteContext,
    client_id: ClientId,
    conversion: NewConversion,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Recorded:
    """Record a conversion, once per `Idempotency-Key`. The database commits it before the answer (J1).

    The same `source` and `external_id` with other content is a new version, which replaces the old one.
    """
    expect_event_date(conversion.event_date, context.now.date())
    with write_client(context, client_id) as session:
        recorded = store.record_conversion(
            session, client_id, Conversion.from_new(conversion), idempotency_key, context.now
        )
    if recorded.status is not RecordStatus.RECORDED:
        response.status_code = 200
    return recorded


@router.get("/{client_id}/funnel")
def get_funnel(context: ReadContext, client_id: ClientId, query: Annotated[FunnelQuery, Query()]) -> FunnelReport:
    """Return the funnel of a window: shares of people if every event identifies its customer, else ratios of counts."""
    with read_client(context, client_id) as session:
        return make_funnel(session, client_id, query, context.now)


@router.get("/{client_id}/attribution")
def get_attribution(
    context: ReadContext, client_id: ClientId, query: Annotated[AttributionQuery, Query()]
) -> AttributionReport:
    """Return which touches and which drafts the conversions of a window are credited to, by three models."""
    with read_client(context, client_id) as session:
        return make_attribution(session, client_id, query, context.now)


@router.get("/{client_id}/costs")
def get_costs(context: ReadContext, client_id: ClientId) -> list[RecordedCost]:
    """Return the costs of sales and marketing, newest dates first. The acquisition cost needs a cost for every day."""
    with read_client(context, client_id) as session:
        return list_costs(session, client_id)


@router.post("/{client_id}/costs", status_code=201, responses={200: AGAIN | {"model": RecordedCost}, **writing})
def post_cost(context: WriteContext, client_id: ClientId, cost: NewCost, response: Response) -> RecordedCost:
    """Record a cost. A repetition adds nothing."""
    with write_client(context, client_id) as session:
        cost_id, is_new = add_cost(session, client_id, cost, context.now)
        costs = {recorded.id: recorded for recorded in list_costs(session, client_id)}
    response.status_code = 201 if is_new else 200
    return costs[cost_id]


@router.delete("/{client_id}/costs/{cost_id}", status_code=204)
def delete_cost(context: WriteContext, client_id: ClientId, cost_id: CostId) -> None:
    """Delete a cost. Reports as of a past moment keep it."""
    with write_client(context, client_id) as session:
        remove_cost(session, client_id, cost_id, context.now)
