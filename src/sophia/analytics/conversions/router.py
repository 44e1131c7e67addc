"""Endpoints that record conversions and costs, and that report the funnel and attribution."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.conversions import commerce, store
from sophia.analytics.conversions.attribution import (
    attribute,
    by_draft,
    by_source,
    credit_by_draft,
    last_click_draft,
    last_click_source,
)
from sophia.analytics.conversions.costs import RecordedCost, cost_facts, list_costs
from sophia.analytics.conversions.costs_store import NewCost, add_cost, remove_cost
from sophia.analytics.conversions.event_types import CONVERSION, SALES
from sophia.analytics.conversions.funnel import funnel
from sophia.analytics.conversions.incoming import (
    Conversion,
    NewConversion,
    Recorded,
    RecordStatus,
    expect_event_date,
)
from sophia.analytics.conversions.post_coverage import post_coverage
from sophia.analytics.conversions.queries import client_today, conversion_facts, count_events, earlier_conversions
from sophia.analytics.conversions.schemas import AttributionQuery, AttributionReport, FunnelQuery, FunnelReport
from sophia.analytics.figures.facts import ClientWindow, CostFact, Money
from sophia.analytics.figures.requests import AGAIN, ClientId, Id, IdempotencyKey, writing
from sophia.analytics.readings.permissions import read_client, write_client
from sophia.meta.reporting_zone import ONE_DAY, DateRange

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
        today = client_today(session, client_id, context.now)
        window = query.window_until(today)
        events = conversion_facts(session, client_id, window)
        event_counts = count_events(session, client_id, window)
        buyers = {event.customer for event in events if event.event_type == CONVERSION and event.customer is not None}
        earlier = earlier_conversions(session, client_id, buyers, window.start)
        costs = cost_facts(session, [client_id], [window]).get(client_id, [])
        coverage = post_coverage(session, [client_id])[client_id]
    now = ClientWindow(
        window=window,
        today=today,
        accounts={},
        conversions=tuple(events),
        costs=tuple(_requested_costs(query, window, today) or costs),
        new_customers=commerce.count_new_customers([*earlier, *events], window),
        events_since=coverage.events_since,
    )
    steps = funnel(events, window, query.step)
    return FunnelReport(
        client_id=client_id,
        start=window.start,
        end=window.end,
        is_linked=steps.is_linked,
        steps=steps.steps,
        events=event_counts,
        conversion_rate=commerce.conversion_rate(now),
        revenue=commerce.revenue_by_currency(commerce.events_of_type(now, *SALES)),
        average_order_value=commerce.average_order_value(now),
        revenue_per_customer=commerce.revenue_per_customer(now),
        new_customers=commerce.new_customers(now),
        customer_acquisition_cost=commerce.customer_acquisition_cost(now),
    )


def _requested_costs(query: FunnelQuery, window: DateRange, today: date) -> list[CostFact]:
    """Return the cost in the query, spread over the days of the window up to today."""
    if query.cost is None or query.currency is None or window.start > today:
        return []
    return [CostFact(DateRange(window.start, min(window.end, today + ONE_DAY)), Money(query.cost, query.currency))]


@router.get("/{client_id}/attribution")
def get_attribution(
    context: ReadContext, client_id: ClientId, query: Annotated[AttributionQuery, Query()]
) -> AttributionReport:
    """Return which touches and which drafts the conversions of a window are credited to, by three models."""
    with read_client(context, client_id) as session:
        window = query.window_until(client_today(session, client_id, context.now))
        history = conversion_facts(session, client_id, window, days_before=query.lookback_days)
    channel_of, last_click_of = (by_draft, last_click_draft) if query.by == "draft" else (by_source, last_click_source)
    return AttributionReport(
        client_id=client_id,
        start=window.start,
        end=window.end,
        lookback_days=query.lookback_days,
        by=query.by,
        models=attribute(history, window, channel_of, query.lookback_days, last_click_of),
        drafts=credit_by_draft(history, window),
    )


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
