"""Writes an export to a file: streamed, and complete or not at all."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sophia.analytics.exports.datasets import DATASETS, ExportFilter, export_query
from sophia.analytics.exports.formats import open_format
from sophia.analytics.exports.names import DatasetName, FileFormat
from sophia.database.engine import Database
from sophia.errors import InvalidInputError

ROWS_AT_ONCE = 1_000


def export_dataset(
    database: Database,
    name: DatasetName,
    path: Path,
    file_format: FileFormat,
    export_filter: ExportFilter,
    report: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Write one consistent state of the rows and return their number. `report` is called with the rows so far.

    A file of this name is replaced when the new one is complete. Raises InvalidInputError when it cannot be written,
    ConfigurationError for a format without its package.
    """
    query, done = export_query(name, export_filter), 0
    with (
        new_file(path) as file,
        open_format(file_format, file, DATASETS[name].columns) as write,
        database.scan() as session,
    ):
        for rows in session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).partitions():
            write([tuple(row) for row in rows])
            done += len(rows)
            report(done)
    return done


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a temporary file beside `path`, which becomes `path` at the end of the block, or disappears after an error.

    Only its owner may read it, because it holds the data of clients.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
