"""An export read back into an empty store: the whole of it or nothing."""

import csv
import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from sophia.analytics.maintenance import Told, tell_nobody
from sophia.analytics.maintenance.exporting import FORMAT, MANIFEST, ROWS_AT_ONCE
from sophia.analytics.maintenance.tables import decoder, exported_tables, schema_revision
from sophia.analytics.models import EngagementMetric, IndustryBenchmark, MetricRevision
from sophia.database import Base, Database, day_number, put_rows
from sophia.errors import ConflictError, InvalidInputError, StoreError
from sophia.portfolio.models import Account

IMPORTED = "It was imported without its token. Connect this account again: sophia connect"
# Tables of millions of rows go past the ORM's types: {table: its model}.
LARGE: dict[str, type[Base]] = {"engagement_metrics": EngagementMetric, "metric_revisions": MetricRevision}


def import_store(database: Database, folder: Path, told: Told = tell_nobody) -> dict[str, int]:
    """Fill an empty store, migrated to the schema of the export, from a folder; returns {table: rows}.

    One transaction: what fails leaves the store empty. Accounts come without tokens and wait to be connected again.
    Raises InvalidInputError for a folder that is no complete export, StoreError when the schemas differ, ConflictError
    when the store is not empty.
    """
    manifest = read_manifest(folder)
    tables = exported_tables(database)
    with database.write() as session:
        revision = schema_revision(session)
        if manifest["schema"] != revision:
            raise StoreError(
                f"The export has schema {manifest['schema']}, this store {revision}. Import it with the version of "
                "Sophia that made it, then upgrade."
            )
        # A new store has the benchmarks that are shipped; the export brings its own.
        session.execute(delete(IndustryBenchmark).where(IndustryBenchmark.is_own.is_(False)))
        for table in tables:
            if session.execute(select(1).select_from(table).limit(1)).first() is not None:
                raise ConflictError(
                    f"The store is not empty: its table {table.name} has rows. An import needs a new store."
                )
        done = {table.name: _import_table(session, table, folder, manifest["tables"], told) for table in tables}
        _ask_for_tokens(session)
        if not database.is_sqlite:
            _continue_numbering(session, tables)
    return done


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, after every file was compared with it."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise InvalidInputError(f"{folder} has the format {manifest['format']}; this Sophia reads {FORMAT}.")
        for name, table in manifest["tables"].items():
            with (folder / f"{name}.csv").open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != table["sha256"]:
                    raise InvalidInputError(f"{folder / name}.csv is not the file that was exported.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            f"{folder} is no complete export: {MANIFEST} or a file is missing or damaged."
        ) from error
    return manifest


def _import_table(session: Session, table: Table, folder: Path, described: dict[str, Any], told: Told) -> int:
    if table.name not in described:
        raise InvalidInputError(f"{folder} holds no table {table.name}.")
    expected, done = int(described[table.name]["rows"]), 0
    told(table.name, 0, expected)
    with (folder / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        columns = next(lines)
        read = [decoder(table.c[name]) for name in columns]
        rows = ([one(value) for one, value in zip(read, line, strict=True)] for line in lines)
        for chunk in chunks(rows):
            _insert(session, table, columns, chunk)
            done += len(chunk)
            told(table.name, done, expected)
    stored = session.scalar(select(func.count()).select_from(table))
    if done != expected or stored != expected:
        raise InvalidInputError(f"{table.name}: {expected} rows were exported, {done} read and {stored} stored.")
    return done


def chunks(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk


def _insert(session: Session, table: Table, columns: list[str], rows: list[list[Any]]) -> None:
    model = LARGE.get(table.name)
    if model is None:
        session.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    day = columns.index("metric_date")
    put_rows(session, model, columns, [(*row[:day], day_number(row[day]), *row[day + 1 :]) for row in rows])


def _ask_for_tokens(session: Session) -> None:
    unknown = {"token_expires_at": None, "data_access_expires_at": None, "token_checked_at": None}
    session.execute(update(Account).values(unknown))
    waiting = {"status": "needs_reconnect", "status_reason": IMPORTED}
    session.execute(update(Account).where(Account.status != "paused").values(waiting))


def _continue_numbering(session: Session, tables: list[Table]) -> None:
    """PostgreSQL numbers rows from a sequence, which does not notice rows that bring their own number."""
    for table in tables:
        if "id" not in table.c:
            continue
        sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
        newest = session.scalar(select(func.max(table.c.id)))
        if sequence is not None and newest is not None:
            session.execute(text("SELECT setval(:sequence, :newest)"), {"sequence": sequence, "newest": newest})
