"""Readings as CSV, for spreadsheets and scripts."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import date, datetime

from sophia.analytics.readings.queries import StoredReading

ROWS_AT_ONCE = 5000
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = tuple(field.name for field in fields(StoredReading))


def as_csv(pages: Iterable[list[StoredReading]]) -> Iterator[str]:
    """Return a heading and a row per reading, one text per page. None is an empty cell; moments are UTC with Z."""
    return rows_as_csv(COLUMNS, ([[getattr(reading, name) for name in COLUMNS] for reading in page] for page in pages))


def rows_as_csv(columns: Iterable[str], pages: Iterable[Iterable[Iterable[object]]]) -> Iterator[str]:
    """Yield a heading and the rows of each page, one text per page."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for page in pages:
        writer.writerows([cell(value) for value in row] for row in page)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def cell(value: object) -> object:
    """Return a value as its cell. A hidden apostrophe keeps a spreadsheet from running a text as a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
