"""Compares groups of posts by their engagement per person reached: a factor, its interval and an effect for each group."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import TypeVar

import numpy as np

from sophia.analytics.figures.facts import PostFacts, newest
from sophia.analytics.figures.figures import Figure, FigureUnit, Interval, missing
from sophia.analytics.figures.shrinkage import moment_variance, shrunk_means
from sophia.analytics.kpis.format_averages import format_name, mean_reach

Group = TypeVar("Group", bound=Hashable)

ENOUGH_IN_GROUP = 5
ENOUGH_POSTS = 20
TOO_FEW_POSTS = f"Fewer than {ENOUGH_POSTS} posts have both engagements and reach; that is too few to compare groups."
NO_SPREAD = "No group has two posts, so chance cannot be separated from the effect of the group."
ONE_GROUP = "All posts belong to one group, so there is nothing to compare it with."
NO_POSTS_IN_GROUP = "No post belongs to this group."
DAYS, HOURS = range(7), range(24)
# Rounds after which the effects of hours and formats hardly change.
_ROUNDS = 20


class Effect(StrEnum):
    """Whether a group does better or worse than all posts."""

    BETTER = "better"
    WORSE = "worse"
    NOT_ENOUGH_EVIDENCE = "not enough evidence"


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """One group of posts against all posts. `factor` 1.2 means a fifth more engagement from the same number of people.

    The fewer posts a group has, and the less groups differ at all, the closer `factor` is drawn to 1. `n` is in `factor`.
    """

    factor: Figure
    effect: Effect


@dataclass(frozen=True, slots=True, order=True)
class WeekHour:
    """An hour of the week in the client's zone. Monday is 0, and hour 20 lasts from 20:00 to 20:59."""

    weekday: int
    hour: int


@dataclass(frozen=True, slots=True)
class HourEffect(WeekHour):
    """The effect of publishing in an hour of the week, and the mean reach of its compared posts."""

    factor: Figure
    effect: Effect
    reach: Figure


def group_effects(groups: Mapping[Group, Sequence[float]]) -> dict[Group, GroupEffect]:
    """Compare groups of log engagement rates by normal empirical Bayes, each with its interval (G11)."""
    sizes = {name: len(rates) for name, rates in groups.items() if rates}
    reason = _why_incomparable(sum(sizes.values()), len(sizes))
    if reason is not None:
        return {name: _no_effect(reason, sizes.get(name, 0)) for name in groups}
    names = sorted(sizes, key=str)
    means = [math.fsum(groups[name]) / sizes[name] for name in names]
    squares = math.fsum((rate - mean) ** 2 for name, mean in zip(names, means, strict=True) for rate in groups[name])
    # If the posts of each group were equal to the last digit, the interval would have no width.
    variance = max(squares / (sum(sizes.values()) - len(sizes)), 1e-9)
    estimates = shrunk_means(means, [sizes[name] for name in names], variance)
    effects = {
        name: _effect(mean - estimates.centre, interval, sizes[name])
        for name, mean, interval in zip(names, estimates.means, estimates.intervals, strict=True)
    }
    return {name: effects.get(name) or _no_effect(NO_POSTS_IN_GROUP, 0) for name in groups}


def _why_incomparable(posts: int, groups: int) -> str | None:
    if posts < ENOUGH_POSTS:
        return TOO_FEW_POSTS
    if posts == groups:
        return NO_SPREAD
    return ONE_GROUP if groups == 1 else None


def _effect(log_factor: float, interval: Interval, n: int) -> GroupEffect:
    low, high = interval
    factor = Figure(
        value=math.exp(log_factor), unit=FigureUnit.FACTOR, n=n, interval=Interval(math.exp(low), math.exp(high))
    )
    if n < ENOUGH_IN_GROUP or low <= 0 <= high:
        return GroupEffect(factor, Effect.NOT_ENOUGH_EVIDENCE)
    return GroupEffect(factor, Effect.BETTER if low > 0 else Effect.WORSE)


def _no_effect(reason: str, n: int) -> GroupEffect:
    return GroupEffect(missing(FigureUnit.FACTOR, reason, n=n), Effect.NOT_ENOUGH_EVIDENCE)


