"""Opens the periods of schedules whose run time has come, and releases those whose figures are complete.

Each period of a schedule is one row, so it is released once, however many processes look at it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.schedule_models import ReportRecipient, ReportSchedule, ScheduledReport
from sophia.database.engine import Database
from sophia.display.languages import expect_language, language
from sophia.errors import SophiaError
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start
from sophia.portfolio.models import Client
from sophia.reporting.building import ReportFacts
from sophia.reporting.editions import Edition, newest_edition
from sophia.reporting.gathering import DocumentMaker
from sophia.reporting.schedules.deliveries import ACTOR, queue_mails
from sophia.reporting.schedules.holding import Verdict, is_sent_anyway, judge, missing_data
from sophia.reporting.schedules.mail import MissingData, message_id
from sophia.reporting.schedules.timing import DueReport, Timing, latest_due
from sophia.reporting.settings import report_look

log = structlog.get_logger(__name__)
CHECK_INTERVAL = timedelta(minutes=10)
MOST_CHECKS = 50


@dataclass(frozen=True, slots=True)
class WaitingReport:
    """A period that was not sent yet."""

    id: int
    client_id: int
    schedule_id: int
    window: DateRange
    due_at: datetime
    language: str | None
    send_anyway_days: int | None

    @property
    def begin(self) -> datetime:
        """When the report was due and its last day was over in Meta's zone."""
        return max(self.due_at, day_start(self.window.end))


def open_periods(database: Database, now: datetime) -> int:
    """Open the period of each schedule whose run time has come; return how many.

    After a long pause of the server, only the last run time counts: its report, and not a pile of old ones.
    """
    with database.read() as session:
        rows = session.execute(
            select(ReportSchedule, Client.timezone)
            .join(Client, Client.id == ReportSchedule.client_id)
            .where(ReportSchedule.is_active, Client.status == "active")
        ).all()
        due = [(row.id, period) for row, zone in rows if (period := due_period(row, ZoneInfo(zone), now)) is not None]
        existing = opened_windows(session, [schedule_id for schedule_id, _ in due])
    opened = 0
    for schedule_id, period in due:
        if (schedule_id, period.window) not in existing:
            with database.write() as session:
                opened += open_period(session, schedule_id, period, now)
    return opened


def due_period(row: ReportSchedule, zone: ZoneInfo, now: datetime) -> DueReport | None:
    """Return the period of the last run time, or None if that was before the schedule began."""
    period = latest_due(Timing(row.every, row.day, row.hour), zone, now)
    return period if period.due_at > row.starts_at else None


def opened_windows(session: Session, schedule_ids: list[int]) -> set[tuple[int, DateRange]]:
    rows = session.execute(
        select(ScheduledReport.schedule_id, ScheduledReport.start_date, ScheduledReport.end_date)
        .where(ScheduledReport.schedule_id.in_(schedule_ids))
        .order_by(ScheduledReport.id.desc())
        .limit(4 * len(schedule_ids))
    )
    return {(row.schedule_id, DateRange(row.start_date, row.end_date + ONE_DAY)) for row in rows}


