"""The table of target audiences."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime


class TargetAudienceEntry(Base):
    """A target audience of one client. A criterion that is NULL or empty does not restrict it.

    Ages are years, both included; `oldest` NULL beside a `youngest` means no upper end. Countries are ISO 3166 codes.
    """

    __tablename__ = "ideal_customers"
    __table_args__ = (
        UniqueConstraint("client_id", "name"),
        CheckConstraint("length(name) > 0", name="name_given"),
        CheckConstraint("oldest IS NULL OR (youngest IS NOT NULL AND youngest <= oldest)", name="ages_in_order"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    youngest: Mapped[int | None] = mapped_column()
    oldest: Mapped[int | None] = mapped_column()
    genders: Mapped[list[str]] = mapped_column(JSON)
    countries: Mapped[list[str]] = mapped_column(JSON)
    places: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
