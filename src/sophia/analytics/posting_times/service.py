"""Measures a client's posting times and formats, and ranks its posts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import RESPONSE_METRICS, PostFacts
from sophia.analytics.figures.figures import expect_begun, expect_days
from sophia.analytics.kpis.format_averages import FormatAverage, format_averages
from sophia.analytics.kpis.measured_clients import MeasuredClient, find_measured_client, measured_clients
from sophia.analytics.kpis.windows import HISTORY, newest_facts
from sophia.analytics.posting_times.format_effects import format_effects, pillar_effects
from sophia.analytics.posting_times.group_effects import (
    GroupEffect,
    HourEffect,
    WeekHour,
    best_times,
    log_engagement_rates,
    posting_times,
    published_hours,
)
from sophia.analytics.posting_times.post_ranking import PostAtAge, PostRank, rank_posts
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import facts_at_age, observed_posts
from sophia.database.engine import Database
from sophia.database.records import as_record
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

MOST_DAYS = 366
RANKED_METRICS = frozenset({*RESPONSE_METRICS, "views"})
NO_POSTS = "No post of this window was collected."
RankedMetric = Literal["engagements", "reach", "views"]
Age = Literal["1d", "7d", "28d"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPosts:
    """The posts that were published in the window; `compared` of them have both engagements and reach.

    `factor` 1.2 means a fifth more engagement from the same number of people reached; the fewer posts there are, the closer
    it is drawn to 1. `reason` says why nothing can be compared.
    """

    client_id: int
    window: DateRange
    posts: int
    compared: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingTimes(ComparedPosts):
    """The effect of each hour of the week in the client's `zone`. `best` are the hours that are better, the best first."""

    zone: str
    hours: Annotated[
        tuple[HourEffect, ...], Field(description="The hours in which at least one post was published.")
    ]  # fmt: skip
    best: tuple[WeekHour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatEffects(ComparedPosts):
    """The effect of each format (platform and kind of post) and content pillar; posts without a pillar are in no pillar."""

    formats: dict[str, GroupEffect]
    averages: Annotated[dict[str, FormatAverage], Field(description="By format, from the newest values of the posts.")]
    pillars: dict[str, GroupEffect]
    without_pillar: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPost:
    """A post, its value at the age, and its rank among the posts of its account."""

    post_id: int
    account_id: int
    platform: Platform
    format: str
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    value: int | float | None
    rank: PostRank


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRanking:
    """The posts of a window that have reached the age, newest first. `total` counts all matches, also beyond the limit."""

    client_id: int
    window: DateRange
    age: Age
    metric: RankedMetric
    total: int
    posts: tuple[RankedPost, ...]


def measure_posting_times(
    database: Database, client_id: int, window: DateRange | None, now: datetime
) -> PostingTimes:  # fmt: skip
    """Measure a client's posting times, by default from the posts of 90 days until yesterday; four queries.

    Raises NotFoundError, and InvalidInputError for a window that is too long or has not begun.
    """
    with database.read() as session:
        client, window = _client_and_window(session, client_id, window, now)
        posts, _ = newest_facts(session, client, window, now)
    times = posting_times(posts, client.zone)
    return PostingTimes(
        client_id=client_id,
        zone=client.zone.key,
        window=window,
        posts=len(posts),
        compared=len(log_engagement_rates(posts)),
        reason=_reason(times.values()),
        hours=published_hours(times, posts, client.zone),
        best=best_times(times),
    )


def measure_formats(database: Database, client_id: int, window: DateRange | None, now: datetime) -> FormatEffects:
    """Measure a client's formats and content pillars. Raises as `measure_posting_times` does."""
    with database.read() as session:
        client, window = _client_and_window(session, client_id, window, now)
        posts, _ = newest_facts(session, client, window, now)
    formats, pillars = format_effects(posts), pillar_effects(posts)
    return FormatEffects(
        client_id=client_id,
        window=window,
        posts=len(posts),
        compared=len(log_engagement_rates(posts)),
        reason=_reason([*formats.values(), *pillars.values()]),
        formats=formats,
        averages=format_averages(posts),
        pillars=pillars,
        without_pillar=sum(post.pillar is None for post in posts),
    )


def _reason(effects: Iterable[GroupEffect]) -> str | None:
    """Return why no group has a factor, or None if one has."""
    factors = [effect.factor for effect in effects]
    if any(factor.value is not None for factor in factors):
        return None
    return factors[0].reason if factors else NO_POSTS


def rank_client_posts(
    database: Database, client_id: int, window: DateRange | None, now: datetime, age: Age, metric: RankedMetric
) -> PostRanking:
    """Rank each post among those of its account at the same age (H1); four queries. Raises as `measure_posting_times`."""
    days = int(age.removesuffix("d"))
    with database.read() as session:
        client, window = _client_and_window(session, client_id, window, now)
        posts = [
            # The day on which a post reaches the age must be over; before, its counter is incomplete.
            post
            for post in observed_posts(session, client.accounts, [window])
            if reporting_day(post.published_at) + days * ONE_DAY < reporting_day(now)
        ]
        facts = facts_at_age(session, posts, days, metric_definitions(session, RANKED_METRICS))
    values = {post.id: _value(facts[post.id], metric) for post in posts}
    by_account: dict[int, list[PostAtAge]] = defaultdict(list)
    for post in posts:
        by_account[post.account_id].append(PostAtAge(str(post.id), post.kind.value, values[post.id]))
    ranks = {post_id: rank for group in by_account.values() for post_id, rank in rank_posts(group).items()}
    ranked = [
        as_record(
            RankedPost,
            post,
            post_id=post.id,
            format=post.kind.value,
            value=values[post.id],
            rank=ranks[str(post.id)],
        )
        for post in sorted(posts, key=lambda post: (post.published_at, post.id), reverse=True)
    ]
    return PostRanking(
        client_id=client_id, window=window, age=age, metric=metric, total=len(ranked), posts=tuple(ranked)
    )  # fmt: skip


def _client_and_window(
    session: Session, client_id: int, window: DateRange | None, now: datetime
) -> tuple[MeasuredClient, DateRange]:  # fmt: skip
    today = reporting_day(now)
    window = window or DateRange(today - HISTORY, today)
    expect_days(window.days, MOST_DAYS)
    expect_begun(window, today)
    return find_measured_client(measured_clients(session), client_id), window


def _value(post: PostFacts, metric: RankedMetric) -> int | float | None:
    value = post.engagements if metric == "engagements" else post.values.get(metric)
    return value if value is None or isinstance(value, int) else float(value)
