"""What people did on the way to a sale, as others report it to us, and what it came to."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.conversions import store
from sophia.analytics.conversions.attribution import (
    attribute,
    by_draft,
    by_source,
    credit_by_draft,
    last_click_draft,
    last_click_source,
)
from sophia.analytics.conversions.commerce import (
    CONVERSION,
    average_order_value,
    conversion_rate,
    customer_acquisition_cost,
    fresh_customers,
    new_customers,
    of_type,
    revenue_by_currency,
    revenue_per_customer,
)
from sophia.analytics.conversions.costs import RecordedCost, cost_facts, list_costs
from sophia.analytics.conversions.costs_store import Cost, add_cost, remove_cost
from sophia.analytics.conversions.funnel import funnel
from sophia.analytics.conversions.post_coverage import post_coverage
from sophia.analytics.conversions.queries import client_today, conversion_facts, count_events, earlier_conversions
from sophia.analytics.conversions.record_store import Conversion, RecordStatus
from sophia.analytics.conversions.schemas import (
    EARLIEST_EVENT,
    AttributionAnswer,
    AttributionQuery,
    ChannelAnswer,
    ConversionAnswer,
    CostAnswer,
    CreditAnswer,
    DraftCreditAnswer,
    FunnelAnswer,
    FunnelQuery,
    ModelAnswer,
    NewConversion,
    NewCost,
    WindowQuery,
    expect_event_date,
)
from sophia.analytics.figures.facts import ClientWindow, CostFact, Money
from sophia.analytics.figures.figures import expect_days, last_months
from sophia.analytics.figures.requests import AGAIN, ClientId, Id, IdempotencyKey, writing
from sophia.analytics.readings.permissions import expect_client
from sophia.meta.reporting_zone import ONE_DAY, DateRange

router = APIRouter(responses=documented(404))

WINDOW_DAYS = 30
MOST_DAYS = 3_660


@router.post(
    "/{client_id}/conversion",
    status_code=201,
    responses={
        200: {
            "model": ConversionAnswer,
            "description": "It had been recorded before, or has a new version now.",
        },
        **documented(400, 409, 413),
    },
)
def record_conversion(
    context: WriteContext,
    client_id: ClientId,
    conversion: NewConversion,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ConversionAnswer:
    """Record a conversion, once per `Idempotency-Key`. Committed before the answer leaves (J1).

    The same `source` and `external_id` with other content is a new version, which replaces the old one.
    """
    # Somewhere on earth it is tomorrow already.
    expect_event_date(conversion.event_date, EARLIEST_EVENT, context.now.date() + timedelta(days=1))
    event = Conversion(**conversion.model_dump())
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        recorded = store.record_conversion(session, client_id, event, idempotency_key, context.now)
    if recorded.status is not RecordStatus.RECORDED:
        response.status_code = 200
    return ConversionAnswer.model_validate(
        {
            "id": recorded.id,
            "status": recorded.status.value,
            "content_draft_id": recorded.draft_id,
            "attributed_by": recorded.attributed_by,
        }
    )


@router.get("/{client_id}/funnel")
def read_funnel(context: ReadContext, client_id: ClientId, asked: Annotated[FunnelQuery, Query()]) -> FunnelAnswer:
    """From a click to a sale in one window: people where every event names its customer, else ratios that say so."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        today = client_today(session, client_id, context.now)
        window = asked_window(asked, today)
        events = conversion_facts(session, client_id, window)
        counted = count_events(session, client_id, window)
        buyers = {event.customer for event in events if event.event_type == CONVERSION and event.customer is not None}
        earlier = earlier_conversions(session, client_id, buyers, window.start)
        costs = cost_facts(session, [client_id], [window]).get(client_id, [])
        looked = post_coverage(session, [client_id])[client_id]
    found = funnel(events, window, asked.step)
    now = ClientWindow(
        window=window,
        today=today,
        accounts={},
        conversions=tuple(events),
        costs=tuple(told_costs(asked, window, today) or costs),
        new_customers=new_customers([*earlier, *events], window),
        events_since=looked.events_since,
    )
    figures = {
        "conversion_rate": conversion_rate(now),
        "revenue": list(revenue_by_currency(of_type(now, CONVERSION, "refund"))),
        "average_order_value": average_order_value(now),
        "revenue_per_customer": revenue_per_customer(now),
        "new_customers": fresh_customers(now),
        "customer_acquisition_cost": customer_acquisition_cost(now),
    }
    about = {"client_id": client_id, "start": window.start, "end": window.end, "events": counted}
    steps = {"is_linked": found.is_linked, "steps": list(found.steps)}
    return FunnelAnswer.model_validate(about | steps | figures)


