"""What fails again and again is asked no more for a while: a host, a token, or one family of calls."""

import pytest

from sophia.meta.breaker import (
    FAILURES,
    FEWEST_ACCOUNTS,
    FEWEST_FAMILIES,
    REST_SECONDS,
    TOO_HEAVY,
    Breaker,
    TokenCircuit,
)
from sophia.meta.errors import GraphError, Remedy

REFUSED = GraphError("connection refused", remedy=Remedy.AGAIN)
DOWN = GraphError("Service temporarily unavailable", code=2, trace="AbC")


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def breaker(clock: list[float]) -> Breaker:
    return Breaker(lambda: clock[0])


def fail(breaker: Breaker, times: int, *, accounts: int = FEWEST_ACCOUNTS, families: int = FEWEST_FAMILIES) -> None:
    for index in range(times):
        breaker.failed(f"account{index % accounts}", f"family{index % families}", "connection refused")


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.admit()
    except GraphError as error:
        return error.remedy is Remedy.UNREACHABLE and "connection refused" in error.message
    return False


def test_it_opens_after_calls_in_a_row(breaker: Breaker) -> None:
    """C9, L6: a hung server costs some calls and not a thousand."""
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)
    fail(breaker, 1)
    assert is_open(breaker)


def test_one_answer_in_between_closes_it(breaker: Breaker) -> None:
    """C9: what answers now and then is slow, not gone."""
    fail(breaker, FAILURES - 1)
    breaker.succeeded()
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)


@pytest.mark.parametrize(("accounts", "families"), [(1, 9), (FEWEST_ACCOUNTS - 1, 9), (9, FEWEST_FAMILIES - 1)])
def test_few_that_fail_do_not_stop_the_others(breaker: Breaker, accounts: int, families: int) -> None:
    """C2, L6: an account or a kind of calls that always fails has a trouble of its own."""
    fail(breaker, 10 * FAILURES, accounts=accounts, families=families)
    assert not is_open(breaker)


def test_after_a_minute_one_call_tries(breaker: Breaker, clock: list[float]) -> None:
    """C9: one, not all that wait; its answer lets all go on, its failure makes them wait again."""
    fail(breaker, FAILURES)
    clock[0] = REST_SECONDS
    assert not is_open(breaker)
    assert is_open(breaker)
    fail(breaker, 1)
    clock[0] += REST_SECONDS - 1
    assert is_open(breaker)
    clock[0] += 1
    assert not is_open(breaker)
    breaker.succeeded()
    assert not is_open(breaker)
    assert not is_open(breaker)


def test_a_family_that_always_fails_stops_alone() -> None:
    """L6: it is asked no more in this run, the others are, and the error names what Meta said."""
    circuit = TokenCircuit()
    for _ in range(FAILURES):
        circuit.admit("posts")
        circuit.failed("posts", DOWN)
        circuit.succeeded("page_insights")
    with pytest.raises(GraphError, match="temporarily unavailable") as caught:
        circuit.admit("posts")
    assert (caught.value.remedy, caught.value.code, caught.value.trace) == (Remedy.FAILING, 2, "AbC")
    circuit.admit("page_insights")
    circuit.succeeded("posts")
    circuit.admit("posts")


def test_when_everything_fails_each_family_gets_one_attempt() -> None:
    """L6: no family is stopped for good by others: one that works is found, and lets all go on."""
    circuit = TokenCircuit()
    for index in range(FAILURES):
        circuit.failed(f"family{index % 2}", REFUSED)
    assert circuit.is_open("family0")
    circuit.admit("profile")
    circuit.failed("profile", REFUSED)
    assert circuit.is_open("profile")
    circuit.admit("stories")
    circuit.succeeded("stories")
    assert not circuit.is_open("profile")


def test_too_heavy_counts_half() -> None:
    """L6: halving 90 days of 30 metrics to one of one takes twelve calls, and an outage may say "reduce the amount" too."""
    circuit = TokenCircuit()
    for _ in range(2 * FAILURES - 1):
        circuit.failed("page_insights", REFUSED, TOO_HEAVY)
    assert not circuit.is_open("page_insights")
    circuit.failed("page_insights", REFUSED, TOO_HEAVY)
    assert circuit.is_open("page_insights")
