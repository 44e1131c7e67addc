"""Conversions with their earlier versions, and which sources of sales count.

`conversion_events` holds the newest version of each conversion. Versions that were replaced are kept beside it: a report as
of a past moment needs them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Json, MoneyAmount, UtcDateTime

EVENT_TYPES = ("utm_click", "save", "follow", "dm", "inquiry", "conversion", "refund")
ATTRIBUTED_BY = ("content_draft_id", "utm_content", "link_url", "utm_source")
REMOVED_BY = ("person", "source")
# Stands for every source in `conversion_source_choices`.
EVERY_SOURCE = "*"


class ConversionVersion:
    """The columns of one version of a conversion."""

    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    content_draft_id: Mapped[int | None] = mapped_column(
        ForeignKey("content_drafts.id", ondelete="SET NULL"), index=True
    )
    event_type: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(100))
    event_date: Mapped[date] = mapped_column(Date)
    revenue_amount: Mapped[Decimal | None] = mapped_column(MoneyAmount)
    currency: Mapped[str | None] = mapped_column(String(3))
    details: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Of the request that made this version.
    idempotency_key: Mapped[str] = mapped_column(String(200))
    # What the source said last. An amendment by a person leaves it, so that the same file does not undo the amendment.
    content_sha256: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The number that the event has where it comes from: of an order, of a transaction. Unique within its origin.
    external_id: Mapped[str | None] = mapped_column(String(200))
    # A hash: enough to tell customers apart, too little to write to them.
    customer_key: Mapped[str | None] = mapped_column(String(64))
    utm_source: Mapped[str | None] = mapped_column(String(200))
    utm_medium: Mapped[str | None] = mapped_column(String(200))
    utm_campaign: Mapped[str | None] = mapped_column(String(200))
    utm_content: Mapped[str | None] = mapped_column(String(200))
    link_url: Mapped[str | None] = mapped_column(Text)
    # How its draft or channel is known, one of ATTRIBUTED_BY; NULL: neither is known.
    attributed_by: Mapped[str | None] = mapped_column(String(20))
    # The system that numbers the event: a shop, a Google Analytics property, a sender. `source` may be a channel.
    origin: Mapped[str] = mapped_column(String(100), server_default="")
    # Web analytics sees the sales of shops; shops know them.
    from_analytics: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The number of a sale or refund as two systems would both write it: without `#`, in small letters.
    transaction_key: Mapped[str | None] = mapped_column(String(200))
    # The dimensions of the row of an analytics report that counts this event; NULL for events with a number.
    row_key: Mapped[str | None] = mapped_column(String(64))
    # When it was removed. It counts from `recorded_at` until then.
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # One of REMOVED_BY. What a person deleted stays deleted when a file names it again.
    removed_by: Mapped[str | None] = mapped_column(String(10))
    # Why a person amended or deleted it, or why its source withdrew it.
    reason: Mapped[str | None] = mapped_column(Text)


class ConversionEvent(ConversionVersion, Base):
    """Something that a person did on the way to a sale, and what it brought: the newest version."""

    __tablename__ = "conversion_events"
    __table_args__ = (
        UniqueConstraint("client_id", "idempotency_key"),
        CheckConstraint(f"event_type IN {EVENT_TYPES}", name="event_type_known"),
        CheckConstraint("length(source) > 0", name="source_given"),
        CheckConstraint("revenue_amount IS NULL OR revenue_amount >= 0", name="revenue_not_negative"),
        CheckConstraint("(revenue_amount IS NULL) = (currency IS NULL)", name="revenue_has_currency"),
        Index("ix_conversion_events_client_id_event_date", "client_id", "event_date"),
        Index("ix_conversion_events_client_id_customer_key", "client_id", "customer_key"),
        Index("ix_conversion_events_client_id_transaction_key", "client_id", "transaction_key"),
        Index("ix_conversion_events_client_id_row_key", "client_id", "row_key"),
        Index("uq_conversion_events_identity", "client_id", "external_id", "origin", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)


class ConversionEventRevision(ConversionVersion, Base):
    """What a conversion was until `replaced_at`."""

    __tablename__ = "conversion_event_revisions"
    __table_args__ = (
        Index("ix_conversion_event_revisions_client_id_idempotency_key", "client_id", "idempotency_key"),
        Index("ix_conversion_event_revisions_client_id_replaced_at", "client_id", "replaced_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversion_id: Mapped[int] = mapped_column(ForeignKey("conversion_events.id", ondelete="CASCADE"), index=True)
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversionSourceChoice(Base):
    """An origin whose sales and refunds count for a client, or EVERY_SOURCE. Without a row, the default rule holds."""

    __tablename__ = "conversion_source_choices"
    __table_args__ = (Index("ix_conversion_source_choices_client_id", "client_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    origin: Mapped[str] = mapped_column(String(100))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
    amount: Mapped[Decimal] = mapped_column(MoneyAmount)
    currency: Mapped[str] = mapped_column(String(3))
    purpose: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