def open_period(session: Session, schedule_id: int, period: DueReport, now: datetime) -> bool:
    """Store a period as waiting. Return False if it is open already."""
    row = ScheduledReport(
        schedule_id=schedule_id,
        start_date=period.window.start,
        end_date=period.window.end - ONE_DAY,
        due_at=period.due_at,
        state="waiting",
        # Before its last day is over in Meta's zone, nothing can be complete.
        next_check_at=max(period.due_at, day_start(period.window.end)),
        reason=f"Its last day ends in Meta's Pacific time at {day_start(period.window.end):%Y-%m-%d %H:%M} UTC.",
        changed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def waiting_reports(session: Session, now: datetime) -> list[WaitingReport]:
    """Return the waiting periods of active schedules that are to be checked now."""
    rows = session.execute(
        select(ScheduledReport, ReportSchedule)
        .join(ReportSchedule, ReportSchedule.id == ScheduledReport.schedule_id)
        .join(Client, Client.id == ReportSchedule.client_id)
        .where(
            ScheduledReport.state == "waiting",
            ScheduledReport.next_check_at <= now,
            ReportSchedule.is_active,
            Client.status == "active",
        )
        .order_by(ScheduledReport.next_check_at)
        .limit(MOST_CHECKS)
    )
    return [
        WaitingReport(
            id=row.id,
            client_id=schedule.client_id,
            schedule_id=schedule.id,
            window=DateRange(row.start_date, row.end_date + ONE_DAY),
            due_at=row.due_at,
            language=schedule.language,
            send_anyway_days=schedule.send_anyway_days,
        )
        for row, schedule in rows
    ]


def release_complete(maker: DocumentMaker, sender: str) -> dict[str, int]:
    """Release every waiting report that is complete or has waited long enough; return {released, waiting, failed}."""
    counts = {"released": 0, "waiting": 0, "failed": 0}
    with maker.database.read() as session:
        waiting = waiting_reports(session, maker.now)
    for report in waiting:
        try:
            is_released = release_or_hold(maker, report, sender)
        except SophiaError as error:
            # The next check tries again; the other clients must not wait for this one.
            log.warning("report_not_released", client=report.client_id, problem=str(error))
            hold(maker.database, report, Verdict((str(error),)), maker.now)
            counts["failed"] += 1
            continue
        counts["released" if is_released else "waiting"] += 1
    return counts


def release_or_hold(maker: DocumentMaker, report: WaitingReport, sender: str) -> bool:
    """Keep the report as an edition and queue its mails, or note why it waits. Return whether it was released."""
    facts = maker.facts(report.client_id, report.window)
    verdict = judge(facts)
    is_late = is_sent_anyway(report.send_anyway_days, report.begin, maker.now)
    if verdict.reasons and not is_late:
        hold(maker.database, report, verdict, maker.now)
        return False
    edition = keep_current(maker, report, facts)
    missing = missing_data(facts.report) if verdict.reasons else None
    with maker.database.write() as session:
        release(session, report, edition, missing, sender, maker.now)
    log.info("report_released", client=report.client_id, edition=edition.id, complete=missing is None)
    return True


def keep_current(maker: DocumentMaker, report: WaitingReport, facts: ReportFacts) -> Edition:
    """Return the edition that is sent: the newest of this period and language, or a first one.

    An edition that a person kept before all days were collected is corrected first.
    """
    with maker.database.read() as session:
        code = expect_language(report.language) if report.language else report_look(session, report.client_id).language
        last = newest_edition(session, report.client_id, report.window, code)
    reason = ""
    if last is not None:
        earlier = make_report(maker.database, report.client_id, report.window, maker.now, as_of=last.as_of)
        if earlier.coverage.days_with_data < facts.report.coverage.days_with_data:
            reason = language(code).say("edition.completed")
    return maker.keep(report.client_id, report.window, ACTOR, code, reason=reason).edition


def release(
    session: Session,
    report: WaitingReport,
    edition: Edition,
    missing: MissingData | None,
    sender: str,
    now: datetime,
) -> None:
    """Queue one mail for each recipient, in the transaction that ends the wait."""
    row = session.get(ScheduledReport, report.id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "waiting":
        return
    schedule = session.get_one(ReportSchedule, report.schedule_id)
    addresses = session.scalars(
        select(ReportRecipient.address).where(
            ReportRecipient.schedule_id == schedule.id, ReportRecipient.unsubscribed_at.is_(None)
        )
    ).all()
    row.state, row.edition_id, row.changed_at = "released", edition.id, now
    row.reason = None if addresses else "No recipient was left."
    message_ids = {address: message_id(edition.sha256, address, sender) for address in addresses}
    queue_mails(session, schedule, edition.id, message_ids, missing, now)


def hold(database: Database, report: WaitingReport, verdict: Verdict, now: datetime) -> None:
    """Note why a report waits, and when to check again."""
    with database.write() as session:
        row = session.get(ScheduledReport, report.id, with_for_update=True)
        if row is not None and row.state == "waiting":
            row.reason, row.next_check_at, row.changed_at = verdict.text, now + CHECK_INTERVAL, now
