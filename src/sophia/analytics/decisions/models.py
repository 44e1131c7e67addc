"""Tables of decisions about drafts, the outcomes of posts, and the quality of predictions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.analytics.decisions.predictions import STAGES, Stage
from sophia.analytics.figures.ages import AGES, Age
from sophia.database.columns import Base, BigId, Json, UtcDateTime

STAGE_CHECK = f"stage IN {STAGES}"


class DecisionTrace(Base):
    """A decision about a draft at one stage, its reasons, and its predictions of the draft's posts at one age.

    Rows are added, never changed. The outcomes of posts are stored in `PostOutcome`.
    """

    __tablename__ = "decision_traces"
    __table_args__ = (
        UniqueConstraint("client_id", "idempotency_key"),
        CheckConstraint(STAGE_CHECK, name="stage_known"),
        CheckConstraint(f"predicted_age IN {tuple(AGES)}", name="predicted_age_known"),
        CheckConstraint("confidence IS NULL OR confidence BETWEEN 0 AND 1", name="confidence_is_probability"),
        Index("ix_decision_traces_client_id_decided_at", "client_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("content_drafts.id", ondelete="CASCADE"), index=True)
    stage: Mapped[Stage] = mapped_column(String(20))
    decision: Mapped[str] = mapped_column(Text)
    rationale: Mapped[str | None] = mapped_column(Text)
    alternatives_considered: Mapped[list[str] | None] = mapped_column(Json)
    evidence: Mapped[dict[str, Any] | None] = mapped_column(Json)
    predicted: Mapped[dict[str, Any] | None] = mapped_column(Json)
    predicted_age: Mapped[Age] = mapped_column(String(3), default="7d")
    confidence: Mapped[float | None] = mapped_column(Float)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the decision was recorded here; a user cannot set it.
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str] = mapped_column(String(200))
    # The content that was sent with the key; another content with the same key is an error, not a repetition.
    content_sha256: Mapped[str] = mapped_column(String(64))


class _OutcomeColumns:
    """The columns of an outcome. `read_at` is when Meta was asked; for a rate, when its oldest part was asked for."""

    post_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    age: Mapped[Age] = mapped_column(String(3), primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[float] = mapped_column(Float, sort_order=1)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, sort_order=1)
    measured_at: Mapped[datetime] = mapped_column(UtcDateTime, sort_order=1)


class PostOutcome(_OutcomeColumns, Base):
    """A post's value of one canonical metric or rate at a fixed age, from the readings of that age (I2, I3).

    It belongs to the post: every decision about the post's draft is judged by it, and later posts are compared with it.
    """

    __tablename__ = "post_outcomes"
    __table_args__ = (CheckConstraint(f"age IN {tuple(AGES)}", name="age_known"),)


class PostOutcomeRevision(_OutcomeColumns, Base):
    """The value of an outcome before its readings were restated."""

    __tablename__ = "post_outcome_revisions"

    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)


class DecisionQualityScore(Base):
    """The quality of one stage's predictions whose outcome was due in one period, with the sample of the score.

    `period_end` is excluded. If nothing can be compared, `skill` is NULL and `details` has the reason (I4).
    """

    __tablename__ = "decision_quality_scores"
    __table_args__ = (
        UniqueConstraint("client_id", "stage", "period_start", "period_end"),
        CheckConstraint(STAGE_CHECK, name="stage_known"),
        CheckConstraint("period_end > period_start", name="period_in_order"),
        CheckConstraint("sample_size >= 0", name="sample_size_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    stage: Mapped[Stage] = mapped_column(String(20))
    period_start: Mapped[date] = mapped_column(Date)
    period_end: Mapped[date] = mapped_column(Date)
    sample_size: Mapped[int] = mapped_column()
    skill: Mapped[float | None] = mapped_column(Float)
    details: Mapped[dict[str, Any] | None] = mapped_column(Json)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
