"""What content brought in: conversions, revenue, orders, and what a new customer cost."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from sophia.analytics.figures.currencies import smallest_unit
from sophia.analytics.figures.facts import ClientWindow, ConversionFact, Money
from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, figure, missing, percent
from sophia.analytics.figures.statistics import wilson_percent
from sophia.meta.reporting_zone import ONE_DAY, DateRange

CLICK, CONVERSION, REFUND = "utm_click", "conversion", "refund"
NO_EVENTS = "No event of this client had been recorded by then, so it is not known whether anybody bought."
NO_CLICKS = "No clicks on tagged links were recorded in this window."
MORE_THAN_CLICKS = "More conversions than clicks: some came by other ways, so this is a ratio and no share."
NO_REVENUE = "No conversion with revenue was recorded in this window."
NO_COST = "The cost of sales and marketing in this window is not known."
NO_COST_CURRENCY = "The costs of this window are in several currencies"
NO_CUSTOMERS = "The conversions of this window name no customers."
NONE_NEW = "Nobody bought for the first time in this window."


def each_event(events: Iterable[ConversionFact]) -> tuple[ConversionFact, ...]:
    """Every event once, in the order in which they happened."""
    return tuple(sorted({event.event_id: event for event in events}.values(), key=lambda one: (one.day, one.event_id)))


def of_type(now: ClientWindow, *types: str) -> list[ConversionFact]:
    """The events of these types inside the window."""
    return [one for one in each_event(now.conversions) if one.event_type in types and one.day in now.window]


def new_customers(history: Iterable[ConversionFact], window: DateRange) -> int | None:
    """How many bought for the first time in the window; None when a conversion in it names no customer.

    `history` reaches back as far as conversions are known, not only to the start of the window.
    """
    first: dict[str, ConversionFact] = {}
    for one in each_event(history):
        if one.event_type != CONVERSION:
            continue
        if one.customer is None:
            if one.day in window:
                return None
            continue
        first.setdefault(one.customer, one)
    return sum(one.day in window for one in first.values())


def conversions(now: ClientWindow) -> Figure:
    """How many were recorded: none is a 0 as soon as there is any event, of whatever day and type before."""
    if not now.records_events:
        return missing(FigureUnit.COUNT, NO_EVENTS)
    return figure(len(of_type(now, CONVERSION)), FigureUnit.COUNT)


def conversion_rate(now: ClientWindow) -> Figure:
    bought, clicked = len(of_type(now, CONVERSION)), len(of_type(now, CLICK))
    found = percent(
        bought,
        clicked,
        n=clicked,
        interval=wilson_percent(bought, clicked) if bought <= clicked else None,
        of_zero=NO_CLICKS,
    )
    return replace(found, doubt=MORE_THAN_CLICKS) if found.value is not None and bought > clicked else found


def money(amount: Decimal, currency: str, *, n: int | None = None, doubt: str | None = None) -> Figure:
    """A figure of money, rounded to its currency's smallest unit, half to even."""
    rounded = amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_EVEN)
    return Figure(value=rounded, unit=FigureUnit.MONEY, currency=currency, n=n, doubt=doubt)


def added(amounts: Sequence[Money]) -> Money | Figure:
    """The sum; a figure with the reason where there is none, or where several currencies would have to be mixed."""
    currencies = sorted({one.currency for one in amounts})
    if not currencies:
        return missing(FigureUnit.MONEY, NO_REVENUE, n=0)
    if len(currencies) > 1:
        reason = f"The amounts are in several currencies: {', '.join(currencies)}."
        return missing(FigureUnit.MONEY, reason, n=len(amounts))
    return Money(sum((one.amount for one in amounts), Decimal(0)), currencies[0])


def net_revenue(events: Iterable[ConversionFact]) -> Figure:
    """Revenue of the conversions less refunds, in their one currency; `n` counts conversions that name revenue."""
    mine = each_event(events)
    sold, given_back = (
        [one.revenue for one in mine if one.event_type == wanted and one.revenue is not None]
        for wanted in (CONVERSION, REFUND)
    )
    both = added([*sold, *given_back])
    if isinstance(both, Figure):
        return both
    net = sum((one.amount for one in sold), Decimal(0)) - sum((one.amount for one in given_back), Decimal(0))
    return money(net, both.currency, n=len(sold))


