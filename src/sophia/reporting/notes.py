"""Notes that account managers write by hand about a period of a client."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.reports.models import ReportNote
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.building import WrittenNote

LONGEST_NOTE = 2_000


def find_note(session: Session, client_id: int, window: DateRange) -> WrittenNote | None:
    """Return the note about exactly these days, or None."""
    row = _row(session, client_id, window)
    return None if row is None else WrittenNote(row.text, row.author)


def save_note(session: Session, client_id: int, window: DateRange, text: str, author: str, now: datetime) -> None:
    """Replace the note about these days; an empty text deletes it. Raises InvalidInputError for a text that is too long."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise InvalidInputError(f"A note has at most {LONGEST_NOTE:,} characters; this one has {len(text):,}.")
    row = _row(session, client_id, window)
    if not text:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = ReportNote(client_id=client_id, start_date=window.start, end_date=window.end - ONE_DAY)
        session.add(row)
    row.text, row.author, row.written_at = text, author, now
    session.flush()


def _row(session: Session, client_id: int, window: DateRange) -> ReportNote | None:
    return session.scalar(
        select(ReportNote).where(
            ReportNote.client_id == client_id,
            ReportNote.start_date == window.start,
            ReportNote.end_date == window.end - ONE_DAY,
        )
    )
