"""Stores schedules and their recipients, and reads them with their periods and mails."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.access.mail_links import delivery_of_unsubscribe
from sophia.analytics.reports.models import ReportEdition
from sophia.analytics.reports.schedule_models import (
    ReportDelivery,
    ReportRecipient,
    ReportSchedule,
    ScheduledReport,
)
from sophia.database.records import as_record
from sophia.display.languages import LanguageCode, expect_language
from sophia.errors import InvalidInputError, NotFoundError
from sophia.portfolio.models import Client
from sophia.reporting.schedules.addresses import expect_address
from sophia.reporting.schedules.records import DeliveryRecord, PeriodRecord, Recipient, ScheduleRecord, ScheduleSettings
from sophia.reporting.schedules.timing import Timing, next_due

MOST_SCHEDULES = 20
MOST_RECIPIENTS = 100
LONGEST_WAIT_DAYS = 60


def save_schedule(
    session: Session,
    client_id: int,
    settings: ScheduleSettings,
    actor: str,
    now: datetime,
    schedule_id: int | None = None,
) -> ScheduleRecord:
    """Create a schedule, or replace the settings of one. Only run times after `now` count.

    Raises InvalidInputError for a day, hour or wait that cannot be, and NotFoundError.
    """
    Timing(settings.every, settings.day, settings.hour)
    wait = settings.send_anyway_days
    if wait is not None and not 1 <= wait <= LONGEST_WAIT_DAYS:
        raise InvalidInputError(f"An incomplete report is sent after 1 to {LONGEST_WAIT_DAYS} days, or never.")
    if schedule_id is None:
        if len(schedule_rows(session, client_id)) >= MOST_SCHEDULES:
            raise InvalidInputError(f"A client has at most {MOST_SCHEDULES} schedules.")
        row = ReportSchedule(client_id=client_id, created_by=actor, created_at=now, starts_at=now)
        session.add(row)
    else:
        row = schedule_row(session, client_id, schedule_id)
    # A changed time must not send the report of a run time that is over.
    if (row.every, row.day, row.hour, row.is_active) != (
        settings.every,
        settings.day,
        settings.hour,
        settings.is_active,
    ):
        row.starts_at = now
    row.every, row.day, row.hour = settings.every, settings.day, settings.hour
    row.language, row.attaches_pdf = settings.language, settings.attaches_pdf
    row.send_anyway_days, row.is_active = wait, settings.is_active
    session.flush()
    return find_schedule(session, client_id, row.id, now)


def delete_schedule(session: Session, client_id: int, schedule_id: int) -> None:
    """Delete a schedule with its recipients and waiting periods; the record of sent mails stays. Raises NotFoundError."""
    session.delete(schedule_row(session, client_id, schedule_id))
    session.flush()


def add_recipient(
    session: Session, client_id: int, schedule_id: int, address: str, actor: str, now: datetime
) -> Recipient:
    """Add a mail address, also one that unsubscribed. Raises InvalidInputError for a wrong address, and NotFoundError."""
    schedule_row(session, client_id, schedule_id)
    checked = expect_address(address)
    rows = recipient_rows(session, schedule_id)
    row = next((item for item in rows if item.address.lower() == checked.lower()), None)
    if row is None:
        if len(rows) >= MOST_RECIPIENTS:
            raise InvalidInputError(f"A schedule has at most {MOST_RECIPIENTS} recipients.")
        row = ReportRecipient(schedule_id=schedule_id, address=checked, added_by=actor, added_at=now)
        session.add(row)
    elif row.unsubscribed_at is not None:
        row.unsubscribed_at, row.added_by, row.added_at = None, actor, now
    session.flush()
    return as_record(Recipient, row)


def remove_recipient(session: Session, client_id: int, schedule_id: int, recipient_id: int) -> None:
    """Remove a mail address from a schedule. Raises NotFoundError."""
    schedule_row(session, client_id, schedule_id)
    row = session.get(ReportRecipient, recipient_id)
    if row is None or row.schedule_id != schedule_id:
        raise NotFoundError(f"There is no recipient {recipient_id} of this schedule.")
    session.delete(row)
    session.flush()


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the unsubscribe link of a mail is about."""

    client_id: int
    client_name: str
    address: str
    language: LanguageCode
    is_active: bool


def find_subscription(session: Session, token: str) -> Subscription:
    """Return what a link in a mail unsubscribes from. Raises NotFoundError for an unknown token."""
    delivery_id = delivery_of_unsubscribe(session, token)
    if delivery_id is None:
        raise NotFoundError("This link unsubscribes nobody: it is incomplete, or its report was deleted.")
    row = session.get_one(ReportDelivery, delivery_id)
    edition = session.get_one(ReportEdition, row.edition_id)
    subscribed = session.scalars(
        select(ReportRecipient.id)
        .join(ReportSchedule)
        .where(
            ReportSchedule.client_id == row.client_id,
            ReportRecipient.address == row.address,
            ReportRecipient.unsubscribed_at.is_(None),
        )
    ).all()
    name = session.get_one(Client, row.client_id).name
    return Subscription(row.client_id, name, row.address, expect_language(edition.language), bool(subscribed))


