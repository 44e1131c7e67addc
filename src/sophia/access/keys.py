"""API keys: their roles, and the clients that they are limited to.

A key is shown once, when it is created. The store has its prefix, to find it, and the SHA-256 of the full key. A key has
256 bits of randomness, so a slow password hash would add no protection and cost time in every request.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from sophia.access.roles import Role
from sophia.database.columns import Base, BigId, UtcDateTime
from sophia.errors import ConflictError, InvalidInputError, NotFoundError

PREFIX = "sophia"
LONGEST_NAME = 100


class ApiKey(Base):
    """A key for the API. `role` is a `Role`; a key that is not `limited` sees every client."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_given"),
        CheckConstraint("role IN ('read', 'write', 'publish', 'admin')", name="role_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME), unique=True)
    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    limited: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str] = mapped_column(String(10), default=Role.READ, server_default="read")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clients: Mapped[list["ApiKeyClient"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class ApiKeyClient(Base):
    """A client that a limited key may see."""

    __tablename__ = "api_key_clients"

    api_key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True, index=True)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The key or user of a request. `identity` is unique, such as `key 5`; `client_ids` is None when every client may be
    seen.
    """

    identity: str
    name: str
    client_ids: frozenset[int] | None
    role: Role

    def sees(self, client_id: int) -> bool:
        """Return whether the key may see the client."""
        return self.client_ids is None or client_id in self.client_ids


def create_key(
    session: Session, name: str, client_ids: Collection[int] | None, now: datetime, *, role: Role = Role.READ
) -> str:
    """Create a key and return it; it cannot be read again. `client_ids` None means every client, later ones included.

    Raises InvalidInputError for a name that is empty or too long, and ConflictError for one that was used before.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidInputError(f"A key's name must have 1 to {LONGEST_NAME} characters.")
    if session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
        raise ConflictError(
            f"There is already a key named {name!r}. A name cannot be used again, not even after revoking."
        )
    prefix = secrets.token_hex(4)
    key = f"{PREFIX}_{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        name=name, prefix=prefix, sha256=digest(key), limited=client_ids is not None, role=role.value, created_at=now
    )
    row.clients = [ApiKeyClient(client_id=client_id) for client_id in sorted(client_ids or ())]
    session.add(row)
    session.flush()
    return key


def revoke_key(session: Session, name: str, now: datetime) -> None:
    """Revoke a key. Raises NotFoundError when no key has that name."""
    row = find_key(session, name)
    row.revoked_at = row.revoked_at or now


def change_role(session: Session, name: str, role: Role) -> Role:
    """Change the role of a key from its next request on. Returns the previous role.

    Raises NotFoundError when no key has that name, ConflictError when the key is revoked.
    """
    row = find_key(session, name)
    if row.revoked_at is not None:
        raise ConflictError(
            f"The key {name!r} is revoked, so its role has no effect. Create a new one: sophia key create"
        )
    previous, row.role = Role(row.role), role.value
    return previous


def find_key(session: Session, name: str) -> ApiKey:
    """Return the key with this name. Raises NotFoundError when there is none."""
    row = session.scalar(select(ApiKey).where(ApiKey.name == name))
    if row is None:
        raise NotFoundError(f"There is no API key named {name!r}; `sophia key list` shows them.")
    return row


def list_keys(session: Session) -> list[ApiKey]:
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def identify(session: Session, key: str) -> Viewer | None:
    """Return the viewer for a key, or None if it is unknown or revoked."""
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX:  # noqa: PLR2004 - prefix, name and secret
        return None
    row = session.scalar(select(ApiKey).where(ApiKey.prefix == parts[1]))
    if row is None or row.revoked_at is not None or not hmac.compare_digest(row.sha256, digest(key)):
        return None
    client_ids = frozenset(link.client_id for link in row.clients) if row.limited else None
    return Viewer(f"key {row.id}", row.name, client_ids, Role(row.role))


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
