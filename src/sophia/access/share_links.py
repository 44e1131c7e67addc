"""Addresses that show one client's report without a user: read-only, expiring, revocable, with an optional password."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from sophia.access.keys import digest
from sophia.database.columns import Base, BigId, Day, UtcDateTime
from sophia.errors import InvalidInputError, NotFoundError

LONGEST_DAYS = 366
LONGEST_LABEL = 100


class ShareLink(Base):
    """An address of one client's report. Without days it is live: it always shows the last complete week."""

    __tablename__ = "share_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(LONGEST_LABEL))
    start_date: Mapped[date | None] = mapped_column(Day)
    end_date: Mapped[date | None] = mapped_column(Day)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class SharedReport:
    """What a valid address shows. The days are both included, and None for a live report."""

    link_id: int
    client_id: int
    start_date: date | None
    end_date: date | None
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class ShareLinkRecord:
    """A share link without its token, for the list. Moments are in UTC."""

    id: int
    label: str
    start_date: date | None
    end_date: date | None
    has_password: bool
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def create_share_link(
    session: Session,
    client_id: int,
    label: str,
    days: tuple[date, date] | None,
    valid_days: int,
    password_hash: str | None,
    actor: str,
    now: datetime,
) -> str:
    """Store a new share link and return its token, which is stored nowhere.

    Raises InvalidInputError for a label or a validity that cannot be used.
    """
    label = " ".join(label.split())
    if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
        raise InvalidInputError(f"Name the link with 1 to {LONGEST_LABEL} printable characters.")
    if not 1 <= valid_days <= LONGEST_DAYS:
        raise InvalidInputError(f"A share link is valid for 1 to {LONGEST_DAYS} days.")
    token = secrets.token_urlsafe(32)
    start, end = days or (None, None)
    session.add(
        ShareLink(
            sha256=digest(token),
            client_id=client_id,
            label=label,
            start_date=start,
            end_date=end,
            password_hash=password_hash,
            created_by=actor,
            created_at=now,
            expires_at=now + timedelta(days=valid_days),
        )
    )
    session.flush()
    return token


def find_shared_report(session: Session, token: str, now: datetime) -> SharedReport | None:
    """Return what a token shows, or None if it is unknown, expired or revoked."""
    row = session.scalar(
        select(ShareLink).where(
            ShareLink.sha256 == digest(token), ShareLink.revoked_at.is_(None), ShareLink.expires_at > now
        )
    )
    if row is None:
        return None
    return SharedReport(row.id, row.client_id, row.start_date, row.end_date, row.password_hash)


def list_share_links(session: Session, client_id: int) -> list[ShareLinkRecord]:
    """Return the share links of a client, the newest first."""
    rows = session.scalars(select(ShareLink).where(ShareLink.client_id == client_id).order_by(ShareLink.id.desc()))
    return [
        ShareLinkRecord(
            row.id,
            row.label,
            row.start_date,
            row.end_date,
            row.password_hash is not None,
            row.created_by,
            row.created_at,
            row.expires_at,
            row.revoked_at,
        )
        for row in rows
    ]


def revoke_share_link(session: Session, client_id: int, link_id: int, now: datetime) -> None:
    """End a share link of a client. Raises NotFoundError when the client has no such link."""
    row = session.scalar(select(ShareLink).where(ShareLink.id == link_id, ShareLink.client_id == client_id))
    if row is None:
        raise NotFoundError(f"There is no share link {link_id}.")
    row.revoked_at = row.revoked_at or now
