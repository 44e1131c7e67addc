"""Purges a client: deletes it, rewrites the files of the database, and searches for what still mentions it (K5)."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import JSON, ColumnElement, String, Table, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.maintenance.deleting import DeletedClient, delete_client_data
from sophia.analytics.maintenance.tables import all_tables
from sophia.database.columns import Message
from sophia.database.engine import Database

# A shorter name is a part of too many other words.
SHORTEST_MARK = 4


@dataclass(frozen=True, slots=True)
class Mention:
    """A column with rows of other owners that contain a name or an id of a purged client."""

    table: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class Purge:
    """The result of a purge. Without `is_erased`, the file -wal of SQLite still holds deleted rows."""

    deleted: DeletedClient
    is_erased: bool
    mentions: tuple[Mention, ...]


def purge_client(database: Database, client_id: int, data_dir: Path, now: datetime) -> Purge:
    """Delete a client with all its data, erase its rows from the files of the database, and search the other rows.

    Raises BusyError while one of its accounts is being collected or published.
    """
    deleted = delete_client_data(database, client_id, data_dir, now)
    is_erased = database.erase_deleted_rows()
    with database.scan() as session:
        mentions = tuple(find_mentions(session, deleted.marks))
    return Purge(deleted, is_erased, mentions)


def find_mentions(session: Session, marks: Collection[str]) -> Iterator[Mention]:
    """Yield the columns of texts and JSON that contain one of the marks, in any letter case."""
    long_enough = sorted(mark for mark in marks if len(mark) >= SHORTEST_MARK)
    for table in all_tables():
        for name, text in _texts(table):
            # JSON is stored with escapes for all but ASCII.
            written = {spelling for mark in long_enough for spelling in (mark, json.dumps(mark)[1:-1])}
            mentioned = or_(*(text.icontains(mark, autoescape=True) for mark in sorted(written)))
            rows = session.scalar(select(func.count()).select_from(table).where(mentioned)) if written else 0
            if rows:
                yield Mention(table.name, name, rows)


def _texts(table: Table) -> Iterator[tuple[str, ColumnElement[str]]]:
    for column in table.columns:
        if isinstance(column.type, JSON | String | Message):
            yield column.name, cast(column, Text)
