"""How a post stands among its client's other posts, all read at the same age."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.figures.statistics import Floats, student_scores
from sophia.errors import InvalidInputError

Flags = NDArray[np.bool_]

ENOUGH_POSTS = 8
# Beyond this z a post stands out: among a hundred usual ones, one does.
STANDS_OUT = 2.6
# Scatter of ln values that is believed before a client's posts are heard, with the strength of how many posts.
_SCATTER, _SCATTER_POSTS = 0.6, 8.0
_MAD_TO_SD = 1.4826
# A median scatters more than a mean: π/2 times the variance.
_MEDIAN_VARIANCE = 1.5708


@dataclass(frozen=True, slots=True)
class PostAtAge:
    """What one post of a client had brought when it reached the age at which all are compared; None when not read."""

    post: str
    format: str
    value: float | None


@dataclass(frozen=True, slots=True)
class PostRank:
    """A post against the client's others: of its format where there are enough, else of all formats.

    `score` is z on the log scale, `usual` the median of the others, `low` and `high` what 95 % of posts would bring,
    `compared` how many others there are. Without a score `reason` says why.
    """

    post: str
    compared: int
    among: Literal["format", "all formats"]
    score: float | None = None
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @property
    def verdict(self) -> Literal["above", "below", "usual"] | None:
        if self.score is None:
            return None
        if abs(self.score) <= STANDS_OUT:
            return "usual"
        return "above" if self.score > 0 else "below"


def standings(posts: Sequence[PostAtAge]) -> dict[str, PostRank]:
    """Each post of one client against the others. InvalidInputError for values that are negative or not finite.

    The scatter is robust (MAD of ln(value + 1)), drawn towards a usual one, so that equal posts do not make the next one
    infinitely unusual; and z is Student's, for few posts know little of their scatter.
    """
    for one in posts:
        if one.value is not None and not (isfinite(one.value) and one.value >= 0):
            raise InvalidInputError(f"The value of post {one.post} must be finite and not negative.")
    known = [one for one in posts if one.value is not None]
    logs = np.log1p(np.array([one.value for one in known], dtype=float))
    formats = np.array([one.format for one in known], dtype=str)
    places = {one.post: index for index, one in enumerate(known)}
    alike = {name: formats == name for name in {one.format for one in posts}}
    every = np.arange(len(known))
    return {
        one.post: _standing(one, logs, every != places.get(one.post, -1), alike[one.format]) for one in posts
    }  # fmt: skip


def _standing(post_at_age: PostAtAge, logs: Floats, others: Flags, alike: Flags) -> PostRank:
    same, every = logs[others & alike], logs[others]
    among: Literal["format", "all formats"] = "format" if len(same) >= ENOUGH_POSTS else "all formats"
    compared = same if among == "format" else every
    if len(compared) < ENOUGH_POSTS:
        reason = f"there are {len(compared)} other posts to compare with, and {ENOUGH_POSTS} are needed"
        return PostRank(post_at_age.post, len(compared), among, reason=reason)
    middle, scatter = _middle_and_scatter(compared)
    usual, low, high = (expm1(middle + away * scatter) for away in (0.0, -1.96, 1.96))
    post_standing = PostRank(
        post_at_age.post, len(compared), among, None, usual, max(low, 0.0), high, "the post was not read at this age"
    )
    if post_at_age.value is None:
        return post_standing
    raw = np.array([(np.log1p(post_at_age.value) - middle) / scatter])
    score = float(student_scores(raw, np.array([len(compared) - 1 + _SCATTER_POSTS]))[0])
    return PostRank(post_at_age.post, len(compared), among, score, usual, post_standing.low, high)


def _middle_and_scatter(logs: Floats) -> tuple[float, float]:
    """The median, and the standard deviation of one more post about it."""
    middle = float(np.median(logs))
    own = _MAD_TO_SD * float(np.median(np.abs(logs - middle)))
    variance = (len(logs) * own**2 + _SCATTER_POSTS * _SCATTER**2) / (len(logs) + _SCATTER_POSTS)
    return middle, float((variance * (1 + _MEDIAN_VARIANCE / len(logs))) ** 0.5)
