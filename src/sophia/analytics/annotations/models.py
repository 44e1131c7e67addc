"""What people tell of a client beside its numbers: what marketing cost, what is to be reached, and what happened.

Rows are never changed. Who takes one back, or replaces it, ends it: a report as of a past moment needs it still.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime


class Annotation(Base):
    """What somebody knows of a day that numbers do not tell; without a client it concerns the whole portfolio."""

    __tablename__ = "annotations"
    __table_args__ = (
        CheckConstraint("length(text) > 0", name="text_given"),
        CheckConstraint("length(author) > 0", name="author_given"),
        Index("ix_annotations_client_id_day", "client_id", "day"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(120))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
