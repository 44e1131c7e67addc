"""Conversions and money: rates of clicks, orders, customers, costs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from tests.analytics.invented import WEEK, client

from sophia.analytics.conversions.commerce import (
    MORE_THAN_CLICKS,
    NO_CLICKS,
    NO_COST,
    NO_CUSTOMERS,
    NO_EVENTS,
    NONE_NEW,
    average_order_value,
    conversion_rate,
    conversions,
    count_new_customers,
    customer_acquisition_cost,
    marketing_cost,
    new_customers,
    revenue,
    revenue_per_customer,
)
from sophia.analytics.figures.facts import ConversionFact, CostFact, Money
from sophia.analytics.figures.figures import Coverage, month_of
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange

WEDNESDAY = date(2026, 11, 4)


def dollars(text: str, currency: str = "CAD") -> Money:
    return Money(Decimal(text), currency)


def bought(
    event_id: int, text: str | None = None, customer: str | None = None, day: date = WEDNESDAY
) -> ConversionFact:
    paid = None if text is None else dollars(text)
    return ConversionFact(event_id=event_id, event_type="conversion", day=day, revenue=paid, customer=customer)


def clicks(count: int) -> tuple[ConversionFact, ...]:
    return tuple(ConversionFact(event_id=1000 + i, event_type="utm_click", day=WEDNESDAY) for i in range(count))


def test_conversion_rate() -> None:
    """G16: conversions by clicks with Wilson's interval; more of them than clicks is a ratio and says so."""
    found = conversion_rate(client(conversions=(*clicks(100), *(bought(i) for i in range(70)))))
    assert (found.value, found.n) == (70.0, 100)
    assert tuple(found.interval or ()) == pytest.approx((60.42, 78.11), abs=0.005)
    more = conversion_rate(client(conversions=(*clicks(1), *(bought(i) for i in range(5)))))
    assert (more.value, more.doubt, more.interval) == (500.0, MORE_THAN_CLICKS, None)
    assert conversion_rate(client(conversions=(bought(1),))).reason == NO_CLICKS


def test_only_the_window_counts() -> None:
    """G6: the day after the window is outside of it; the same event twice is one."""
    outside = (bought(1, day=WEEK.end), bought(2, day=date(2026, 11, 1)))
    assert conversions(client(conversions=(*outside, bought(3, day=WEEK.start), bought(3, day=WEEK.start)))).value == 1


def test_average_order_value_is_not_a_cost() -> None:
    """G15: revenue by orders is an order value; a cost of acquisition needs a cost and new customers."""
    now = client(conversions=(bought(1, "10.00", "ann"), bought(2, "20.01", "ann"), bought(3)))
    value = average_order_value(now)
    assert (value.value, value.currency, value.n) == (Decimal("15.00"), "CAD", 2)
    assert value.doubt == "1 of 3 conversions have no revenue and are left out."
    assert customer_acquisition_cost(now).reason == NO_COST
    paid = replace(now, costs=(CostFact(WEEK, dollars("100")),), new_customers=None)
    assert customer_acquisition_cost(paid).reason == NO_CUSTOMERS
    assert customer_acquisition_cost(replace(paid, new_customers=0)).reason == NONE_NEW
    assert customer_acquisition_cost(replace(paid, new_customers=3)).value == Decimal("33.33")


def test_revenue_is_by_customer_and_less_refunds() -> None:
    """G15, G17: 800 from two customers through one post are 400 each; money given back is no negative revenue."""
    given_back = ConversionFact(event_id=9, event_type="refund", day=WEDNESDAY, revenue=dollars("100"))
    sold = (bought(1, "300", "ann"), bought(2, "500", "bob"))
    assert revenue_per_customer(client(conversions=sold)).value == Decimal("400.00")
    assert revenue(client(conversions=(*sold, given_back))).value == Decimal("700.00")
    assert revenue_per_customer(client(conversions=(*sold, bought(3, "1")))).reason == NO_CUSTOMERS
    assert revenue(client(conversions=(given_back,))).value == Decimal("-100.00")


def test_currencies_are_not_mixed() -> None:
    """G17: CAD and EUR have no sum, and the reason names them."""
    mixed = client(conversions=(bought(1, "1", "ann"), replace(bought(2, "1", "bob"), revenue=dollars("1", "EUR"))))
    for kpi in (revenue, average_order_value, revenue_per_customer):
        assert kpi(mixed).reason == "The amounts are in several currencies: CAD, EUR."


@pytest.mark.parametrize(
    "make",
    [
        lambda: dollars("-0.01"),
        lambda: dollars("NaN"),
        lambda: dollars("Infinity"),
        lambda: dollars("1", "cad"),
        lambda: dollars("1", "C$"),
    ],
)
def test_impossible_money_is_refused(make: Callable[[], Money]) -> None:
    """G17: negative, not finite, without a currency."""
    with pytest.raises(InvalidInputError):
        make()


def test_nobody_bought_only_when_somebody_tells() -> None:
    """A12, G15: before the first event of a client its conversions and new customers are not known; after it, 0 is."""
    for since in (None, WEEK.end):
        never = client(new_customers=0, events_since=since)
        assert conversions(never).reason == new_customers(never).reason == NO_EVENTS
    told = client(new_customers=0, events_since=WEEK.end - ONE_DAY)
    assert (conversions(told).value, new_customers(told).value) == (0, 0)


def test_new_customers() -> None:
    """G15: those whose first purchase in the whole history lies in the window; nobody knows them without keys."""
    history = (
        bought(1, "5", "ann", date(2025, 1, 1)),
        bought(2, "5", "ann"),
        bought(3, "5", "bob"),
        bought(4, "5", "bob"),
        bought(5, "5", "cid", WEEK.end),
    )
    assert count_new_customers(history, WEEK) == count_new_customers(reversed(history), WEEK) == 1
    assert count_new_customers((*history, bought(6)), WEEK) is None
    assert count_new_customers((*history, bought(6, day=date(2020, 1, 1))), WEEK) == 1
    assert count_new_customers((), WEEK) == 0


def test_costs_are_spread_over_their_days() -> None:
    """G15, G17: a week has its days' part of a month, and no cost when one of its days has none; currencies do not mix."""
    month = CostFact(month_of(WEEK.start), dollars("300"))
    now = client(costs=(month,))
    assert month.window.days == 30
    assert (marketing_cost(now).value, marketing_cost(now).currency) == (Decimal("70.00"), "CAD")
    extra = CostFact(DateRange(WEEK.start, WEEK.start + timedelta(days=1)), dollars("9.99"))
    assert marketing_cost(client(costs=(extra, month))).value == Decimal("79.99")
    half = marketing_cost(client(costs=(extra,)))
    assert (half.value, half.coverage) == (None, Coverage(1, 7))
    assert half.reason == "The cost of sales and marketing is known for 1 of 7 days."
    euros = CostFact(WEEK, Money(Decimal(1), "EUR"))
    assert "CAD, EUR" in str(marketing_cost(client(costs=(month, euros))).reason)
    free = client(costs=(CostFact(WEEK, dollars("0")),), new_customers=2)
    assert customer_acquisition_cost(free).value == Decimal("0.00")
    # Of a running week the days until today, as its customers are those until today.
    running = client(costs=(month,), today=WEEK.start + timedelta(days=2))
    assert marketing_cost(running).value == Decimal("30.00")
    assert marketing_cost(client(costs=(month,), today=WEEK.start - timedelta(days=9))).value is None
