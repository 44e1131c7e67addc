"""Which tables an export holds, in the order in which they can be filled, and how a value is written in a CSV file."""

import base64
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, Numeric, Table, inspect, text
from sqlalchemy.orm import Session

import sophia.access.keys
import sophia.analytics.models
import sophia.portfolio.models
from sophia.database import Base, Database, Day, MetricValue, MoneyAmount, UtcDateTime
from sophia.errors import StoreError

# These imports register the tables with the metadata.
MODELS = (sophia.access.keys, sophia.analytics.models, sophia.portfolio.models)

NULL = "\\N"
# In characters, as a row stands in its file: room for the largest answer of Meta that is read, in base64. Python's csv
# module alone would refuse cells of more than 128 KiB.
LONGEST_RECORD = 128 * 1024 * 1024
# Who may log in is not the clients' data, and its hashes must not travel; leases and pauses belong to running processes.
LEFT_OUT_PACKAGE = "sophia.access"
LEFT_OUT_TABLES = frozenset({"leases", "budget_pauses", "alembic_version"})
_SURROGATE = re.compile("[\ud800-\udfff]")
SECRET_COLUMNS = frozenset({("accounts", "token_encrypted")})


def all_tables() -> list[Table]:
    """Return every table of the store, parents before children."""
    return Base.metadata.sorted_tables


def exported_tables(database: Database) -> list[Table]:
    """The tables of an export, parents before children. Raises StoreError for a table that this version does not know:
    an export that leaves something out without saying so is worse than none.
    """
    access = {
        mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__.startswith(LEFT_OUT_PACKAGE)
    }
    left_out = LEFT_OUT_TABLES | {str(table) for table in access}
    known = {table.name for table in all_tables()}
    strangers = set(inspect(database.engine).get_table_names()) - known - left_out
    if strangers:
        raise StoreError(f"The database has tables that this Sophia does not know: {', '.join(sorted(strangers))}.")
    return [table for table in all_tables() if table.name not in left_out]


def exported_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if (table.name, column.name) not in SECRET_COLUMNS]


def schema_revision(session: Session) -> str:
    """The revision of the schema that the store has."""
    return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def encoder(column: Column[Any]) -> Callable[[Any], str]:
    """Writes a column's values as text: moments and days in ISO 8601, bytes in base64."""
    if isinstance(column.type, JSON):
        return lambda value: NULL if value is None else _encode_json(value)
    return encode


def _encode_json(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False, sort_keys=True)
    # Half of a pair of surrogates, which JSON can hold and UTF-8 cannot.
    return json.dumps(value, sort_keys=True) if _SURROGATE.search(written) else written


def encode(value: Any) -> str:
    """A backslash at the beginning of a text is doubled, so that no text can be taken for NULL."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return f"\\{value}" if value.startswith("\\") else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def decoder(column: Column[Any]) -> Callable[[str], Any]:
    """Reads what `encoder` wrote for the same column."""
    read = _reader(column)
    return lambda written: None if written == NULL else read(written)


def _reader(column: Column[Any]) -> Callable[[str], Any]:
    kind = column.type
    readers: tuple[tuple[type[Any] | tuple[type[Any], ...], Callable[[str], Any]], ...] = (
        (JSON, json.loads),
        (UtcDateTime, datetime.fromisoformat),
        ((Day, Date), date.fromisoformat),
        (MetricValue, read_number),
        (Boolean, lambda written: written == "true"),
        (LargeBinary, base64.b64decode),
        (Integer, int),
        (MoneyAmount, Decimal),
    )
    for types, read in readers:
        if isinstance(kind, types):
            return read
    # Not a kind of Numeric to SQLAlchemy.
    if isinstance(kind, Float):
        return float
    if isinstance(kind, Numeric):
        return Decimal
    return lambda written: written.removeprefix("\\")


def read_number(written: str) -> int | float:
    return int(written) if written.lstrip("-").isdigit() else float(written)
