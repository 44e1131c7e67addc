"""A host that does not answer is asked no more for a while."""

import pytest

from sophia.meta.breaker import FAILURES, REST_SECONDS, Breaker
from sophia.meta.errors import GraphError, Remedy


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def breaker(clock: list[float]) -> Breaker:
    return Breaker(lambda: clock[0])


def fail(breaker: Breaker, times: int, paths: int = 2) -> None:
    for index in range(times):
        breaker.unanswered(f"edge{index % paths}", "connection refused")


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.admit()
    except GraphError as error:
        return error.remedy is Remedy.UNREACHABLE and "connection refused" in error.message
    return False


def test_it_opens_after_calls_in_a_row(breaker: Breaker) -> None:
    """C9: a hung server costs some calls and not a thousand."""
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)
    fail(breaker, 1)
    assert is_open(breaker)


def test_one_answer_in_between_closes_it(breaker: Breaker) -> None:
    """C9: what answers now and then is slow, not gone."""
    fail(breaker, FAILURES - 1)
    breaker.answered()
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)


def test_one_address_that_always_breaks_is_its_own_trouble(breaker: Breaker) -> None:
    """C2: an edge of one account that never answers does not stop the others."""
    fail(breaker, 10 * FAILURES, paths=1)
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
    breaker.answered()
    assert not is_open(breaker)
    assert not is_open(breaker)
