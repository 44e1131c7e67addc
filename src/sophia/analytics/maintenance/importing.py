"""Imports an export into an empty store, completely or not at all."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.analytics.maintenance import ReportProgress, report_nothing
from sophia.analytics.maintenance.export_files import (
    Manifest,
    Source,
    cells_of_any_length,
    file_of,
    read_manifest,
    read_records,
)
from sophia.analytics.maintenance.exporting import ROWS_AT_ONCE
from sophia.analytics.maintenance.tables import decoder, exported_columns, exported_tables, schema_revision
from sophia.analytics.readings.models import EngagementMetric, MetricRevision
from sophia.database.columns import Base, day_number
from sophia.database.engine import Database
from sophia.database.statements import put_rows
from sophia.errors import ConflictError, InvalidInputError, StoreError
from sophia.portfolio.models import Account
from sophia.vault import redact_secrets

CHARACTERS_AT_ONCE = 8_000_000
LONGEST_REASON = 300
IMPORTED = "It was imported without its token. Connect this account again: sophia connect"
# Tables with millions of rows are inserted without the ORM: {table: its model}.
LARGE: dict[str, type[Base]] = {"engagement_metrics": EngagementMetric, "metric_revisions": MetricRevision}


def import_store(database: Database, folder: Path, report: ReportProgress = report_nothing) -> dict[str, int]:
    """Fill an empty store that has the schema of the export from a folder, and return {table: rows}.

    The import is one transaction; a failure leaves the store empty. Accounts have no tokens and must be connected again.
    Raises InvalidInputError for an incomplete export, StoreError when the schemas differ, ConflictError when the store is
    not empty.
    """
    with cells_of_any_length(), database.write() as session:
        done = fill_tables(session, folder, exported_tables(database), report)
        _require_tokens(session)
    return done


def fill_tables(
    session: Session, folder: Source, tables: list[Table], report: ReportProgress, *, with_secrets: bool = False
) -> dict[str, int]:
    """Fill the tables, which must be empty, and return {table: rows}. Raises what `import_store` raises."""
    manifest = read_manifest(folder, [table.name for table in tables])
    revision = schema_revision(session)
    if manifest.revision != revision:
        raise StoreError(_other_schema(manifest.revision, revision))
    expect_empty(session, tables)
    done = {table.name: _import_table(session, table, folder, manifest, report, with_secrets) for table in tables}
    continue_numbering(session, tables)
    return done


def expect_empty(session: Session, tables: list[Table]) -> None:
    """Delete the shipped benchmarks of a new store, which it gets with the rest. Raises ConflictError for any other row."""
    session.execute(delete(IndustryBenchmark).where(IndustryBenchmark.is_own.is_(False)))
    for table in tables:
        if session.execute(select(1).select_from(table).limit(1)).first() is not None:
            raise ConflictError(
                f"The store is not empty: its table {table.name} has rows. This needs a new store. Nothing was changed."
            )


def _other_schema(exported: str, own: str) -> str:
    # Revisions are counted: the later one is the greater text.
    if exported > own:
        return (
            f"The export has schema {exported}, made by a newer Sophia; this store has {own}. Install that version or a "
            "newer one, and import with it. Nothing was imported."
        )
    return (
        f"The export has schema {exported}, this store {own}. Import it with the version of Sophia that made it, run "
        "`sophia db upgrade` with a newer version, and export the store again. Nothing was imported."
    )


def _import_table(
    session: Session, table: Table, folder: Source, manifest: Manifest, report: ReportProgress, with_secrets: bool
) -> int:
    expected, done = manifest.tables[table.name].rows, 0
    columns = [column.name for column in exported_columns(table, with_secrets=with_secrets)]
    decode = [decoder(table.c[name]) for name in columns]
    report(table.name, 0, expected)
    for chunk in chunks(read_records(folder, table.name, columns)):
        try:
            rows = [[read(cell) for read, cell in zip(decode, record, strict=True)] for record in chunk]
            insert_rows(session, table, columns, rows)
        # Damaged and forged files cause these errors in decoders and the database. The transaction is rolled back.
        except (ValueError, ArithmeticError, RecursionError, TypeError, StatementError) as error:
            if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
                raise
            reason = str(error.orig if isinstance(error, StatementError) else error).strip().partition("\n")[0]
            raise InvalidInputError(
                f"{file_of(folder, table.name)} cannot be imported: between its rows {done + 1:,} and "
                f"{done + len(chunk):,} is a value that the table {table.name} cannot hold "
                f"({redact_secrets(reason)[:LONGEST_REASON] or type(error).__name__}). Nothing was imported."
            ) from error
        done += len(chunk)
        report(table.name, done, expected)
    stored = session.scalar(select(func.count()).select_from(table))
    if done != expected or stored != expected:
        raise InvalidInputError(f"{table.name}: {expected} rows were exported, {done} read and {stored} stored.")
    return done


def chunks(records: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Split records into lists that fit into memory, by their number and length."""
    chunk: list[list[str]] = []
    length = 0
    for record in records:
        chunk.append(record)
        length += sum(map(len, record))
        if len(chunk) == ROWS_AT_ONCE or length > CHARACTERS_AT_ONCE:
            yield chunk
            chunk, length = [], 0
    if chunk:
        yield chunk


def insert_rows(session: Session, table: Table, columns: list[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows with values as SQLAlchemy reads them."""
    model = LARGE.get(table.name)
    if model is None:
        session.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    day = columns.index("metric_date")
    put_rows(session, model, columns, [(*row[:day], day_number(row[day]), *row[day + 1 :]) for row in rows])


def _require_tokens(session: Session) -> None:
    unknown_dates = {"token_expires_at": None, "data_access_expires_at": None, "token_checked_at": None}
    session.execute(update(Account).values(unknown_dates))
    waiting = {"status": "needs_reconnect", "status_reason": IMPORTED}
    session.execute(update(Account).where(Account.status != "paused").values(waiting))


def continue_numbering(session: Session, tables: list[Table]) -> None:
    """Set the sequences of PostgreSQL, which do not notice copied row numbers; SQLite has none."""
    if session.get_bind().dialect.name == "sqlite":
        return
    for table in tables:
        if "id" not in table.c:
            continue
        sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
        newest = session.scalar(select(func.max(table.c.id)))
        if sequence is not None and newest is not None:
            session.execute(text("SELECT setval(:sequence, :newest)"), {"sequence": sequence, "newest": newest})