def log_engagement_rates(posts: Iterable[PostFacts]) -> dict[int, float]:
    """Return {post id: ln((engagements + 1) / (reach + 1)) less the mean of the post's account}.

    Dividing by reach separates what people liked from what the platform distributed. A post without engagement counts like
    any other (G11). Stories, and posts without engagements or reach, are left out.
    """
    rates: dict[int, tuple[int, float]] = {}
    for post in newest(posts):
        engagements, reach = post.engagements, post.values.get("reach")
        if engagements is None or reach is None:
            continue
        if 0 <= engagements < math.inf and 0 < reach < math.inf:
            rates[post.post_id] = post.account_id, math.log((float(engagements) + 1) / (float(reach) + 1))
    rates_by_account: dict[int, list[float]] = {}
    for account_id, rate in rates.values():
        rates_by_account.setdefault(account_id, []).append(rate)
    means = {account_id: math.fsum(values) / len(values) for account_id, values in rates_by_account.items()}
    return {post_id: rate - means[account_id] for post_id, (account_id, rate) in rates.items()}


def hour_of(post: PostFacts, zone: tzinfo) -> WeekHour:
    """Return the hour of the week in the zone in which the post was published."""
    local = post.published_at.astimezone(zone)
    return WeekHour(local.weekday(), local.hour)


def posting_times(posts: Iterable[PostFacts], zone: tzinfo) -> dict[WeekHour, GroupEffect]:
    """Return all 168 hours of a week in order, each with its factor or the reason why it has none (G11).

    Formats are estimated together with hours and divided out, so an hour is not better because of the formats in it.
    """
    groups: dict[WeekHour, list[float]] = {WeekHour(day, hour): [] for day in DAYS for hour in HOURS}
    posts = newest(posts)
    rates = log_engagement_rates(posts)
    compared = [post for post in posts if post.post_id in rates]
    hours = [hour_of(post, zone) for post in compared]
    formats = [format_name(post) for post in compared]
    for hour, rate in zip(
        hours, without_formats([rates[post.post_id] for post in compared], hours, formats), strict=True
    ):
        groups[hour].append(rate)
    return group_effects(groups)


def without_formats(rates: Sequence[float], hours: Sequence[WeekHour], formats: Sequence[str]) -> list[float]:
    """Return the log rates less the effects of their formats, in the additive model hour + format + chance.

    Hours are drawn to 0, formats are not: what hours and formats explain equally well belongs to the formats. The effects
    are fitted in turn, formats first.
    """
    hour_index, format_index = (
        np.unique([str(name) for name in names], return_inverse=True)[1] for names in (hours, formats)
    )
    values = np.array(rates)
    if _why_incomparable(len(values), len(set(hours))) is not None or len(set(formats)) == 1:
        return list(rates)
    hour_sizes, format_sizes = np.bincount(hour_index), np.bincount(format_index)
    hour_effects = np.zeros(len(hour_sizes))
    rest = values
    for _ in range(_ROUNDS):
        sums = np.bincount(format_index, values - hour_effects[hour_index])
        rest = values - (sums / format_sizes)[format_index]
        means = np.bincount(hour_index, rest) / hour_sizes
        scatter = float(((rest - means[hour_index]) ** 2).sum()) / (len(values) - len(hour_sizes))
        noise = max(scatter, 1e-9) / hour_sizes
        between = moment_variance(means.tolist(), noise.tolist(), 0.0, len(means))
        hour_effects = means * between / (between + noise)
    return [float(value) for value in rest]


def published_hours(
    times: Mapping[WeekHour, GroupEffect], posts: Iterable[PostFacts], zone: tzinfo
) -> tuple[HourEffect, ...]:
    """Return the hours in which at least one of these posts was published, in order."""
    posts = newest(posts)
    rates = log_engagement_rates(posts)
    groups: dict[WeekHour, list[PostFacts]] = {}
    for post in posts:
        if post.post_id in rates:
            groups.setdefault(hour_of(post, zone), []).append(post)
    return tuple(
        HourEffect(hour.weekday, hour.hour, group.factor, group.effect, mean_reach(groups[hour]))
        for hour, group in times.items()
        if group.factor.n
    )


def best_times(times: Mapping[WeekHour, GroupEffect], most: int = 5) -> tuple[WeekHour, ...]:
    """Return the hours whose effect is better, the largest factor first."""
    better = [(hour, group) for hour, group in times.items() if group.effect is Effect.BETTER]
    ordered = sorted(better, key=lambda pair: (-float(pair[1].factor.value or 0), pair[0]))
    return tuple(hour for hour, _ in ordered[:most])
