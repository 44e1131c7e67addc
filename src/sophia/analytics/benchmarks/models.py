"""The table of published benchmarks."""

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

from sophia.database.columns import Base, BigId, UtcDateTime
from sophia.portfolio.models import PLATFORM_KNOWN


class IndustryBenchmark(Base):
    """A published number, always with its numerator, denominator, statistic, year and source.

    A row is never changed. Replacing or removing a benchmark sets its `replaced_at`.
    """

    __tablename__ = "industry_benchmarks"
    __table_args__ = (
        # A benchmark has a row for each of its values; only one is not replaced.
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
    # The interactions that it counts, such as likes+comments.
    numerator: Mapped[str] = mapped_column(String(60), default="not stated", server_default="not stated")
    denominator: Mapped[str] = mapped_column(String(60))
    statistic: Mapped[str] = mapped_column(String(20))
    value_percent: Mapped[Decimal] = mapped_column(Numeric(10, 4))
    data_year: Mapped[int] = mapped_column()
    sample_size: Mapped[int | None] = mapped_column()
    source: Mapped[str] = mapped_column(String(200))
    provenance: Mapped[str] = mapped_column(Text)
    # Imported by a user; the others are shipped with Sophia.
    is_own: Mapped[bool] = mapped_column(default=False, server_default=false())
    # None for shipped benchmarks, which are valid from the beginning.
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
