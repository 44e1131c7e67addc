"""Deletes a client with all its data, unless a collection of it is running (K5)."""

import secrets
from contextlib import ExitStack
from datetime import datetime, timedelta

from sqlalchemy import select

from sophia.analytics.readings.runs_store import release_lease, take_lease
from sophia.database.engine import Database
from sophia.errors import BusyError
from sophia.portfolio.models import Account
from sophia.portfolio.service import delete_client

LEASE = timedelta(minutes=30)


def delete_client_data(database: Database, client_id: int, now: datetime) -> None:
    """Delete a client. Raises BusyError while one of its accounts is being collected, because that run would fail."""
    holder = f"delete:{secrets.token_hex(8)}"
    with ExitStack() as stack:
        with database.write() as session:
            names = [
                f"account:{account_id}"
                for account_id in session.scalars(select(Account.id).where(Account.client_id == client_id))
            ]
            for name in names:
                if not take_lease(session, name, holder, now, LEASE):
                    raise BusyError("One of its accounts is being collected right now. Try again in a few minutes.")
        stack.callback(_release, database, names, holder)
        with database.write() as session:
            delete_client(session, client_id)


def _release(database: Database, names: list[str], holder: str) -> None:
    with database.write() as session:
        for name in names:
            release_lease(session, name, holder)
