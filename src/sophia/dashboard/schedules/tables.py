"""The texts, forms and tables of the page of schedules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sophia.analytics.reports.schedule_models import Cadence, DeliveryState, PeriodState
from sophia.display.formatting import clock, full_dates
from sophia.display.languages import LANGUAGE_NAMES, LANGUAGES
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.schedules.records import DeliveryRecord, PeriodRecord, ScheduleRecord, ScheduleSettings
from sophia.reporting.schedules.timing import LAST_HOUR, LAST_MONTH_DAY, LAST_WEEKDAY

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DELIVERY_TEXTS: Mapping[DeliveryState, str] = {
    "queued": "queued",
    "sending": "being sent",
    "sent": "sent",
    "refused": "refused",
    "unknown": "not known whether it arrived",
    "cancelled": "not sent: unsubscribed",
}
PERIOD_TEXTS: Mapping[PeriodState, str] = {
    "waiting": "waits",
    "released": "released",
    "cancelled": "not sent",
}


@dataclass(frozen=True, slots=True)
class RecipientView:
    """A recipient of a schedule; `note` says that it unsubscribed."""

    id: int
    address: str
    note: str


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """The fields of a schedule."""

    run_days: tuple[Choice, ...]
    hours: tuple[Choice, ...]
    languages: tuple[Choice, ...]
    attaches_pdf: bool
    send_anyway_days: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule in words, its recipients, and its form."""

    id: int
    title: str
    details: str
    recipients: tuple[RecipientView, ...]
    form: ScheduleForm


def schedule_view(record: ScheduleRecord) -> ScheduleView:
    return ScheduleView(
        id=record.id,
        title=title_of(record),
        details=details_of(record.settings),
        recipients=tuple(
            RecipientView(
                item.id,
                item.address,
                "" if item.unsubscribed_at is None else f"unsubscribed on {item.unsubscribed_at:%d %b %Y}",
            )
            for item in record.recipients
        ),
        form=form_of(record.settings),
    )


def title_of(record: ScheduleRecord) -> str:
    settings = record.settings
    paused = "" if settings.is_active else ", not active"
    return f"{day_text(settings.every, settings.day)} at {settings.hour:02}:00 ({record.zone}){paused}"


def details_of(settings: ScheduleSettings) -> str:
    period = "the week before" if settings.every == "week" else "the month before"
    language = "the client's language" if settings.language is None else LANGUAGE_NAMES[settings.language]
    content = "with the PDF attached" if settings.attaches_pdf else "with a link only"
    wait = "An incomplete report waits until it is complete."
    if settings.send_anyway_days is not None:
        wait = f"An incomplete report is sent after {settings.send_anyway_days} days, and says what is missing."
    return f"The report of {period} ({language}), {content}. {wait}"


def day_text(every: Cadence, day: int) -> str:
    return f"Every {WEEKDAYS[day - 1]}" if every == "week" else f"Every month on day {day}"


def new_form() -> ScheduleForm:
    return form_of(ScheduleSettings())


def form_of(settings: ScheduleSettings) -> ScheduleForm:
    chosen = (settings.every, settings.day)
    days: list[tuple[Cadence, int]] = [("week", day) for day in range(1, LAST_WEEKDAY + 1)]
    days += [("month", day) for day in range(1, LAST_MONTH_DAY + 1)]
    return ScheduleForm(
        run_days=tuple(Choice(f"{every}-{day}", day_text(every, day), (every, day) == chosen) for every, day in days),
        hours=tuple(Choice(str(hour), f"{hour:02}:00", hour == settings.hour) for hour in range(LAST_HOUR + 1)),
        languages=(
            Choice("", "the client's language", settings.language is None),
            *(Choice(code, LANGUAGE_NAMES[code], code == settings.language) for code in LANGUAGES),
        ),
        attaches_pdf=settings.attaches_pdf,
        send_anyway_days="" if settings.send_anyway_days is None else str(settings.send_anyway_days),
        is_active=settings.is_active,
    )


def chosen_day(text: str) -> tuple[Cadence, int]:
    """Return the cadence and day of a choice such as week-1. Raises InvalidInputError for any other text."""
    every, _, day = text.partition("-")
    if every not in ("week", "month") or not day.isdecimal():
        raise InvalidInputError(f"{text[:20]!r} is no day of a schedule.")
    return "week" if every == "week" else "month", int(day)


def period_table(periods: Sequence[PeriodRecord], zone: ZoneInfo) -> Table:
    """Return the periods, the newest first, with the reason why one waits."""
    rows = tuple(
        (
            Cell(period_value(item.start_date, item.end_date), sort=item.start_date.toordinal()),
            Cell(Value(f"{item.due_at.astimezone(zone):%d %b %Y, %H:%M}"), sort=item.due_at.timestamp()),
            Cell(Value(PERIOD_TEXTS[item.state])),
            Cell(Value(item.reason or "–")),
        )
        for item in periods
    )
    columns = (Column("Period"), Column("Due"), Column("State"), Column("Reason"))
    return Table("periods", "Scheduled reports", columns, rows, "No scheduled report has been due yet.")


def delivery_table(mails: Sequence[DeliveryRecord], zone: ZoneInfo, base: str, now: datetime) -> Table:
    """Return the mails, the newest first; the period leads to the report as it was sent."""
    rows = tuple(
        (
            Cell(Value(str(item.id)), sort=item.id),
            Cell(
                period_value(item.start_date, item.end_date),
                f"{base}/{item.edition_id}",
                sort=item.start_date.toordinal(),
            ),
            Cell(Value(str(item.number)), sort=item.number),
            Cell(Value(item.address)),
            Cell(Value(DELIVERY_TEXTS[item.state]), note=item.problem or ""),
            Cell(clock(item.sent_at, zone, now)),
            Cell(Value(item.message_id)),
        )
        for item in mails
    )
    columns = (
        Column("Mail"),
        Column("Period"),
        Column("Edition"),
        Column("Recipient"),
        Column("State"),
        Column("Sent"),
        Column("Message-ID"),
    )
    return Table("mails", "Mails", columns, rows, "No report of this client was mailed yet.")


def period_value(first: date, last: date) -> Value:
    window = DateRange(first, last + ONE_DAY)
    return Value(full_dates(window), f"{first} to {last}")
