"""The funnel: the same people followed, or ratios that are called so."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import WEEK

from sophia.analytics.conversions.funnel import FIRST_STEP, NOBODY_BEFORE, RATIO, STEPS, funnel
from sophia.analytics.figures.facts import ConversionFact

STEPS_TAKEN = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from("abcde")), max_size=40)


def happened(*steps: tuple[str, str | None], first: date = WEEK.start) -> list[ConversionFact]:
    """One event after the other, all on one day: (type, customer)."""
    return [
        ConversionFact(event_id=index, event_type=kind, day=first, customer=customer)
        for index, (kind, customer) in enumerate(steps)
    ]


def test_the_same_people_are_followed() -> None:
    """G16: three clicked, two of them asked, one bought; who bought without a click is in no share."""
    events = happened(
        ("utm_click", "a"),
        ("utm_click", "a"),
        ("utm_click", "b"),
        ("utm_click", "c"),
        ("inquiry", "a"),
        ("inquiry", "b"),
        ("conversion", "a"),
        ("conversion", "z"),
        ("conversion", "c"),
    )
    found = funnel(Random(1).sample(events, len(events)), WEEK)
    assert found.is_linked
    assert [(step.events, step.people) for step in found.steps] == [(4, 3), (2, 2), (3, 1)]
    assert [step.of_previous.value for step in found.steps] == [None, pytest.approx(200 / 3), 50.0]
    assert found.steps[2].of_first.value == pytest.approx(100 / 3)
    assert found.steps[0].of_previous.reason == FIRST_STEP


def test_the_order_of_the_steps_counts() -> None:
    """G16: who asked before the click did not ask because of it."""
    found = funnel(happened(("inquiry", "a"), ("utm_click", "a"), ("conversion", "a")), WEEK)
    assert [step.people for step in found.steps] == [1, 0, 0]
    assert found.steps[2].of_previous.reason == NOBODY_BEFORE


def test_unlinked_counts_are_ratios() -> None:
    """G16: one click and five inquiries are 500 %, and that is no share."""
    found = funnel(happened(("utm_click", None), *[("inquiry", None)] * 5), WEEK)
    assert not found.is_linked
    step = found.steps[1]
    assert (step.people, step.of_previous.value, step.of_previous.doubt, step.of_previous.interval) == (
        None,
        500.0,
        RATIO,
        None,
    )


def test_nothing_happened() -> None:
    """A12: no events are no shares of 0; the day after the window is outside."""
    for events in ([], happened(("utm_click", "a"), first=WEEK.end)):
        found = funnel(events, WEEK)
        assert [step.events for step in found.steps] == [0, 0, 0]
        assert {step.of_previous.value for step in found.steps} == {None}


@given(STEPS_TAKEN, st.integers(0, 6))
def test_linked_shares_never_exceed_all(steps: list[tuple[str, str]], days: int) -> None:
    """G16: whatever happened; the same event twice is one."""
    events = happened(*steps, first=WEEK.start + timedelta(days=days))
    found = funnel([*events, *events], WEEK)
    assert found == funnel(events, WEEK)
    people = [step.people or 0 for step in found.steps]
    assert people == sorted(people, reverse=True)
    for step in found.steps:
        assert step.of_previous.value is None or 0 <= step.of_previous.value <= 100
