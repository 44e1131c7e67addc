"""Forgets Meta's raw answers when they are old enough; their hashes and the readings they brought stay (A14)."""

from datetime import datetime

from sqlalchemy import select, update

from sophia.analytics.models import Fetch
from sophia.database import Database, among

# As many as are written in a moment: other writers wait for no longer.
AT_ONCE = 1000


def forget_raw_answers(database: Database, before: datetime) -> int:
    """Drop the bodies of answers that were fetched before this moment, some per transaction; returns how many."""
    forgotten = 0
    while True:
        with database.write() as session:
            old = select(Fetch.id).where(Fetch.body.is_not(None), Fetch.fetched_at < before).limit(AT_ONCE)
            ids = list(session.scalars(old))
            if ids:
                session.execute(update(Fetch).where(among(Fetch.id, ids)).values(body=None))
        forgotten += len(ids)
        if len(ids) < AT_ONCE:
            return forgotten
