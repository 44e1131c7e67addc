"""Sends the mails that are due, and rehearsals, which mark nothing as sent."""

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex

import structlog

from sophia.database.engine import Database
from sophia.errors import ConfigurationError
from sophia.meta.reporting_zone import DateRange
from sophia.reporting.editions import KeptReport, find_kept
from sophia.reporting.gathering import DocumentMaker
from sophia.reporting.schedules.addresses import expect_address
from sophia.reporting.schedules.deliveries import (
    QueuedMail,
    begin_sending,
    due_mails,
    give_up_lost_mails,
    put_off,
    record_outcome,
)
from sophia.reporting.schedules.mail import Links, Mail, attached_pdf, write_mail
from sophia.reporting.schedules.smtp import MailServer, MailServerError, Outcome, connect, transmit

log = structlog.get_logger(__name__)


def send_due(database: Database, server: MailServer, clock: Callable[[], datetime]) -> dict[str, int]:
    """Send every queued mail that is due, each at most once; return how many had which result.

    Blocks; at most 500 mails. A server that cannot be reached ends the round, and the mails stay queued.
    """
    with database.write() as session:
        counts = {"unknown": give_up_lost_mails(session, clock())}
    with database.read() as session:
        mails = due_mails(session, clock())
    for mail in mails:
        try:
            outcome = send(database, server, mail, clock)
        except MailServerError as error:
            log.warning("mail_server_unusable", problem=str(error))
            with database.write() as session:
                put_off(session, str(error), clock())
            counts["later"] = counts.get("later", 0) + 1
            break
        counts[outcome.result] = counts.get(outcome.result, 0) + 1
    return counts


def send(database: Database, server: MailServer, mail: QueuedMail, clock: Callable[[], datetime]) -> Outcome:
    """Send one mail and store its outcome. Raises MailServerError if the server cannot be used."""
    with database.read() as session:
        kept = find_kept(session, mail.client_id, mail.edition_id)
    # Printed before the mail is in `sending`, so that this state lasts as short as possible.
    pdf = attached_pdf(kept.document) if mail.attaches_pdf else b""
    with connect(server) as connection:
        outcome = transmit(
            connection, server.sender, mail.address, lambda: begin(database, server, mail, kept, pdf, clock())
        )
        with database.write() as session:
            record_outcome(session, mail, outcome, clock())
    if outcome.result not in ("sent", "withdrawn"):
        log.warning("mail_not_sent", delivery=mail.id, result=outcome.result, answer=outcome.answer)
    return outcome


def begin(
    database: Database, server: MailServer, mail: QueuedMail, kept: KeptReport, pdf: bytes, now: datetime
) -> bytes | None:
    """Commit that the mail is being sent, and return it; None if it must not be sent."""
    with database.write() as session:
        links = begin_sending(session, mail, server.public_url, now)
    # The next step hands the mail over, so the disk must have the state before.
    database.sync()
    if links is None:
        return None
    return write_mail(
        Mail(
            document=kept.document,
            window=kept.edition.window,
            sender=server.sender,
            recipient=mail.address,
            message_id=mail.message_id,
            sent_at=now,
            pdf=pdf,
            missing=mail.missing,
        ),
        links,
    )


def rehearse(
    maker: DocumentMaker, server: MailServer | None, client_id: int, window: DateRange, address: str, *, with_pdf: bool
) -> Outcome:
    """Send the report of a period to one address, marked as a rehearsal. Nothing is stored.

    Its link leads to the page of the report, which needs a sign-in. Raises InvalidInputError for the address,
    ConfigurationError without a mail server, MailServerError, and as `DocumentMaker.document` does.
    """
    if server is None:
        raise ConfigurationError("Set SOPHIA_SMTP_HOST, SOPHIA_SMTP_SENDER and SOPHIA_PUBLIC_URL to send mails.")
    recipient = expect_address(address)
    document = maker.document(client_id, window)
    query = f"start_date={window.start}&end_date={max(window)}"
    message = write_mail(
        Mail(
            document=document,
            window=window,
            sender=server.sender,
            recipient=recipient,
            message_id=f"<rehearsal-{token_hex(12)}@{server.sender.rpartition('@')[2]}>",
            sent_at=maker.now,
            pdf=attached_pdf(document) if with_pdf else b"",
            is_rehearsal=True,
        ),
        Links(f"{server.public_url}/clients/{client_id}/report?{query}"),
    )
    with connect(server) as connection:
        return transmit(connection, server.sender, recipient, lambda: message)
