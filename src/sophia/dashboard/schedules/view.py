"""Schedules of a client's reports: when they are sent and to whom, what waits, and what became of each mail."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from sophia.access.pages import ReadPage, WritePage
from sophia.access.web import RequestContext
from sophia.analytics.figures.figures import last_closed_week
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.forms import LineField, none_if_empty
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.dashboard.schedules.tables import (
    ScheduleForm,
    ScheduleView,
    chosen_day,
    delivery_table,
    new_form,
    period_table,
    schedule_view,
)
from sophia.display.languages import LanguageCode
from sophia.display.values import Table
from sophia.errors import BusyError, ConfigurationError, InvalidInputError
from sophia.portfolio.models import Client
from sophia.reporting.router import document_maker
from sophia.reporting.schedules.deliveries import send_again
from sophia.reporting.schedules.records import ScheduleRecord, ScheduleSettings
from sophia.reporting.schedules.sending import rehearse
from sophia.reporting.schedules.smtp import MailServerError, mail_server
from sophia.reporting.schedules.store import (
    add_recipient,
    delete_schedule,
    list_deliveries,
    list_periods,
    list_schedules,
    remove_recipient,
    save_schedule,
)

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE = "/clients/{client_id}/schedules"
ONE = f"{PAGE}/{{schedule_id}}"
ClientIdPath = Annotated[Id, Path()]
ScheduleId = Annotated[Id, Path()]
Repeatable = ("refused", "unknown")
NO_SERVER = (
    "Sophia sends no mails yet: set SOPHIA_SMTP_HOST, SOPHIA_SMTP_SENDER and SOPHIA_PUBLIC_URL, and start it again."
)


@dataclass(frozen=True, slots=True)
class SchedulesPage:
    """The page. `repeatable` are the mails that a person may send again; `message` says what a form did."""

    name: str
    lead: str
    warning: str
    path: str
    schedules: tuple[ScheduleView, ...]
    form: ScheduleForm
    periods: Table
    deliveries: Table
    repeatable: tuple[int, ...]
    can_change: bool
    message: str = ""
    error: str = ""


def sent_settings(
    run_day: LineField,
    hour: Annotated[int, Form()],
    language: Annotated[LanguageCode | None, BeforeValidator(none_if_empty), Form()] = None,
    attaches_pdf: Annotated[bool, Form()] = False,
    send_anyway_days: Annotated[int | None, BeforeValidator(none_if_empty), Form()] = None,
    is_active: Annotated[bool, Form()] = False,
) -> ScheduleSettings:
    """Return the settings that the fields of the form mean."""
    every, day = chosen_day(run_day)
    return ScheduleSettings(
        every=every,
        day=day,
        hour=hour,
        language=language,
        attaches_pdf=attaches_pdf,
        send_anyway_days=send_anyway_days,
        is_active=is_active,
    )


SentSettings = Annotated[ScheduleSettings, Depends(sent_settings)]


@router.get(PAGE)
def schedules(
    request: Request, context: ReadPage, client_id: ClientIdPath, _query: Annotated[PageQuery, Query()]
) -> Response:
    return show(request, context, client_id)


@router.post(f"{PAGE}/create")
def create(
    request: Request, context: WritePage, client_id: ClientIdPath, settings: SentSettings, address: LineField = ""
) -> Response:
    """Create a schedule, with its first recipient if there is an address."""

    def change(session: Session) -> None:
        record = save_schedule(session, client_id, settings, context.actor, context.now)
        if address.strip():
            add_recipient(session, client_id, record.id, address, context.actor, context.now)

    return answer(request, context, client_id, change_client(context, client_id, change))


@router.post(f"{PAGE}/rehearse")
def send_rehearsal(
    request: Request,
    context: WritePage,
    client_id: ClientIdPath,
    address: LineField = "",
    with_pdf: Annotated[bool, Form()] = False,
) -> Response:
    """Send the report of the last complete week to one address, and mark nothing as sent."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    maker, window = document_maker(request, context), last_closed_week(context.now)
    try:
        server = mail_server(context.settings)
        outcome = rehearse(maker, server, client_id, window, address, with_pdf=with_pdf)
    except (InvalidInputError, ConfigurationError, MailServerError, BusyError) as error:
        return show(request, context, client_id, error=str(error))
    if outcome.result != "sent":
        return show(request, context, client_id, error=f"The mail server did not accept the mail: {outcome.answer}")
    return show(request, context, client_id, message=f"The mail server accepted the rehearsal for {address.strip()}.")


