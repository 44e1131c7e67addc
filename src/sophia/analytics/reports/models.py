"""Tables of report documents: how they look, notes written by hand, and finished reports."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime

# The id of the agency's row; clients are numbered from 1.
AGENCY_ID = 0


class ReportSettingsEntry(Base):
    """The brand, language and sections of a client's reports, or of the agency, whose row has the id 0 and no client.

    An empty field of a client means that of the agency. `logo` is a PNG in Base64.
    """

    __tablename__ = "report_settings"
    __table_args__ = (
        CheckConstraint(f"id = coalesce(client_id, {AGENCY_ID})", name="id_is_client"),
        CheckConstraint("colour IS NULL OR length(colour) = 7", name="colour_is_hex"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), unique=True)
    name: Mapped[str | None] = mapped_column(String(120))
    logo: Mapped[str | None] = mapped_column(Text)
    colour: Mapped[str | None] = mapped_column(String(7))
    sender: Mapped[str | None] = mapped_column(String(120))
    language: Mapped[str | None] = mapped_column(String(5))
    sections: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReportNote(Base):
    """What the account manager wrote about a period of a client; both days are included."""

    __tablename__ = "report_notes"
    __table_args__ = (
        UniqueConstraint("client_id", "start_date", "end_date"),
        CheckConstraint("end_date >= start_date", name="dates_in_order"),
        CheckConstraint("length(text) > 0", name="text_given"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(120))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReportEdition(Base):
    """A finished report: the document as JSON with its SHA-256. Rows are added, never changed.

    A correction is the next `number` of the same client, period and language, and has a `reason`.
    """

    __tablename__ = "report_editions"
    __table_args__ = (
        # PostgreSQL cuts names of more than 63 characters.
        UniqueConstraint(
            "client_id", "start_date", "end_date", "language", "number", name="uq_report_editions_client_id_number"
        ),
        CheckConstraint("end_date >= start_date", name="dates_in_order"),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("(number = 1) = (reason IS NULL)", name="corrections_have_reasons"),
        CheckConstraint("length(sha256) = 64", name="sha256_is_hex"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    language: Mapped[str] = mapped_column(String(5))
    number: Mapped[int] = mapped_column()
    document: Mapped[str] = mapped_column(Text)
    template_version: Mapped[int] = mapped_column()
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
