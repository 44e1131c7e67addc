"""Calculates conversions, revenue, order values and the cost of a new customer."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from sophia.analytics.conversions.event_types import CLICK, CONVERSION, REFUND
from sophia.analytics.figures.currencies import smallest_unit
from sophia.analytics.figures.facts import ClientWindow, ConversionFact, Money
from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, figure, mark_small_events, missing, percent
from sophia.analytics.figures.statistics import wilson_percent
from sophia.meta.reporting_zone import ONE_DAY, DateRange

NO_EVENTS = "No event of this client was recorded by then, so sales are unknown."
NO_CLICKS = "No clicks on tagged links were recorded in this period."
MORE_THAN_CLICKS = "More conversions than clicks: some did not come from a click, so this is a ratio and not a share."
NO_REVENUE = "No conversion with revenue was recorded in this period."
NO_COST = "The cost of sales and marketing in this period is unknown."
NO_COST_CURRENCY = "The costs of this period are in several currencies"
NO_CUSTOMERS = "The conversions of this period do not identify customers."
NONE_NEW = "There were no new customers in this period."


def distinct_events(events: Iterable[ConversionFact]) -> tuple[ConversionFact, ...]:
    """Return every event once, oldest first."""
    by_id = {event.event_id: event for event in events}
    return tuple(sorted(by_id.values(), key=lambda event: (event.day, event.event_id)))


def events_of_type(now: ClientWindow, *types: str) -> list[ConversionFact]:
    """Return the events of these types inside the window."""
    return [
        event for event in distinct_events(now.conversions) if event.event_type in types and event.day in now.window
    ]


def count_new_customers(history: Iterable[ConversionFact], window: DateRange) -> int | None:
    """Count the customers with their first conversion in the window; None if one of its conversions has no customer.

    `history` needs all earlier conversions, not only those of the window.
    """
    first_days: dict[str, bool] = {}
    for event in distinct_events(history):
        if event.event_type != CONVERSION:
            continue
        if event.customer is not None:
            first_days.setdefault(event.customer, event.day in window)
        elif event.day in window:
            return None
    return sum(first_days.values())


def conversions(now: ClientWindow) -> Figure:
    """Return the number of conversions. It is 0 instead of missing once the client has any event."""
    if not now.records_events:
        return missing(FigureUnit.COUNT, NO_EVENTS)
    return figure(len(events_of_type(now, CONVERSION)), FigureUnit.COUNT)


def conversion_rate(now: ClientWindow) -> Figure:
    """Return conversions as a percentage of clicks."""
    sales, clicks = len(events_of_type(now, CONVERSION)), len(events_of_type(now, CLICK))
    is_share = sales <= clicks
    interval = wilson_percent(sales, clicks) if is_share else None
    rate = mark_small_events(
        percent(sales, clicks, n=clicks, interval=interval, of_zero=NO_CLICKS), sales, "conversions"
    )
    return rate if is_share or rate.value is None else replace(rate, doubt=MORE_THAN_CLICKS)


def money(amount: Decimal, currency: str, *, n: int | None = None, doubt: str | None = None) -> Figure:
    """Return a figure of money, rounded half to even to its currency's smallest unit."""
    rounded = amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_EVEN)
    return Figure(value=rounded, unit=FigureUnit.MONEY, currency=currency, n=n, doubt=doubt)


def sum_money(amounts: Sequence[Money]) -> Money | Figure:
    """Return the sum, or a figure with the reason why there is none: no amounts, or several currencies."""
    currencies = sorted({amount.currency for amount in amounts})
    if not currencies:
        return missing(FigureUnit.MONEY, NO_REVENUE, n=0)
    if len(currencies) > 1:
        reason = f"The amounts are in several currencies: {', '.join(currencies)}."
        return missing(FigureUnit.MONEY, reason, n=len(amounts))
    return Money(sum((money.amount for money in amounts), Decimal(0)), currencies[0])


def net_revenue(events: Iterable[ConversionFact]) -> Figure:
    """Return the revenue of conversions minus refunds; `n` counts the conversions with revenue."""
    sales, refunds = (
        [event.revenue for event in distinct_events(events) if event.event_type == event_type and event.revenue]
        for event_type in (CONVERSION, REFUND)
    )
    total = sum_money([*sales, *refunds])
    if isinstance(total, Figure):
        return total
    refunded = sum((refund.amount for refund in refunds), Decimal(0))
    return money(total.amount - 2 * refunded, total.currency, n=len(sales))


