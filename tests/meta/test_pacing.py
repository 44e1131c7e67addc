"""Usage headers and refusals → how fast each budget may go on, with clocks that the tests move."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from sophia.meta.errors import GraphError, LimitScope, Remedy
from sophia.meta.pacing import (
    APPLICATION,
    LONGEST_INTERVAL_SECONDS,
    LONGEST_REST,
    MOST_HOLDS,
    PRECAUTION,
    Budget,
    Pacing,
    Pause,
    interval_seconds,
    read_business_usage,
    read_usage,
    token_budget,
)

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = token_budget(SecretStr("EAAthetokenofthispage0123456789"))
PAGE, OTHER = Budget(LimitScope.OBJECT, "101"), Budget(LimitScope.OBJECT, "202")
MINE = (APPLICATION, TOKEN, PAGE)


@dataclass
class Time:
    """Both clocks; sleeping moves them."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def seconds(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacing(time: Time) -> Pacing:
    return Pacing(time.now, time.seconds, time.sleep)


def app_usage(percent: float) -> dict[str, str]:
    return {"x-app-usage": json.dumps({"call_count": percent, "total_cputime": 3, "total_time": 2})}


def page_usage(percent: float, minutes: float = 0, page: str = "101") -> dict[str, str]:
    entry = {"type": "pages", "call_count": 1, "total_cputime": percent, "total_time": 4}
    usage = {page: [{**entry, "estimated_time_to_regain_access": minutes}]}
    return {"x-business-use-case-usage": json.dumps(usage)}


def admit(pacing: Pacing, *budgets: Budget) -> None:
    asyncio.run(pacing.admit(budgets or MINE))


def refusal(pacing: Pacing, *budgets: Budget) -> GraphError:
    with pytest.raises(GraphError) as caught:
        admit(pacing, *budgets)
    return caught.value


def test_below_75_percent_nobody_waits(pacing: Pacing, time: Time) -> None:
    """C6: an ordinary day is not slowed down."""
    pacing.learn(app_usage(74.9), TOKEN)
    for _ in range(50):
        admit(pacing)
    assert time.slept == []


def test_from_75_percent_on_calls_are_spread(pacing: Pacing, time: Time) -> None:
    """C6: the nearer to the limit, the longer between two calls; the first one goes at once."""
    pacing.learn(app_usage(85), TOKEN)
    for _ in range(4):
        admit(pacing)
    assert time.slept == [pytest.approx(interval_seconds(85))] * 3
    assert 0 < interval_seconds(76) < interval_seconds(85) < interval_seconds(94.9) < LONGEST_INTERVAL_SECONDS


def test_a_budget_slows_its_own_calls_only(pacing: Pacing, time: Time) -> None:
    """C5: what one Page has used up costs no other Page anything."""
    pacing.learn(page_usage(90), TOKEN)
    for _ in range(3):
        admit(pacing, APPLICATION, OTHER)
    assert time.slept == []
    admit(pacing)
    admit(pacing)
    assert len(time.slept) == 1


def test_at_95_percent_the_budget_rests(pacing: Pacing, time: Time) -> None:
    """C6: it stops before Meta refuses, and goes on by itself."""
    pacing.learn(page_usage(95), TOKEN)
    error = refusal(pacing)
    assert error.remedy is Remedy.PAUSE
    assert error.resume_at == START + PRECAUTION
    admit(pacing, APPLICATION, OTHER)
    time.passed = PRECAUTION.total_seconds() - 0.01
    refusal(pacing)
    time.passed += 0.01
    admit(pacing)
    assert pacing.pauses() == []


def test_the_regain_time_is_metas_own(pacing: Pacing, time: Time) -> None:
    """C5, C6: `estimated_time_to_regain_access` is minutes, and nothing is asked before."""
    assert pacing.learn(page_usage(100, minutes=23), TOKEN) == {PAGE: timedelta(minutes=23)}
    assert refusal(pacing).resume_at == START + timedelta(minutes=23)
    time.passed = 23 * 60 - 1
    refusal(pacing)
    time.passed += 1
    admit(pacing)


def test_the_longer_rest_counts(pacing: Pacing) -> None:
    """C5: a later, shorter word does not shorten what Meta has said before."""
    pacing.rest(Pause(PAGE, START + timedelta(hours=1), "long"))
    pacing.rest(Pause(PAGE, START + timedelta(minutes=1), "short"))
    pacing.rest(Pause(APPLICATION, START + timedelta(minutes=5), "app"))
    assert refusal(pacing).message == "long"
    assert refusal(pacing, APPLICATION, OTHER).message == "app"


