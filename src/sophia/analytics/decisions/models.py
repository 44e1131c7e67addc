"""What was decided for drafts and predicted of them, what their posts came to, and how good the predictions were."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Json, UtcDateTime

STAGES = ("research", "angle", "persona", "format", "voice", "gate", "approval", "performance")
AGES = ("24h", "7d", "28d")


class DecisionTrace(Base):
    """What was decided for a draft at one stage, why, and what was predicted of its posts at one age.

    Rows are added, never changed: what became of a prediction stands with the post (`PostOutcome`).
    """

    __tablename__ = "decision_traces"
    __table_args__ = (
        UniqueConstraint("client_id", "idempotency_key"),
        CheckConstraint(f"stage IN {STAGES}", name="stage_known"),
        CheckConstraint(f"predicted_age IN {AGES}", name="predicted_age_known"),
        CheckConstraint("confidence IS NULL OR confidence BETWEEN 0 AND 1", name="confidence_is_probability"),
        Index("ix_decision_traces_client_id_decided_at", "client_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("content_drafts.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(20))
    decision: Mapped[str] = mapped_column(Text)
    rationale: Mapped[str | None] = mapped_column(Text)
    alternatives_considered: Mapped[list[str] | None] = mapped_column(Json)
    evidence: Mapped[dict[str, Any] | None] = mapped_column(Json)
    predicted: Mapped[dict[str, Any] | None] = mapped_column(Json)
    predicted_age: Mapped[str] = mapped_column(String(3), default="7d")
    confidence: Mapped[float | None] = mapped_column(Float)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When it was told here, which nobody can date back.
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str] = mapped_column(String(200))
    # What was sent under the key; the same key with another content is a mistake, not a repetition.
    content_sha256: Mapped[str] = mapped_column(String(64))


class PostOutcome(Base):
    """What a post had in one canonical metric or rate at a fixed age, from the readings of that age (I2, I3).

    It belongs to the post: every decision about its draft is judged by it, and it is part of what later posts are
    compared with.
    """

    __tablename__ = "post_outcomes"
    __table_args__ = (CheckConstraint(f"age IN {AGES}", name="age_known"),)

    post_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    age: Mapped[str] = mapped_column(String(3), primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[float] = mapped_column(Float)
    # When Meta was asked for it; of a rate, when the oldest of its parts was.
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    measured_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PostOutcomeRevision(Base):
    """What an outcome was until its readings were restated."""

    __tablename__ = "post_outcome_revisions"

    post_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    age: Mapped[str] = mapped_column(String(3), primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    value: Mapped[float] = mapped_column(Float)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    measured_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DecisionQualityScore(Base):
    """How good the predictions of one stage were whose outcome was due in one period, with the sample behind the score.

    `period_end` is excluded. `skill` is NULL, with the reason in `details`, where nothing can be compared (I4).
    """

    __tablename__ = "decision_quality_scores"
    __table_args__ = (
        UniqueConstraint("client_id", "stage", "period_start", "period_end"),
        CheckConstraint(f"stage IN {STAGES}", name="stage_known"),
        CheckConstraint("period_end > period_start", name="period_in_order"),
        CheckConstraint("sample_size >= 0", name="sample_size_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(String(20))
    period_start: Mapped[date] = mapped_column(Date)
    period_end: Mapped[date] = mapped_column(Date)
    sample_size: Mapped[int] = mapped_column()
    skill: Mapped[float | None] = mapped_column(Float)
    details: Mapped[dict[str, Any] | None] = mapped_column(Json)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
