"""One engine, one transaction per request or job, and the column types that both databases share.

SQLite is written by one transaction at a time. Writers begin with BEGIN IMMEDIATE and queue on a lock of this process,
because SQLite's own waiting sleeps and polls, and a plain BEGIN that reads first fails when another writer was faster.
"""

import copy
import json
import math
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
    make_url,
    type_coerce,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine, UserDefinedType

from sophia.errors import BusyError, ConfigurationError, StoreError

EPOCH = date(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Faults of the machine that a person must mend, by SQLite's primary result code and by PostgreSQL's state.
KEPT = "What was stored is kept, and the next run goes on from there."
MACHINE_FAULTS: Mapping[int | str, str] = {
    8: f"may only be read. Let the user who runs Sophia write the file and its folder. {KEPT}",
    10: f"cannot be written: the disk fails, or is over a limit. Look at the disk, then run again. {KEPT}",
    13: f"cannot grow: the disk is full. Make room, then run again. {KEPT}",
    14: "cannot be opened. Let the user who runs Sophia write its folder, or set SOPHIA_DATABASE_URL.",
    "53100": f"cannot grow: the disk of its server is full. Make room there, then run again. {KEPT}",
}

# SQLite numbers rows by itself only in a column of type INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Every table of Sophia hangs on this metadata."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC. A naive one is refused: nobody can say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def in_cents(amount: Decimal) -> Decimal:
    """The amount with two decimals, or with three where it has thousandths."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.quantize(Decimal("0.001"))


class MoneyAmount(TypeDecorator[Decimal]):
    """An amount of money, exact to the thousandth, for some currencies have three decimals; with two where two will do.

    SQLite keeps a number as it is, whatever the column was declared to be; PostgreSQL rounds to what was declared.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wide = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric(15, 3) if wide else Numeric(14, 2, decimal_return_scale=3))

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else in_cents(value)


def day_number(day: date) -> int:
    """Days since 1970-01-01; two bytes on disk where a date written out takes ten."""
    return day.toordinal() - EPOCH_ORDINAL


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


class Day(TypeDecorator[date]):
    """A calendar day, stored as the number of days since 1970-01-01."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else day_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        return None if value is None else day_of(value)


class MetricValue(UserDefinedType[int | float]):
    """An exact number: counts are integers, only rates and watch times have decimals (A17).

    NUMERIC on both databases: SQLite keeps integers as integers of 1 to 8 bytes, PostgreSQL keeps decimals exactly.
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "NUMERIC"

    def bind_processor(self, dialect: Dialect) -> Any:
        return to_decimal if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002
        return (lambda value: None if value is None else from_decimal(value)) if dialect.name == "postgresql" else None


def to_decimal(value: float | None) -> Decimal | int | None:
    """Repr gives the shortest digits that mean the same float, so that what comes back equals what went in."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def from_decimal(value: Decimal | float) -> int | float:
    """What PostgreSQL keeps as a decimal, as the integer or float that went in."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


