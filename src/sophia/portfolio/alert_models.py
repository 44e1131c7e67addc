"""Tables of alerts: the routes to people, what happened, and what was sent to whom.

They are in this package because the addresses of routes are encrypted with the keys of the tokens.
"""

from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Json, Message, UtcDateTime

AlertKind = Literal[
    "anomaly", "portfolio_event", "token", "collection_failed", "collection_overdue", "goal", "report_held"
]
Phase = Literal["began", "ended"]
DeliveryStatus = Literal["reserved", "sent", "refused"]
IS_OPEN = text("ended_at IS NULL")


class AlertRoute(Base):
    """Where alerts are sent: an address of apprise, encrypted, for the whole portfolio or for one client.

    `address_encrypted` is None after an import or a lost key. `kinds` is None for all kinds. The hours are in `timezone`;
    quiet hours include the first hour and exclude the last.
    """

    __tablename__ = "alert_routes"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_given"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_hours_complete"),
        CheckConstraint("quiet_from BETWEEN 0 AND 23 AND quiet_until BETWEEN 0 AND 23", name="quiet_hours_of_day"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour_of_day"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    service: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(16))
    address_encrypted: Mapped[str | None] = mapped_column(Text)
    kinds: Mapped[list[str] | None] = mapped_column(Json)
    timezone: Mapped[str] = mapped_column(String(60))
    quiet_from: Mapped[int | None] = mapped_column()
    quiet_until: Mapped[int | None] = mapped_column()
    digest_hour: Mapped[int | None] = mapped_column()
    digest_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Message)


class AlertEntry(Base):
    """Something that people should know, from its beginning to its end. At most one alert of a key is open."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint(f"kind IN {get_args(AlertKind)}", name="kind_known"),
        Index("uq_alerts_open_key", "key", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_alerts_ended_at", "ended_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160))
    kind: Mapped[AlertKind] = mapped_column(String(20))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Message)
    # The path of the page about it, without the address of Sophia.
    path: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(Message)


class AlertDelivery(Base):
    """One phase of an alert on one route. `reserved` before it is sent; if the result is unknown, it stays so."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        UniqueConstraint("alert_id", "route_id", "phase"),
        CheckConstraint(f"phase IN {get_args(Phase)}", name="phase_known"),
        CheckConstraint(f"status IN {get_args(DeliveryStatus)}", name="status_known"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    route_id: Mapped[int] = mapped_column(ForeignKey("alert_routes.id", ondelete="CASCADE"), index=True)
    phase: Mapped[Phase] = mapped_column(String(10))
    status: Mapped[DeliveryStatus] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column()
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Message)
