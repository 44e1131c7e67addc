"""Reads the events and costs of a client, and makes the funnel and the attribution of a window."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.conversions import commerce
from sophia.analytics.conversions.attribution import (
    attribute,
    by_draft,
    by_source,
    credit_by_draft,
    last_click_draft,
    last_click_source,
)
from sophia.analytics.conversions.costs import cost_facts
from sophia.analytics.conversions.event_types import CONVERSION, SALES
from sophia.analytics.conversions.funnel import funnel
from sophia.analytics.conversions.post_coverage import post_coverage
from sophia.analytics.conversions.queries import client_today, conversion_facts, count_events, earlier_conversions
from sophia.analytics.conversions.schemas import AttributionQuery, AttributionReport, FunnelQuery, FunnelReport
from sophia.analytics.figures.facts import ClientWindow, CostFact, Money
from sophia.meta.reporting_zone import ONE_DAY, DateRange


def make_funnel(session: Session, client_id: int, query: FunnelQuery, now: datetime) -> FunnelReport:
    """Return the funnel of the requested days. Raises InvalidInputError if they are too many."""
    today = client_today(session, client_id, now)
    window = query.window_until(today)
    events = conversion_facts(session, client_id, window)
    buyers = {event.customer for event in events if event.event_type == CONVERSION and event.customer is not None}
    earlier = earlier_conversions(session, client_id, buyers, window.start)
    costs = cost_facts(session, [client_id], [window]).get(client_id, [])
    facts = ClientWindow(
        window=window,
        today=today,
        accounts={},
        conversions=tuple(events),
        costs=tuple(_requested_costs(query, window, today) or costs),
        new_customers=commerce.count_new_customers([*earlier, *events], window),
        events_since=post_coverage(session, [client_id])[client_id].events_since,
    )
    steps = funnel(events, window, query.step)
    return FunnelReport(
        client_id=client_id,
        start=window.start,
        end=window.end,
        is_linked=steps.is_linked,
        steps=steps.steps,
        events=count_events(session, client_id, window),
        conversion_rate=commerce.conversion_rate(facts),
        revenue=commerce.revenue_by_currency(commerce.events_of_type(facts, *SALES)),
        average_order_value=commerce.average_order_value(facts),
        revenue_per_customer=commerce.revenue_per_customer(facts),
        new_customers=commerce.new_customers(facts),
        customer_acquisition_cost=commerce.customer_acquisition_cost(facts),
    )


def _requested_costs(query: FunnelQuery, window: DateRange, today: date) -> list[CostFact]:
    """Return the cost in the query, spread over the days of the window up to today."""
    if query.cost is None or query.currency is None or window.start > today:
        return []
    return [CostFact(DateRange(window.start, min(window.end, today + ONE_DAY)), Money(query.cost, query.currency))]


def make_attribution(session: Session, client_id: int, query: AttributionQuery, now: datetime) -> AttributionReport:
    """Return the credits of the requested days. Raises InvalidInputError if they are too many."""
    window = query.window_until(client_today(session, client_id, now))
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
