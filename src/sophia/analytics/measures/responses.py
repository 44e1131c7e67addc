"""How people respond to groups of posts: by reach, drawn towards each other, and silent where too little is known."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from sophia.analytics.measures.facts import PostFacts, newest
from sophia.analytics.measures.figures import Figure, FigureUnit, Interval, missing
from sophia.analytics.measures.shrinkage import shrunk_means

Group = TypeVar("Group", bound=Hashable)

ENOUGH_IN_GROUP = 5
ENOUGH_POSTS = 20
TOO_FEW_POSTS = f"Fewer than {ENOUGH_POSTS} posts have both engagements and reach; that is too few to compare groups."
NO_SPREAD = "No two posts fall into the same group, so nobody can tell chance from the group."
ONE_GROUP = "All posts fall into one group, so there is nothing to compare it with."
NO_POSTS_HERE = "No post falls into this group."


class Effect(StrEnum):
    """What a group's figure allows to be said."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell yet"


@dataclass(frozen=True, slots=True)
class GroupResponse:
    """One group of posts against all of them: `factor` 1.2 means a fifth more engagement from as many people reached.

    `factor` is drawn towards 1 the more, the fewer posts the group has and the less groups differ at all; `n` is in it.
    """

    factor: Figure
    effect: Effect


def responses(groups: Mapping[Group, Sequence[float]]) -> dict[Group, GroupResponse]:
    """Compare groups of log responses by normal empirical Bayes, each with its interval (G11)."""
    sizes = {name: len(values) for name, values in groups.items() if values}
    freedom = sum(sizes.values()) - len(sizes)
    reason = _incomparable(sum(sizes.values()), len(sizes))
    if reason is not None:
        return {name: _silent(reason, sizes.get(name, 0)) for name in groups}
    names = sorted(sizes, key=str)
    means = [math.fsum(groups[name]) / sizes[name] for name in names]
    within = math.fsum((v - m) ** 2 for name, m in zip(names, means, strict=True) for v in groups[name]) / freedom
    # Posts of a group that are alike to the last digit would leave no doubt at all about it.
    found = shrunk_means(means, [sizes[name] for name in names], max(within, 1e-9))
    known = {
        name: _response(mean - found.centre, interval, sizes[name])
        for name, mean, interval in zip(names, found.means, found.intervals, strict=True)
    }
    return {name: known.get(name) or _silent(NO_POSTS_HERE, 0) for name in groups}


def _incomparable(posts: int, groups: int) -> str | None:
    if posts < ENOUGH_POSTS:
        return TOO_FEW_POSTS
    if posts == groups:
        return NO_SPREAD
    return ONE_GROUP if groups == 1 else None


def _response(log_factor: float, interval: Interval, n: int) -> GroupResponse:
    low, high = interval
    factor = Figure(
        value=math.exp(log_factor), unit=FigureUnit.FACTOR, n=n, interval=Interval(math.exp(low), math.exp(high))
    )
    if n < ENOUGH_IN_GROUP or low <= 0 <= high:
        return GroupResponse(factor, Effect.CANNOT_TELL)
    return GroupResponse(factor, Effect.BETTER if low > 0 else Effect.WORSE)


def _silent(reason: str, n: int) -> GroupResponse:
    return GroupResponse(missing(FigureUnit.FACTOR, reason, n=n), Effect.CANNOT_TELL)


def log_responses(posts: Iterable[PostFacts]) -> dict[int, float]:
    """ln((engagements + 1) / (reach + 1)) of every post, by id, against what its own account's posts usually have.

    Reach is divided out, so that what the platform showed more is not taken for what people liked more; a post with no
    engagement counts like any other (G11). Posts without one of the two are left out, and so are stories.
    """
    found: dict[int, tuple[int, float]] = {}
    for post in newest(posts):
        engagements, reach = post.engagements, post.values.get("reach")
        if engagements is None or reach is None:
            continue
        if 0 <= engagements < math.inf and 0 < reach < math.inf:
            found[post.post_id] = post.account_id, math.log((float(engagements) + 1) / (float(reach) + 1))
    accounts: dict[int, list[float]] = {}
    for account, value in found.values():
        accounts.setdefault(account, []).append(value)
    usual = {account: math.fsum(values) / len(values) for account, values in accounts.items()}
    return {post_id: value - usual[account] for post_id, (account, value) in found.items()}
