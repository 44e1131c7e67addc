"""Reads competitors: those that are due, their newest values, and their numbers in a window."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.comments.competitor_models import Competitor, CompetitorPost, CompetitorStatus, CompetitorValue
from sophia.analytics.comments.share_of_voice import Voice
from sophia.analytics.figures.figures import Number
from sophia.analytics.kpis.post_values import post_facts
from sophia.analytics.readings.account_states import last_successes
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import observed_posts
from sophia.database.records import as_record
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start, reporting_day
from sophia.portfolio.models import Account, Client

# Sophia asks again for a name that Meta refused after so long.
RETRY_REFUSED_AFTER = timedelta(days=7)
# The metrics that can be counted in the same unit for the client and its competitors.
METRICS = ("posts", "likes", "comments")
PostCounts = tuple[Number | None, Number | None]  # likes and comments


@dataclass(frozen=True, slots=True)
class DueCompetitor:
    """A competitor that Sophia has not asked Meta about today."""

    id: int
    username: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCompetitor:
    """A competitor and its newest values, read on `read_on`. All its posts since `posts_since` are stored."""

    id: int
    username: str
    status: CompetitorStatus
    problem: str | None
    added_at: datetime
    asked_at: datetime | None
    posts_since: datetime | None
    followers_count: int | None
    media_count: int | None
    read_on: date | None


def due_competitors(session: Session, account_id: int, now: datetime) -> list[DueCompetitor]:
    """Return the client's due competitors, if this is the account that asks for them; otherwise none.

    The first Instagram account of the client with a token asks, so that each competitor costs one call a day.
    """
    client = select(Account.client_id).where(Account.id == account_id).scalar_subquery()
    asking_account_id = session.scalar(
        select(func.min(Account.id)).where(
            Account.client_id == client,
            Account.platform == Platform.INSTAGRAM.value,
            Account.status == "active",
            Account.token_encrypted.is_not(None),
        )
    )
    if asking_account_id != account_id:
        return []
    rows = session.scalars(select(Competitor).where(Competitor.client_id == client).order_by(Competitor.id))
    today = reporting_day(now)
    return [DueCompetitor(row.id, row.username, row.status) for row in rows if _is_due(row, today, now)]


def _is_due(row: Competitor, today: date, now: datetime) -> bool:
    if row.asked_at is None:
        return True
    if row.status == "refused":
        return now - row.asked_at >= RETRY_REFUSED_AFTER
    return reporting_day(row.asked_at) < today


def list_competitors(session: Session, client_id: int) -> list[ListedCompetitor]:
    """Return a client's competitors by name; two queries."""
    rows = session.scalars(
        select(Competitor).where(Competitor.client_id == client_id).order_by(Competitor.username)
    ).all()
    newest: dict[int, dict[str, tuple[date, int]]] = {}
    values = session.execute(
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
    for competitor_id, name, day, value in values:
        newest.setdefault(competitor_id, {})[name] = (day, value)
    return [_listed(row, newest.get(row.id, {})) for row in rows]


def _listed(row: Competitor, newest: Mapping[str, tuple[date, int]]) -> ListedCompetitor:
    followers, media = newest.get("followers_count"), newest.get("media_count")
    return as_record(
        ListedCompetitor,
        row,
        followers_count=followers and followers[1],
        media_count=media and media[1],
        read_on=max((reading[0] for reading in (followers, media) if reading is not None), default=None),
    )


def voices(session: Session, client_id: int, window: DateRange, now: datetime) -> dict[str, tuple[Voice, list[Voice]]]:
    """Return {metric: (the client, its competitors)} on Instagram.

    Both sides count the posts that were published in the window, with their newest numbers. A value is None unless it is
    known for all of these posts.
    """
    name = session.execute(select(Client.name).where(Client.id == client_id)).scalar_one()
    instagram = Account.client_id == client_id, Account.platform == Platform.INSTAGRAM.value
    account_ids = list(session.scalars(select(Account.id).where(*instagram)))
    own = _client_totals(session, account_ids, window, now)
    others = _competitor_totals(session, client_id, window)
    return {
        metric: (
            Voice(name, metric, window, own.get(metric)),
            [Voice(username, metric, window, totals.get(metric)) for username, totals in others],
        )
        for metric in METRICS
    }


def _client_totals(
    session: Session, account_ids: list[int], window: DateRange, now: datetime
) -> dict[str, Number | None]:  # fmt: skip
    """Return nothing without an account, or if an account was not read since the end of the window."""
    read_at = last_successes(session)
    window_end = day_start(window.end)
    if not account_ids or any(
        account_id not in read_at or read_at[account_id] < window_end for account_id in account_ids
    ):
        return {}
    posts = [post for post in observed_posts(session, account_ids, [window]) if post.kind is not ObjectKind.STORY]
    definitions = metric_definitions(session, {"likes", "comments"})
    facts = post_facts(session, {reporting_day(now) + ONE_DAY: posts}, definitions, None).values()
    return _totals([(post.values.get("likes"), post.values.get("comments")) for post in facts])


def _totals(posts: list[PostCounts]) -> dict[str, Number | None]:
    likes, comments = (_sum_if_complete(post[index] for post in posts) for index in (0, 1))
    return {"posts": len(posts), "likes": likes, "comments": comments}


def _sum_if_complete(values: Iterable[Number | None]) -> Number | None:
    counts = list(values)
    numbers = [count for count in counts if count is not None]
    return sum(numbers) if len(numbers) == len(counts) else None


def _competitor_totals(
    session: Session, client_id: int, window: DateRange
) -> list[tuple[str, dict[str, Number | None]]]:  # fmt: skip
    start, end = day_start(window.start), day_start(window.end)
    posts: dict[int, list[PostCounts]] = {}
    rows = session.execute(
        select(CompetitorPost.competitor_id, CompetitorPost.like_count, CompetitorPost.comments_count)
        .join(Competitor, Competitor.id == CompetitorPost.competitor_id)
        .where(
            Competitor.client_id == client_id,
            CompetitorPost.published_at >= start,
            CompetitorPost.published_at < end,
        )
    )
    for competitor_id, likes, comments in rows:
        posts.setdefault(competitor_id, []).append((likes, comments))
    competitors = session.execute(
        select(Competitor, func.max(CompetitorValue.metric_date))
        .outerjoin(CompetitorValue, CompetitorValue.competitor_id == Competitor.id)
        .where(Competitor.client_id == client_id)
        .group_by(Competitor.id)
        .order_by(Competitor.username)
    )
    return [
        (row.username, _totals(posts.get(row.id, [])) if _covers(row, read_on, start, end) else {})
        for row, read_on in competitors
    ]


def _covers(row: Competitor, read_on: date | None, start: datetime, end: datetime) -> bool:
    """Return whether all posts of the window are stored, and were read after its end.

    A refusal sets `asked_at` too and reads nothing, so for a refused competitor the start of `read_on` counts.
    """
    last_read_at = row.asked_at
    if row.status == "refused":
        last_read_at = None if read_on is None else day_start(read_on)
    return (
        row.posts_since is not None and row.posts_since <= start and last_read_at is not None and last_read_at >= end
    )  # fmt: skip
