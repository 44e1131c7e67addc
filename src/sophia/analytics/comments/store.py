"""Writes comments and what is derived from them. Twice changes nothing; what was edited or deleted is kept up with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sophia.analytics.comments.models import Comment, CommentReading, DerivedMetric
from sophia.analytics.comments.sentiment import Comment as MeasuredComment
from sophia.analytics.comments.sentiment import NotScored, Scored, Tone, comment_quality_scores, score
from sophia.database import Database, among, day_number, insert_for, put_rows
from sophia.meta.records import ObservedComment, ObservedComments
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.models import Post

QUALITY = "comment_quality_score"
# As many as are written in a moment: other writers wait for no longer.
AT_ONCE = 1000
DERIVED_COLUMNS = ("post_id", "metric_name", "metric_date", "metric_value", "sample_size", "computed_at")


@dataclass(frozen=True, slots=True)
class Found:
    """What storing one answer did for one post, by Meta's id: the comments that it named, and how many were news."""

    post: str
    comments: frozenset[str]
    new: int
    changed: int
    same: int


def save_comments(
    database: Database, account_id: int, seen: Sequence[ObservedComments], now: datetime, keep_since: datetime
) -> list[Found]:
    """Store what one answer says, in one transaction, and what follows from it. Comments from before `keep_since`, and
    those under posts that are not known, are left out.
    """
    with database.read() as session:
        posts = _post_ids(session, account_id, [one.post for one in seen])
        known = _known(session, account_id, [comment.comment_id for one in seen for comment in one.comments])
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    founds = []
    for one in seen:
        if one.post not in posts:
            continue
        kept = {comment.comment_id: comment for comment in one.comments if comment.written_at >= keep_since}
        news = [_row(account_id, posts[one.post], kept[name], now) for name in kept if name not in known]
        changes = [_changes(known[name], kept[name], now) for name in kept if name in known]
        edits = [change for change in changes if change is not None]
        fresh += news
        changed += edits
        names = frozenset(comment.comment_id for comment in one.comments)
        founds.append(Found(one.post, names, len(news), len(edits), len(kept) - len(news) - len(edits)))
    touched = {posts[one.post] for one in founds if one.new or one.changed}
    if touched:
        with database.write() as session:
            _insert(session, fresh)
            if changed:
                session.execute(update(Comment), changed)
            derive_quality(session, touched, now, keep_since)
    return founds


def finish_posts(
    session: Session,
    account_id: int,
    whole: Mapping[str, Collection[str]],
    noted: Mapping[str, tuple[datetime, int | None]],
    now: datetime,
    keep_since: datetime,
) -> int:
    """Note when posts were last read to their end, and what Meta counts there; of those in `whole`, read to the end just
    now, mark comments that Meta gives no more as gone, and drop their text. Returns how many are gone.
    """
    posts = _post_ids(session, account_id, {*whole, *noted})
    names = {posts[name]: set(comments) for name, comments in whole.items() if name in posts}
    rows = session.execute(
        select(Comment.id, Comment.post_id, Comment.platform_comment_id).where(
            among(Comment.post_id, sorted(names)), Comment.gone_at.is_(None)
        )
    )
    gone = [(number, post) for number, post, name in rows if name not in names[post]]
    if gone:
        session.execute(
            update(Comment).where(among(Comment.id, [number for number, _ in gone])).values(gone_at=now, text=None)
        )
        derive_quality(session, {post for _, post in gone}, now, keep_since)
    read = [(posts[name], *note) for name, note in noted.items() if name in posts]
    put_rows(session, CommentReading, ("post_id", "read_at", "counted"), read, replace=("read_at", "counted"))
    return len(gone)


