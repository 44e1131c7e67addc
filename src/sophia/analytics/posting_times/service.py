"""What people respond to, and when; and how each post stands among the others of its account."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import RESPONSE_METRICS, PostFacts
from sophia.analytics.figures.figures import Number, expect_begun, expect_days
from sophia.analytics.kpis.windows import HISTORY, MeasuredClient, client_among, measured_clients, newest_facts
from sophia.analytics.posting_times.formats import formats, pillars
from sophia.analytics.posting_times.post_ranking import PostAtAge, PostRank, standings
from sophia.analytics.posting_times.responses import GroupResponse, Slot, best_times, log_responses, posting_times
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import StoredPost, facts_at_age, observed_posts
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

MOST_DAYS = 366
STANDING_METRICS = frozenset({*RESPONSE_METRICS, "views"})
Measured = Literal["engagements", "reach", "views"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingTimes:
    """How people responded to the posts of a window, with the newest numbers known.

    `posts` were published, of `compared` both engagements and reach are known. `zone` is the client's, in which hours
    are meant. `without_pillar` posts have no content pillar and stand in none.
    """

    client_id: int
    zone: str
    window: DateRange
    posts: int
    compared: int
    times: Mapping[Slot, GroupResponse]
    best: tuple[Slot, ...]
    formats: Mapping[str, GroupResponse]
    pillars: Mapping[str, GroupResponse]
    without_pillar: int


@dataclass(frozen=True, slots=True)
class RankedPost:
    """A post, what it had brought at the age, and how that stands among the posts of its account."""

    post_id: int
    account_id: int
    platform: Platform
    format: str
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    value: Number | None
    standing: PostRank


@dataclass(frozen=True, slots=True)
class PostRanking:
    """The posts of a window that have reached the age, newest first. `age` is in days after the one of publication."""

    client_id: int
    window: DateRange
    age: int
    metric: Measured
    posts: tuple[RankedPost, ...]


def make_responses(database: Database, client_id: int, window: DateRange | None, now: datetime) -> PostingTimes:
    """Posting times, formats and pillars of a client, by default of 90 days until yesterday; four queries.

    Raises NotFoundError, and InvalidInputError for a window that is too long or has not begun.
    """
    with database.read() as session:
        client, chosen = _asked(session, client_id, window, now)
        posts, _ = newest_facts(session, client, chosen, now)
    times = posting_times(posts, client.zone)
    return PostingTimes(
        client_id=client_id,
        zone=client.zone.key,
        window=chosen,
        posts=len(posts),
        compared=len(log_responses(posts)),
        times=times,
        best=best_times(times),
        formats=formats(posts),
        pillars=pillars(posts),
        without_pillar=sum(post.pillar is None for post in posts),
    )


def make_standings(
    database: Database, client_id: int, window: DateRange | None, now: datetime, age: int, metric: Measured
) -> PostRanking:
    """Each post against those of the same account at the same age (H1); four queries. Raises as `make_responses`."""
    with database.read() as session:
        client, chosen = _asked(session, client_id, window, now)
        seen = observed_posts(session, client.accounts, [chosen])
        # The day on which a post reaches the age must be over, or it would be read in the middle of it.
        old_enough = [post for post in seen if reporting_day(post.published_at) + age * ONE_DAY < reporting_day(now)]
        facts = facts_at_age(session, old_enough, age, metric_definitions(session, STANDING_METRICS))
    by_account: dict[int, list[PostAtAge]] = defaultdict(list)
    for post in old_enough:
        value = _value(facts[post.id], metric)
        post_at_age = PostAtAge(str(post.id), post.kind.value, None if value is None else float(value))
        by_account[post.account_id].append(post_at_age)
    found = {number: standing for posts in by_account.values() for number, standing in standings(posts).items()}
    shown = [_standing(post, _value(facts[post.id], metric), found[str(post.id)]) for post in old_enough]
    shown.sort(key=lambda post: (post.published_at, post.post_id), reverse=True)
    return PostRanking(client_id, chosen, age, metric, tuple(shown))


def _asked(
    session: Session, client_id: int, window: DateRange | None, now: datetime
) -> tuple[MeasuredClient, DateRange]:  # fmt: skip
    today = reporting_day(now)
    chosen = window or DateRange(today - HISTORY, today)
    expect_days(chosen.days, MOST_DAYS)
    expect_begun(chosen, today)
    return client_among(measured_clients(session), client_id), chosen


def _value(post: PostFacts, metric: Measured) -> Number | None:
    return post.engagements if metric == "engagements" else post.values.get(metric)


def _standing(post: StoredPost, value: Number | None, standing: PostRank) -> RankedPost:
    return RankedPost(
        post_id=post.id,
        account_id=post.account_id,
        platform=post.platform,
        format=post.kind.value,
        platform_post_id=post.platform_post_id,
        published_at=post.published_at,
        title=post.title,
        permalink=post.permalink,
        value=value,
        standing=standing,
    )
