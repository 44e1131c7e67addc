"""The database: `engine` opens one transaction per request or job, `columns` holds the column types that SQLite and
PostgreSQL share, `statements` the SQL that SQLAlchemy does not write.
"""

from sophia.database.columns import (
    EPOCH,
    Base,
    BigId,
    Day,
    Message,
    MetricValue,
    MoneyAmount,
    UtcDateTime,
    day_number,
    day_of,
    from_decimal,
    in_cents,
    shortened,
    to_decimal,
)
from sophia.database.engine import Database
from sophia.database.statements import among, collected, execute, insert_for, put_row, put_rows, select_among

__all__ = [
    "EPOCH",
    "Base",
    "BigId",
    "Database",
    "Day",
    "Message",
    "MetricValue",
    "MoneyAmount",
    "UtcDateTime",
    "among",
    "collected",
    "day_number",
    "day_of",
    "execute",
    "from_decimal",
    "in_cents",
    "insert_for",
    "put_row",
    "put_rows",
    "select_among",
    "shortened",
    "to_decimal",
]