def unsubscribe(session: Session, token: str, now: datetime) -> Subscription:
    """Send the recipient of a mail no report of this client any more, of any schedule. Raises NotFoundError."""
    subscription = find_subscription(session, token)
    schedules = select(ReportSchedule.id).where(ReportSchedule.client_id == subscription.client_id)
    session.execute(
        update(ReportRecipient)
        .where(
            ReportRecipient.schedule_id.in_(schedules),
            ReportRecipient.address == subscription.address,
            ReportRecipient.unsubscribed_at.is_(None),
        )
        .values(unsubscribed_at=now)
    )
    session.execute(
        update(ReportDelivery)
        .where(
            ReportDelivery.client_id == subscription.client_id,
            ReportDelivery.address == subscription.address,
            ReportDelivery.state == "queued",
        )
        .values(state="cancelled")
    )
    return subscription


def list_schedules(session: Session, client_id: int, now: datetime) -> list[ScheduleRecord]:
    """Return the schedules of a client, in the order in which they were created."""
    return [find_schedule(session, client_id, row.id, now) for row in schedule_rows(session, client_id)]


def find_schedule(session: Session, client_id: int, schedule_id: int, now: datetime) -> ScheduleRecord:
    """Return a schedule of a client. Raises NotFoundError."""
    row = schedule_row(session, client_id, schedule_id)
    zone = session.get_one(Client, client_id).timezone
    following = next_due(Timing(row.every, row.day, row.hour), ZoneInfo(zone), now).due_at if row.is_active else None
    language = None if row.language is None else expect_language(row.language)
    return as_record(
        ScheduleRecord,
        row,
        zone=zone,
        settings=as_record(ScheduleSettings, row, language=language),
        next_due_at=following,
        recipients=tuple(as_record(Recipient, item) for item in recipient_rows(session, row.id)),
    )


def list_periods(session: Session, client_id: int, limit: int = 50) -> list[PeriodRecord]:
    """Return the periods of a client's schedules, the newest first."""
    rows = session.scalars(
        select(ScheduledReport)
        .join(ReportSchedule)
        .where(ReportSchedule.client_id == client_id)
        .order_by(ScheduledReport.id.desc())
        .limit(limit)
    )
    return [as_record(PeriodRecord, row) for row in rows]


@dataclass(frozen=True, slots=True)
class Attention:
    """What a person should look at: a report that waits, or a mail that failed."""

    client_id: int
    client: str
    text: str


def list_attention(session: Session, client_id: int | None = None) -> list[Attention]:
    """Return the reports that wait and the mails that failed, of one client or of all."""
    waiting = session.execute(
        select(Client.id, Client.name, ScheduledReport)
        .join(ReportSchedule, ReportSchedule.client_id == Client.id)
        .join(ScheduledReport, ScheduledReport.schedule_id == ReportSchedule.id)
        .where(ScheduledReport.state == "waiting", *([] if client_id is None else [Client.id == client_id]))
        .order_by(ScheduledReport.id)
    )
    failed = session.execute(
        select(Client.id, Client.name, ReportDelivery)
        .join(ReportDelivery, ReportDelivery.client_id == Client.id)
        .where(
            ReportDelivery.state.in_(("refused", "unknown")),
            *([] if client_id is None else [Client.id == client_id]),
        )
        .order_by(ReportDelivery.id)
    )
    return [
        *(
            Attention(number, name, f"The report for {row.start_date} to {row.end_date} waits. {row.reason or ''}")
            for number, name, row in waiting
        ),
        *(
            Attention(number, name, f"Mail {row.id} to {row.address}: {row.state}. {row.problem or ''}")
            for number, name, row in failed
        ),
    ]


def list_deliveries(session: Session, client_id: int, limit: int = 100) -> list[DeliveryRecord]:
    """Return the mails of a client's reports, the newest first."""
    rows = session.execute(
        select(ReportDelivery, ReportEdition)
        .join(ReportEdition, ReportEdition.id == ReportDelivery.edition_id)
        .where(ReportDelivery.client_id == client_id)
        .order_by(ReportDelivery.id.desc())
        .limit(limit)
    )
    return [
        as_record(
            DeliveryRecord,
            row,
            start_date=edition.start_date,
            end_date=edition.end_date,
            language=edition.language,
            number=edition.number,
        )
        for row, edition in rows
    ]


def schedule_rows(session: Session, client_id: int) -> list[ReportSchedule]:
    query = select(ReportSchedule).where(ReportSchedule.client_id == client_id).order_by(ReportSchedule.id)
    return list(session.scalars(query))


def schedule_row(session: Session, client_id: int, schedule_id: int) -> ReportSchedule:
    row = session.get(ReportSchedule, schedule_id)
    if row is None or row.client_id != client_id:
        raise NotFoundError(f"There is no schedule {schedule_id} of this client.")
    return row


def recipient_rows(session: Session, schedule_id: int) -> list[ReportRecipient]:
    query = select(ReportRecipient).where(ReportRecipient.schedule_id == schedule_id).order_by(ReportRecipient.id)
    return list(session.scalars(query))
