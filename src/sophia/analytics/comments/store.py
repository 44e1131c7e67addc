"""Writes comments and the metrics derived from them. An equal answer changes nothing; edits and deletions are followed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sophia.analytics.comments.models import Comment, CommentReading, DerivedMetric
from sophia.analytics.comments.scoring import SentimentLabel, SentimentScore, score
from sophia.analytics.comments.sentiment import MeasuredComment, comment_quality_scores
from sophia.database.columns import day_number
from sophia.database.engine import Database
from sophia.database.statements import among, insert_for, put_rows
from sophia.meta.records import ObservedComment, ObservedComments
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.models import Post

QUALITY = "comment_quality_score"
# Small enough that other writers wait only for a moment.
DELETED_AT_ONCE = 1000
SCORE_COLUMNS = ("language", "tone", "compound", "not_scored_reason", "scored_by")
DERIVED_COLUMNS = ("post_id", "metric_name", "metric_date", "metric_value", "sample_size", "computed_at")


@dataclass(frozen=True, slots=True)
class SavedComments:
    """The result of storing one answer for one post: the comments in the answer, and how many were new or changed."""

    post: str
    comments: frozenset[str]
    new: int
    changed: int
    same: int


def save_comments(
    database: Database, account_id: int, pages: Sequence[ObservedComments], now: datetime, keep_since: datetime
) -> list[SavedComments]:
    """Store one answer and its derived metrics in one transaction.

    Comments written before `keep_since`, and comments under unknown posts, are left out.
    """
    with database.read() as session:
        posts = _post_ids(session, account_id, [page.post for page in pages])
        stored = _stored(session, account_id, [comment.comment_id for page in pages for comment in page.comments])
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    results = []
    for page in pages:
        if page.post not in posts:
            continue
        comments = {comment.comment_id: comment for comment in page.comments if comment.written_at >= keep_since}
        new = [_row(account_id, posts[page.post], comments[name], now) for name in comments if name not in stored]
        changes = [_changes(stored[name], comments[name], now) for name in comments if name in stored]
        changed = [change for change in changes if change is not None]
        inserts += new
        updates += changed
        names = frozenset(comment.comment_id for comment in page.comments)
        same = len(comments) - len(new) - len(changed)
        results.append(SavedComments(page.post, names, len(new), len(changed), same))
    changed_posts = {posts[result.post] for result in results if result.new or result.changed}
    if changed_posts:
        with database.write() as session:
            _insert(session, inserts)
            if updates:
                session.execute(update(Comment), updates)
            derive_quality(session, changed_posts, now, keep_since)
    return results


def finish_posts(
    session: Session,
    account_id: int,
    complete: Mapping[str, Collection[str]],
    readings: Mapping[str, tuple[datetime, int | None]],
    now: datetime,
    keep_since: datetime,
) -> int:
    """Store when the comments of posts were last read completely, and Meta's count of them.

    `complete` has the comments of posts that were read completely now: other stored comments of these posts are marked as
    gone and lose their text. Return how many are gone.
    """
    posts = _post_ids(session, account_id, {*complete, *readings})
    listed = {posts[name]: set(comments) for name, comments in complete.items() if name in posts}
    rows = session.execute(
        select(Comment.id, Comment.post_id, Comment.platform_comment_id).where(
            among(Comment.post_id, sorted(listed)), Comment.gone_at.is_(None)
        )
    )
    gone = [(comment_id, post_id) for comment_id, post_id, name in rows if name not in listed[post_id]]
    if gone:
        comment_ids = [comment_id for comment_id, _ in gone]
        session.execute(update(Comment).where(among(Comment.id, comment_ids)).values(gone_at=now, text=None))
        derive_quality(session, {post_id for _, post_id in gone}, now, keep_since)
    rows_to_put = [(posts[name], *reading) for name, reading in readings.items() if name in posts]
    put_rows(session, CommentReading, ("post_id", "read_at", "counted"), rows_to_put, replace=("read_at", "counted"))
    return len(gone)


def derive_quality(session: Session, post_ids: Collection[int], now: datetime, keep_since: datetime) -> None:
    """Compute the daily `comment_quality_score` of these posts again, and write the values that differ (A18).

    Days whose comments may have been deleted for their age keep their values.
    """
    first = reporting_day(keep_since)
    comments = session.execute(
        select(Comment.platform_comment_id, Comment.post_id, Comment.written_at, Comment.tone).where(
            among(Comment.post_id, sorted(post_ids)), Comment.gone_at.is_(None), Comment.is_own.is_(False)
        )
    )
    scores = comment_quality_scores(
        MeasuredComment(name, post_id, moment, None, SentimentScore(SentimentLabel(tone)))
        for name, post_id, moment, tone in comments
    )
    computed: dict[tuple[int, date], tuple[float, int]] = {
        (post_id, day): (float(figure.value), figure.n)
        for (post_id, day), figure in scores.items()
        if figure.value is not None and figure.n and day > first
    }
    rows = session.execute(
        select(
            DerivedMetric.post_id, DerivedMetric.metric_date, DerivedMetric.metric_value, DerivedMetric.sample_size
        ).where(
            among(DerivedMetric.post_id, sorted(post_ids)),
            DerivedMetric.metric_name == QUALITY,
            DerivedMetric.metric_date > first,
        )
    )
    stored = {(post_id, day): (value, n) for post_id, day, value, n in rows}
    different = [
        (post_id, QUALITY, day_number(day), value, n, now)
        for (post_id, day), (value, n) in computed.items()
        if stored.get((post_id, day)) != (value, n)
    ]
    put_rows(session, DerivedMetric, DERIVED_COLUMNS, different, replace=DERIVED_COLUMNS[3:])
    _delete_derived(session, stored.keys() - computed.keys())


def forget_comments(database: Database, before: datetime) -> int:
    """Delete comments that were written before this moment, in small transactions, and return how many.

    The metrics derived from them stay, because they identify nobody.
    """
    count = 0
    while True:
        with database.write() as session:
            ids = list(session.scalars(select(Comment.id).where(Comment.written_at < before).limit(DELETED_AT_ONCE)))
            if ids:
                session.execute(delete(Comment).where(among(Comment.id, ids)))
        count += len(ids)
        if len(ids) < DELETED_AT_ONCE:
            return count


def _delete_derived(session: Session, post_days: Collection[tuple[int, date]]) -> None:
    """Delete the values of days that have no scored comment any more."""
    posts_by_day: dict[date, list[int]] = {}
    for post_id, day in sorted(post_days):
        posts_by_day.setdefault(day, []).append(post_id)
    for day, post_ids in posts_by_day.items():
        of_day = (DerivedMetric.metric_name == QUALITY, DerivedMetric.metric_date == day)
        session.execute(delete(DerivedMetric).where(*of_day, among(DerivedMetric.post_id, post_ids)))


def _post_ids(session: Session, account_id: int, names: Iterable[str]) -> dict[str, int]:
    rows = session.execute(
        select(Post.platform_post_id, Post.id).where(
            Post.account_id == account_id, among(Post.platform_post_id, sorted(names))
        )
    )
    return dict(rows.all())


def _stored(session: Session, account_id: int, names: Collection[str]) -> dict[str, Comment]:
    rows = session.scalars(
        select(Comment).where(Comment.account_id == account_id, among(Comment.platform_comment_id, sorted(names)))
    )
    return {row.platform_comment_id: row for row in rows}


def _row(account_id: int, post_id: int, comment: ObservedComment, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "post_id": post_id,
        "platform_comment_id": comment.comment_id,
        "written_at": comment.written_at,
        "text": comment.text,
        "is_reply": comment.is_reply,
        "is_own": comment.is_own,
        "is_hidden": comment.is_hidden,
        "like_count": comment.likes,
        "first_seen_at": now,
        "fetched_at": now,
        **score_columns(score(comment.text)),
    }


def _changes(row: Comment, comment: ObservedComment, now: datetime) -> dict[str, Any] | None:
    """Return the columns to update of a stored comment; None if nothing differs."""
    content = (comment.text, comment.is_hidden, comment.likes, comment.is_own)
    if row.gone_at is None and content == (row.text, row.is_hidden, row.like_count, row.is_own):
        return None
    is_edited = comment.text != row.text
    # A bulk update needs the same columns in every row.
    scores = {name: getattr(row, name) for name in SCORE_COLUMNS}
    if is_edited:
        scores = score_columns(score(comment.text))
    return {
        "id": row.id,
        "text": comment.text,
        "is_hidden": comment.is_hidden,
        "like_count": comment.likes,
        "is_own": comment.is_own,
        "fetched_at": now,
        "changed_at": now if is_edited else row.changed_at,
        "gone_at": None,
        **scores,
    }


def score_columns(score: SentimentScore) -> dict[str, Any]:
    """Return the columns of a comment that hold its score."""
    return {
        "language": score.language,
        "tone": score.label.value,
        "compound": score.compound,
        "not_scored_reason": None if score.reason is None else score.reason.value,
        "scored_by": score.model,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert_for(session, Comment).on_conflict_do_nothing(), rows)
