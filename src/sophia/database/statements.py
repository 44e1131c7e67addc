"""SQL that SQLAlchemy runs too slowly, or not on both databases: many values in a parameter, many rows at once."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Float,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from sophia.database.columns import Base


class _ValueList(TypeDecorator[list[Any]]):
    """Many values in one parameter: a JSON text for SQLite, an array for PostgreSQL."""

    impl = String
    cache_ok = True

    def __init__(self, item: type[BigInteger | Text]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


_TEXTS, _NUMBERS = _ValueList(Text), _ValueList(BigInteger)


class among(FunctionElement[bool]):  # noqa: N801 - reads as the SQL that it stands for
    """`among(column, values)`: the column equals one of the values, with one parameter for any number of values (G12)."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Collection[Any]) -> None:
        is_text = isinstance(column.type, String)
        plain = column if is_text else type_coerce(column, BigInteger)
        super().__init__(plain, bindparam(None, list(values), type_=_TEXTS if is_text else _NUMBERS))

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002
        """Return the element unchanged: SQLAlchemy would write `… IN (…) = 1`, for which SQLite reads the whole table."""
        return self


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are compiled, not text of users


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({values})"


class utc_day(FunctionElement[int]):  # noqa: N801 - named like an SQL function
    """`utc_day(moment, seconds)`: the number since 1970 of the UTC day so many seconds after a moment."""

    type = Integer()
    inherit_cache = True

    def __init__(self, moment: ColumnElement[datetime] | InstrumentedAttribute[datetime], seconds: int) -> None:
        super().__init__(moment, bindparam(None, seconds, type_=BigInteger))


@compiles(utc_day, "sqlite")
def _utc_day_sqlite(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((CAST(strftime('%s', {moment}) AS INTEGER) + {seconds}) / 86400)"


@compiles(utc_day, "postgresql")
def _utc_day_postgresql(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(floor((extract(epoch FROM {moment}) + {seconds}) / 86400) AS INTEGER)"


class _Collected(TypeDecorator[list[float]]):
    """The numbers of many rows in one value: an array on PostgreSQL, a JSON text on SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Float) if dialect.name == "postgresql" else String())

    def process_result_value(self, value: Any, dialect: Dialect) -> list[float]:
        numbers: list[float] = value if dialect.name == "postgresql" else json.loads(value)
        return numbers


class collected(FunctionElement[list[float]]):  # noqa: N801 - reads as the SQL that it stands for
    """`collected(column)`: the numbers of a group in one row, for queries where the number of rows costs time.

    All such columns of a query have the same order. Integers are exact up to 2⁵³, other numbers to 15 digits.
    """

    type = _Collected()
    inherit_cache = True


@compiles(collected, "sqlite")
def _collected_sqlite(element: collected, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(collected, "postgresql")
def _collected_postgresql(element: collected, compiler: SQLCompiler, **options: Any) -> str:
    return f"array_agg(({compiler.process(element.clauses, **options)})::float8)"


def select_among(session: Session, sql: str, values: Collection[int | str], *more: Any) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a query from the driver, for the few queries that run with every answer of Meta.

    In `sql`, `{among}` stands for "is one of `values`" and `{p}` for each of the further parameters that follow it.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        statement = sql.format(among="IN (SELECT value FROM json_each(?))", p="?")
        result = connection.exec_driver_sql(statement, (json.dumps(list(values)), *more))
    else:
        statement = sql.format(among="= ANY (%s)", p="%s")
        result = connection.exec_driver_sql(statement, (list(values), *more))
    with result:
        return cast("Sequence[tuple[Any, ...]]", result.cursor.fetchall() if result.cursor else ())


def execute(session: Session, sql: str, *values: Any) -> None:
    """Run a statement without SQLAlchemy's compiler; `{p}` stands for each parameter."""
    connection = session.connection()
    connection.exec_driver_sql(sql.format(p="?" if connection.dialect.name == "sqlite" else "%s"), values)


def insert_for(session: Session, table: type[Base] | Table) -> sqlite.Insert:
    """Return an INSERT statement of the store's dialect, for its `on_conflict_do_nothing` and `on_conflict_do_update`.

    Both dialects have the same methods, so that the type of one stands for both.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return cast("sqlite.Insert", insert(table))


def put_row(session: Session, table: type[Base], values: Mapping[str, Any]) -> int:
    """Insert one row without the ORM and return its id. Moments are aware; other values go to the driver unchanged."""
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    mark = "?" if is_sqlite else "%s"
    sql = (
        f"INSERT INTO {table.__tablename__} ({', '.join(values)})"  # noqa: S608 - names of our own
        f" VALUES ({', '.join([mark] * len(values))}) RETURNING id"
    )
    row = [for_driver(value, is_sqlite=is_sqlite) for value in values.values()]
    return int(connection.exec_driver_sql(sql, tuple(row)).scalar_one())


def for_driver(value: Any, *, is_sqlite: bool) -> Any:
    """Return a value for the driver: moments as text in UTC for SQLite, anything else unchanged."""
    if is_sqlite and isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def put_rows(
    session: Session,
    table: type[Base],
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    replace: Sequence[str] = (),
) -> None:
    """Insert many rows without the ORM and overwrite the columns in `replace` of rows that exist.

    Days are numbers, and the rows of one call must not repeat a key. PostgreSQL gets the columns as arrays, 5 times as
    fast as a statement per row; SQLite is fastest row by row.
    """
    if not rows:
        return
    details = cast("Table", table.__table__)
    key = ", ".join(column.name for column in details.primary_key)
    overwrite = ", ".join(f"{name} = excluded.{name}" for name in replace)
    conflict = f"ON CONFLICT ({key}) DO UPDATE SET {overwrite}" if replace else "ON CONFLICT DO NOTHING"
    connection = session.connection()
    into = f"INSERT INTO {details.name} ({', '.join(columns)})"
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        if any(isinstance(value, datetime) for value in rows[0]):
            rows = [tuple(for_driver(value, is_sqlite=True) for value in row) for row in rows]
        connection.exec_driver_sql(f"{into} VALUES ({marks}) {conflict}", list(rows))
        return
    types = [details.c[name].type.compile(connection.dialect) for name in columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    values = [
        # The driver needs a single type in an array, and integers and decimals are two.
        [Decimal(repr(value)) for value in column] if kind == "NUMERIC" else list(column)
        for column, kind in zip(zip(*rows, strict=True), types, strict=True)
    ]
    connection.exec_driver_sql(f"{into} SELECT * FROM unnest({arrays}) {conflict}", tuple(values))  # noqa: S608