class Database:
    """The store's engine. Opens no connection before the first read or write."""

    def __init__(self, url: str) -> None:
        """`url` as in SOPHIA_DATABASE_URL. Raises ConfigurationError when it names no database that we know."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            # Without its cause, which may repeat the address and with it a password.
            raise ConfigurationError("SOPHIA_DATABASE_URL is no database address, such as sqlite:///file.db") from None
        backend = parsed.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise ConfigurationError(f"SOPHIA_DATABASE_URL: {backend} is not supported; use sqlite or postgresql")
        self.is_sqlite = backend == "sqlite"
        self._write_lock = threading.Lock()
        self._seconds: float | None = None
        self._until = math.inf
        if self.is_sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise ConfigurationError("SOPHIA_DATABASE_URL: name a file; a database in memory is lost at the end")
            self.path: Path | None = Path(parsed.database)
            options = {"connect_args": {"check_same_thread": False}, "pool_size": 40}
            self.engine: Engine = create_engine(parsed, hide_parameters=True, **options)
            event.listen(self.engine, "connect", prepare_sqlite)
            event.listen(self.engine, "begin", begin_sqlite)
        else:
            self.path = None
            address = parsed.set(drivername="postgresql+psycopg")
            self.engine = create_engine(address, hide_parameters=True, pool_size=20, max_overflow=20)
        event.listen(self.engine, "handle_error", self._tell)

    def within(self, seconds: float) -> Self:
        """The same store for somebody who does not wait longer: no query of it lasts longer than this, and no write is
        committed later than this from now. What takes longer ends as a passing error of the database, or BusyError.
        """
        same = copy.copy(self)
        same.__dict__.update(_seconds=seconds, _until=time.monotonic() + seconds)
        return same

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent state of the store; nothing that is changed through it is kept."""
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with (
            self.engine.connect().execution_options(**level) as connection,
            bounded(connection, self._seconds),
            Session(connection) as session,
        ):
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        options = {"sophia_write": True} if self.is_sqlite else {}
        with (
            self._turn(),
            self.engine.connect().execution_options(**options) as connection,
            bounded(connection, self._seconds),
        ):
            with Session(connection, expire_on_commit=False) as session, session.begin():
                yield session
                session.flush()
                if time.monotonic() > self._until:
                    raise BusyError("This took too long and was not kept. Try again in a moment.")
            connection.commit()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Of the writers of this process one at a time on SQLite, all at once on PostgreSQL."""
        if not self.is_sqlite:
            yield
            return
        patience = -1 if self._seconds is None else max(0.0, self._until - time.monotonic())
        if not self._write_lock.acquire(timeout=patience):
            raise BusyError("Others are writing. Try again in a moment.")
        try:
            yield
        finally:
            self._write_lock.release()

    def sync(self) -> None:
        """Return when what was committed has reached the disk; SQLite leaves that to later."""
        if not self.is_sqlite:
            return
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(FULL)").close()
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()

    def _tell(self, context: ExceptionContext) -> None:
        """Say in our words what a person must mend. Raises StoreError; other errors go on as they are."""
        error = context.original_exception
        code = getattr(error, "sqlite_errorcode", None)
        # The lowest byte is the primary result code; the others say more of the same.
        what = MACHINE_FAULTS.get(getattr(error, "sqlstate", None) or "" if code is None else code & 0xFF)
        if what is not None:
            raise StoreError(f"The store{f' at {self.path}' if self.path else ''} {what}") from error


@contextmanager
def bounded(connection: Connection, seconds: float | None) -> Iterator[None]:
    """No query through the connection lasts longer than this meanwhile; None sets no bound."""
    driver = connection.connection.driver_connection
    if seconds is None or driver is None:
        yield
        return
    if connection.dialect.name == "postgresql":
        # It ends with the transaction, which it begins.
        driver.execute(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        yield
        return
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where we say so, in begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "temp_store=MEMORY",
        "cache_size=-65536",
        "mmap_size=1073741824",
    ):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("sophia_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


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
    """`among(column, values)`: the column is one of the values, in one parameter however many there are (G12)."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Collection[Any]) -> None:
        is_text = isinstance(column.type, String)
        plain = column if is_text else type_coerce(column, BigInteger)
        super().__init__(plain, bindparam(None, list(values), type_=_TEXTS if is_text else _NUMBERS))

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002
        """Stay as it is: SQLAlchemy would write `… IN (…) = 1` for SQLite, which then reads the whole table."""
        return self


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are compiled, not text of users


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({values})"


class _Collected(TypeDecorator[list[float]]):
    """Numbers of many rows in one: an array of PostgreSQL, a JSON text of SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Float) if dialect.name == "postgresql" else String())

    def process_result_value(self, value: Any, dialect: Dialect) -> list[float]:
        found: list[float] = value if dialect.name == "postgresql" else json.loads(value)
        return found


class collected(FunctionElement[list[float]]):  # noqa: N801 - reads as the SQL that it stands for
    """`collected(column)`: the numbers of a group in one row, for those who read so many that each row counts.

    Several of one query have the same order. Whole numbers are exact up to 2⁵³, others to 15 digits.
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
    """Rows of a query as the driver gives them, for the few queries that run with every answer of Meta.

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
    """A statement past SQLAlchemy's compiler; `{p}` stands for each parameter."""
    connection = session.connection()
    connection.exec_driver_sql(sql.format(p="?" if connection.dialect.name == "sqlite" else "%s"), values)


def put_row(session: Session, table: type[Base], values: Mapping[str, Any]) -> int:
    """Insert one row past the ORM and return its id. Moments are aware; anything else goes to the driver as it is."""
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
    """A value as the driver takes it: SQLite keeps moments as text in UTC, PostgreSQL as they are."""
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
    """Insert many rows at once, past the ORM; of rows that exist, the columns named in `replace` are overwritten.

    Days are given as numbers. Rows of one call must not repeat a key.
    PostgreSQL takes whole columns as arrays, 5 times as fast as a statement per row; SQLite is fastest row by row.
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
        # The driver wants one type in an array, and integers and decimals are two.
        [Decimal(repr(value)) for value in column] if kind == "NUMERIC" else list(column)
        for column, kind in zip(zip(*rows, strict=True), types, strict=True)
    ]
    connection.exec_driver_sql(f"{into} SELECT * FROM unnest({arrays}) {conflict}", tuple(values))  # noqa: S608
