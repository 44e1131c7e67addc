"""The addresses inside a mail: which share link shows its report, and which token unsubscribes its recipient.

Like share links, they stay on this installation: no export has them.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from sophia.access.keys import digest
from sophia.access.share_links import LONGEST_LABEL, create_share_link, find_shared_report, revoke_share_link
from sophia.database.columns import Base, BigId

VALID_DAYS = 90


class MailLink(Base):
    """The share link and the unsubscribe token of one mail. Only the hash of the token is stored."""

    __tablename__ = "mail_links"

    delivery_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("report_deliveries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    share_link_id: Mapped[int] = mapped_column(ForeignKey("share_links.id", ondelete="CASCADE"), unique=True)
    unsubscribe_sha256: Mapped[str] = mapped_column(String(64), unique=True)


@dataclass(frozen=True, slots=True)
class MailTokens:
    """The tokens of a mail, which only its recipient has."""

    share: str
    unsubscribe: str


def create_mail_links(
    session: Session,
    delivery_id: int,
    client_id: int,
    label: str,
    days: tuple[date, date],
    actor: str,
    now: datetime,
) -> MailTokens:
    """Store new addresses for a mail and return their tokens. Those of an earlier attempt stop working.

    `days` are the first and last day of its report.
    """
    revoke_mail_links(session, delivery_id, client_id, now)
    share = create_share_link(session, client_id, label[:LONGEST_LABEL], days, VALID_DAYS, None, actor, now)
    link = find_shared_report(session, share, now)
    if link is None:
        raise LookupError("the share link of a mail is not stored")
    unsubscribe = secrets.token_urlsafe(32)
    session.add(MailLink(delivery_id=delivery_id, share_link_id=link.link_id, unsubscribe_sha256=digest(unsubscribe)))
    session.flush()
    return MailTokens(share, unsubscribe)


def revoke_mail_links(session: Session, delivery_id: int, client_id: int, now: datetime) -> None:
    """End the addresses of a mail that no server accepted."""
    row = session.get(MailLink, delivery_id)
    if row is not None:
        revoke_share_link(session, client_id, row.share_link_id, now)
        session.delete(row)
        session.flush()


def delivery_of_share_link(session: Session, link_id: int) -> int | None:
    """Return the delivery whose mail has this share link, or None for a link that a person made."""
    return session.scalar(select(MailLink.delivery_id).where(MailLink.share_link_id == link_id))


def delivery_of_unsubscribe(session: Session, token: str) -> int | None:
    """Return the delivery whose mail has this token, or None."""
    return session.scalar(select(MailLink.delivery_id).where(MailLink.unsubscribe_sha256 == digest(token)))
