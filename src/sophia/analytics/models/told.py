"""What people tell of a client beside its numbers: what marketing cost, what is to be reached, and what happened.

Rows are never changed. Who takes one back, or replaces it, ends it: a report as of a past moment needs it still.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database import Base, BigId, UtcDateTime


class MarketingCost(Base):
    """What sales and marketing cost in some days, both included."""

    __tablename__ = "marketing_costs"
    __table_args__ = (
        CheckConstraint("end_date >= start_date", name="dates_in_order"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("length(currency) = 3", name="currency_given"),
        CheckConstraint("length(purpose) > 0", name="purpose_given"),
        Index("ix_marketing_costs_client_id_start_date", "client_id", "start_date"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    purpose: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClientGoal(Base):
    """What a KPI is to come to in some days, both included; the one without an end is the one that counts."""

    __tablename__ = "client_goals"
    __table_args__ = (
        UniqueConstraint("client_id", "name", "set_at"),
        CheckConstraint("end_date >= start_date", name="dates_in_order"),
        CheckConstraint("length(name) > 0", name="name_given"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    kpi: Mapped[str] = mapped_column(String(60))
    target: Mapped[float] = mapped_column(Float)
    at_most: Mapped[bool] = mapped_column()
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Annotation(Base):
    """What somebody knows of a day that numbers do not tell; without a client it concerns the whole portfolio."""

    __tablename__ = "annotations"
    __table_args__ = (
        CheckConstraint("length(text) > 0", name="text_given"),
        CheckConstraint("length(author) > 0", name="author_given"),
        Index("ix_annotations_client_id_day", "client_id", "day"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(120))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
