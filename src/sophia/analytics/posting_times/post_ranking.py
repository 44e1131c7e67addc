"""Ranks a post among the other posts of its account, all measured at the same age."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import expm1, isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import computed_field

from sophia.analytics.figures.statistics import Floats, student_scores
from sophia.errors import InvalidInputError

Flags = NDArray[np.bool_]
Verdict = Literal["above", "below", "usual"]
Peers = Literal["format", "all formats"]

ENOUGH_POSTS = 8
# A larger |z| is unusual: one usual post in a hundred has it.
UNUSUAL = 2.6
# The scatter of ln values that is assumed before any post is read, with the weight of so many posts.
_SCATTER, _SCATTER_POSTS = 0.6, 8.0
_MAD_TO_SD = 1.4826
# The variance of a median is π/2 times that of a mean.
_MEDIAN_VARIANCE = 1.5708
NOT_READ = "the post was not read at this age"


@dataclass(frozen=True, slots=True)
class PostAtAge:
    """A post's value at the age at which all posts are compared; None if the post was not read at that age."""

    post: str
    format: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRank:
    """A post against the other posts of its account: those of its format if there are eight, else those of all formats.

    `score` is z on the log scale. `usual` is the median of the others, and 95 % of posts lie between `low` and `high`.
    `compared` counts the others. Without a score, `reason` says why.
    """

    compared: int
    among: Peers
    score: float | None = None
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def verdict(self) -> Verdict | None:
        if self.score is None:
            return None
        if abs(self.score) <= UNUSUAL:
            return "usual"
        return "above" if self.score > 0 else "below"


def rank_posts(posts: Sequence[PostAtAge]) -> dict[str, PostRank]:
    """Rank each post of one account among the others. Raises InvalidInputError for a negative or infinite value.

    The scatter is robust (MAD of ln(value + 1)) and drawn towards a usual scatter, so that equal posts do not make the next
    post infinitely unusual. z is Student's, because a few posts say little about their scatter.
    """
    for post in posts:
        if post.value is not None and not (isfinite(post.value) and post.value >= 0):
            raise InvalidInputError(f"The value of post {post.post} must be finite and not negative.")
    read = [post for post in posts if post.value is not None]
    logs = np.log1p(np.array([post.value for post in read], dtype=float))
    formats = np.array([post.format for post in read], dtype=str)
    index_of = {post.post: index for index, post in enumerate(read)}
    same_format = {name: formats == name for name in {post.format for post in posts}}
    indexes = np.arange(len(read))
    return {
        post.post: _rank(post.value, logs, indexes != index_of.get(post.post, -1), same_format[post.format])
        for post in posts
    }


def _rank(value: float | None, logs: Floats, others: Flags, same_format: Flags) -> PostRank:
    compared = logs[others & same_format]
    among: Peers = "format"
    if len(compared) < ENOUGH_POSTS:
        compared, among = logs[others], "all formats"
    if len(compared) < ENOUGH_POSTS:
        reason = f"there are {len(compared)} other posts to compare with, and {ENOUGH_POSTS} are needed"
        return PostRank(compared=len(compared), among=among, reason=reason)
    median, scatter = _median_and_scatter(compared)
    usual, low, high = (expm1(median + z * scatter) for z in (0.0, -1.96, 1.96))
    rank = PostRank(
        compared=len(compared), among=among, usual=usual, low=max(low, 0.0), high=high, reason=NOT_READ
    )  # fmt: skip
    if value is None:
        return rank
    raw = np.array([(np.log1p(value) - median) / scatter])
    score = float(student_scores(raw, np.array([len(compared) - 1 + _SCATTER_POSTS]))[0])
    return replace(rank, score=score, reason="")


def _median_and_scatter(logs: Floats) -> tuple[float, float]:
    """Return the median, and the standard deviation of one more post about it."""
    median = float(np.median(logs))
    observed = _MAD_TO_SD * float(np.median(np.abs(logs - median)))
    variance = (len(logs) * observed**2 + _SCATTER_POSTS * _SCATTER**2) / (len(logs) + _SCATTER_POSTS)
    return median, float((variance * (1 + _MEDIAN_VARIANCE / len(logs))) ** 0.5)