def test_a_call_that_waited_looks_again(pacing: Pacing, time: Time) -> None:
    """C6: while it waited for its turn another call used the budget up."""
    pacing.learn(app_usage(90), TOKEN)
    admit(pacing)

    async def used_up_meanwhile(seconds: float) -> None:
        time.passed += seconds
        pacing.learn(app_usage(100), TOKEN)

    pacing.sleep = used_up_meanwhile
    assert refusal(pacing).remedy is Remedy.PAUSE


def test_a_clock_that_was_set_back_does_not_freeze_a_budget(pacing: Pacing) -> None:
    """C5: no limit of Meta's lasts longer than a day; a rest that seems to was noted by another clock."""
    pacing.rest(Pause(PAGE, START + LONGEST_REST + timedelta(seconds=1), "noted in the future"))
    admit(pacing)


def test_usage_falls_again(pacing: Pacing, time: Time) -> None:
    """C6: the newest word counts."""
    pacing.learn(app_usage(90), TOKEN)
    pacing.learn(app_usage(20), TOKEN)
    for _ in range(3):
        admit(pacing)
    assert time.slept == []
    assert pacing.percent_used(MINE) == 20


def test_a_wait_of_seconds_is_waited_for(pacing: Pacing, time: Time) -> None:
    """L6: the calls of that budget wait until it is over, those of others go on, and nobody is refused."""
    assert pacing.hold(PAGE, 3.0)
    assert pacing.hold(PAGE, 1.0)  # of a call that went out beside the first
    admit(pacing, APPLICATION, OTHER)
    assert time.slept == []
    admit(pacing)
    assert sum(time.slept) == pytest.approx(3.0)


def test_waits_in_a_row_end(pacing: Pacing, time: Time) -> None:
    """L6: what is refused after each of three waits is no limit of seconds; an answer in between begins anew."""
    for _ in range(MOST_HOLDS):
        assert pacing.hold(PAGE, 3.0)
        time.passed += 3
    assert not pacing.hold(PAGE, 3.0)
    for _ in range(3 * MOST_HOLDS):
        assert pacing.hold(PAGE, 3.0)
        time.passed += 3
        pacing.release(MINE)
    assert pacing.pauses() == []


def test_page_usage_is_that_of_the_token(pacing: Pacing) -> None:
    """C6: X-Page-Usage, the older name."""
    pacing.learn({"x-page-usage": json.dumps({"call_count": 99, "total_cputime": 1, "total_time": 1})}, TOKEN)
    assert refusal(pacing).remedy is Remedy.PAUSE
    admit(pacing, APPLICATION, OTHER)


def test_a_budget_keeps_its_name_and_no_secret() -> None:
    """D2: what other processes read of a budget does not hold the token."""
    assert Budget.of_key(TOKEN.key) == TOKEN
    assert Budget.of_key(PAGE.key) == PAGE
    assert Budget.of_key(APPLICATION.key) == APPLICATION
    assert "EAAthetoken" not in TOKEN.key


ODD = ["", "{}", "null", "[]", "nonsense", '{"call_count":"28"}', '{"call_count":true}', '{"call_count":-1}', "9" * 99]


@pytest.mark.parametrize("text", ODD)
def test_headers_that_say_nothing(text: str, pacing: Pacing) -> None:
    """C6: what cannot be read changes nothing."""
    assert read_usage(text) is None
    assert read_business_usage(text) == []
    headers = dict.fromkeys(("x-app-usage", "x-page-usage", "x-business-use-case-usage"), text)
    assert pacing.learn(headers, TOKEN) == {}
    admit(pacing)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["call_count", "total_time", "101", "type"]), children, max_size=3)
    ),
    max_leaves=8,
)


@given(JSONS)
def test_no_header_breaks_a_run(value: object) -> None:
    """C6: whatever stands in a header, reading it raises nothing and no rest is longer than a day."""
    pacing = Pacing(lambda: START)
    text = json.dumps(value)
    pacing.learn(dict.fromkeys(("x-app-usage", "x-page-usage", "x-business-use-case-usage"), text), TOKEN)
    assert all(pause.until <= START + LONGEST_REST for pause in pacing.pauses())
