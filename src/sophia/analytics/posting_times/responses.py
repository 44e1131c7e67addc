"""How people respond to groups of posts: by reach, drawn towards each other, and silent where too little is known."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from math import log1p, sqrt
from statistics import NormalDist
from typing import NamedTuple, TypeVar

import numpy as np

from sophia.analytics.drivers.drivers import Part
from sophia.analytics.figures.facts import PostFacts, newest
from sophia.analytics.figures.figures import Figure, FigureUnit, Interval, missing
from sophia.analytics.figures.shrinkage import shrunk_means
from sophia.analytics.figures.statistics import student_95, student_scores

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


DAYS, HOURS = range(7), range(24)


class Slot(NamedTuple):
    """An hour of the week; Monday is 0, and hour 20 lasts from 20:00 to 20:59."""

    weekday: int
    hour: int


def posting_times(posts: Iterable[PostFacts], zone: tzinfo) -> dict[Slot, GroupResponse]:
    """All 168 hours of a week, in order, each with its factor or the reason why there is none (G11)."""
    found: dict[Slot, list[float]] = {Slot(day, hour): [] for day in DAYS for hour in HOURS}
    each = newest(posts)
    known = log_responses(each)
    for post in each:
        if post.post_id in known:
            local = post.published_at.astimezone(zone)
            found[Slot(local.weekday(), local.hour)].append(known[post.post_id])
    return responses(found)


def best_times(times: dict[Slot, GroupResponse], most: int = 5) -> tuple[Slot, ...]:
    """The hours that are better for certain, the best first; none where nobody can tell."""
    better = [(slot, time) for slot, time in times.items() if time.effect is Effect.BETTER]
    ordered = sorted(better, key=lambda pair: (-float(pair[1].factor.value or 0), pair[0]))
    return tuple(slot for slot, _ in ordered[:most])


# Among a hundred that are named, about one is by chance (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).
FALSE_SHARE = 0.01
# Less than this nobody would act on, however sure it is.
WORTH_NAMING = log1p(0.10)
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class Answered:
    """How people's answers to one client changed on one platform: the people part of its split, from how many days or
    posts in the smaller window, and the engagements of either window.
    """

    people: Part | None
    units: int
    engagements: tuple[float, float]


def really_moved(clients: Sequence[Answered]) -> tuple[int, ...]:
    """The places of those whom chance does not explain, in the order given; whichever way they moved.

    Of a hundred clients five have an interval that leaves zero out by chance alone. So the clients are judged
    together: by how many of them lie that far from zero, and how many would by chance.
    """
    chances = sorted((_chance(client), index) for index, client in enumerate(clients))
    told = 0
    for rank, (chance, _) in enumerate(chances, 1):
        if chance <= FALSE_SHARE * rank / len(chances):
            told = rank
    return tuple(sorted(place for _, place in chances[:told] if _is_worth_naming(clients[place].people)))


def _chance(answered: Answered) -> float:
    """How likely chance alone brings a change so large, either way; 1 where the scatter is not known."""
    part, freedom = answered.people, answered.units - 1
    if part is None or part.low is None or part.high is None or freedom < 1 or min(answered.engagements) <= 0:
        return 1.0
    half = part.log - part.low if part.log > 0 else part.high - part.log
    # A handful of reactions scatters at least as counts do, whatever the days seem to say.
    scatter = max(half / student_95(freedom), sqrt(sum(1 / count for count in answered.engagements)))
    score = student_scores(np.array([part.log / scatter]), np.array([float(freedom)]))
    return 2.0 * _STANDARD.cdf(-abs(float(score[0])))


def _is_worth_naming(part: Part | None) -> bool:
    return part is not None and abs(part.log) >= WORTH_NAMING
