"""The life of posts: each post of a client with its figures at 24 hours, 7 days and 28 days."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from sophia.analytics.figures.ages import AGES, ONE_HOUR, Age
from sophia.analytics.figures.facts import AGED_METRICS, ENGAGEMENTS
from sophia.analytics.figures.figures import Figure, FigureUnit, expect_begun, expect_days, figure, missing
from sophia.analytics.kpis.measured_clients import find_measured_client, measured_clients
from sophia.analytics.kpis.post_ages import PostAtAge, posts_at_ages, reason_at_age
from sophia.analytics.kpis.post_kpis import engagements_of, of_post, ratio_of_sums
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import StoredPost, observed_posts, posts_by_id
from sophia.database.records import as_record
from sophia.meta.catalogue.canonical import CANONICAL, Unit
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import DateRange, reporting_day

MOST_DAYS = 366
USUAL_DAYS = 90
ENGAGEMENT, RATE = "engagements", "engagement_rate_by_reach"
# The order of the figures of a post.
METRICS = ("reach", "views", *ENGAGEMENTS, "link_clicks")
CSV_COLUMNS = (
    "post_id",
    "platform_post_id",
    "account_id",
    "platform",
    "kind",
    "published_at",
    "age",
    "reached_at",
    "metric",
    "value",
    "unit",
    "reason",
)


@dataclass(frozen=True, slots=True)
class AgeFigures:
    """The figures of a post at an age: metrics that Meta reports for its kind, `engagements`, and the engagement rate."""

    reached_at: Annotated[datetime, Field(description="When the post reaches the age.")]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLife:
    """A post with its figures by age."""

    post_id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    ages: Mapping[Age, AgeFigures]


@dataclass(frozen=True, slots=True)
class PostLives:
    """The posts of a client that were published in a window, newest first; stories, which end after a day, are left out."""

    client_id: int
    window: DateRange
    posts: tuple[PostLife, ...]


def client_post_lives(
    session: Session, client_id: int, window: DateRange | None, now: datetime, as_of: datetime | None = None
) -> PostLives:
    """Return the posts of a window, by default of 90 days until yesterday, at each age, with a fixed number of queries.

    Raises NotFoundError, and InvalidInputError for more than 366 days or a window that has not begun.
    """
    moment = as_of or now
    today = reporting_day(moment)
    window = window or DateRange(today - timedelta(days=USUAL_DAYS), today)
    expect_days(window.days, MOST_DAYS)
    expect_begun(window, today)
    client = find_measured_client(measured_clients(session, as_of=as_of), client_id)
    posts = observed_posts(session, client.accounts, [window], as_of)
    return PostLives(client_id, window, tuple(_lives(session, posts, moment, as_of)))


def post_life(session: Session, post_id: int, now: datetime) -> PostLife | None:
    """Return one post at each age; None for a story."""
    return next(iter(_lives(session, posts_by_id(session, [post_id]).values(), now)), None)


def _lives(
    session: Session, posts: Iterable[StoredPost], now: datetime, as_of: datetime | None = None
) -> Iterator[PostLife]:
    """Yield the posts at each age, the newest first, with three queries."""
    engaging = sorted(
        (post for post in posts if post.kind is not ObjectKind.STORY),
        key=lambda post: (post.published_at, post.id),
        reverse=True,
    )
    definitions = metric_definitions(session, AGED_METRICS)
    at_ages = posts_at_ages(session, dict.fromkeys(AGES.values(), engaging), definitions, now, as_of)
    for post in engaging:
        ages = {name: age_figures(at_ages[age][post.id], age, now) for name, age in AGES.items()}
        yield as_record(PostLife, post, post_id=post.id, ages=ages)


def age_figures(post: PostAtAge, age: timedelta, now: datetime) -> AgeFigures:
    """Return the figures of one post at an age."""
    facts, hours = post.facts, round(age / ONE_HOUR)
    figures: dict[str, Figure] = {}
    for metric in METRICS:
        if facts.serves(metric):
            unit = FigureUnit.PEOPLE if CANONICAL[metric].unit is Unit.PEOPLE else FigureUnit.COUNT
            value = facts.values.get(metric)
            reason = reason_at_age(post, metric, age, now)
            known = missing(unit, reason) if value is None else figure(value, unit)
            figures[metric] = _aged(known, hours)
    parts = [figures[name] for name in (*ENGAGEMENTS, "reach") if name in figures]
    reasons = [part.reason for part in parts if part.reason is not None]
    engagement = figure(facts.engagements, FigureUnit.COUNT)
    rate = ratio_of_sums([facts], engagements_of, of_post("reach"))
    for name, known in ((ENGAGEMENT, engagement), (RATE, rate)):
        explained = missing(known.unit, reasons[0]) if known.value is None and reasons else known
        figures[name] = _aged(explained, hours)
    return AgeFigures(facts.published_at + age, figures)


def _aged(known: Figure, hours: int) -> Figure:
    return replace(known, age_hours=hours)


def csv_rows(lives: PostLives) -> Iterator[tuple[object, ...]]:
    """Yield a row per post, age and figure, in the order of CSV_COLUMNS."""
    for post in lives.posts:
        about = (post.post_id, post.platform_post_id, post.account_id, post.platform.value, post.kind.value)
        for age, aged in post.ages.items():
            for metric, value in aged.figures.items():
                moments = post.published_at, age, aged.reached_at
                yield (*about, *moments, metric, value.value, value.unit.value, value.reason)
