"""Tables of report schedules: when a client's report is sent, to whom, and what became of it."""

from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime

Cadence = Literal["week", "month"]
# waiting: not sent yet, because a day or an account is missing; released: its mails are queued; cancelled: never sent.
PeriodState = Literal["waiting", "released", "cancelled"]
# queued: not sent yet; sending: the server may have it; sent: the server accepted it; refused: the server never will;
# unknown: the process ended before the server's answer was stored; cancelled: the recipient unsubscribed.
DeliveryState = Literal["queued", "sending", "sent", "refused", "unknown", "cancelled"]


class ReportSchedule(Base):
    """When the report of a client is sent: each week on `day` 1 (Monday) to 7, or each month on `day` 1 to 28.

    Day and hour are in the client's zone. Only run times after `starts_at` count. `send_anyway_days` is after how many
    days an incomplete report is sent; None for never. An empty language means that of the client's reports.
    """

    __tablename__ = "report_schedules"
    __table_args__ = (
        CheckConstraint(f"every IN {get_args(Cadence)}", name="every_known"),
        CheckConstraint("day >= 1 AND day <= CASE every WHEN 'week' THEN 7 ELSE 28 END", name="day_in_period"),
        CheckConstraint("hour >= 0 AND hour <= 23", name="hour_of_day"),
        CheckConstraint("send_anyway_days IS NULL OR send_anyway_days >= 1", name="days_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    every: Mapped[Cadence] = mapped_column(String(5))
    day: Mapped[int] = mapped_column()
    hour: Mapped[int] = mapped_column()
    language: Mapped[str | None] = mapped_column(String(5))
    attaches_pdf: Mapped[bool] = mapped_column()
    send_anyway_days: Mapped[int | None] = mapped_column()
    is_active: Mapped[bool] = mapped_column(default=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReportRecipient(Base):
    """A mail address that receives the reports of a schedule, until it unsubscribes."""

    __tablename__ = "report_recipients"
    __table_args__ = (
        UniqueConstraint("schedule_id", "address"),
        CheckConstraint("address LIKE '%_@_%'", name="address_has_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedules.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320))
    added_by: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unsubscribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScheduledReport(Base):
    """One period of a schedule, sent once. `reason` says why it waits; both days are included.

    `reported_at` is when the operator was told that it waits.
    """

    __tablename__ = "scheduled_reports"
    __table_args__ = (
        UniqueConstraint("schedule_id", "start_date", "end_date", name="uq_scheduled_reports_period"),
        CheckConstraint("end_date >= start_date", name="dates_in_order"),
        CheckConstraint(f"state IN {get_args(PeriodState)}", name="state_known"),
        CheckConstraint("state <> 'released' OR edition_id IS NOT NULL", name="released_has_edition"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedules.id", ondelete="CASCADE"))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[PeriodState] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    next_check_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("report_editions.id", ondelete="CASCADE"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReportDelivery(Base):
    """One mail: an edition for one address. `days_with_data` of `days` is set for a report that was sent incomplete.

    `problem` is the last answer of the mail server that was not an acceptance.
    """

    __tablename__ = "report_deliveries"
    __table_args__ = (
        UniqueConstraint("edition_id", "address"),
        CheckConstraint(f"state IN {get_args(DeliveryState)}", name="state_known"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_moment"),
        CheckConstraint("(days IS NULL) = (days_with_data IS NULL)", name="days_together"),
        Index("ix_report_deliveries_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("report_editions.id", ondelete="CASCADE"))
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("report_schedules.id", ondelete="SET NULL"))
    address: Mapped[str] = mapped_column(String(320))
    attaches_pdf: Mapped[bool] = mapped_column()
    days_with_data: Mapped[int | None] = mapped_column()
    days: Mapped[int | None] = mapped_column()
    message_id: Mapped[str] = mapped_column(String(300))
    state: Mapped[DeliveryState] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sending_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
