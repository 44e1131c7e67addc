"""Copies a store into another database, table by table in batches, and compares both with checksums at the end.

A copy that was stopped continues: a lease in the target, which is never copied, names its source until the copy is complete.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alembic.migration import MigrationContext
from sqlalchemy import Integer, Row, Table, delete, func, literal, select, tuple_
from sqlalchemy.orm import Session

from sophia.analytics.maintenance import ReportProgress, report_nothing
from sophia.analytics.maintenance.exporting import rows_at_once
from sophia.analytics.maintenance.importing import continue_numbering, expect_empty, insert_rows
from sophia.analytics.maintenance.tables import all_tables, encoder
from sophia.analytics.readings.run_models import Lease
from sophia.database.columns import Day
from sophia.database.engine import Database
from sophia.errors import ConflictError, StoreError
from sophia.migrations import expect_current, upgrade

MARK = "copy:unfinished"
NEVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Checksum:
    """The number of rows of a table, and the sum of their hashes, which does not depend on their order."""

    rows: int
    sha256_sum: str


def copy_store(
    source: Database, target: Database, now: datetime, report: ReportProgress = report_nothing
) -> dict[str, Checksum]:
    """Copy everything but leases as of this moment, and return {table: its checksum, equal in both}.

    The target is empty, or an unfinished copy of the same source. Raises ConflictError for another target, StoreError when
    the stores differ at the end because the source has changed since the copy began.
    """
    prepare_target(source, target, now)
    tables = copied_tables()
    with source.scan() as session:
        for table in tables:
            _copy_table(session, target, table, report)
        with target.write() as writing:
            continue_numbering(writing, tables)
        checksums = _compare(session, target, tables, report)
    with target.write() as writing:
        writing.execute(delete(Lease).where(Lease.name == MARK))
    target.sync()
    return checksums


def copied_tables() -> list[Table]:
    """Return every table but the leases of running processes, parents before children."""
    return [table for table in all_tables() if table.name != Lease.__tablename__]


def prepare_target(source: Database, target: Database, now: datetime) -> None:
    """Create the tables of an empty target and mark it as a copy, or accept an unfinished copy of this source."""
    if identity(source) == identity(target):
        raise ConflictError("The target is the store itself. Name another database.")
    if _is_new(target):
        upgrade(target)
    expect_current(target)
    with target.write() as session:
        holder = session.scalar(select(Lease.holder).where(Lease.name == MARK))
        if holder is None:
            expect_empty(session, copied_tables())
            session.add(Lease(name=MARK, holder=identity(source), expires_at=now + NEVER))
        elif holder != identity(source):
            raise ConflictError("The target is an unfinished copy of another store. Name an empty database.")


def _is_new(target: Database) -> bool:
    if target.path is not None and not target.path.exists():
        return True
    with target.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() is None


def identity(database: Database) -> str:
    """Return a hash of where a store is, which reveals neither a path nor an address."""
    address = database.engine.url.set(password=None, drivername="")
    text = str(database.path.resolve()) if database.path is not None else address.render_as_string()
    return hashlib.sha256(text.encode()).hexdigest()


def _copy_table(session: Session, target: Database, table: Table, report: ReportProgress) -> None:
    total = session.scalar(select(func.count()).select_from(table)) or 0
    done, query = _remainder(target, table, total)
    report(table.name, done, total)
    if done == total:
        return
    names = [column.name for column in table.columns]
    query = query.order_by(*table.primary_key).execution_options(yield_per=rows_at_once(table.columns))
    # A server cursor that is still open when the copy is stopped would warn.
    with session.execute(query) as result:
        for rows in result.partitions():
            with target.write() as writing:
                insert_rows(writing, table, names, rows)
            done += len(rows)
            report(table.name, done, total)


def _remainder(target: Database, table: Table, total: int) -> tuple[int, Any]:
    """Return the number of rows that the target has, and a query of the others.

    Databases order texts differently, so a table with texts in its key begins again. It has no children yet: tables are
    filled one after another.
    """
    query = select(table)
    with target.write() as session:
        done = session.scalar(select(func.count()).select_from(table)) or 0
        if done == total or not done:
            return done, query
        key = list(table.primary_key)
        if not all(isinstance(column.type, Integer | Day) for column in key):
            session.execute(delete(table))
            return 0, query
        newest = session.execute(select(*key).order_by(*(column.desc() for column in key)).limit(1)).one()
    values = [literal(value, column.type) for value, column in zip(newest, key, strict=True)]
    return done, query.where(tuple_(*key) > tuple_(*values))


def _compare(source: Session, target: Database, tables: list[Table], report: ReportProgress) -> dict[str, Checksum]:
    checksums, different = dict[str, Checksum](), list[str]()
    with target.scan() as session:
        for table in tables:
            checksums[table.name] = checksum(source, table)
            if checksum(session, table) != checksums[table.name]:
                different.append(table.name)
            report(f"{table.name}, compared", checksums[table.name].rows, checksums[table.name].rows)
    if different:
        raise StoreError(
            f"The copy differs in {', '.join(different)}: the store has changed since the copy began. Stop Sophia, and "
            "copy again into an empty database."
        )
    return checksums


def checksum(session: Session, table: Table) -> Checksum:
    encoders = [encoder(column) for column in table.columns]
    query = select(table).execution_options(yield_per=rows_at_once(table.columns))
    rows = total = 0
    for batch in session.execute(query).partitions():
        rows += len(batch)
        total += sum(_row_hashes(batch, encoders))
    return Checksum(rows, f"{total % 2**256:064x}")


def _row_hashes(rows: Any, encoders: list[Callable[[Any], str]]) -> Iterator[int]:
    row: Row[Any]
    for row in rows:
        cells = [encode(value) for encode, value in zip(encoders, row, strict=True)]
        # The lengths keep texts of neighbouring cells apart.
        text = f"{[len(cell) for cell in cells]}{''.join(cells)}"
        yield int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