def told_costs(asked: FunnelQuery, window: DateRange, today: date) -> list[CostFact]:
    """The cost that the question itself names: of its days up to today."""
    if asked.cost is None or asked.currency is None or window.start > today:
        return []
    return [CostFact(DateRange(window.start, min(window.end, today + ONE_DAY)), Money(asked.cost, asked.currency))]


@router.get("/{client_id}/attribution")
def read_attribution(
    context: ReadContext, client_id: ClientId, asked: Annotated[AttributionQuery, Query()]
) -> AttributionAnswer:
    """To which touch the conversions of a window are credited, by three models side by side; and to which draft."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        window = asked_window(asked, client_today(session, client_id, context.now))
        history = conversion_facts(session, client_id, window, days_before=asked.lookback_days)
    channel_of, last_click_of = (by_draft, last_click_draft) if asked.by == "draft" else (by_source, last_click_source)
    models = attribute(history, window, channel_of, asked.lookback_days, last_click_of)
    drafts = credit_by_draft(history, window)
    return AttributionAnswer(
        client_id=client_id,
        start=window.start,
        end=window.end,
        lookback_days=asked.lookback_days,
        by=asked.by,
        models=[
            ModelAnswer(
                model=model,
                channels=[
                    ChannelAnswer(channel=name, conversions=credit.conversions, revenue=dict(credit.revenue))
                    for name, credit in found.channels.items()
                ],
                unattributed=CreditAnswer.model_validate(found.unattributed),
            )
            for model, found in models.items()
        ],
        drafts=[
            DraftCreditAnswer(content_draft_id=draft, conversions=credit.conversions, revenue=dict(credit.revenue))
            # Those that nobody can credit come last.
            for draft, credit in sorted(drafts.items(), key=lambda one: (one[0] is None, one[0] or 0))
        ],
    )


def asked_window(asked: WindowQuery, today: date) -> DateRange:
    """The window that was asked for; without any, the last 30 days, today included. Raises InvalidInputError."""
    if asked.months is not None:
        return last_months(today, asked.months)
    window = asked.days_until(today, WINDOW_DAYS)
    expect_days(window.days, MOST_DAYS)
    return window


CostId = Annotated[Id, Path()]


# -- costs -------------------------------------------------------------------------------------------------------------


@router.get("/{client_id}/costs", response_model=list[CostAnswer])
def costs(context: ReadContext, client_id: ClientId) -> list[RecordedCost]:
    """What sales and marketing cost, newest days first. The cost of acquiring a customer needs one for every day."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return list_costs(session, client_id)


@router.post(
    "/{client_id}/costs",
    status_code=201,
    response_model=CostAnswer,
    responses={200: AGAIN | {"model": CostAnswer}, **writing},
)
def record_cost(context: WriteContext, client_id: ClientId, given: NewCost, response: Response) -> RecordedCost:
    """Record a cost; the same once more adds nothing."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        number, is_new = add_cost(session, client_id, Cost(**given.model_dump()), context.now)
        recorded_cost = next(cost for cost in list_costs(session, client_id) if cost.id == number)
    response.status_code = 201 if is_new else 200
    return recorded_cost


@router.delete("/{client_id}/costs/{cost_id}", status_code=204)
def take_cost_back(context: WriteContext, client_id: ClientId, cost_id: CostId) -> None:
    """Take a cost back. Reports as of a moment before this one still know it."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        remove_cost(session, client_id, cost_id, context.now)
