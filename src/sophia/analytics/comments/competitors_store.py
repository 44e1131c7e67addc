"""Writes competitors and their values. A second answer on the same day replaces the first."""

from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sophia.analytics.comments.competitor_models import Competitor, CompetitorPost, CompetitorValue
from sophia.database.columns import day_number
from sophia.database.statements import put_rows
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.meta.discovery import USERNAME
from sophia.meta.records import Discovered
from sophia.meta.reporting_zone import reporting_day

OPENED = datetime(2010, 10, 6, tzinfo=UTC)  # Instagram's first day; no post is older
# Each competitor costs one call a day with the token of the client's account.
MOST_COMPETITORS = 20
NOT_FOUND = "Instagram shows no professional account {}: it has another name, is personal, or was deleted."
VALUE_COLUMNS = ("competitor_id", "metric_name", "metric_date", "metric_value")
POST_COLUMNS = (
    "competitor_id",
    "platform_post_id",
    "published_at",
    "media_type",
    "like_count",
    "comments_count",
    "read_at",
)


def add_competitor(session: Session, client_id: int, username: str, now: datetime) -> int:
    """Add a competitor, or keep the one with this name, and return its id.

    Raises InvalidInputError for text that is no Instagram name, ConflictError if the client has too many competitors.
    """
    name = username.strip().removeprefix("@").lower()
    if not USERNAME.fullmatch(name):
        raise InvalidInputError(
            "An Instagram name has at most 30 letters, digits, dots and underscores; give the name, not the address."
        )
    by_name = select(Competitor.id).filter_by(client_id=client_id, username=name)
    if (competitor_id := session.scalar(by_name)) is not None:
        return competitor_id
    count = session.scalar(select(func.count(Competitor.id)).where(Competitor.client_id == client_id)) or 0
    if count >= MOST_COMPETITORS:
        raise ConflictError(f"A client has {MOST_COMPETITORS} competitors at most. Remove one first.")
    put_rows(
        session,
        Competitor,
        ("client_id", "username", "status", "added_at"),
        [(client_id, name, "new", now)],
    )
    return session.execute(by_name).scalar_one()


def remove_competitor(session: Session, client_id: int, competitor_id: int) -> None:
    """Delete a competitor and all its data. Raises NotFoundError."""
    competitor = session.get(Competitor, competitor_id)
    if competitor is None or competitor.client_id != client_id:
        raise NotFoundError(f"Client {client_id} has no competitor {competitor_id}.")
    session.execute(delete(Competitor).where(Competitor.id == competitor_id))


def refuse_competitor(session: Session, competitor_id: int, now: datetime) -> str:
    """Record that Meta shows no account with this name, and return the message about it."""
    competitor = session.get(Competitor, competitor_id)
    if competitor is None:
        return ""
    competitor.status, competitor.asked_at = "refused", now
    competitor.problem = NOT_FOUND.format(competitor.username)
    return competitor.problem


def save_discovered(session: Session, competitor_id: int, discovered: Discovered, now: datetime) -> None:
    """Store an answer about a competitor, unless the competitor was deleted in the meantime."""
    competitor = session.get(Competitor, competitor_id)
    if competitor is None:
        return
    day = day_number(reporting_day(now))
    values = {"followers_count": discovered.followers, "media_count": discovered.media}
    put_rows(
        session,
        CompetitorValue,
        VALUE_COLUMNS,
        [(competitor_id, name, day, value) for name, value in values.items() if value is not None],
        replace=("metric_value",),
    )
    competitor.posts_since = _complete_since(session, competitor, discovered)
    posts = {post.post_id: post for post in discovered.posts}
    put_rows(
        session,
        CompetitorPost,
        POST_COLUMNS,
        [
            (competitor_id, post.post_id, post.published_at, post.media_type, post.likes, post.comments, now)
            for post in posts.values()
        ],
        replace=POST_COLUMNS[2:],
    )
    competitor.status, competitor.problem, competitor.asked_at = "ok", None, now


def _complete_since(session: Session, competitor: Competitor, discovered: Discovered) -> datetime | None:
    """Return the moment since which all posts are stored.

    It is the beginning if the answer has all posts. It is the oldest post of the answer if that does not reach back to the
    stored posts.
    """
    if discovered.is_all:
        return OPENED
    if not discovered.posts:
        return competitor.posts_since
    oldest = min(post.published_at for post in discovered.posts)
    newest_stored = session.scalar(
        select(func.max(CompetitorPost.published_at)).where(CompetitorPost.competitor_id == competitor.id)
    )
    if competitor.posts_since is not None and newest_stored is not None and oldest <= newest_stored:
        return min(competitor.posts_since, oldest)
    return oldest
