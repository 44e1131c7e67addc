"""Records the progress of each mail. A mail is sent at most once, also when the process is killed.

The rule: right before the message itself is sent, the state `sending` is committed; only then the server can accept it. A
mail that is found in `sending` after its process ended was perhaps accepted, and no question to a mail server can tell. So it
is never sent again by itself: it becomes `unknown`, and the operator decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.access.mail_links import VALID_DAYS, create_mail_links, delivery_of_share_link, revoke_mail_links
from sophia.analytics.reports.models import ReportEdition
from sophia.analytics.reports.schedule_models import DeliveryState, ReportDelivery, ReportRecipient, ReportSchedule
from sophia.errors import ConflictError, NotFoundError
from sophia.meta.reporting_zone import ONE_DAY
from sophia.reporting.schedules.mail import Links, MissingData, links_of
from sophia.reporting.schedules.smtp import Outcome

ACTOR = "schedule"
# The waits after a temporary refusal; after the last one the mail counts as refused.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720))
# No exchange with a mail server takes so long: each answer is awaited for a minute.
LONGEST_EXCHANGE = timedelta(minutes=15)
UNREACHABLE_WAIT = timedelta(minutes=5)
NOT_KNOWN = "The process ended while it sent this mail. It is not known whether it arrived. Ask the recipient before sending again."


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail that is to be sent now."""

    id: int
    client_id: int
    edition_id: int
    address: str
    message_id: str
    attaches_pdf: bool
    missing: MissingData | None


def queue_mails(
    session: Session,
    schedule: ReportSchedule,
    edition_id: int,
    message_ids: dict[str, str],
    missing: MissingData | None,
    now: datetime,
) -> None:
    """Queue the edition for each address, unless it has it already: {address: Message-ID}."""
    existing = set(session.scalars(select(ReportDelivery.address).where(ReportDelivery.edition_id == edition_id)))
    session.add_all(
        ReportDelivery(
            client_id=schedule.client_id,
            edition_id=edition_id,
            schedule_id=schedule.id,
            address=address,
            attaches_pdf=schedule.attaches_pdf,
            days_with_data=None if missing is None else missing.days_with_data,
            days=None if missing is None else missing.days,
            message_id=message_id,
            state="queued",
            attempts=0,
            next_try_at=now,
            created_at=now,
        )
        for address, message_id in message_ids.items()
        if address not in existing
    )
    session.flush()


def due_mails(session: Session, now: datetime, limit: int = 500) -> list[QueuedMail]:
    """Return the mails that are to be sent now, the oldest first."""
    rows = session.scalars(
        select(ReportDelivery)
        .where(ReportDelivery.state == "queued", ReportDelivery.next_try_at <= now)
        .order_by(ReportDelivery.id)
        .limit(limit)
    )
    return [
        QueuedMail(
            row.id,
            row.client_id,
            row.edition_id,
            row.address,
            row.message_id,
            row.attaches_pdf,
            None if row.days_with_data is None or row.days is None else MissingData(row.days_with_data, row.days),
        )
        for row in rows
    ]


def begin_sending(session: Session, mail: QueuedMail, public_url: str, now: datetime) -> Links | None:
    """Move a mail from `queued` to `sending`, create its addresses and return them.

    Returns None when it must not be sent: another process sends it, or its recipient unsubscribed. The caller commits
    before it sends.
    """
    if not is_subscribed(session, mail):
        change_state(session, mail.id, "queued", state="cancelled")
        return None
    taken = change_state(
        session, mail.id, "queued", state="sending", sending_at=now, attempts=ReportDelivery.attempts + 1
    )
    if not taken:
        return None
    edition = session.get_one(ReportEdition, mail.edition_id)
    days = (edition.start_date, edition.end_date)
    tokens = create_mail_links(session, mail.id, mail.client_id, f"Mail to {mail.address}", days, ACTOR, now)
    return links_of(public_url, tokens, (now + VALID_DAYS * ONE_DAY).date())


def is_subscribed(session: Session, mail: QueuedMail) -> bool:
    """Return whether any schedule of the client has this address, and it did not unsubscribe."""
    rows = session.scalars(
        select(ReportRecipient.id)
        .join(ReportSchedule)
        .where(
            ReportSchedule.client_id == mail.client_id,
            ReportRecipient.address == mail.address,
            ReportRecipient.unsubscribed_at.is_(None),
        )
    )
    return rows.first() is not None


def change_state(session: Session, delivery_id: int, before: DeliveryState, **values: object) -> bool:
    """Change a mail that is in this state. Return False if it is in another: another process was quicker."""
    changed = session.execute(
        update(ReportDelivery)
        .where(ReportDelivery.id == delivery_id, ReportDelivery.state == before)
        .values(**values)
        .returning(ReportDelivery.id)
    )
    return changed.first() is not None


def record_outcome(session: Session, mail: QueuedMail, outcome: Outcome, now: datetime) -> None:
    """Store what the server said about a mail."""
    row = session.get_one(ReportDelivery, mail.id, with_for_update=True, populate_existing=True)
    if outcome.result == "withdrawn" or row.state not in ("queued", "sending", "unknown"):
        return
    row.problem = outcome.answer or None
    if outcome.result == "sent":
        row.state, row.sent_at, row.problem = "sent", now, None
        return
    if outcome.result == "unknown":
        row.state, row.problem = "unknown", f"{NOT_KNOWN} ({outcome.answer})"
        return
    if row.state == "queued":
        row.attempts += 1
    revoke_mail_links(session, mail.id, mail.client_id, now)
    row.sending_at = None
    if outcome.result == "refused" or row.attempts > len(WAITS):
        row.state = "refused"
        return
    row.state, row.next_try_at = "queued", now + WAITS[row.attempts - 1]


def edition_of_share_link(session: Session, link_id: int) -> int | None:
    """Return the edition that the share link in a mail shows, or None for a link that a person made."""
    delivery_id = delivery_of_share_link(session, link_id)
    return None if delivery_id is None else session.get_one(ReportDelivery, delivery_id).edition_id


def put_off(session: Session, problem: str, now: datetime) -> None:
    """Try all mails that are due again later: the server cannot be reached, which is no failure of any mail."""
    session.execute(
        update(ReportDelivery)
        .where(ReportDelivery.state == "queued", ReportDelivery.next_try_at <= now)
        .values(next_try_at=now + UNREACHABLE_WAIT, problem=problem)
    )


def give_up_lost_mails(session: Session, now: datetime) -> int:
    """Mark the mails whose process ended while it sent them; return how many."""
    lost = session.execute(
        update(ReportDelivery)
        .where(ReportDelivery.state == "sending", ReportDelivery.sending_at <= now - LONGEST_EXCHANGE)
        .values(state="unknown", problem=NOT_KNOWN)
        .returning(ReportDelivery.id)
    )
    return len(lost.all())


def send_again(session: Session, client_id: int, delivery_id: int, now: datetime) -> None:
    """Queue a mail again that was refused, or of which it is not known whether it arrived, because a person says so.

    Raises NotFoundError, and ConflictError for a mail in another state.
    """
    row = session.get(ReportDelivery, delivery_id, with_for_update=True)
    if row is None or row.client_id != client_id:
        raise NotFoundError(f"There is no mail {delivery_id} of this client.")
    if row.state not in ("refused", "unknown"):
        raise ConflictError(f"Mail {delivery_id} is {row.state}. Only a refused or unknown mail can be sent again.")
    row.state, row.next_try_at, row.attempts, row.reported_at = "queued", now, 0, None
    row.problem = row.sending_at = None
    session.flush()
