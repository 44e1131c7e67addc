"""Which clients a reader may see, as conditions and checks that every query shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.database.statements import among
from sophia.errors import NotFoundError
from sophia.portfolio.models import Account, Client
from sophia.portfolio.service import find_client

if TYPE_CHECKING:
    from sophia.access.web import RequestContext

# Ids of the allowed clients; None for all of them.
ClientScope = frozenset[int] | None


def visible(
    column: InstrumentedAttribute[int], allowed_clients: ClientScope, client_id: int | None = None
) -> ColumnElement[bool]:
    """Return the condition that a column with a client's id names an allowed client, and `client_id` if given."""
    condition = true() if allowed_clients is None else among(column, sorted(allowed_clients))
    return condition if client_id is None else condition & (column == client_id)


def expect_client(session: Session, allowed_clients: ClientScope, client_id: int) -> None:
    """Raise NotFoundError for a client that does not exist or that is not allowed (D3, J3)."""
    allowed = allowed_clients is None or client_id in allowed_clients
    if not allowed or session.scalar(select(Client.id).where(Client.id == client_id)) is None:
        raise NotFoundError(f"There is no client {client_id}.")


def find_allowed_client(session: Session, allowed_clients: ClientScope, name_or_id: str) -> int:
    """Return the id of an allowed client by its name, slug or id.

    Raises NotFoundError, in the same words whether another client has that name or none has it (D3).
    """
    try:
        client_id = find_client(session, name_or_id).id
        expect_client(session, allowed_clients, client_id)
    except NotFoundError:
        raise NotFoundError(f"There is no client {name_or_id!r}.") from None
    return client_id


@contextmanager
def read_client(context: "RequestContext", client_id: int) -> Iterator[Session]:
    """Open a session that reads a client. Raises NotFoundError for a client that the key does not see."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        yield session


@contextmanager
def write_client(context: "RequestContext", client_id: int) -> Iterator[Session]:
    """Open a session that changes a client. Raises NotFoundError for a client that the key does not see."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        yield session


def account_ids(session: Session, client_id: int) -> list[int]:
    return list(session.scalars(select(Account.id).where(Account.client_id == client_id)))
