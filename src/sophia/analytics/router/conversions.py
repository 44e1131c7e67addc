"""What people did on the way to a sale, as others report it to us, and what it came to."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from sophia.access.problems import documented
from sophia.access.web import CanWrite, Visited
from sophia.analytics import queries, schemas, store
from sophia.analytics.measures.attribution import (
    attribute,
    by_draft,
    by_source,
    credit_by_draft,
    last_click_draft,
    last_click_source,
)
from sophia.analytics.measures.commerce import (
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
from sophia.analytics.measures.facts import ClientWindow, CostFact, Money
from sophia.analytics.measures.figures import ONE_DAY, Window, expect_days, last_months
from sophia.analytics.measures.funnel import funnel
from sophia.analytics.queries.looked_for import looked_for
from sophia.analytics.router.clients import ClientId

router = APIRouter(responses=documented(404))

WINDOW_DAYS = 30
MOST_DAYS = 3_660
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Your own name for this request; sending it again under the same name makes nothing twice.",
    ),
]


@router.post(
    "/{client_id}/conversion",
    status_code=201,
    response_model=schemas.ConversionAnswer,
    responses={
        200: {
            "model": schemas.ConversionAnswer,
            "description": "It had been recorded before, or has a new version now.",
        },
        **documented(400, 409, 413),
    },
)
def record_conversion(
    who: CanWrite,
    client_id: ClientId,
    conversion: schemas.NewConversion,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> schemas.ConversionAnswer:
    """Record a conversion, once per `Idempotency-Key`. Committed before the answer leaves (J1).

    The same `source` and `external_id` with other content is a new version, which replaces the old one.
    """
    # Somewhere on earth it is tomorrow already.
    schemas.expect_event_date(conversion.event_date, schemas.EARLIEST_EVENT, who.now.date() + timedelta(days=1))
    event = store.Conversion(**conversion.model_dump())
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        recorded = store.record_conversion(session, client_id, event, idempotency_key, who.now)
    if recorded.status is not store.RecordStatus.RECORDED:
        response.status_code = 200
    return schemas.ConversionAnswer.model_validate(
        {
            "id": recorded.id,
            "status": recorded.status.value,
            "content_draft_id": recorded.draft_id,
            "attributed_by": recorded.attributed_by,
        }
    )


@router.get("/{client_id}/funnel", response_model=schemas.FunnelAnswer)
def read_funnel(
    who: Visited, client_id: ClientId, asked: Annotated[schemas.FunnelQuery, Query()]
) -> schemas.FunnelAnswer:
    """From a click to a sale in one window: people where every event names its customer, else ratios that say so."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        today = queries.client_today(session, client_id, who.now)
        window = asked_window(asked, today)
        events = queries.conversion_facts(session, client_id, window)
        counted = queries.count_events(session, client_id, window)
        buyers = {one.customer for one in events if one.event_type == CONVERSION and one.customer is not None}
        earlier = queries.earlier_conversions(session, client_id, buyers, window.start)
        costs = queries.cost_facts(session, [client_id], [window]).get(client_id, [])
        looked = looked_for(session, [client_id])[client_id]
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
    return schemas.FunnelAnswer.model_validate(about | steps | figures)


def told_costs(asked: schemas.FunnelQuery, window: Window, today: date) -> list[CostFact]:
    """The cost that the question itself names: of its days up to today."""
    if asked.cost is None or asked.currency is None or window.start > today:
        return []
    return [CostFact(Window(window.start, min(window.end, today + ONE_DAY)), Money(asked.cost, asked.currency))]


@router.get("/{client_id}/attribution", response_model=schemas.AttributionAnswer)
def read_attribution(
    who: Visited, client_id: ClientId, asked: Annotated[schemas.AttributionQuery, Query()]
) -> schemas.AttributionAnswer:
    """To which touch the conversions of a window are credited, by three models side by side; and to which draft."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        window = asked_window(asked, queries.client_today(session, client_id, who.now))
        history = queries.conversion_facts(session, client_id, window, days_before=asked.lookback_days)
    channel_of, last_click_of = (by_draft, last_click_draft) if asked.by == "draft" else (by_source, last_click_source)
    models = attribute(history, window, channel_of, asked.lookback_days, last_click_of)
    drafts = credit_by_draft(history, window)
    return schemas.AttributionAnswer(
        client_id=client_id,
        start=window.start,
        end=window.end,
        lookback_days=asked.lookback_days,
        by=asked.by,
        models=[
            schemas.ModelAnswer(
                model=model,
                channels=[
                    schemas.ChannelAnswer(channel=name, conversions=credit.conversions, revenue=dict(credit.revenue))
                    for name, credit in found.channels.items()
                ],
                unattributed=schemas.CreditAnswer.model_validate(found.unattributed),
            )
            for model, found in models.items()
        ],
        drafts=[
            schemas.DraftCreditAnswer(
                content_draft_id=draft, conversions=credit.conversions, revenue=dict(credit.revenue)
            )
            # Those that nobody can credit come last.
            for draft, credit in sorted(drafts.items(), key=lambda one: (one[0] is None, one[0] or 0))
        ],
    )


def asked_window(asked: schemas.WindowQuery, today: date) -> Window:
    """The window that was asked for; without any, the last 30 days, today included. Raises InvalidInputError."""
    if asked.months is not None:
        return last_months(today, asked.months)
    window = asked.days_until(today, WINDOW_DAYS)
    expect_days(window.days, MOST_DAYS)
    return window