@router.post(f"{ONE}/save")
def save(
    request: Request, context: WritePage, client_id: ClientIdPath, schedule_id: ScheduleId, settings: SentSettings
) -> Response:
    error = change_client(
        context,
        client_id,
        lambda session: save_schedule(session, client_id, settings, context.actor, context.now, schedule_id),
    )
    return answer(request, context, client_id, error)


@router.post(f"{ONE}/delete")
def delete(request: Request, context: WritePage, client_id: ClientIdPath, schedule_id: ScheduleId) -> Response:
    error = change_client(context, client_id, lambda session: delete_schedule(session, client_id, schedule_id))
    return answer(request, context, client_id, error)


@router.post(f"{ONE}/recipients")
def add(
    request: Request, context: WritePage, client_id: ClientIdPath, schedule_id: ScheduleId, address: LineField = ""
) -> Response:
    """Add a recipient, also one that unsubscribed."""
    error = change_client(
        context,
        client_id,
        lambda session: add_recipient(session, client_id, schedule_id, address, context.actor, context.now),
    )
    return answer(request, context, client_id, error)


@router.post(f"{ONE}/recipients/{{recipient_id}}/remove")
def remove(
    request: Request,
    context: WritePage,
    client_id: ClientIdPath,
    schedule_id: ScheduleId,
    recipient_id: Annotated[Id, Path()],
) -> Response:
    error = change_client(
        context, client_id, lambda session: remove_recipient(session, client_id, schedule_id, recipient_id)
    )
    return answer(request, context, client_id, error)


@router.post(f"{PAGE}/mails/{{delivery_id}}/send")
def repeat(
    request: Request, context: WritePage, client_id: ClientIdPath, delivery_id: Annotated[Id, Path()]
) -> Response:
    """Send a refused mail again, or one of which it is not known whether it arrived."""
    error = change_client(context, client_id, lambda session: send_again(session, client_id, delivery_id, context.now))
    return answer(request, context, client_id, error)


def answer(request: Request, context: RequestContext, client_id: int, error: str) -> Response:
    """Lead back to the page, or show it again with what is wrong."""
    if error:
        return show(request, context, client_id, error=error)
    return see(context, PAGE.format(client_id=client_id))


def show(request: Request, context: RequestContext, client_id: int, *, message: str = "", error: str = "") -> Response:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        client = session.get_one(Client, client_id)
        name, zone = client.name, ZoneInfo(client.timezone)
        records = list_schedules(session, client_id, context.now)
        periods = list_periods(session, client_id)
        mails = list_deliveries(session, client_id)
    prefix = context.settings.path_prefix
    page = SchedulesPage(
        name=name,
        lead=lead(records),
        warning=server_problem(context),
        path=f"{prefix}{PAGE.format(client_id=client_id)}",
        schedules=tuple(schedule_view(record) for record in records),
        form=new_form(),
        periods=period_table(periods, zone),
        deliveries=delivery_table(mails, zone, f"{prefix}/clients/{client_id}/reports", context.now),
        repeatable=tuple(mail.id for mail in mails if mail.state in Repeatable),
        can_change=can_change(context),
        message=message,
        error=error,
    )
    outside = frame(request, context, f"Schedules of {name}", sections=client_sections(request, context, client_id))
    return respond(request, "schedules/page.html", outside, page, UNPROCESSABLE if error else 200)


def lead(records: list[ScheduleRecord]) -> str:
    """Return when the next report is sent."""
    times = [record.next_due_at for record in records if record.next_due_at is not None]
    if not times:
        return "No report of this client is sent by itself."
    zone = ZoneInfo(records[0].zone)
    return f"The next report is due on {min(times).astimezone(zone):%a %d %b %Y, %H:%M} ({zone.key})."


def server_problem(context: RequestContext) -> str:
    """Return why no mail can be sent; nothing if mails can be sent."""
    try:
        return NO_SERVER if mail_server(context.settings) is None else ""
    except (ConfigurationError, InvalidInputError) as error:
        return str(error)
