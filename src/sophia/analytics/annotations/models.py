"""The table of annotations. A removed annotation stays in the table, because reports as of a past moment show it."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime


class Annotation(Base):
    """A note about what happened on a day. Without a client it concerns the whole portfolio."""

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
