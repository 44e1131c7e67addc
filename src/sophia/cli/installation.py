"""Opens what the commands work with: settings, logging, the store, the vault and the clock."""

import gc
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sophia.cli.errors import warn
from sophia.cli.output import echo

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from sophia.config import Settings
    from sophia.database.engine import Database
    from sophia.jobs.context import JobContext
    from sophia.meta.client import GraphClient
    from sophia.portfolio.models import Client
    from sophia.vault import Vault


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Installation:
    """The Sophia of this machine. Its clock returns aware moments in UTC."""

    settings: "Settings"
    database: "Database"
    clock: Callable[[], datetime] = utc_now

    @cached_property
    def vault(self) -> "Vault":
        from sophia.vault import open_vault

        return open_vault(self.settings.encryption_key, self.settings.data_dir)

    def graph_client(self) -> "GraphClient":
        from sophia.jobs.context import graph_client

        return graph_client(self.settings, self.clock)

    def context(self, client: "GraphClient") -> "JobContext":
        from sophia.jobs.context import JobContext

        return JobContext(self.database, self.vault, client, self.settings, self.clock)

    def find_client(self, name_or_id: str) -> "Client":
        """Raise NotFoundError when there is no such client."""
        from sophia.portfolio.service import find_client

        with self.database.read() as session:
            return find_client(session, name_or_id)

    def find_client_id(self, name_or_id: str | None) -> int | None:
        """Return the client's id, or None when the user named no client. Raise NotFoundError."""
        return None if name_or_id is None else self.find_client(name_or_id).id

    @contextmanager
    def read_client(self, name_or_id: str) -> "Iterator[tuple[Session, int]]":
        """Open a transaction that only reads; yield it with the client's id. Raise NotFoundError."""
        from sophia.portfolio.service import find_client

        with self.database.read() as session:
            yield session, find_client(session, name_or_id).id

    @contextmanager
    def write_client(self, name_or_id: str) -> "Iterator[tuple[Session, int]]":
        """Open a transaction that writes; yield it with the client's id. Raise NotFoundError."""
        from sophia.portfolio.service import find_client

        with self.database.write() as session:
            yield session, find_client(session, name_or_id).id


def settle_memory() -> None:
    """Make Python search for reference cycles less often.

    Meta's answers are trees of tens of thousands of objects without cycles. With Python's own settings the search takes a
    fifth of the processor time of a collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def check_settings(settings: "Settings") -> None:
    """Warn about unknown SOPHIA_ variables. Raise ConfigurationError for a metric that cannot be requested."""
    from sophia.config import unknown_variables
    from sophia.errors import ConfigurationError

    for name, likely in unknown_variables().items():
        warn(f"Sophia does not know the setting {name}{f'; did you mean {likely}?' if likely else '.'}")
    if not settings.ask_also:
        return
    from sophia.meta.catalogue.lookup import METRICS  # slow, and rarely needed
    from sophia.meta.catalogue.terms import Asked  # slow, and rarely needed

    optional_names = {metric.name for metric in METRICS if metric.asked is Asked.ON_REQUEST}
    for name in sorted(settings.ask_also - optional_names):
        likely = next(iter(get_close_matches(name, sorted(optional_names), 1)), None)
        reason = "is always requested" if name in {metric.name for metric in METRICS} else "is not in the catalogue"
        hint = f"Did you mean {likely}?" if likely else "docs/metrics.md lists the optional metrics."
        raise ConfigurationError(f"SOPHIA_ASK_ALSO: {name!r} {reason}. {hint}")


def warn_of_open_file(path: Path) -> None:
    """Log a warning when other users of this machine can read the store. Earlier versions created stores as 0644."""
    import structlog

    if os.name != "nt" and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        files = f"{path}*"  # with -wal and -shm
        structlog.get_logger(__name__).warning("store_open_to_others", file=str(path), what_to_do=f"chmod 600 {files}")


def open_installation(*, create: bool = False, verbose: bool = False, check: bool = True) -> Installation:
    """Read the settings, set up logging and open the store.

    `create`: create a SQLite store that does not exist yet. `verbose`: log at the level of the settings, for commands
    that keep running; other commands print results, so they log only warnings. `check`: require the schema of this
    version. Raise ConfigurationError or StoreError.
    """
    from sophia import logs
    from sophia.config import load_settings
    from sophia.database.engine import Database
    from sophia.errors import StoreError
    from sophia.migrations import expect_current, upgrade
    from sophia.portfolio import models  # noqa: F401 - the tables that API keys refer to
    from sophia.vault import remember

    settle_memory()
    settings = load_settings()
    for secret in settings.secrets:
        remember(secret)
    check_settings(settings)
    quiet = not verbose and settings.log_format == "console" and settings.log_level == "info"
    logs.configure(settings, least="warning" if quiet else None)
    database = Database(settings.resolved_database_url)
    if database.path is not None and not database.path.exists() and (create or check):
        if not create:
            raise StoreError(f"There is no store at {database.path}. Run `sophia connect` or `sophia db upgrade`.")
        upgrade(database)
        echo(f"Created a new store: {database.path}", err=True)
    if check:
        expect_current(database)
    if verbose and database.path is not None:
        warn_of_open_file(database.path)
    return Installation(settings, database)
