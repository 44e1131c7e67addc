"""What is made of readings: KPI snapshots, campaigns, and the benchmarks to compare with."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Index,
    Numeric,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database import Base, BigId, UtcDateTime
from sophia.portfolio.models import PLATFORM_KNOWN


class IndustryBenchmark(Base):
    """What others reach, as somebody published it: always with its denominator, statistic, year and source.

    Numbers are never changed. Who replaces one of their own, or takes it away, ends it.
    """

    __tablename__ = "industry_benchmarks"
    __table_args__ = (
        # Of one number there are as many rows as it had values; one of them holds.
        Index(
            "uq_industry_benchmarks_held",
            *("industry", "platform", "metric", "statistic", "source", "data_year"),
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
        CheckConstraint(PLATFORM_KNOWN, name="platform_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    industry: Mapped[str] = mapped_column(String(60))
    platform: Mapped[str] = mapped_column(String(20))
    metric: Mapped[str] = mapped_column(String(60))
    denominator: Mapped[str] = mapped_column(String(60))
    statistic: Mapped[str] = mapped_column(String(20))
    value_percent: Mapped[Decimal] = mapped_column(Numeric(10, 4))
    data_year: Mapped[int] = mapped_column()
    sample_size: Mapped[int | None] = mapped_column()
    source: Mapped[str] = mapped_column(String(200))
    provenance: Mapped[str] = mapped_column(Text)
    # Brought in a file by somebody here; the others came with Sophia.
    is_own: Mapped[bool] = mapped_column(default=False, server_default=false())
    # None: always there, as those are that came with Sophia.
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
