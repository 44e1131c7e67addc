"""The table of links in published copy, with their tags and the result of their last check."""

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, Message, UtcDateTime

LinkStatus = Literal["unchecked", "ok", "dead", "loses_tags", "unsure", "refused"]


class TrackedLink(Base):
    """A link in the copy of a draft, stored once per draft (F12). `tagged` equals `original` if Sophia did not tag it."""

    __tablename__ = "tracked_links"
    __table_args__ = (
        UniqueConstraint("draft_id", "tagged_sha256"),
        CheckConstraint(f"status IN {get_args(LinkStatus)}", name="status_known"),
        Index("ix_tracked_links_client_id_tagged_sha256", "client_id", "tagged_sha256"),
        Index("ix_tracked_links_client_id_original_sha256", "client_id", "original_sha256"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("content_drafts.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="SET NULL"), index=True)
    # The slug in the link; it stays when the campaign is renamed (F11).
    campaign_slug: Mapped[str | None] = mapped_column(String(120))
    original: Mapped[str] = mapped_column(Text)
    tagged: Mapped[str] = mapped_column(Text)
    # Addresses may be longer than PostgreSQL can index.
    original_sha256: Mapped[str] = mapped_column(String(64))
    tagged_sha256: Mapped[str] = mapped_column(String(64))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20), default="unchecked")
    problem: Mapped[str | None] = mapped_column(Message)
