"""What is made of readings: KPI snapshots, campaigns, and the benchmarks to compare with."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database import Base, BigId, UtcDateTime
from sophia.portfolio.models import PLATFORMS

# JSON null and SQL NULL must not both stand for "nothing": `IS NULL` would find neither of the two for certain (I8).
Json = JSON(none_as_null=True)


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
    # 0 for the whole client: a unique key over a NULL would allow the same week twice (G3).
    account_key: Mapped[int] = mapped_column(BigId, default=0)
    week_start: Mapped[date] = mapped_column(Date)
    week_end: Mapped[date] = mapped_column(Date)
    kpis: Mapped[dict[str, Any]] = mapped_column(Json)
    algo_dependent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    algo_independent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # When these values were first found, and when they were last found to be right.
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KPISnapshotRevision(Base):
    """What a snapshot said until late or restated readings changed it."""

    __tablename__ = "kpi_snapshot_revisions"

    snapshot_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("kpi_snapshots.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    kpis: Mapped[dict[str, Any]] = mapped_column(Json)
    algo_dependent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    algo_independent_summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Campaign(Base):
    """Drafts that belong together; grouped by content pillar and month, or by hand. Both days are included."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("client_id", "slug"),
        CheckConstraint("end_date IS NULL OR end_date >= start_date", name="dates_in_order"),
        CheckConstraint("length(slug) > 0", name="slug_given"),
        # An index and no constraint: SQLite can give a table that exists the one, not the other.
        Index("uq_campaigns_client_id_grouping_key", "client_id", "grouping_key", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(120))
    content_pillar: Mapped[str | None] = mapped_column(String(100))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Month and content pillar of a campaign that was grouped, so that it is there once (E6); NULL for those made by hand.
    grouping_key: Mapped[str | None] = mapped_column(String(400))

    @property
    def is_automatic(self) -> bool:
        return self.grouping_key is not None


class CampaignMembership(Base):
    """A draft in a campaign; once (G14)."""

    __tablename__ = "campaign_memberships"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    draft_id: Mapped[int] = mapped_column(
        ForeignKey("content_drafts.id", ondelete="CASCADE"), primary_key=True, index=True
    )


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
        CheckConstraint(f"platform IN {PLATFORMS}", name="platform_known"),
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
