"""Signed-in sessions of users, and one-time addresses that sign in.

A session is a row: the browser holds a random token, the store its SHA-256, so that a copy of the store signs nobody in.
Sessions can be listed and ended. A session ends 12 hours after its last use, and 30 days after it began.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from sophia.access.keys import digest
from sophia.access.users import User, UserRecord, UserRole, create_user, find_user, record_of
from sophia.database.columns import Base, BigId, UtcDateTime
from sophia.errors import ConflictError, NotFoundError

IDLE_TIME = timedelta(hours=12)
LONGEST_SESSION = timedelta(days=30)
SIGN_IN_LINK_TIME = timedelta(minutes=15)
# Writing the last use at every request would make every read a write.
LAST_USE_STEP = timedelta(minutes=5)
LONGEST_BROWSER = 200
FIRST_OPERATOR = "operator"


class UserSession(Base):
    """A signed-in browser. `browser` is what it says about itself, for the list of sessions."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    browser: Mapped[str] = mapped_column(String(LONGEST_BROWSER))


class SignInLink(Base):
    """An address that signs a user in once."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A session that is open, and its user. Moments are in UTC."""

    id: int
    user: UserRecord
    created_at: datetime
    used_at: datetime
    browser: str


def start_session(session: Session, user_id: int, browser: str, now: datetime) -> str:
    """Open a session and return its token, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            sha256=digest(token), user_id=user_id, created_at=now, used_at=now, browser=browser[:LONGEST_BROWSER]
        )
    )
    session.flush()
    return token


def find_session(session: Session, token: str, now: datetime) -> ActiveSession | None:
    """Return the open session of a token, or None if it is unknown, ended, too old, or its user is disabled."""
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.sha256 == digest(token),
            UserSession.ended_at.is_(None),
            UserSession.used_at > now - IDLE_TIME,
            UserSession.created_at > now - LONGEST_SESSION,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    user_session, user = row
    return ActiveSession(
        user_session.id, record_of(user), user_session.created_at, user_session.used_at, user_session.browser
    )


def needs_renewal(active: ActiveSession, now: datetime) -> bool:
    """Return whether the last use of the session must be written again."""
    return now - active.used_at >= LAST_USE_STEP


def renew_session(session: Session, session_id: int, now: datetime) -> None:
    session.execute(update(UserSession).where(UserSession.id == session_id).values(used_at=now))


def list_sessions(session: Session, user_id: int, now: datetime) -> list[ActiveSession]:
    """Return the open sessions of a user, the newest use first."""
    rows = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.user_id == user_id,
            UserSession.ended_at.is_(None),
            UserSession.used_at > now - IDLE_TIME,
            UserSession.created_at > now - LONGEST_SESSION,
        )
        .order_by(UserSession.used_at.desc(), UserSession.id.desc())
    )
    return [ActiveSession(row.id, record_of(user), row.created_at, row.used_at, row.browser) for row, user in rows]


def end_session(session: Session, user_id: int, session_id: int, now: datetime) -> None:
    """End one session of a user. Raises NotFoundError when the user has no such open session."""
    row = session.scalar(
        select(UserSession).where(
            UserSession.id == session_id, UserSession.user_id == user_id, UserSession.ended_at.is_(None)
        )
    )
    if row is None:
        raise NotFoundError("This browser is already signed out.")
    row.ended_at = now


def end_all_sessions(session: Session, user_id: int, now: datetime) -> None:
    """End every open session of a user: after a new password, or when the user is disabled."""
    session.execute(
        update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None)).values(ended_at=now)
    )


def disable_user(session: Session, name: str, now: datetime) -> UserRecord:
    """Disable a user and end all of the user's sessions. Raises NotFoundError when there is no such user."""
    row = find_user(session, name)
    row.disabled_at = row.disabled_at or now
    end_all_sessions(session, row.id, now)
    return record_of(row)


def create_link_for(session: Session, name: str, now: datetime) -> str:
    """Return the token of a new sign-in address for a user. Raises ConflictError when the user is disabled."""
    row = find_user(session, name)
    if row.disabled_at is not None:
        raise ConflictError(f"The user {row.name!r} is disabled.")
    return create_sign_in_link(session, row.id, now)


def create_sign_in_link(session: Session, user_id: int, now: datetime) -> str:
    """Return the token of an address that signs the user in once within 15 minutes."""
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(sha256=digest(token), user_id=user_id, expires_at=now + SIGN_IN_LINK_TIME))
    session.flush()
    return token


def is_first_sign_in(session: Session) -> bool:
    """Return whether the store has no user but a first operator who has no password and has never signed in."""
    is_first = (User.name_folded == FIRST_OPERATOR) & User.password_hash.is_(None) & User.disabled_at.is_(None)
    others = session.scalar(select(User.id).where(~is_first).limit(1))
    return others is None and session.scalar(select(UserSession.id).limit(1)) is None


def create_first_sign_in_link(session: Session, now: datetime) -> str:
    """Return the token of an address that signs in the user named operator, who is created if needed."""
    by_name = select(User.id).where(User.name_folded == FIRST_OPERATOR)
    user_id = session.scalar(by_name)
    if user_id is None:
        # Another server that starts at the same moment may create the operator first.
        with suppress(ConflictError):
            create_user(session, FIRST_OPERATOR, UserRole.OPERATOR, (), now, None)
        user_id = session.scalars(by_name).one()
    return create_sign_in_link(session, user_id, now)


def use_sign_in_link(session: Session, token: str, now: datetime) -> int | None:
    """Return the id of the user whom the token signs in, and make the token useless; None if it is not valid.

    One UPDATE decides, so that of two browsers that open the address at once only one is signed in.
    """
    changed = session.execute(
        update(SignInLink)
        .where(SignInLink.sha256 == digest(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.user_id)
    ).one_or_none()
    if changed is None:
        return None
    return session.scalar(select(User.id).where(User.id == changed.user_id, User.disabled_at.is_(None)))
