"""The formats of exported files: CSV, JSON Lines and Parquet, written batch by batch."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO

from pydantic_core import to_json

from sophia.analytics.exports.names import ColumnKind, FileFormat
from sophia.analytics.readings.csv_export import cell

Rows = Sequence[Sequence[Any]]
Write = Callable[[Rows], None]
Columns = Mapping[str, ColumnKind]


def open_format(file_format: FileFormat, file: BinaryIO, columns: Columns) -> AbstractContextManager[Write]:
    """Return a context that yields a function which writes rows; at its end the file is complete.

    Raises ConfigurationError for Parquet without its extra.
    """
    if file_format is FileFormat.CSV:
        return write_csv(file, columns)
    if file_format is FileFormat.JSONL:
        return write_jsonl(file, columns)
    from sophia.analytics.exports.parquet import write_parquet  # noqa: PLC0415 - an extra, and slow

    return write_parquet(file, columns)


@contextmanager
def write_csv(file: BinaryIO, columns: Columns) -> Iterator[Write]:
    """UTF-8 with a heading; None is an empty cell, and texts that a spreadsheet would run begin with an apostrophe."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    yield lambda rows: writer.writerows([cell(value) for value in row] for row in rows)
    text.flush()
    text.detach()


@contextmanager
def write_jsonl(file: BinaryIO, columns: Columns) -> Iterator[Write]:
    """An object for each row; moments are RFC 3339 with Z, and money is text, to keep it exact."""
    names = tuple(columns)
    yield lambda rows: file.writelines(to_json(dict(zip(names, row, strict=True))) + b"\n" for row in rows)
