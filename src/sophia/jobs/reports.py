"""The job that sends scheduled reports: open what is due, release what is complete, send the mails, tell the operator."""

import anyio.to_thread

from sophia.display.charts.drawing import ChartDrawer
from sophia.jobs.context import JobContext
from sophia.reporting.gathering import DocumentMaker
from sophia.reporting.schedules.notes import send_notes
from sophia.reporting.schedules.release import open_periods, release_complete, waiting_reports
from sophia.reporting.schedules.sending import send_due
from sophia.reporting.schedules.smtp import MailServer, mail_server


async def send_reports(context: JobContext) -> dict[str, int]:
    """Send the reports of all schedules that are due and complete. Without a mail server, nothing is due."""
    server = mail_server(context.settings)
    if server is None:
        return {}
    return await anyio.to_thread.run_sync(_send_reports, context, server)


def _send_reports(context: JobContext, server: MailServer) -> dict[str, int]:
    database, now = context.database, context.clock()
    counts = {"opened": open_periods(database, now)}
    with database.read() as session:
        has_work = bool(waiting_reports(session, now))
    if has_work:
        # Its process takes a second to start, so there is none while nothing waits.
        drawer = ChartDrawer(processes=1)
        try:
            counts |= release_complete(DocumentMaker(database, drawer, context.settings.data_dir, now), server.sender)
        finally:
            drawer.close()
    counts |= send_due(database, server, context.clock)
    counts["notes"] = send_notes(database, server, context.settings.operator_mail, context.clock())
    return {name: number for name, number in counts.items() if number}
