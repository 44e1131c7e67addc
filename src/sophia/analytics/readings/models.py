"""The facts: metrics, series, readings and their revisions.

A reading is four integers wide: series, day, value, fetch. The meaning of the value is stored once in `metrics`, its
owner once in `metric_series`, and its origin once in `fetches`.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sophia.database.columns import Base, BigId, Day, Message, MetricValue, UtcDateTime, day_number
from sophia.meta.catalogue.canonical import IS_ALGORITHM_DEPENDENT
from sophia.portfolio.models import PLATFORM_KNOWN, Account, Post

# 2004-01-01, when Facebook opened, and 2100-01-01, in days since 1970: outside of these a day is a mistake (K2).
DAY_IN_RANGE = "metric_date BETWEEN 12418 AND 47482"


class StoredMetric(Base):
    """A metric as it is stored: Meta's name, flattened, with its period and breakdown, and its permanent class.

    `classification` is decided from the catalogue when the metric is first stored (A7); `unclassified` means that Meta
    returned a name that the catalogue does not contain.
    """

    __tablename__ = "metrics"
    __table_args__ = (
        UniqueConstraint("platform", "level", "metric_name", "period", "breakdown"),
        CheckConstraint(PLATFORM_KNOWN, name="platform_known"),
        CheckConstraint("level IN ('account', 'post')", name="level_known"),
        CheckConstraint("period IN ('day', 'week', 'days_28', 'lifetime')", name="period_known"),
        CheckConstraint("length(metric_name) > 0", name="metric_name_given"),
        CheckConstraint(
            "classification IN ('algorithm_dependent', 'algorithm_independent', 'level', 'unclassified')",
            name="classification_known",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    metric_name: Mapped[str] = mapped_column(String(120))
    period: Mapped[str] = mapped_column(String(20))
    breakdown: Mapped[str] = mapped_column(String(200), default="")
    canonical: Mapped[str | None] = mapped_column(String(60), index=True)
    classification: Mapped[str] = mapped_column(String(30))
    unit: Mapped[str | None] = mapped_column(String(20))
    counting: Mapped[str | None] = mapped_column(String(20))

    @property
    def is_algorithm_dependent(self) -> bool | None:
        """True if the platform drives the metric, False if people do, None for a level or an unclassified one."""
        return IS_ALGORITHM_DEPENDENT.get(self.classification)


class MetricSeries(Base):
    """One metric of one account, or of one of its posts."""

    __tablename__ = "metric_series"
    __table_args__ = (
        # NULLs are distinct in a unique index, so the account's own series need one of their own.
        Index(
            "uq_metric_series_account_metric",
            "account_id",
            "metric_id",
            unique=True,
            sqlite_where=text("post_id IS NULL"),
            postgresql_where=text("post_id IS NULL"),
        ),
        Index(
            "uq_metric_series_post_metric",
            "post_id",
            "metric_id",
            unique=True,
            sqlite_where=text("post_id IS NOT NULL"),
            postgresql_where=text("post_id IS NOT NULL"),
        ),
        Index("ix_metric_series_account_id_metric_id", "account_id", "metric_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    metric_id: Mapped[int] = mapped_column(ForeignKey("metrics.id"))

    metric: Mapped[StoredMetric] = relationship(lazy="joined", innerjoin=True)
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    post: Mapped[Post | None] = relationship(lazy="joined")


class Fetch(Base):
    """One answer of Meta: the provenance of every reading in it (A14).

    `body` is the raw answer, compressed, kept for SOPHIA_RAW_ANSWER_DAYS; the hash stays. `stored_at` is the moment
    from which the readings were visible, and so the clock of every as-of query.
    """

    __tablename__ = "fetches"
    __table_args__ = (
        Index("ix_fetches_run_id", "run_id"),
        Index("ix_fetches_stored_at", "stored_at"),
        Index(
            "ix_fetches_fetched_at_raw",
            "fetched_at",
            sqlite_where=text("body IS NOT NULL"),
            postgresql_where=text("body IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("collection_runs.id", ondelete="CASCADE"))
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    subject: Mapped[str] = mapped_column(String(40))
    request: Mapped[str] = mapped_column(Text)
    api_version: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class EngagementMetric(Base):
    """A reading: the value of one series for one day of the platform's reporting zone (A9).

    Lifetime values are snapshots of a counter, dated by the day of the snapshot; daily values are dated by the day that
    they describe (A2). A reading is never a sum or a guess: a value that Meta did not return is not stored.
    """

    __tablename__ = "engagement_metrics"
    __table_args__ = (
        CheckConstraint(DAY_IN_RANGE, name="metric_date_in_range"),
        # The upper bound keeps out Infinity, and NaN, which PostgreSQL holds to be larger than any number.
        CheckConstraint("metric_value >= 0 AND metric_value < 9223372036854775808", name="metric_value_possible"),
        {"sqlite_with_rowid": False},
    )

    series_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    metric_date: Mapped[date] = mapped_column(Day, primary_key=True)
    metric_value: Mapped[int | float] = mapped_column(MetricValue)
    # No foreign key: it would need an index as large as the readings. Fetches are only deleted with their account.
    fetch_id: Mapped[int] = mapped_column(BigId)

    series: Mapped[MetricSeries] = relationship(lazy="joined", innerjoin=True)
    fetch: Mapped[Fetch] = relationship(
        primaryjoin="foreign(EngagementMetric.fetch_id) == Fetch.id", viewonly=True, lazy="select"
    )

    @property
    def id(self) -> int:
        return reading_id(self.series_id, self.metric_date)

    @property
    def client_id(self) -> int:
        return self.series.account.client_id

    @property
    def platform(self) -> str:
        return self.series.metric.platform

    @property
    def metric_name(self) -> str:
        return self.series.metric.metric_name

    @property
    def is_algorithm_dependent(self) -> bool | None:
        return self.series.metric.is_algorithm_dependent

    @property
    def period(self) -> str:
        return self.series.metric.period

    @property
    def platform_post_id(self) -> str | None:
        return self.series.post.platform_post_id if self.series.post else None

    @property
    def content_draft_id(self) -> int | None:
        return self.series.post.draft_id if self.series.post else None


class MetricRevision(Base):
    """The value that a reading had until `replaced_by_fetch_id` brought another."""

    __tablename__ = "metric_revisions"
    __table_args__ = (
        CheckConstraint(DAY_IN_RANGE, name="metric_date_in_range"),
        {"sqlite_with_rowid": False},
    )

    series_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    metric_date: Mapped[date] = mapped_column(Day, primary_key=True)
    replaced_by_fetch_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    metric_value: Mapped[int | float] = mapped_column(MetricValue)
    fetch_id: Mapped[int] = mapped_column(BigId)


def reading_id(series_id: int, day: date) -> int:
    """Return a stable integer for a reading; days since 1970 stay below 2**16 until the year 2149."""
    return series_id << 16 | day_number(day)


class QuarantinedItem(Base):
    """An invalid part of an answer, kept with the reason; the rest of the answer was stored."""

    __tablename__ = "quarantined_items"
    __table_args__ = (Index("ix_quarantined_items_run_id", "run_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("collection_runs.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(Message)
    object_id: Mapped[str] = mapped_column(String(80))
    metric_name: Mapped[str] = mapped_column(String(200))
    excerpt: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountTotal(Base):
    """The number of readings of an account and the newest day among them, updated by every write (J8)."""

    __tablename__ = "account_totals"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    readings: Mapped[int] = mapped_column(BigId, default=0)
    latest_metric_date: Mapped[date | None] = mapped_column(Day)
