"""The origin of readings: runs, watermarks, refusals, pauses and leases."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Day, Message, UtcDateTime
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.models import PLATFORM_KNOWN

# The trigger of the hourly run for stories and new posts, which shows nothing about the rest of an account.
FRESH = "fresh"
# The trigger of the daily run for comments and competitors, which shows nothing about readings.
COMMENTS = "comments"
# The trigger of a file of earlier values, which shows nothing about collection.
IMPORT = "import"
ASIDE = (FRESH, COMMENTS, IMPORT)
RUN_STATUSES = ("running", "ok", "partial", "throttled", "needs_reconnect", "failed")


class CollectionRun(Base):
    """One collection for one account: what was requested, what was stored, what failed and what to do about it.

    `families` holds the number of answers and the result of each family of series. `percent_used` is the highest usage
    of any of Meta's limits. `resume_at` is set when another try makes no sense before that moment.
    """

    __tablename__ = "collection_runs"
    __table_args__ = (
        CheckConstraint(f"status IN {RUN_STATUSES}", name="status_known"),
        Index("ix_collection_runs_account_id_started_at", "account_id", "started_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    trigger: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    api_version: Mapped[str] = mapped_column(String(10))
    calls: Mapped[int] = mapped_column(default=0)
    calls_counted_by_meta: Mapped[int] = mapped_column(default=0)
    retries: Mapped[int] = mapped_column(default=0, server_default="0")
    percent_used: Mapped[float] = mapped_column(default=0.0, server_default="0")
    families: Mapped[dict[str, dict[str, Any]]] = mapped_column(JSON, default=dict, server_default="{}")
    readings_new: Mapped[int] = mapped_column(default=0)
    readings_changed: Mapped[int] = mapped_column(default=0)
    readings_same: Mapped[int] = mapped_column(default=0)
    posts_new: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    action_needed: Mapped[str | None] = mapped_column(Message)
    resume_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Watermark(Base):
    """The days of one family of series that Meta answered, without a hole; both ends included."""

    __tablename__ = "watermarks"
    __table_args__ = (CheckConstraint("from_day <= through_day", name="days_in_order"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    family: Mapped[str] = mapped_column(String(40), primary_key=True)
    from_day: Mapped[date] = mapped_column(Day)
    through_day: Mapped[date] = mapped_column(Day)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def days(self) -> DateRange:
        return DateRange(self.from_day, self.through_day + ONE_DAY)


class MetricStatus(Base):
    """A metric that Meta refuses, for a kind of object and version, or for one account only; requested again later."""

    __tablename__ = "metric_status"
    __table_args__ = (
        CheckConstraint(PLATFORM_KNOWN, name="platform_known"),
        Index(
            "uq_metric_status_everywhere",
            "platform",
            "object_kind",
            "api_version",
            "metric_name",
            unique=True,
            sqlite_where=text("account_id IS NULL"),
            postgresql_where=text("account_id IS NULL"),
        ),
        UniqueConstraint("account_id", "object_kind", "api_version", "metric_name"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(String(20))
    object_kind: Mapped[str] = mapped_column(String(20))
    api_version: Mapped[str] = mapped_column(String(10))
    metric_name: Mapped[str] = mapped_column(String(120))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    code: Mapped[int] = mapped_column()
    subcode: Mapped[int | None] = mapped_column()
    reason: Mapped[str] = mapped_column(Message)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ask_again_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefusedObject(Base):
    """A post whose insights Meta refuses, with the reason; left alone until `ask_again_at`, longer after every try.

    With 0 tries it failed temporarily, or had no insights: the next run requests it again, whatever the post's age.
    """

    __tablename__ = "refused_objects"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    object_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    code: Mapped[int] = mapped_column()
    subcode: Mapped[int | None] = mapped_column()
    reason: Mapped[str] = mapped_column(Message)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=1)
    ask_again_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BudgetPause(Base):
    """A budget of Meta's limits (the application, a token, an object) that rests until then, for every process (C5)."""

    __tablename__ = "budget_pauses"

    budget: Mapped[str] = mapped_column(String(80), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Message)


class Lease(Base):
    """The holder that may do something alone, and until when. A dead holder loses the lease by time."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
