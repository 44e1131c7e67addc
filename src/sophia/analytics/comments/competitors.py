"""Competitors: whom to ask about, how they stand, and what they had in a window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.comments.competitor_models import Competitor, CompetitorPost, CompetitorValue
from sophia.analytics.comments.share_of_voice import Voice
from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import Number
from sophia.analytics.kpis.windows import post_facts
from sophia.analytics.readings.account_states import last_successes
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import observed_posts
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start, reporting_day
from sophia.portfolio.models import Account, Client

# A name that Meta shows nobody under is tried again so often.
REFUSED_AGAIN = timedelta(days=7)
# What can be counted on both sides in the same unit: posts, and their likes and comments.
METRICS = ("posts", "likes", "comments")


@dataclass(frozen=True, slots=True)
class DueCompetitor:
    """A competitor that was not asked about today."""

    id: int
    username: str
    status: str


@dataclass(frozen=True, slots=True)
class CompetitorState:
    """A competitor and its newest values, read on `read_on`, a day of the reporting zone. Moments in UTC."""

    id: int
    username: str
    status: str
    problem: str | None
    added_at: datetime
    asked_at: datetime | None
    posts_since: datetime | None
    followers_count: int | None
    media_count: int | None
    read_on: date | None


def due_competitors(session: Session, account_id: int, now: datetime) -> list[DueCompetitor]:
    """The client's competitors that are due, when this is the client's Instagram account that asks; else none.

    Of several accounts the first one with a token asks, so that it costs one call a competitor and day.
    """
    client = select(Account.client_id).where(Account.id == account_id).scalar_subquery()
    asking = session.scalar(
        select(func.min(Account.id)).where(
            Account.client_id == client,
            Account.platform == Platform.INSTAGRAM.value,
            Account.status == "active",
            Account.token_encrypted.is_not(None),
        )
    )
    if asking != account_id:
        return []
    rows = session.scalars(select(Competitor).where(Competitor.client_id == client).order_by(Competitor.id))
    today = reporting_day(now)
    return [DueCompetitor(row.id, row.username, row.status) for row in rows if _is_due(row, today, now)]


def _is_due(row: Competitor, today: date, now: datetime) -> bool:
    if row.asked_at is None:
        return True
    if row.status == "refused":
        return now - row.asked_at >= REFUSED_AGAIN
    return reporting_day(row.asked_at) < today


def list_competitors(session: Session, client_id: int) -> list[CompetitorState]:
    """A client's competitors by name. Two queries."""
    rows = session.scalars(
        select(Competitor).where(Competitor.client_id == client_id).order_by(Competitor.username)
    ).all()
    values: dict[int, dict[str, tuple[date, int]]] = {}
    stored = session.execute(
        select(
            CompetitorValue.competitor_id,
            CompetitorValue.metric_name,
            CompetitorValue.metric_date,
            CompetitorValue.metric_value,
        )
        .join(Competitor, Competitor.id == CompetitorValue.competitor_id)
        .where(Competitor.client_id == client_id)
        .order_by(CompetitorValue.metric_date)
    )
    for competitor, name, day, value in stored:
        values.setdefault(competitor, {})[name] = (day, value)
    return [_state(row, values.get(row.id, {})) for row in rows]


def _state(row: Competitor, values: Mapping[str, tuple[date, int]]) -> CompetitorState:
    followers, media = values.get("followers_count"), values.get("media_count")
    days = [one[0] for one in (followers, media) if one is not None]
    return CompetitorState(
        id=row.id,
        username=row.username,
        status=row.status,
        problem=row.problem,
        added_at=row.added_at,
        asked_at=row.asked_at,
        posts_since=row.posts_since,
        followers_count=followers and followers[1],
        media_count=media and media[1],
        read_on=max(days) if days else None,
    )


def voices(session: Session, client_id: int, window: DateRange, now: datetime) -> dict[str, tuple[Voice, list[Voice]]]:
    """What the client and each competitor had on Instagram of every metric: on both sides the posts that were published
    in the window, each with its newest numbers. A value of None: it is not known for all of these posts.
    """
    name = session.execute(select(Client.name).where(Client.id == client_id)).scalar_one()
    accounts = list(
        session.scalars(
            select(Account.id).where(Account.client_id == client_id, Account.platform == Platform.INSTAGRAM.value)
        )
    )
    own = _own(session, accounts, window, now)
    others = _others(session, client_id, window)
    return {
        metric: (
            Voice(name, metric, window, own.get(metric)),
            [Voice(username, metric, window, values.get(metric)) for username, values in others],
        )
        for metric in METRICS
    }


def _own(session: Session, accounts: list[int], window: DateRange, now: datetime) -> dict[str, Number | None]:
    """Nothing for a client without an account, and where an account was not read since the window was over."""
    read_at = last_successes(session)
    if not accounts or any(account not in read_at or read_at[account] < day_start(window.end) for account in accounts):
        return {}
    posts = [post for post in observed_posts(session, accounts, [window]) if post.kind is not ObjectKind.STORY]
    means = metric_definitions(session, {"likes", "comments"})
    facts: list[PostFacts] = list(post_facts(session, {reporting_day(now) + ONE_DAY: posts}, means, None).values())
    found: dict[str, Number | None] = {"posts": len(facts)}
    for metric in ("likes", "comments"):
        values = [post.values.get(metric) for post in facts]
        known = [value for value in values if value is not None]
        found[metric] = sum(known) if len(known) == len(values) else None
    return found


def _others(session: Session, client_id: int, window: DateRange) -> list[tuple[str, dict[str, Number | None]]]:
    start, end = day_start(window.start), day_start(window.end)
    posts: dict[int, list[tuple[int | None, int | None]]] = {}
    rows = session.execute(
        select(CompetitorPost.competitor_id, CompetitorPost.like_count, CompetitorPost.comments_count)
        .join(Competitor, Competitor.id == CompetitorPost.competitor_id)
        .where(
            Competitor.client_id == client_id,
            CompetitorPost.published_at >= start,
            CompetitorPost.published_at < end,
        )
    )
    for competitor, likes, comments in rows:
        posts.setdefault(competitor, []).append((likes, comments))
    competitors = session.execute(
        select(Competitor, func.max(CompetitorValue.metric_date))
        .outerjoin(CompetitorValue, CompetitorValue.competitor_id == Competitor.id)
        .where(Competitor.client_id == client_id)
        .group_by(Competitor.id)
        .order_by(Competitor.username)
    )
    return [
        (row.username, _counted(row, _last_read_at(row, read_on), posts.get(row.id, []), start, end))
        for row, read_on in competitors
    ]


def _last_read_at(row: Competitor, read_on: date | None) -> datetime | None:
    """When the posts of a competitor were last read, or the start of that day; a refusal sets `asked_at` too, and reads nothing."""
    if row.status != "refused":
        return row.asked_at
    return None if read_on is None else day_start(read_on)


def _counted(
    row: Competitor,
    last_read_at: datetime | None,
    posts: list[tuple[int | None, int | None]],
    start: datetime,
    end: datetime,
) -> dict[str, Number | None]:
    """Nothing, where not all posts of the window can be known: it began before the first, or was not over when read."""
    if row.posts_since is None or row.posts_since > start or last_read_at is None or last_read_at < end:
        return {}
    found: dict[str, Number | None] = {"posts": len(posts)}
    for metric, place in (("likes", 0), ("comments", 1)):
        values = [value for post in posts if (value := post[place]) is not None]
        found[metric] = sum(values) if len(values) == len(posts) else None
    return found