def derive_quality(session: Session, post_ids: Collection[int], now: datetime, keep_since: datetime) -> None:
    """Compute the daily `comment_quality_score` of these posts anew, and write what differs (A18).

    Days whose comments may have been forgotten since stay as they are.
    """
    first = reporting_day(keep_since)
    comments = session.execute(
        select(Comment.platform_comment_id, Comment.post_id, Comment.written_at, Comment.tone).where(
            among(Comment.post_id, sorted(post_ids)), Comment.gone_at.is_(None), Comment.is_own.is_(False)
        )
    )
    scores = comment_quality_scores(
        MeasuredComment(name, post, moment, None, Scored(Tone(tone))) for name, post, moment, tone in comments
    )
    wanted: dict[tuple[int, date], tuple[float, int]] = {
        place: (float(figure.value), figure.n)
        for place, figure in scores.items()
        if figure.value is not None and figure.n and place[1] > first
    }
    stored = session.execute(
        select(
            DerivedMetric.post_id, DerivedMetric.metric_date, DerivedMetric.metric_value, DerivedMetric.sample_size
        ).where(
            among(DerivedMetric.post_id, sorted(post_ids)),
            DerivedMetric.metric_name == QUALITY,
            DerivedMetric.metric_date > first,
        )
    )
    have = {(post, day): (value, n) for post, day, value, n in stored}
    rows = [
        (post, QUALITY, day_number(day), value, n, now)
        for (post, day), (value, n) in wanted.items()
        if have.get((post, day)) != (value, n)
    ]
    put_rows(session, DerivedMetric, DERIVED_COLUMNS, rows, replace=DERIVED_COLUMNS[3:])
    _drop(session, have.keys() - wanted.keys())


def forget_comments(database: Database, before: datetime) -> int:
    """Delete comments that were written before this moment, some per transaction; returns how many. What was derived of
    them stays: it tells of nobody.
    """
    forgotten = 0
    while True:
        with database.write() as session:
            ids = list(session.scalars(select(Comment.id).where(Comment.written_at < before).limit(AT_ONCE)))
            if ids:
                session.execute(delete(Comment).where(among(Comment.id, ids)))
        forgotten += len(ids)
        if len(ids) < AT_ONCE:
            return forgotten


def _drop(session: Session, places: Collection[tuple[int, date]]) -> None:
    """Take away days on which no comment could be scored any more."""
    by_day: dict[date, list[int]] = {}
    for post, day in sorted(places):
        by_day.setdefault(day, []).append(post)
    for day, posts in by_day.items():
        mine = (DerivedMetric.metric_name == QUALITY, DerivedMetric.metric_date == day)
        session.execute(delete(DerivedMetric).where(*mine, among(DerivedMetric.post_id, posts)))


def _post_ids(session: Session, account_id: int, names: Iterable[str]) -> dict[str, int]:
    rows = session.execute(
        select(Post.platform_post_id, Post.id).where(
            Post.account_id == account_id, among(Post.platform_post_id, sorted(names))
        )
    )
    return dict(rows.all())


def _known(session: Session, account_id: int, names: Collection[str]) -> dict[str, Comment]:
    rows = session.scalars(
        select(Comment).where(Comment.account_id == account_id, among(Comment.platform_comment_id, sorted(names)))
    )
    return {row.platform_comment_id: row for row in rows}


def _row(account_id: int, post_id: int, seen: ObservedComment, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "post_id": post_id,
        "platform_comment_id": seen.comment_id,
        "written_at": seen.written_at,
        "text": seen.text,
        "is_reply": seen.is_reply,
        "is_own": seen.is_own,
        "is_hidden": seen.is_hidden,
        "like_count": seen.likes,
        "first_seen_at": now,
        "fetched_at": now,
        **_judged(score(seen.text)),
    }


def _changes(row: Comment, seen: ObservedComment, now: datetime) -> dict[str, Any] | None:
    """What is to be written of a comment that is stored; None when nothing differs."""
    returned = row.gone_at is not None
    given = (seen.text, seen.is_hidden, seen.likes, seen.is_own)
    if not returned and given == (row.text, row.is_hidden, row.like_count, row.is_own):
        return None
    judged: Mapping[str, Any] = {
        name: getattr(row, name) for name in ("language", "tone", "compound", "not_scored_reason")
    }
    is_edited = seen.text != row.text
    if is_edited:
        judged = _judged(score(seen.text))
    return {
        "id": row.id,
        "text": seen.text,
        "is_hidden": seen.is_hidden,
        "like_count": seen.likes,
        "is_own": seen.is_own,
        "fetched_at": now,
        "changed_at": now if is_edited else row.changed_at,
        "gone_at": None,
        **judged,
    }


def _judged(scored: Scored) -> dict[str, Any]:
    return {
        "language": scored.language,
        "tone": scored.tone.value,
        "compound": scored.compound,
        "not_scored_reason": None if scored.reason is None else NotScored(scored.reason).value,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert_for(session, Comment).on_conflict_do_nothing(), rows)
