"""One engine, and one transaction per request or job.

SQLite allows one writer at a time. Writers begin with BEGIN IMMEDIATE and queue on a lock of this process: SQLite's own
waiting polls, and a plain BEGIN that reads first fails when another writer is faster.
"""

import copy
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from sophia.database.versions import StoreVersions
from sophia.errors import BusyError, ConfigurationError, StoreError

# Faults of the machine that a person must fix, by SQLite's primary result code and by PostgreSQL's state.
KEPT = "Stored data is safe, and the next run continues from there."
MACHINE_FAULTS: Mapping[int | str, str] = {
    8: f"is read-only. Give the user who runs Sophia write access to the file and its folder. {KEPT}",
    10: f"cannot be written: the disk fails, or is over a limit. Check the disk, then run again. {KEPT}",
    13: f"cannot grow: the disk is full. Free space, then run again. {KEPT}",
    14: "cannot be opened. Give the user who runs Sophia write access to its folder, or set SOPHIA_DATABASE_URL.",
    "25006": f"is read-only: its server is a standby, or set to read only. Give Sophia a server that accepts writes. {KEPT}",
    "53100": f"cannot grow: the disk of its server is full. Free space there, then run again. {KEPT}",
}


PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "temp_store=MEMORY",
    "cache_size=-65536",
    "mmap_size=1073741824",
)
SCAN_PRAGMAS = ("temp_store=FILE", "cache_size=-2048", "mmap_size=0")


class Database:
    """The store's engine. Opens no connection before the first read or write."""

    def __init__(self, url: str) -> None:
        """Accept a `url` as in SOPHIA_DATABASE_URL. Raises ConfigurationError when it names no supported database."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            # The cause is omitted: it may contain the address with its password.
            raise ConfigurationError(
                "SOPHIA_DATABASE_URL is not a database address such as sqlite:///file.db"
            ) from None
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
            event.listen(self.engine, "do_connect", self._make_private_file)
            event.listen(self.engine, "connect", prepare_sqlite)
            event.listen(self.engine, "begin", begin_sqlite)
        else:
            self.path = None
            address = parsed.set(drivername="postgresql+psycopg")
            self.engine = create_engine(address, hide_parameters=True, pool_size=20, max_overflow=20)
        event.listen(self.engine, "handle_error", self._raise_store_error)
        self.versions = StoreVersions(self.engine)

    def within(self, seconds: float) -> Self:
        """Return the same store with a time limit: no query takes longer, and no write commits later than this from now.

        Work that takes longer ends with a temporary error of the database, or with BusyError.
        """
        limited = copy.copy(self)
        limited.__dict__.update(_seconds=seconds, _until=time.monotonic() + seconds)
        return limited

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read-only session on one consistent state of the store; changes through it are discarded."""
        with self._translated(), self.engine.connect() as connection, self._reading(connection) as session:
            yield session

    @contextmanager
    def scan(self) -> Iterator[Session]:
        """Open a session as `read` does, for one pass over many rows in little memory.

        On SQLite, the pages of a large store would otherwise stay in memory, and rows would be sorted there.
        """
        with self._translated(), self.engine.connect() as connection:
            if self.is_sqlite:
                set_pragmas(connection.connection.driver_connection, SCAN_PRAGMAS)
                # With settings of its own, the connection is closed afterwards instead of used again.
                connection.detach()
            with self._reading(connection) as session:
                yield session

    @contextmanager
    def _reading(self, connection: Connection) -> Iterator[Session]:
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with bounded(connection.execution_options(**level), self._seconds), Session(connection) as session:
            yield session

    @contextmanager
    def write(self, *, counted: bool = True) -> Iterator[Session]:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        With `counted=False`, `versions` does not count it: for the last use of a session, which no report contains.
        """
        # None leaves the mode to the server. SQLAlchemy would set READ WRITE, which a standby refuses as an unsupported
        # feature; without it, the standby refuses the write itself, with its own state (25006).
        options = {"sophia_write": True} if self.is_sqlite else {"postgresql_readonly": None}
        with (
            self._write_turn(),
            self._translated(),
            self.engine.connect() as connection,
            bounded(connection.execution_options(**options), self._seconds),
        ):
            with Session(connection, expire_on_commit=False) as session, session.begin():
                yield session
                session.flush()
                if time.monotonic() > self._until:
                    raise BusyError("This took too long and was not stored. Try again in a moment.")
            connection.commit()
        if counted and self._seconds is not None:
            self.versions.count_write()

    @contextmanager
    def _write_turn(self) -> Iterator[None]:
        """Let the writers of this process in one at a time on SQLite, all at once on PostgreSQL."""
        if not self.is_sqlite:
            yield
            return
        patience = -1 if self._seconds is None else max(0.0, self._until - time.monotonic())
        if not self._write_lock.acquire(timeout=patience):
            raise BusyError("Another process is writing. Try again in a moment.")
        try:
            yield
        finally:
            self._write_lock.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise sqlalchemy.exc.OperationalError for an error of the driver.

        SQLAlchemy translates errors of statements, but not errors while it prepares a connection, such as setting the
        isolation level after the server has closed the connection.
        """
        try:
            yield
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise OperationalError(None, None, error, hide_parameters=True, connection_invalidated=True) from error

    def sync(self) -> None:
        """Wait until committed data has reached the disk, which SQLite would otherwise do later."""
        if not self.is_sqlite:
            return
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(FULL)").close()
        finally:
            connection.close()

    def close(self) -> None:
        self.versions.close()
        self.engine.dispose()

    def _make_private_file(self, *_: object) -> None:
        """Create the file with access for its owner only; SQLite gives -wal and -shm the same mode."""
        if self.path is not None and not str(self.path).startswith("file:"):  # an address in SQLite's own form
            # The file exists, or SQLite says next why it cannot be opened.
            with suppress(OSError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _raise_store_error(self, context: ExceptionContext) -> None:
        """Raise StoreError with advice for faults that a person must fix; other errors stay unchanged."""
        error = context.original_exception
        code = getattr(error, "sqlite_errorcode", None)
        # The lowest byte is the primary result code; the others give details.
        fault = MACHINE_FAULTS.get(getattr(error, "sqlstate", None) or "" if code is None else code & 0xFF)
        # A write inside `read` is a fault of Sophia, not of the server.
        options = context.connection.get_execution_options() if context.connection is not None else {}
        if fault is not None and not options.get("postgresql_readonly"):
            raise StoreError(f"The store{f' at {self.path}' if self.path else ''} {fault}") from error


@contextmanager
def bounded(connection: Connection, seconds: float | None) -> Iterator[None]:
    """Bound the time of every query through the connection within the block; None sets no bound."""
    if seconds is None:
        yield
        return
    if connection.dialect.name == "postgresql":
        # The setting ends with the transaction. SQLAlchemy executes it, because it replaces closed connections.
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        yield
        return
    driver = connection.connection.driver_connection
    if driver is None:
        yield
        return
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # begin_sqlite starts transactions
    set_pragmas(connection, PRAGMAS)


def set_pragmas(connection: Any, pragmas: Iterable[str]) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("sophia_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