def revenue_by_currency(events: Iterable[ConversionFact]) -> tuple[Figure, ...]:
    """Return the net revenue of each currency, by its code; currencies are never mixed (G17)."""
    by_currency: dict[str, list[ConversionFact]] = {}
    for event in events:
        if event.revenue is not None:
            by_currency.setdefault(event.revenue.currency, []).append(event)
    return tuple(net_revenue(by_currency[currency]) for currency in sorted(by_currency))


def revenue(now: ClientWindow) -> Figure:
    """Return the net revenue of the window."""
    return net_revenue(events_of_type(now, CONVERSION, REFUND))


def average_order_value(now: ClientWindow) -> Figure:
    """Return the revenue per order, without refunds."""
    orders = events_of_type(now, CONVERSION)
    amounts = [order.revenue for order in orders if order.revenue is not None]
    total = sum_money(amounts)
    if isinstance(total, Figure):
        return total
    without = len(orders) - len(amounts)
    doubt = f"{without} of {len(orders)} conversions have no revenue and are left out." if without else None
    return money(total.amount / len(amounts), total.currency, n=len(amounts), doubt=doubt)


def revenue_per_customer(now: ClientWindow) -> Figure:
    """Return net revenue per customer, not per post or order (G15); missing if a conversion with revenue has no customer."""
    net = revenue(now)
    if not isinstance(net.value, Decimal) or net.currency is None:
        return net
    customers = {event.customer for event in events_of_type(now, CONVERSION) if event.revenue is not None}
    if not customers or None in customers:
        return missing(FigureUnit.MONEY, NO_CUSTOMERS)
    return money(net.value / len(customers), net.currency, n=len(customers))


def new_customers(now: ClientWindow) -> Figure:
    """Return the number of new customers; missing without customers in the events, or without any event."""
    if now.new_customers is None:
        return missing(FigureUnit.PEOPLE, NO_CUSTOMERS)
    if now.new_customers == 0 and not now.records_events:
        return missing(FigureUnit.PEOPLE, NO_EVENTS)
    return figure(now.new_customers, FigureUnit.PEOPLE)


def marketing_cost(now: ClientWindow) -> Figure:
    """Return the share of the costs that falls into the window, by days up to today; missing unless every day has a cost.

    A day without a recorded cost is unknown. A cost of 0 records that nothing was spent.
    """
    until = min(now.window.end, now.today + ONE_DAY)
    days = [now.window.start + index * ONE_DAY for index in range((until - now.window.start).days)]
    costs = [cost for cost in now.costs if any(day in cost.window for day in days)]
    known_days = sum(any(day in cost.window for cost in costs) for day in days)
    if known_days == 0:
        return missing(FigureUnit.MONEY, NO_COST)
    if known_days < len(days):
        reason = f"The cost of sales and marketing is known for {known_days} of {len(days)} days."
        return missing(FigureUnit.MONEY, reason, coverage=Coverage(known_days, len(days)))
    currencies = sorted({cost.cost.currency for cost in costs})
    if len(currencies) > 1:
        return missing(FigureUnit.MONEY, f"{NO_COST_CURRENCY}: {', '.join(currencies)}.")
    parts = (cost.cost.amount * sum(day in cost.window for day in days) / cost.window.days for cost in costs)
    return money(sum(parts, Decimal(0)), currencies[0], n=len(costs))


def customer_acquisition_cost(now: ClientWindow) -> Figure:
    """Return the cost per new customer; missing without a cost. Revenue per conversion is an average order value (G15)."""
    cost, customers = marketing_cost(now), new_customers(now)
    if not isinstance(cost.value, Decimal) or cost.currency is None:
        return missing(FigureUnit.MONEY, cost.reason or NO_COST, coverage=cost.coverage)
    if customers.value is None:
        return missing(FigureUnit.MONEY, customers.reason or NO_CUSTOMERS)
    if customers.value == 0:
        return missing(FigureUnit.MONEY, NONE_NEW, n=0)
    return money(cost.value / int(customers.value), cost.currency, n=int(customers.value))
