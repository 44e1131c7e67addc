"""Schedules, their periods and their mails as frozen records. Moments are in UTC, days are both included."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field, with_config

from sophia.analytics.reports.schedule_models import Cadence, DeliveryState, PeriodState
from sophia.display.languages import LanguageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A mail address of a schedule. A recipient that unsubscribed receives nothing until a person adds it again."""

    id: int
    address: str
    added_at: datetime
    unsubscribed_at: datetime | None


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """When a report is sent, in the client's zone, and how."""

    every: Cadence = "week"
    day: Annotated[int, Field(description="1 (Monday) to 7 of each week, or 1 to 28 of each month.")] = 1
    hour: Annotated[int, Field(description="0 to 23, on the client's clock.")] = 9
    language: Annotated[LanguageCode | None, Field(description="Null: the language of the client's reports.")] = None
    attaches_pdf: Annotated[bool, Field(description="False: the mail has a link only.")] = True
    send_anyway_days: Annotated[
        int | None, Field(description="Send an incomplete report after so many days. Null: never.")
    ] = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord:
    """A schedule of a client with its recipients. `next_due_at` is None while it is not active."""

    id: int
    client_id: int
    zone: str
    settings: ScheduleSettings
    next_due_at: datetime | None
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRecord:
    """One period of a schedule. `reason` says why it waits."""

    id: int
    schedule_id: int
    start_date: date
    end_date: date
    due_at: datetime
    state: PeriodState
    reason: str | None
    edition_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """What became of the mail of an edition to an address."""

    id: int
    edition_id: int
    start_date: date
    end_date: date
    language: str
    number: int
    address: str
    message_id: str
    state: DeliveryState
    attempts: int
    sending_at: datetime | None
    sent_at: datetime | None
    next_try_at: datetime
    problem: str | None
    created_at: datetime
