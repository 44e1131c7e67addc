"""Scores stored comments again that an earlier model scored, so that all figures come from the same model."""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sophia.analytics.comments.models import Comment
from sophia.analytics.comments.scoring import score
from sophia.analytics.comments.sentiment_model import sentiment_model
from sophia.analytics.comments.store import derive_quality, score_columns
from sophia.database.engine import Database

# About a tenth of a second, so that other writers wait only for a moment.
SCORED_AT_ONCE = 500


def rescore_comments(database: Database, now: datetime, keep_since: datetime) -> int:
    """Score every comment with a text that the present model has not scored, and derive its metrics again.

    A comment that has lost its text keeps its score. Each batch is one transaction, so a run that ends early goes on next
    time. Return how many comments were scored.
    """
    count, last_id = 0, 0
    while True:
        with database.write() as session:
            ids = _rescore_batch(session, last_id, now, keep_since)
        count += len(ids)
        if len(ids) < SCORED_AT_ONCE:
            return count
        last_id = ids[-1]


def _rescore_batch(session: Session, last_id: int, now: datetime, keep_since: datetime) -> list[int]:
    rows = session.execute(
        select(Comment.id, Comment.post_id, Comment.text)
        .where(
            Comment.id > last_id,
            Comment.text.is_not(None),
            or_(Comment.scored_by.is_(None), Comment.scored_by != sentiment_model().name),
        )
        .order_by(Comment.id)
        .limit(SCORED_AT_ONCE)
    ).all()
    if rows:
        updates = [{"id": comment_id, **score_columns(score(text))} for comment_id, _, text in rows]
        session.execute(update(Comment), updates)
        derive_quality(session, {post_id for _, post_id, _ in rows}, now, keep_since)
    return [comment_id for comment_id, _, _ in rows]
