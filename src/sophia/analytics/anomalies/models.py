"""Tables of anomaly monitoring: its progress, the state of each series, anomalies, and portfolio events."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Json, UtcDateTime
from sophia.portfolio.models import PLATFORM_KNOWN

ANOMALY_KINDS = ("spike", "drop", "outage", "rise", "fall", "gap")
EVENT_KINDS = ("spike", "drop", "rise", "fall")


class MonitoredMetric(Base):
    """One metric on one platform: its last final day, and the portfolio's state on the latest days."""

    __tablename__ = "watched_metrics"
    __table_args__ = (CheckConstraint(PLATFORM_KNOWN, name="platform_known"),)

    platform: Mapped[str] = mapped_column(String(20), primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    last_day: Mapped[date] = mapped_column(Date)
    together: Mapped[list[float | None]] = mapped_column(Json)
    event: Mapped[dict[str, Any] | None] = mapped_column(Json)
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MonitoredSeries(Base):
    """The state with which the next day of a series is judged; its values are stored as readings."""

    __tablename__ = "watched_series"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    remembered: Mapped[dict[str, Any]] = mapped_column(Json)


class AnomalyEntry(Base):
    """An anomaly in one series, identified by the day on which it was noticed."""

    __tablename__ = "anomalies"
    __table_args__ = (
        UniqueConstraint("account_id", "metric", "noticed"),
        CheckConstraint(f"kind IN {ANOMALY_KINDS}", name="kind_known"),
        Index("ix_anomalies_since", "since"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    metric: Mapped[str] = mapped_column(String(60))
    noticed: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(10))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    worst: Mapped[date | None] = mapped_column(Date)
    value: Mapped[float | None] = mapped_column(Float)
    score: Mapped[float | None] = mapped_column(Float)
    expected: Mapped[float | None] = mapped_column(Float)
    low: Mapped[float | None] = mapped_column(Float)
    high: Mapped[float | None] = mapped_column(Float)
    provisional: Mapped[bool] = mapped_column()
    event_since: Mapped[date | None] = mapped_column(Date)
    first_told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Meta restated the day, or the anomaly turned out to be part of another one.
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PortfolioEventEntry(Base):
    """Days on which most accounts of a platform moved alike."""

    __tablename__ = "portfolio_events"
    __table_args__ = (
        UniqueConstraint("platform", "metric", "since"),
        CheckConstraint(PLATFORM_KNOWN, name="platform_known"),
        CheckConstraint(f"kind IN {EVENT_KINDS}", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(String(20))
    metric: Mapped[str] = mapped_column(String(60))
    since: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(10))
    until: Mapped[date | None] = mapped_column(Date)
    series: Mapped[int] = mapped_column()
    alike: Mapped[int] = mapped_column()
    score: Mapped[float] = mapped_column(Float)
    first_told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
