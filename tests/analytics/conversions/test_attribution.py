"""Attribution: three models side by side, each of which adds up to everything."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import WEEK

from sophia.analytics.conversions.attribution import Attribution, AttributionModel, Credit, attribute
from sophia.analytics.figures.currencies import smallest_unit
from sophia.analytics.figures.facts import ConversionFact, Money


def touch(
    event_id: int, source: str, customer: str | None = "ann", days: int = 0, kind: str = "utm_click"
) -> ConversionFact:
    day = WEEK.start + timedelta(days=days)
    return ConversionFact(event_id=event_id, event_type=kind, day=day, source=source, customer=customer)


def sale(
    event_id: int, text: str, customer: str | None = "ann", currency: str = "CAD", days: int = 3
) -> ConversionFact:
    paid = Money(Decimal(text), currency)
    day = WEEK.start + timedelta(days=days)
    return ConversionFact(event_id=event_id, event_type="conversion", day=day, customer=customer, revenue=paid)


def by_model(events: Iterable[ConversionFact], **options: Any) -> dict[AttributionModel, Attribution]:
    return {attribution.model: attribution for attribution in attribute(events, WEEK, **options)}


def by_channel(attribution: Attribution) -> dict[str, Credit]:
    return {credit.channel: Credit(credit.conversions, credit.revenue) for credit in attribution.channels}


def test_three_models_side_by_side() -> None:
    """The first touch, the last, or all alike; a cent that cannot be divided goes to the first."""
    found = by_model([touch(1, "reel"), touch(2, "story"), touch(3, "feed"), sale(9, "100.00")])
    assert by_channel(found[AttributionModel.FIRST_TOUCH]) == {"reel": Credit(1.0, {"CAD": Decimal("100.00")})}
    assert by_channel(found[AttributionModel.LAST_TOUCH]) == {"feed": Credit(1.0, {"CAD": Decimal("100.00")})}
    linear = by_channel(found[AttributionModel.LINEAR])
    assert {name: one.revenue["CAD"] for name, one in linear.items()} == {
        "reel": Decimal("33.34"),
        "story": Decimal("33.33"),
        "feed": Decimal("33.33"),
    }
    assert {one.conversions for one in linear.values()} == {1 / 3}


def test_only_what_led_to_the_sale_is_credited() -> None:
    """Touches after it, too long before it, or of somebody else, led to nothing."""
    events = [touch(1, "old", days=-28), touch(2, "late", days=4), touch(3, "other", "bob"), sale(9, "10")]
    for attribution in attribute(events, WEEK):
        assert attribution.channels == ()
        assert attribution.unattributed == Credit(1.0, {"CAD": Decimal(10)})
    assert set(by_channel(by_model(events, lookback_days=31)[AttributionModel.LINEAR])) == {"old"}
    same_day = [touch(1, "before", days=3), sale(2, "10"), touch(3, "after", days=3)]
    assert set(by_channel(by_model(same_day)[AttributionModel.LAST_TOUCH])) == {"before"}


def test_without_a_customer_nobody_knows() -> None:
    """A12: a sale without a key is not attributed, and is not lost."""
    found = by_model([touch(1, "reel", None), sale(2, "10", None)])[AttributionModel.FIRST_TOUCH]
    assert (found.channels, found.unattributed) == ((), Credit(1.0, {"CAD": Decimal(10)}))
    assert by_model([])[AttributionModel.LINEAR].unattributed == Credit(0.0, {})
    outside = sale(1, "10", days=7)
    assert by_model([outside])[AttributionModel.LINEAR].unattributed.conversions == 0.0


def test_channels_are_chosen_by_the_caller() -> None:
    by_type = by_model([touch(1, "a", kind="dm"), sale(2, "1")], channel_of=lambda event: event.event_type)
    assert set(by_channel(by_type[AttributionModel.LINEAR])) == {"dm"}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["click", "sale"]),
        st.sampled_from([None, "ann", "bob"]),
        st.integers(-40, 9),
        st.sampled_from(["reel", "story", "feed"]),
        st.integers(0, 1_000_000),
        st.sampled_from(["CAD", "JPY", "KWD"]),
    ),
    max_size=25,
)


@given(EVENTS, st.randoms())
def test_every_model_adds_up(rows: list[tuple[str, str | None, int, str, int, str]], random: Random) -> None:
    """G17: to all conversions and to the last cent, in any order, and with every event twice."""
    events = [
        touch(index, source, customer, days)
        if kind == "click"
        else sale(index, str(units * smallest_unit(currency)), customer, currency, days)
        for index, (kind, customer, days, source, units, currency) in enumerate(rows)
    ]
    found = attribute(events, WEEK)
    assert attribute(random.sample([*events, *events], 2 * len(events)), WEEK) == found
    sales = [event for event in events if event.revenue is not None and event.day in WEEK]
    for attribution in found:
        credits_ = [*attribution.channels, attribution.unattributed]
        assert sum(credit.conversions for credit in credits_) == pytest.approx(len(sales))
        for currency in ("CAD", "JPY", "KWD"):
            whole = sum((s.revenue.amount for s in sales if s.revenue and s.revenue.currency == currency), Decimal(0))
            parts = [credit.revenue.get(currency, Decimal(0)) for credit in credits_]
            assert sum(parts, Decimal(0)) == whole
            assert all(part % smallest_unit(currency) == 0 for part in parts)


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [
        ("100.00", "CAD", ("33.34", "33.33", "33.33")),
        ("100", "JPY", ("34", "33", "33")),
        ("2", "JPY", ("1", "1", "0")),
        ("100.000", "KWD", ("33.334", "33.333", "33.333")),
        ("1.235", "KWD", ("0.412", "0.412", "0.411")),
        ("100.50", "JPY", ("34", "33", "33.50")),
    ],
)
def test_parts_are_whole_units_of_the_currency(amount: str, currency: str, wanted: tuple[str, ...]) -> None:
    """G17: cents, yen or fils, and what is smaller is not lost."""
    events = [touch(1, "a"), touch(2, "b"), touch(3, "c"), sale(4, amount, currency=currency)]
    found = by_channel(by_model(events)[AttributionModel.LINEAR])
    assert [found[name].revenue[currency] for name in "abc"] == [Decimal(part) for part in wanted]