def revenue_by_currency(events: Iterable[ConversionFact]) -> tuple[Figure, ...]:
    """Net revenue in each currency that occurs, by its code; currencies are never mixed (G17)."""
    mine = each_event(events)
    currencies = sorted({one.revenue.currency for one in mine if one.revenue is not None})
    paid = {code: [one for one in mine if one.revenue and one.revenue.currency == code] for code in currencies}
    return tuple(net_revenue(paid[code]) for code in currencies)


def revenue(now: ClientWindow) -> Figure:
    return net_revenue(of_type(now, CONVERSION, REFUND))


def average_order_value(now: ClientWindow) -> Figure:
    """Revenue by order, refunds left aside."""
    orders = of_type(now, CONVERSION)
    sold = [order.revenue for order in orders if order.revenue is not None]
    figure = added(sold)
    if isinstance(figure, Figure):
        return figure
    short = len(orders) - len(sold)
    doubt = f"{short} of {len(orders)} conversions name no revenue and are left out." if short else None
    return money(figure.amount / len(sold), figure.currency, n=len(sold), doubt=doubt)


def revenue_per_customer(now: ClientWindow) -> Figure:
    """By customers, not by posts or orders (G15); None as soon as one conversion with revenue names nobody."""
    net = revenue(now)
    if not isinstance(net.value, Decimal) or net.currency is None:
        return net
    buyers = [one.customer for one in of_type(now, CONVERSION) if one.revenue is not None]
    if not buyers or None in buyers:
        return missing(FigureUnit.MONEY, NO_CUSTOMERS)
    customers = len(set(buyers))
    return money(net.value / customers, net.currency, n=customers)


def fresh_customers(now: ClientWindow) -> Figure:
    """How many bought for the first time; None when nobody can tell who bought, or no event was sent at all."""
    if now.new_customers is None:
        return missing(FigureUnit.PEOPLE, NO_CUSTOMERS)
    if now.new_customers == 0 and not now.records_events:
        return missing(FigureUnit.PEOPLE, NO_EVENTS)
    return figure(now.new_customers, FigureUnit.PEOPLE)


def marketing_cost(now: ClientWindow) -> Figure:
    """The costs' parts that fall into the window, by days, up to the running one; None unless every day has one.

    A day without a cost is one of which nobody told what it cost; that nothing was spent is told by a cost of 0.
    """
    until = min(now.window.end, now.today + ONE_DAY)
    days = [now.window.start + index * ONE_DAY for index in range((until - now.window.start).days)]
    told = [one for one in now.costs if any(day in one.window for day in days)]
    known = sum(any(day in one.window for one in told) for day in days)
    if not days or known == 0:
        return missing(FigureUnit.MONEY, NO_COST)
    if known < len(days):
        reason = f"The cost of sales and marketing is known for {known} of {len(days)} days."
        return missing(FigureUnit.MONEY, reason, coverage=Coverage(known, len(days)))
    currencies = sorted({one.cost.currency for one in told})
    if len(currencies) > 1:
        return missing(FigureUnit.MONEY, f"{NO_COST_CURRENCY}: {', '.join(currencies)}.")
    parts = (one.cost.amount * sum(day in one.window for day in days) / one.window.days for one in told)
    return money(sum(parts, Decimal(0)), currencies[0], n=len(told))


def customer_acquisition_cost(now: ClientWindow) -> Figure:
    """Only with a cost: revenue by conversion is an average order value, and nothing else (G15)."""
    cost, customers = marketing_cost(now), fresh_customers(now)
    if not isinstance(cost.value, Decimal) or cost.currency is None:
        return missing(FigureUnit.MONEY, cost.reason or NO_COST, coverage=cost.coverage)
    if customers.value is None:
        return missing(FigureUnit.MONEY, customers.reason or NO_CUSTOMERS)
    if customers.value == 0:
        return missing(FigureUnit.MONEY, NONE_NEW, n=0)
    return money(cost.value / int(customers.value), cost.currency, n=int(customers.value))
