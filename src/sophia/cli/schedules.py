"""`sophia reports schedule` and its kin: when reports are sent, to whom, a rehearsal, and what became of each mail."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.arguments import By, Client, First, Last, Week, user_name
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.reports import Language, chosen_window, document_maker, reports
from sophia.cli.tables import AsJson, local_time, show_json, show_list, show_record

if TYPE_CHECKING:
    from sophia.reporting.schedules.records import DeliveryRecord, ScheduleRecord

ScheduleNumber = Annotated[
    int, typer.Argument(metavar="SCHEDULE", help="As `sophia reports schedules` shows it.", min=1)
]
LinkOnly = Annotated[bool, typer.Option("--link-only", help="Send a link, and no PDF.")]


@reports.command()
def schedule(
    client: Client,
    number: Annotated[int | None, typer.Option("--id", help="Change this schedule. Default: a new one.", min=1)] = None,
    every: Annotated[str | None, typer.Option("--every", metavar="week|month", help="Default: week.")] = None,
    day: Annotated[int | None, typer.Option("--day", help="1 (Monday) to 7, or 1 to 28 of each month.")] = None,
    hour: Annotated[int | None, typer.Option("--hour", help="0 to 23 on the client's clock. Default: 9.")] = None,
    language: Language = None,
    attach: Annotated[
        bool | None, typer.Option("--pdf/--link-only", help="Attach the PDF, or send a link only.")
    ] = None,
    send_anyway: Annotated[
        int | None,
        typer.Option("--send-anyway", help="Send an incomplete report after so many days; 0 is never.", min=0),
    ] = None,
    active: Annotated[bool | None, typer.Option("--resume/--pause", help="Whether it sends reports.")] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="ADDRESS", help="Add a recipient; repeatable.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send the report of each complete week or month by mail. Without --id this adds a schedule."""
    from sophia.display.languages import expect_language
    from sophia.reporting.schedules.records import ScheduleSettings
    from sophia.reporting.schedules.store import add_recipient, find_schedule, save_schedule

    installation = open_installation()
    now, actor = installation.clock(), user_name(by)
    texts = {"every": expected_cadence(every), "day": day, "hour": hour, "attaches_pdf": attach, "is_active": active}
    changes: dict[str, Any] = {name: value for name, value in texts.items() if value is not None}
    if language is not None:
        changes["language"] = expect_language(language)
    if send_anyway is not None:
        changes["send_anyway_days"] = send_anyway or None
    with installation.write_client(client) as (session, client_id):
        stored = ScheduleSettings() if number is None else find_schedule(session, client_id, number, now).settings
        settings: ScheduleSettings = replace(stored, **changes)
        record = save_schedule(session, client_id, settings, actor, now, number)
        for address in to or ():
            add_recipient(session, client_id, record.id, address, actor, now)
        record = find_schedule(session, client_id, record.id, now)
    if as_json:
        show_record(record)
    else:
        echo(f"Schedule {record.id}: {schedule_text(record)}")


def expected_cadence(every: str | None) -> str | None:
    """Raise InvalidInputError for anything but week and month."""
    from sophia.errors import InvalidInputError

    if every not in (None, "week", "month"):
        raise InvalidInputError(f"--every is week or month, not {every!r}.")
    return every


@reports.command()
def schedules(client: Client, as_json: AsJson = False) -> None:
    """Show the schedules of a client's reports, with their recipients."""
    from sophia.reporting.schedules.store import list_schedules

    installation = open_installation()
    with installation.read_client(client) as (session, client_id):
        records = list_schedules(session, client_id, installation.clock())

    def row(record: "ScheduleRecord") -> dict[str, str]:
        return {"id": str(record.id), "schedule": schedule_text(record)}

    show_list(
        "schedules", records, row, as_json=as_json, empty="No report is scheduled. Begin: sophia reports schedule"
    )


