"""Which clients somebody may see, as conditions and checks that every read shares."""

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.database.statements import among
from sophia.errors import NotFoundError
from sophia.portfolio.models import Account, Client

ClientScope = frozenset[int] | None


"""The ids of the clients that may be seen; None for all of them."""


def visible(
    column: InstrumentedAttribute[int], allowed_clients: ClientScope, client_id: int | None = None
) -> ColumnElement[bool]:
    """The condition that a column with a client's id names one that may be allowed_clients, and is the one asked for, if any."""
    condition = true() if allowed_clients is None else among(column, sorted(allowed_clients))
    return condition if client_id is None else condition & (column == client_id)


def expect_client(session: Session, allowed_clients: ClientScope, client_id: int) -> None:
    """Raises NotFoundError for a client that does not exist, and the same for one that may not be seen (D3, J3)."""
    allowed = allowed_clients is None or client_id in allowed_clients
    if not allowed or session.scalar(select(Client.id).where(Client.id == client_id)) is None:
        raise NotFoundError(f"There is no client {client_id}.")


def account_ids(session: Session, client_id: int) -> list[int]:
    return list(session.scalars(select(Account.id).where(Account.client_id == client_id)))
