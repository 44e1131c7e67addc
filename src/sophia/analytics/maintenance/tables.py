"""The tables of an export, in the order in which they can be filled, and the format of their values in CSV files."""

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
import sophia.access.mail_links
import sophia.access.sessions
import sophia.access.share_links
import sophia.analytics.models
import sophia.portfolio.models
from sophia.database.columns import Base, Day, MetricValue, MoneyAmount, UtcDateTime
from sophia.database.engine import Database
from sophia.errors import StoreError

# These imports register the tables with the metadata.
MODELS = (
    sophia.access.keys,
    sophia.access.mail_links,
    sophia.access.sessions,
    sophia.access.share_links,
    sophia.analytics.models,
    sophia.portfolio.models,
)

NULL = "\\N"
# The most characters of a row in its file, enough for the largest answer of Meta in base64. Python's csv module alone
# refuses cells of more than 128 KiB.
LONGEST_RECORD = 128 * 1024 * 1024
# Keys, users and share links are not clients' data, and their hashes must not leave the store; leases and pauses belong to
# running processes; pictures are files of this machine, which the next runs fetch again.
LEFT_OUT_PACKAGE = "sophia.access"
LEFT_OUT_TABLES = frozenset({"leases", "budget_pauses", "post_pictures", "alembic_version"})
_SURROGATE = re.compile("[\ud800-\udfff]")
SECRET_COLUMNS = frozenset({("accounts", "token_encrypted"), ("alert_routes", "address_encrypted")})
# A backup has everything but what belongs to running processes and browsers.
PASSING_TABLES = frozenset({"leases", "user_sessions", "sign_in_links"})


def all_tables() -> list[Table]:
    """Return every table of the store, parents before children."""
    return Base.metadata.sorted_tables


def exported_tables(database: Database) -> list[Table]:
    """Return the tables of an export, parents before children.

    Raises StoreError for a table that this version does not know, so that no export silently omits data.
    """
    access = {
        mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__.startswith(LEFT_OUT_PACKAGE)
    }
    left_out = LEFT_OUT_TABLES | {str(table) for table in access}
    _expect_known_tables(database)
    return [table for table in all_tables() if table.name not in left_out]


def backup_tables(database: Database) -> list[Table]:
    """Return every table of a backup, parents before children. Raises StoreError as `exported_tables` does."""
    _expect_known_tables(database)
    return [table for table in all_tables() if table.name not in PASSING_TABLES]


def _expect_known_tables(database: Database) -> None:
    names = {table.name for table in all_tables()} | {"alembic_version"}
    unknown = set(inspect(database.engine).get_table_names()) - names
    if unknown:
        raise StoreError(f"The database has tables that this Sophia does not know: {', '.join(sorted(unknown))}.")


def exported_columns(table: Table, *, with_secrets: bool = False) -> list[Column[Any]]:
    return [column for column in table.columns if with_secrets or (table.name, column.name) not in SECRET_COLUMNS]


def schema_revision(session: Session) -> str:
    """Return the revision of the store's schema."""
    return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def encoder(column: Column[Any]) -> Callable[[Any], str]:
    """Return a function that writes a column's values as text: moments and days in ISO 8601, bytes in base64."""
    if isinstance(column.type, JSON):
        return lambda value: NULL if value is None else _encode_json(value)
    return encode


def _encode_json(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False, sort_keys=True)
    # JSON can hold a lone surrogate, UTF-8 cannot.
    return json.dumps(value, sort_keys=True) if _SURROGATE.search(written) else written


def encode(value: Any) -> str:
    """Return a value as text. A leading backslash is doubled, so that no text equals NULL."""
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
    """Return a function that reads the values that `encoder` wrote for the same column."""
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
    # SQLAlchemy's Float is not a Numeric.
    if isinstance(kind, Float):
        return float
    if isinstance(kind, Numeric):
        return Decimal
    return lambda written: written.removeprefix("\\")


def read_number(written: str) -> int | float:
    return int(written) if written.lstrip("-").isdigit() else float(written)
