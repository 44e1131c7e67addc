"""Tables of the comments under posts, without their authors, and of the metrics that Sophia derives from them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.analytics.comments.scoring import SentimentLabel
from sophia.analytics.readings.models import DAY_IN_RANGE
from sophia.database.columns import Base, BigId, Day, UtcDateTime

LABELS = tuple(label.value for label in SentimentLabel)


class Comment(Base):
    """A comment under a post. Sophia stores no name or id of the author, because no feature needs one.

    `tone` is the sentiment label, and `scored_by` the model that gave it; NULL for VADER alone. `is_own`: the account itself wrote the comment. `is_hidden`, `like_count`: NULL if Meta
    gave no value. `fetched_at`: when Meta gave the present content; `changed_at`: when Sophia first saw an edit. `gone_at`:
    Meta lists the comment no more; Sophia then drops the text, because its author or the account deleted it.
    """

    __tablename__ = "comments"
    __table_args__ = (
        UniqueConstraint("account_id", "platform_comment_id"),
        CheckConstraint("length(platform_comment_id) > 0", name="platform_comment_id_given"),
        CheckConstraint(f"tone IN {LABELS}", name="tone_known"),
        CheckConstraint("(tone = 'not scored') = (not_scored_reason IS NOT NULL)", name="reason_when_not_scored"),
        CheckConstraint("like_count IS NULL OR like_count >= 0", name="like_count_not_negative"),
        Index("ix_comments_post_id", "post_id"),
        Index("ix_comments_account_id_written_at", "account_id", "written_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    platform_comment_id: Mapped[str] = mapped_column(String(80))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(10))
    tone: Mapped[str] = mapped_column(String(20))
    compound: Mapped[float | None] = mapped_column()
    not_scored_reason: Mapped[str | None] = mapped_column(String(40))
    scored_by: Mapped[str | None] = mapped_column(String(40))
    is_reply: Mapped[bool] = mapped_column()
    is_own: Mapped[bool] = mapped_column()
    is_hidden: Mapped[bool | None] = mapped_column()
    like_count: Mapped[int | None] = mapped_column(BigId)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CommentReading(Base):
    """When all comments of a post were last read, and Meta's count of them at that time."""

    __tablename__ = "comment_readings"

    post_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    counted: Mapped[int | None] = mapped_column(BigId)


class DerivedMetric(Base):
    """A value that Sophia computes for a post and day. It is kept apart from the platform's readings and overwritten (A18)."""

    __tablename__ = "derived_metrics"
    __table_args__ = (
        CheckConstraint(DAY_IN_RANGE, name="metric_date_in_range"),
        CheckConstraint("metric_value >= 0 AND metric_value <= 1", name="metric_value_is_ratio"),
        CheckConstraint("sample_size > 0", name="sample_size_positive"),
    )

    post_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    metric_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    metric_date: Mapped[date] = mapped_column(Day, primary_key=True)
    metric_value: Mapped[float] = mapped_column()
    sample_size: Mapped[int] = mapped_column()
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
