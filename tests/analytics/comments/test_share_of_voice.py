"""Shares of voice: one metric and one window on all sides, or none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import WEEK

from sophia.analytics.comments.share_of_voice import ALL_ZERO, NO_OTHERS, NOT_ADDED, Voice, share_of_voice

OWN = Voice("us", "likes", WEEK, 50)
RIVAL = Voice("them", "likes", WEEK, 150)


def test_a_share() -> None:
    """H5: 50 of 200 likes of one week are a quarter."""
    found = share_of_voice(OWN, [RIVAL])
    assert (found.own.value, found.shares) == (25.0, {"us": 25.0, "them": 75.0})
    assert share_of_voice(OWN, [RIVAL, RIVAL, OWN]) == found


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], NO_OTHERS),
        ([replace(RIVAL, metric="comments")], "comments"),
        ([replace(RIVAL, window=WEEK.previous)], "other days"),
        ([replace(RIVAL, value=None)], "not known"),
        ([replace(RIVAL, value=float("nan"))], "not known"),
        ([replace(RIVAL, value=-1)], "not known"),
        ([RIVAL, replace(RIVAL, value=1)], "twice"),
    ],
)
def test_what_cannot_be_compared_has_no_share(others: list[Voice], said: str) -> None:
    """H5: other units, other days, nobody else: no score, and the reason names who."""
    found = share_of_voice(OWN, others)
    assert (found.own.value, found.shares) == (None, {})
    assert found.own.reason is not None
    assert said in found.own.reason


def test_people_and_rates_have_no_share() -> None:
    """H5, A5: reach cannot be added over accounts, and neither can rates or levels."""
    for metric in ("reach", "save_rate", "followers"):
        found = share_of_voice(replace(OWN, metric=metric), [replace(RIVAL, metric=metric)])
        assert found.own.value is None
    assert share_of_voice(replace(OWN, metric="reach"), [replace(RIVAL, metric="reach")]).own.reason == NOT_ADDED
    silent = share_of_voice(replace(OWN, value=0), [replace(RIVAL, value=0)])
    assert silent.own.reason == ALL_ZERO


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=12))
def test_shares_add_up(values: list[int]) -> None:
    """H5: to 100.0, in any order."""
    own, *others = (Voice(f"v{index}", "posts", WEEK, value) for index, value in enumerate(values))
    found = share_of_voice(own, others)
    assert sum(round(10 * share) for share in found.shares.values()) == (1000 if sum(values) else 0)
    assert share_of_voice(own, others[::-1]) == found
