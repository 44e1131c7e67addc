"""The clients whose posts and readings are measured, with the accounts that they had at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select, true
from sqlalchemy.orm import Session

from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import Platform
from sophia.portfolio.models import Account, Client, ClientRevision


@dataclass(frozen=True, slots=True)
class MeasuredClient:
    """A client and its accounts that were connected by the time. `zone` is the client's own."""

    id: int
    name: str
    industry: str | None
    zone: ZoneInfo
    is_active: bool
    created_at: datetime
    accounts: Mapping[int, Platform]


def measured_clients(session: Session, *, as_of: datetime | None = None) -> list[MeasuredClient]:
    """Return all clients by id, archived ones too, since others are compared with their data.

    One query, and one more with `as_of` for the former names, industries and zones.
    """
    former = {} if as_of is None else _described_at(session, as_of)
    connected = true() if as_of is None else Account.connected_at <= as_of
    rows = session.execute(
        select(
            Client.id,
            Client.name,
            Client.industry,
            Client.timezone,
            Client.status,
            Client.created_at,
            Account.id,
            Account.platform,
        )
        .outerjoin(Account, and_(Account.client_id == Client.id, connected))
        .order_by(Client.id, Account.id)
    )
    clients: dict[int, MeasuredClient] = {}
    accounts: dict[int, dict[int, Platform]] = defaultdict(dict)
    for number, name, industry, zone, status, created, account, platform in rows:
        if number not in clients:
            is_active, client_accounts = status == "active", accounts[number]
            name, industry, zone = former.get(number, (name, industry, zone))  # noqa: PLW2901 - the former values
            clients[number] = MeasuredClient(
                number, name, industry, ZoneInfo(zone), is_active, created, client_accounts
            )
        if account is not None:
            accounts[number][account] = Platform(platform)
    return list(clients.values())


def _described_at(session: Session, as_of: datetime) -> dict[int, tuple[str, str | None, str]]:
    """Return {client: its former name, industry and zone} of clients that were changed since, with one query."""
    revision = ClientRevision
    rows = session.execute(
        select(revision.client_id, revision.name, revision.industry, revision.timezone)
        .where(revision.replaced_at > as_of)
        .order_by(revision.replaced_at.desc(), revision.id.desc())
    )
    # The oldest change after the time holds the former values, and comes last.
    return {client: (name, industry, zone) for client, name, industry, zone in rows}


def find_measured_client(clients: Iterable[MeasuredClient], client_id: int) -> MeasuredClient:
    """Return the client. Raises NotFoundError for an unknown id."""
    measured_client = next((client for client in clients if client.id == client_id), None)
    if measured_client is None:
        raise NotFoundError(f"There is no client {client_id}.")
    return measured_client
