"""A post among its client's posts of the same age."""

from collections.abc import Sequence

import pytest

from sophia.analytics.posting_times.post_ranking import PostAtAge, rank_posts
from sophia.errors import InvalidInputError


def posts(values: Sequence[float | None], kind: str = "photo") -> list[PostAtAge]:
    return [PostAtAge(f"{kind}{place}", kind, value) for place, value in enumerate(values)]


USUAL: list[float | None] = [80.0, 120.0, 95.0, 150.0, 60.0, 110.0, 100.0, 90.0, 130.0]


def test_a_post_that_stands_out() -> None:
    """H1: posts are compared with their peers of one age, not with days or other posts' counters."""
    found = rank_posts(posts([*USUAL, 1500.0, 105.0, 2.0]))
    assert [found[f"photo{place}"].verdict for place in (9, 10, 11)] == ["above", "usual", "below"]
    usual = found["photo10"]
    assert (usual.compared, usual.among) == (11, "format")
    assert usual.low is not None
    assert usual.high is not None
    assert usual.usual == pytest.approx(100.0, abs=10)
    assert usual.low < 60
    assert usual.high > 150


def test_formats_are_compared_with_themselves_where_there_are_enough() -> None:
    reels: list[float | None] = [None if value is None else 10 * value for value in USUAL]
    found = rank_posts([*posts(USUAL), *posts(reels, "reel"), PostAtAge("story", "story", 100.0)])
    assert {one.verdict for one in found.values()} == {"usual"}
    assert found["reel3"].among == "format"
    assert (found["story"].among, found["story"].compared) == ("all formats", 18)


def test_equal_posts_do_not_make_the_next_one_infinitely_unusual() -> None:
    """H2: a scatter of nothing among ten posts is a small scatter, not none."""
    found = rank_posts(posts([100.0] * 10 + [101.0, 100000.0]))
    assert found["photo10"].verdict == "usual"
    assert found["photo11"].verdict == "above"
    score = found["photo11"].score
    assert score is not None
    assert score < 30


def test_too_few_posts() -> None:
    """Seven others: no score, how many there were, and why."""
    found = rank_posts(posts(USUAL[:8]))["photo0"]
    assert (found.score, found.verdict, found.compared) == (None, None, 7)
    assert found.reason == "there are 7 other posts to compare with, and 8 are needed"


def test_a_post_that_was_not_read() -> None:
    found = rank_posts(posts([*USUAL, None]))["photo9"]
    assert (found.score, found.compared) == (None, 9)
    assert found.reason == "the post was not read at this age"


def test_scores_do_not_depend_on_order() -> None:
    every = posts([*USUAL, 400.0])
    assert rank_posts(every) == rank_posts(every[::-1])


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_impossible_values_are_refused(value: float) -> None:
    """H4: no NaN becomes a score."""
    with pytest.raises(InvalidInputError, match="post photo0 must be finite"):
        rank_posts(posts([value]))
