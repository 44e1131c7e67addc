"""Tables of KPI snapshots and their revisions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Json, UtcDateTime

# 1: values of posts at fixed ages.
FORMULAS = 1


class KPISnapshot(Base):
    """The KPIs of one client, or of one of its accounts, for one week from Monday to Sunday (both included)."""

    __tablename__ = "kpi_snapshots"
    __table_args__ = (
        UniqueConstraint("client_id", "account_key", "week_start"),
        CheckConstraint("week_end > week_start", name="week_in_order"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    # 0 for the whole client, since a unique key with NULL would allow the same week twice (G3).
    account_key: Mapped[int] = mapped_column(BigId, default=0)
    week_start: Mapped[date] = mapped_column(Date)
    week_end: Mapped[date] = mapped_column(Date)
    kpis: Mapped[dict[str, Any]] = mapped_column(Json)
    algo_dependent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    algo_independent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # The version of the formulas: weeks of earlier versions are computed again.
    formulas: Mapped[int] = mapped_column(SmallInteger, default=FORMULAS, server_default="0")
    # When these values were first computed, and when they were last confirmed.
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KPISnapshotRevision(Base):
    """The content of a snapshot before late or restated readings changed it."""

    __tablename__ = "kpi_snapshot_revisions"

    snapshot_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("kpi_snapshots.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    kpis: Mapped[dict[str, Any]] = mapped_column(Json)
    algo_dependent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    algo_independent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
