"""Exports all collected data as one CSV file per table with a manifest, without tokens, keys and their hashes."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import IO, Any

from sqlalchemy import JSON, Column, LargeBinary, Table, Text, func, select
from sqlalchemy.orm import Session

from sophia.analytics.maintenance import ReportProgress, report_nothing
from sophia.analytics.maintenance.tables import (
    LONGEST_RECORD,
    NULL,
    SECRET_COLUMNS,
    encoder,
    exported_columns,
    exported_tables,
    schema_revision,
)
from sophia.database.engine import Database
from sophia.errors import InvalidInputError, StoreError

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 10_000
# For tables with texts, documents or answers of Meta, which may have megabytes each.
WIDE_ROWS_AT_ONCE = 100


def export_store(
    database: Database, folder: Path, now: datetime, report: ReportProgress = report_nothing
) -> dict[str, Any]:
    """Write one consistent state of the store into an empty or new folder and return the manifest.

    The manifest is written last: a folder without one is an incomplete export. Raises InvalidInputError when the folder
    is not empty.
    """
    tables = exported_tables(database)
    prepare(folder)
    with database.read() as session:
        revision = schema_revision(session)
        described = write_tables(session, tables, lambda name: (folder / name).open("wb"), report)
    manifest = {
        "format": FORMAT,
        "schema": revision,
        "exported_at": now.isoformat(),
        "null": NULL,
        "left_out": [*sorted(f"{table}.{column}" for table, column in SECRET_COLUMNS), "API keys and users"],
        "tables": described,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def write_tables(
    session: Session,
    tables: Sequence[Table],
    create_file: Callable[[str], IO[bytes]],
    report: ReportProgress,
    *,
    with_secrets: bool = False,
) -> dict[str, Any]:
    """Write a CSV file per table and return their descriptions for the manifest. `create_file` opens a file by its name."""
    described: dict[str, Any] = {}
    for table in tables:
        columns = exported_columns(table, with_secrets=with_secrets)
        name = f"{table.name}.csv"
        with create_file(name) as file:
            described[table.name] = {"file": name, **_export_table(session, table, columns, file, report)}
    return described


def prepare(folder: Path) -> None:
    """Create the folder with access for its owner only, because it will contain the clients' data."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInputError(
            f"{folder} is not empty. Name a new folder, so that it does not mix with an older export."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _export_table(
    session: Session, table: Table, columns: list[Column[Any]], file: IO[bytes], report: ReportProgress
) -> dict[str, Any]:
    write = [encoder(column) for column in columns]
    total = session.scalar(select(func.count()).select_from(table)) or 0
    query = select(*columns).order_by(*table.primary_key).execution_options(yield_per=rows_at_once(columns))
    digest, done = hashlib.sha256(), 0
    report(table.name, 0, total)
    _write([[column.name for column in columns]], file, digest)
    for rows in session.execute(query).partitions():
        records = [[encode(value) for encode, value in zip(write, row, strict=True)] for row in rows]
        _expect_importable(table, records)
        _write(records, file, digest)
        done += len(rows)
        report(table.name, done, total)
    return {"rows": done, "sha256": digest.hexdigest(), "columns": [c.name for c in columns]}


def rows_at_once(columns: Iterable[Column[Any]]) -> int:
    """Return the number of rows of these columns that fit into memory."""
    is_wide = any(isinstance(column.type, Text | JSON | LargeBinary) for column in columns)
    return WIDE_ROWS_AT_ONCE if is_wide else ROWS_AT_ONCE


def _expect_importable(table: Table, records: list[list[str]]) -> None:
    """Raise StoreError for a row that an import would refuse, so that every complete export can be imported."""
    for record in records:
        # Each cell has two quotes and a comma around it, and quotes inside are doubled.
        length = sum(len(cell) + cell.count('"') + 3 for cell in record)
        if length > LONGEST_RECORD:
            raise StoreError(
                f"A row of the table {table.name} is too large to export: {length:,} characters, and {LONGEST_RECORD:,} are "
                f"the most. It begins with {', '.join(cell[:20] for cell in record[:2])}."
            )


def _write(rows: list[list[str]], file: Any, digest: Any) -> None:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    written = text.getvalue().encode()
    digest.update(written)
    file.write(written)
