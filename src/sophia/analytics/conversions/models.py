"""The tables of conversions, their earlier versions, the chosen sources of sales, and costs.

`conversion_events` holds the newest version of each conversion. `conversion_event_revisions` holds the replaced versions,
because reports as of a past moment need them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from sophia.analytics.conversions.event_types import EventType
from sophia.database.columns import Base, BigId, Json, MoneyAmount, UtcDateTime

# In `conversion_source_choices`: every source counts.
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
    # The key of the request that made this version.
    idempotency_key: Mapped[str] = mapped_column(String(200))
    # The newest content from the source. An amendment does not change it, so importing the same file keeps the amendment.
    content_sha256: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The number of the order or transaction in its origin, where it is unique.
    external_id: Mapped[str | None] = mapped_column(String(200))
    # A hash: it distinguishes customers and hides their addresses.
    customer_key: Mapped[str | None] = mapped_column(String(64))
    utm_source: Mapped[str | None] = mapped_column(String(200))
    utm_medium: Mapped[str | None] = mapped_column(String(200))
    utm_campaign: Mapped[str | None] = mapped_column(String(200))
    utm_content: Mapped[str | None] = mapped_column(String(200))
    link_url: Mapped[str | None] = mapped_column(Text)
    # How the draft or channel is known, an AttributedBy; NULL if neither is known.
    attributed_by: Mapped[str | None] = mapped_column(String(20))
    # The system that numbers the event: a shop, a Google Analytics property or a sender. `source` may be a channel.
    origin: Mapped[str] = mapped_column(String(100), server_default="")
    # Web analytics only observes the sales of a shop, so the shop's own record has priority.
    from_analytics: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The number of a sale or refund without `#` and in lower case, so that two systems agree on it.
    transaction_key: Mapped[str | None] = mapped_column(String(200))
    # A hash of the row of an analytics report that counts this event; NULL for events with a number.
    row_key: Mapped[str | None] = mapped_column(String(64))
    # The version counts from `recorded_at` until this moment.
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # `person` or `source`. What a person deleted stays deleted when a file contains it again.
    removed_by: Mapped[str | None] = mapped_column(String(10))
    # Why a person amended or deleted it, or why its source withdrew it.
    reason: Mapped[str | None] = mapped_column(Text)


class ConversionEvent(ConversionVersion, Base):
    """The newest version of an event on the way to a sale, with its revenue."""

    __tablename__ = "conversion_events"
    __table_args__ = (
        UniqueConstraint("client_id", "idempotency_key"),
        CheckConstraint(f"event_type IN {get_args(EventType)}", name="event_type_known"),
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
    """A version of a conversion that was replaced at `replaced_at`."""

    __tablename__ = "conversion_event_revisions"
    __table_args__ = (
        Index("ix_conversion_event_revisions_client_id_idempotency_key", "client_id", "idempotency_key"),
        Index("ix_conversion_event_revisions_client_id_replaced_at", "client_id", "replaced_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversion_id: Mapped[int] = mapped_column(ForeignKey("conversion_events.id", ondelete="CASCADE"), index=True)
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversionSourceChoice(Base):
    """An origin whose sales and refunds count for a client, or EVERY_SOURCE. Without a row, the default rule applies."""

    __tablename__ = "conversion_source_choices"
    __table_args__ = (Index("ix_conversion_source_choices_client_id", "client_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    origin: Mapped[str] = mapped_column(String(100))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MarketingCost(Base):
    """A cost of sales and marketing. Both dates are included."""

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
