"""The tables of campaigns and of the drafts in them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime


class Campaign(Base):
    """A group of drafts, made by hand or from a content pillar and a month. Both dates are included."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("client_id", "slug"),
        CheckConstraint("end_date IS NULL OR end_date >= start_date", name="dates_in_order"),
        CheckConstraint("length(slug) > 0", name="slug_given"),
        # An index instead of a constraint, because SQLite cannot add a constraint to an existing table.
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
    # Month and content pillar of an automatic campaign, so that it exists once (E6). NULL for a campaign made by hand.
    grouping_key: Mapped[str | None] = mapped_column(String(400))

    @property
    def is_automatic(self) -> bool:
        """Whether the campaign comes from a content pillar and a month."""
        return self.grouping_key is not None


class CampaignMembership(Base):
    """The membership of a draft in a campaign, stored once (G14)."""

    __tablename__ = "campaign_memberships"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    draft_id: Mapped[int] = mapped_column(
        ForeignKey("content_drafts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
