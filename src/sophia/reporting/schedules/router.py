"""Endpoints for schedules: when reports are sent, to whom, a rehearsal, and what became of each mail."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.figures.figures import last_closed_week
from sophia.analytics.figures.requests import ClientId, Id, RequestModel, WindowQuery, writing
from sophia.analytics.readings.permissions import read_client, write_client
from sophia.analytics.router import PREFIX
from sophia.errors import BusyError, ConfigurationError, ConflictError
from sophia.reporting.router import document_maker
from sophia.reporting.schedules.addresses import LONGEST_ADDRESS
from sophia.reporting.schedules.deliveries import send_again
from sophia.reporting.schedules.records import (
    DeliveryRecord,
    PeriodRecord,
    Recipient,
    ScheduleRecord,
    ScheduleSettings,
)
from sophia.reporting.schedules.sending import rehearse
from sophia.reporting.schedules.smtp import MailServerError, Outcome, mail_server
from sophia.reporting.schedules.store import (
    add_recipient,
    delete_schedule,
    list_deliveries,
    list_periods,
    list_schedules,
    remove_recipient,
    save_schedule,
)

router = APIRouter(prefix=PREFIX, tags=["reports"], responses=documented(401, 403, 404, 422, 429, 500, 503))
ScheduleId = Annotated[Id, Path()]


class NewRecipient(RequestModel):
    """A mail address that receives the reports of a schedule."""

    address: Annotated[str, Field(max_length=LONGEST_ADDRESS)]


class NewRehearsal(NewRecipient):
    """To whom a rehearsal is sent."""

    with_pdf: bool = True


@router.get("/{client_id}/report-schedules")
def get_schedules(context: ReadContext, client_id: ClientId) -> list[ScheduleRecord]:
    """Return the schedules of a client with their recipients."""
    with read_client(context, client_id) as session:
        return list_schedules(session, client_id, context.now)


@router.post("/{client_id}/report-schedules", status_code=201, responses=writing)
def post_schedule(context: WriteContext, client_id: ClientId, settings: ScheduleSettings) -> ScheduleRecord:
    """Create a schedule. Its first report is that of the next run time."""
    with write_client(context, client_id) as session:
        return save_schedule(session, client_id, settings, context.actor, context.now)


@router.put("/{client_id}/report-schedules/{schedule_id}", responses=writing)
def put_schedule(
    context: WriteContext, client_id: ClientId, schedule_id: ScheduleId, settings: ScheduleSettings
) -> ScheduleRecord:
    """Replace the settings of a schedule."""
    with write_client(context, client_id) as session:
        return save_schedule(session, client_id, settings, context.actor, context.now, schedule_id)


@router.delete("/{client_id}/report-schedules/{schedule_id}", status_code=204, responses=writing)
def remove_schedule(context: WriteContext, client_id: ClientId, schedule_id: ScheduleId) -> None:
    """Delete a schedule and its recipients. The record of what was sent stays."""
    with write_client(context, client_id) as session:
        delete_schedule(session, client_id, schedule_id)


@router.post("/{client_id}/report-schedules/{schedule_id}/recipients", status_code=201, responses=writing)
def post_recipient(
    context: WriteContext, client_id: ClientId, schedule_id: ScheduleId, recipient: NewRecipient
) -> Recipient:
    """Add a recipient, also one that unsubscribed."""
    with write_client(context, client_id) as session:
        return add_recipient(session, client_id, schedule_id, recipient.address, context.actor, context.now)


@router.delete(
    "/{client_id}/report-schedules/{schedule_id}/recipients/{recipient_id}", status_code=204, responses=writing
)
def delete_recipient(
    context: WriteContext, client_id: ClientId, schedule_id: ScheduleId, recipient_id: Annotated[Id, Path()]
) -> None:
    """Remove a recipient from a schedule."""
    with write_client(context, client_id) as session:
        remove_recipient(session, client_id, schedule_id, recipient_id)


@router.post("/{client_id}/report-rehearsal", responses=writing)
def post_rehearsal(
    request: Request,
    context: WriteContext,
    client_id: ClientId,
    rehearsal: NewRehearsal,
    query: Annotated[WindowQuery, Query()],
) -> Outcome:
    """Send a report to one address, by default that of the last complete week. Nothing counts as sent."""
    with read_client(context, client_id):
        pass
    window = query.window_at(context.now) or last_closed_week(context.now)
    try:
        server = mail_server(context.settings)
        return rehearse(
            document_maker(request, context), server, client_id, window, rehearsal.address, with_pdf=rehearsal.with_pdf
        )
    except MailServerError as error:
        raise BusyError(str(error)) from error
    except ConfigurationError as error:
        # No fault of the server: mails are not set up.
        raise ConflictError(str(error)) from error


@router.get("/{client_id}/scheduled-reports")
def get_periods(context: ReadContext, client_id: ClientId) -> list[PeriodRecord]:
    """Return the periods of a client's schedules, the newest first, with the reason why one waits; at most 50."""
    with read_client(context, client_id) as session:
        return list_periods(session, client_id)


@router.get("/{client_id}/report-mails")
def get_deliveries(context: ReadContext, client_id: ClientId) -> list[DeliveryRecord]:
    """Return the mails of a client's reports, the newest first, at most 100."""
    with read_client(context, client_id) as session:
        return list_deliveries(session, client_id)


@router.post("/{client_id}/report-mails/{delivery_id}/send", status_code=204, responses=writing)
def post_again(context: WriteContext, client_id: ClientId, delivery_id: Annotated[Id, Path()]) -> None:
    """Send a mail again that was refused, or of which it is not known whether it arrived."""
    with write_client(context, client_id) as session:
        send_again(session, client_id, delivery_id, context.now)
