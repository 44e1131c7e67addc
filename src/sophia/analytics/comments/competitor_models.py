"""Tables of competitors on Instagram and their public values."""

from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.analytics.readings.models import DAY_IN_RANGE
from sophia.database.columns import Base, BigId, Day, Message, UtcDateTime

CompetitorStatus = Literal["new", "ok", "refused"]
COMPETITOR_STATUSES = get_args(CompetitorStatus)


class Competitor(Base):
    """An Instagram account that a client is compared with; `username` is lower case.

    `asked_at`: when Meta last answered or refused a request for it. `posts_since`: all its posts from then on are stored;
    NULL while no post is stored.
    """

    __tablename__ = "competitors"
    __table_args__ = (
        UniqueConstraint("client_id", "username"),
        CheckConstraint("length(username) > 0", name="username_given"),
        CheckConstraint(f"status IN {COMPETITOR_STATUSES}", name="status_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(30))
    status: Mapped[CompetitorStatus] = mapped_column(String(20), default="new")
    problem: Mapped[str | None] = mapped_column(Message)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posts_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CompetitorValue(Base):
    """`followers_count` or `media_count` of a competitor, as Sophia read it on a day of the reporting zone."""

    __tablename__ = "competitor_values"
    __table_args__ = (
        CheckConstraint(DAY_IN_RANGE, name="metric_date_in_range"),
        CheckConstraint("metric_value >= 0", name="metric_value_not_negative"),
    )

    competitor_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("competitors.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    metric_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    metric_date: Mapped[date] = mapped_column(Day, primary_key=True)
    metric_value: Mapped[int] = mapped_column(BigId)


class CompetitorPost(Base):
    """A post of a competitor with its newest numbers; NULL if the competitor hides them."""

    __tablename__ = "competitor_posts"
    __table_args__ = (Index("ix_competitor_posts_competitor_id_published_at", "competitor_id", "published_at"),)

    competitor_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("competitors.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    platform_post_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    media_type: Mapped[str | None] = mapped_column(String(20))
    like_count: Mapped[int | None] = mapped_column(BigId)
    comments_count: Mapped[int | None] = mapped_column(BigId)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
