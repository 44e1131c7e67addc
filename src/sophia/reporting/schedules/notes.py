"""Tells the operator by mail which reports wait and which mails failed: each once."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from secrets import token_hex

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.reports.schedule_models import ReportDelivery, ReportSchedule, ScheduledReport
from sophia.database.engine import Database
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start
from sophia.portfolio.models import Client
from sophia.reporting.schedules.addresses import expect_address
from sophia.reporting.schedules.holding import GRACE, RECONNECT
from sophia.reporting.schedules.mail import HEADERS, one_line
from sophia.reporting.schedules.smtp import MailServer, MailServerError, connect, transmit

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the operator, and the page on which it can be dealt with."""

    table: type[ScheduledReport] | type[ReportDelivery]
    row_id: int
    text: str
    path: str


def send_notes(database: Database, server: MailServer, operator_mail: str | None, now: datetime) -> int:
    """Send the operator one mail about everything that is new; return how many lines it has.

    Without an address the page and `sophia status` say the same. A note is marked before it is sent, and is new again if
    the server did not take it.
    """
    if operator_mail is None:
        return 0
    address = expect_address(operator_mail)
    with database.write() as session:
        notes = new_notes(session, now)
        mark(session, notes, now)
    if not notes:
        return 0
    message = write_note(notes, server, address, now)
    try:
        with connect(server) as connection:
            outcome = transmit(connection, server.sender, address, lambda: message)
            problem = "" if outcome.result in ("sent", "unknown") else outcome.answer
    except MailServerError as error:
        problem = str(error)
    if problem:
        log.warning("note_not_sent", problem=problem)
        with database.write() as session:
            mark(session, notes, None)
        return 0
    return len(notes)


def new_notes(session: Session, now: datetime) -> list[Note]:
    """Return what the operator was not told yet: waiting reports after a grace, and mails that failed."""
    return [*waiting_notes(session, now), *failed_notes(session)]


def waiting_notes(session: Session, now: datetime) -> list[Note]:
    rows = session.execute(
        select(ScheduledReport, Client.id, Client.name)
        .join(ReportSchedule, ReportSchedule.id == ScheduledReport.schedule_id)
        .join(Client, Client.id == ReportSchedule.client_id)
        .where(ScheduledReport.state == "waiting", ScheduledReport.reported_at.is_(None), ScheduledReport.due_at <= now)
        .order_by(ScheduledReport.id)
    )
    return [
        Note(
            ScheduledReport,
            row.id,
            f"The report of {name} for {row.start_date} to {row.end_date} waits. {row.reason or ''}",
            f"/clients/{client_id}/schedules",
        )
        for row, client_id, name in rows
        if is_to_be_told(row, now)
    ]


def is_to_be_told(row: ScheduledReport, now: datetime) -> bool:
    """Return whether a person should look: at once if only a person can help, else after the grace of a collection."""
    begin = max(row.due_at, day_start(DateRange(row.start_date, row.end_date + ONE_DAY).end))
    was_checked = row.next_check_at > begin
    return was_checked and (RECONNECT in (row.reason or "") or now >= begin + GRACE)


def failed_notes(session: Session) -> list[Note]:
    rows = session.execute(
        select(ReportDelivery, Client.name)
        .join(Client, Client.id == ReportDelivery.client_id)
        .where(ReportDelivery.state.in_(("refused", "unknown")), ReportDelivery.reported_at.is_(None))
        .order_by(ReportDelivery.id)
    )
    return [
        Note(
            ReportDelivery,
            row.id,
            f"The report of {name} for {row.address}: {row.state}. {row.problem or ''}",
            f"/clients/{row.client_id}/schedules",
        )
        for row, name in rows
    ]


def mark(session: Session, notes: list[Note], moment: datetime | None) -> None:
    """Store when the operator was told, or None if that failed."""
    for note in notes:
        session.execute(update(note.table).where(note.table.id == note.row_id).values(reported_at=moment))


def write_note(notes: list[Note], server: MailServer, address: str, now: datetime) -> bytes:
    """Return the mail to the operator as bytes for SMTP."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = server.sender, address
    message["Subject"] = f"Sophia: {len(notes)} scheduled report{'s' if len(notes) > 1 else ''} to look at"
    message["Date"] = now
    message["Message-ID"] = f"<note-{token_hex(12)}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [f"- {one_line(note.text)}\n  {server.public_url}{note.path}\n" for note in notes]
    message.set_content("\n".join(lines), cte="quoted-printable")
    return message.as_bytes(policy=HEADERS)
