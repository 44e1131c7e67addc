"""Tells whether anything in a store has changed, without reading its tables."""

import threading
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection


class StoreVersions:
    """Reads a value that changes with every committed transaction of any process.

    SQLite compares what a connection saw last with the file, so one connection is kept for this. PostgreSQL's snapshot
    changes with every transaction that writes, in any of the server's databases. `writes` counts the bounded
    transactions of this process, which are those of requests, and the collections that pages started.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._connection: PoolProxiedConnection | None = None
        self._lock = threading.Lock()
        self.writes = 0

    def current(self) -> Any:
        """Return the version of the store; equal versions mean equal content."""
        if not self._is_sqlite:
            with self._engine.connect() as connection:
                return connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()
        with self._lock:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
            cursor = self._connection.cursor()
            try:
                cursor.execute("PRAGMA data_version")
                row = cursor.fetchone()
            finally:
                cursor.close()
        return None if row is None else row[0]

    def count_write(self) -> None:
        with self._lock:
            self.writes += 1

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
