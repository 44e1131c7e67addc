"""Users of the pages: their roles, passwords and clients.

A password is hashed with argon2. Hashing takes a fifth of a second of processor time, so it happens in a worker thread and
never inside a transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from sophia.access.roles import Role
from sophia.database.columns import Base, BigId, UtcDateTime
from sophia.database.statements import insert_for
from sophia.errors import ConflictError, InvalidInputError, NotFoundError

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 100


class UserRole(StrEnum):
    """What a user may do. An operator does everything for every client.

    A manager works with the clients of a list: records, drafts, approvals, publishing. A viewer reads the clients of a
    list.
    """

    OPERATOR = "operator"
    MANAGER = "manager"
    VIEWER = "viewer"

    @property
    def api_role(self) -> Role:
        """The role of an API key that may do the same."""
        return {UserRole.OPERATOR: Role.ADMIN, UserRole.MANAGER: Role.PUBLISH, UserRole.VIEWER: Role.READ}[self]


class User(Base):
    """A person who signs in. `name` is unique without regard to case. Without a hash no password opens the account."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_given"),
        CheckConstraint("role IN ('operator', 'manager', 'viewer')", name="role_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    name_folded: Mapped[str] = mapped_column(String(LONGEST_NAME), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clients: Mapped[list["UserClient"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class UserClient(Base):
    """A client that a manager or viewer may see."""

    __tablename__ = "user_clients"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True, index=True)


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user without the password. `client_ids` is None for an operator, who sees every client. Moments are in UTC."""

    id: int
    name: str
    role: UserRole
    client_ids: frozenset[int] | None
    created_at: datetime
    disabled_at: datetime | None
    has_password: bool


def create_user(
    session: Session, name: str, role: UserRole, client_ids: Collection[int], now: datetime, password_hash: str | None
) -> UserRecord:
    """Store a new user.

    Raises InvalidInputError for a name or clients that do not fit the role, and ConflictError when the name is in use.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidInputError(f"The name of a user has 1 to {LONGEST_NAME} printable characters.")
    if role is UserRole.OPERATOR and client_ids:
        raise InvalidInputError("An operator sees every client. Leave the clients out, or choose manager or viewer.")
    if role is not UserRole.OPERATOR and not client_ids:
        raise InvalidInputError(f"Name at least one client that the {role} may see.")
    values = {"name": name, "name_folded": name.casefold(), "role": role.value, "password_hash": password_hash}
    # Two processes may create the same user at once, such as the first operator: the constraint decides, not a query.
    statement = insert_for(session, User).values(**values, created_at=now).on_conflict_do_nothing().returning(User.id)
    user_id = session.scalar(statement)
    if user_id is None:
        raise ConflictError(f"There is already a user named {name!r}.")
    row = session.get_one(User, user_id)
    row.clients = [UserClient(client_id=client_id) for client_id in sorted(client_ids)]
    session.flush()
    return record_of(row)


def find_user(session: Session, name: str) -> User:
    """Return the user with this name. Raises NotFoundError when there is none."""
    row = session.scalar(select(User).where(User.name_folded == " ".join(name.split()).casefold()))
    if row is None:
        raise NotFoundError(f"There is no user named {name!r}; `sophia user list` shows them.")
    return row


def list_users(session: Session) -> list[UserRecord]:
    """Return all users in the order in which they were created."""
    return [record_of(row) for row in session.scalars(select(User).order_by(User.id))]


def record_of(row: User) -> UserRecord:
    role = UserRole(row.role)
    return UserRecord(
        id=row.id,
        name=row.name,
        role=role,
        client_ids=None if role is UserRole.OPERATOR else frozenset(link.client_id for link in row.clients),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        has_password=row.password_hash is not None,
    )


def expect_password(password: str) -> None:
    """Raises InvalidInputError for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInputError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
