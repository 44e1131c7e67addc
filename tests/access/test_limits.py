"""Requests a minute, by name."""

from sophia.access.limits import MOST_NAMES, RateLimits


def test_a_minutes_worth_may_come_at_once_and_then_evenly() -> None:
    """J11: a key that asks too often is told when to come back, and is right then."""
    clock = [1000.0]
    limits = RateLimits(60, lambda: clock[0])
    assert [limits.wait_seconds("key 1") for _ in range(60)] == [0] * 60
    wait = limits.wait_seconds("key 1")
    assert wait == 1
    assert limits.wait_seconds("key 2") == 0
    clock[0] += wait
    assert limits.wait_seconds("key 1") == 0
    assert limits.wait_seconds("key 1") == 1
    clock[0] += 60
    assert [limits.wait_seconds("key 1") for _ in range(61)] == [0] * 60 + [1]


def test_names_do_not_fill_the_memory() -> None:
    limits = RateLimits(1, lambda: 0.0)
    for number in range(MOST_NAMES + 5):
        limits.wait_seconds(f"address {number}")
    assert len(limits._states) == MOST_NAMES