@reports.command()
def unschedule(client: Client, number: ScheduleNumber) -> None:
    """Delete a schedule. The record of sent mails stays."""
    from sophia.reporting.schedules.store import delete_schedule

    with open_installation().write_client(client) as (session, client_id):
        delete_schedule(session, client_id, number)
    echo(f"Deleted schedule {number}.")


@reports.command()
def remove_recipient(
    client: Client, number: ScheduleNumber, address: Annotated[str, typer.Argument(metavar="ADDRESS")]
) -> None:
    """Remove a recipient from a schedule."""
    from sophia.errors import NotFoundError
    from sophia.reporting.schedules import store

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        record = store.find_schedule(session, client_id, number, installation.clock())
        matches = [item.id for item in record.recipients if item.address.lower() == address.lower()]
        if not matches:
            raise NotFoundError(f"{address!r} is no recipient of schedule {number}.")
        store.remove_recipient(session, client_id, number, matches[0])
    echo(f"Removed {address} from schedule {number}.")


@reports.command()
def rehearse(
    client: Client,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Your own address.")],
    week: Week = None,
    first: First = None,
    last: Last = None,
    link_only: LinkOnly = False,
) -> None:
    """Send a report to yourself as its recipients would get it. Nothing counts as sent."""
    from sophia.errors import BusyError
    from sophia.reporting.schedules.sending import rehearse as send_rehearsal
    from sophia.reporting.schedules.smtp import mail_server

    installation = open_installation()
    client_id = installation.find_client(client).id
    window = chosen_window(installation, week, first, last)
    with document_maker(installation) as maker:
        server = mail_server(installation.settings)
        outcome = send_rehearsal(maker, server, client_id, window, address, with_pdf=not link_only)
    if outcome.result != "sent":
        raise BusyError(f"The mail server did not accept the mail: {outcome.answer}")
    echo(f"The mail server accepted the rehearsal for {address}.")


@reports.command()
def deliveries(client: Client, as_json: AsJson = False) -> None:
    """Show which report went to whom and when, and which reports wait and why."""
    from sophia.reporting.schedules.store import list_deliveries, list_periods

    installation = open_installation()
    zone = installation.settings.operator_zone
    with installation.read_client(client) as (session, client_id):
        mails, periods = list_deliveries(session, client_id), list_periods(session, client_id)
    if as_json:
        show_json({"mails": mails, "periods": periods})
        return

    def row(mail: "DeliveryRecord") -> dict[str, str]:
        return {
            "id": str(mail.id),
            "period": f"{mail.start_date} to {mail.end_date}",
            "edition": str(mail.number),
            "recipient": mail.address,
            "state": mail.state,
            "sent": local_time(mail.sent_at, zone),
            "problem": mail.problem or "",
        }

    show_list("mails", mails, row, as_json=False, empty="No report of this client was mailed yet.")
    for period in periods:
        if period.state == "waiting":
            echo(f"Waits: {period.start_date} to {period.end_date}. {period.reason or ''}")


@reports.command()
def resend(
    client: Client,
    mail: Annotated[int, typer.Argument(metavar="MAIL", help="As `sophia reports deliveries` shows it.", min=1)],
) -> None:
    """Send a mail again that was refused, or of which it is not known whether it arrived."""
    from sophia.reporting.schedules.deliveries import send_again

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        send_again(session, client_id, mail, installation.clock())
    echo(f"Mail {mail} is queued. The server sends it within a minute.")


def schedule_text(record: "ScheduleRecord") -> str:
    """Return a schedule on one line."""
    settings = record.settings
    state = "paused" if record.next_due_at is None else f"next {moment_text(record.next_due_at, record.zone)}"
    recipients = ", ".join(
        f"{item.address} (unsubscribed)" if item.unsubscribed_at else item.address for item in record.recipients
    )
    return (
        f"every {settings.every} on day {settings.day} at {settings.hour}:00 {record.zone}, "
        f"{'PDF' if settings.attaches_pdf else 'link only'}, {state}; to {recipients or 'nobody yet'}"
    )


def moment_text(moment: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
