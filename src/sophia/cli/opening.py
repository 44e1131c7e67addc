"""Puts together what commands work with: settings, logging, the store, the vault, the clock."""

import gc
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sophia.cli.errors import warn
from sophia.cli.output import echo

if TYPE_CHECKING:
    from sophia.config import Settings
    from sophia.database.engine import Database
    from sophia.jobs.context import JobContext
    from sophia.meta.client import GraphClient
    from sophia.vault import Vault


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Installation:
    """Sophia as this machine has it. The clock gives aware moments in UTC."""

    settings: "Settings"
    database: "Database"
    clock: Callable[[], datetime] = utc_now

    @cached_property
    def vault(self) -> "Vault":
        from sophia.vault import open_vault  # noqa: PLC0415

        return open_vault(self.settings.encryption_key, self.settings.data_dir)

    def graph_client(self) -> "GraphClient":
        from sophia.jobs.context import graph_client  # noqa: PLC0415

        return graph_client(self.settings, self.clock)

    def context(self, client: "GraphClient") -> "JobContext":
        from sophia.jobs.context import JobContext  # noqa: PLC0415

        return JobContext(self.database, self.vault, client, self.settings, self.clock)


def settle_memory() -> None:
    """Let Python look for cycles less often: answers are trees of tens of thousands of objects, and hold none.

    With Python's own settings that search takes a fifth of a collection's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def check_settings(settings: "Settings") -> None:
    """What the settings alone cannot check: variables that mean nothing are warned about, and metrics must be known.

    Raises ConfigurationError for a metric that cannot be asked.
    """
    from sophia.config import unknown_variables  # noqa: PLC0415
    from sophia.errors import ConfigurationError  # noqa: PLC0415

    for name, likely in unknown_variables().items():
        warn(f"{name} means nothing to Sophia{f'; did you mean {likely}?' if likely else '.'}")
    if not settings.ask_also:
        return
    from sophia.meta.catalogue.lookup import METRICS  # noqa: PLC0415
    from sophia.meta.catalogue.terms import Asked  # noqa: PLC0415

    known = {metric.name for metric in METRICS if metric.asked is Asked.ON_REQUEST}
    for name in sorted(settings.ask_also - known):
        likely = next(iter(get_close_matches(name, sorted(known), 1)), None)
        reason = "is asked anyway" if name in {metric.name for metric in METRICS} else "is not in the catalogue"
        hint = f"Did you mean {likely}?" if likely else "docs/metrics.md lists those that are asked on request."
        raise ConfigurationError(f"SOPHIA_ASK_ALSO: {name!r} {reason}. {hint}")


def warn_of_open_file(path: Path) -> None:
    """Log a warning when other users of this machine may read the store; stores that earlier versions made are 0644."""
    import structlog  # noqa: PLC0415

    if os.name != "nt" and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        files = f"{path}*"  # with -wal and -shm
        structlog.get_logger(__name__).warning("store_open_to_others", file=str(path), what_to_do=f"chmod 600 {files}")


def open_installation(*, create: bool = False, talkative: bool = False, check: bool = True) -> Installation:
    """Read the settings, set logging up and open the store.

    `create`: make a SQLite store that does not exist yet. `talkative`: log as much as the settings say, for commands
    that run on; the others show their own output, so people see only warnings beside it. `check`: the store must have
    the schema of this version. Raises ConfigurationError and StoreError.
    """
    from sophia import logs  # noqa: PLC0415
    from sophia.config import load_settings  # noqa: PLC0415
    from sophia.database.engine import Database  # noqa: PLC0415
    from sophia.errors import StoreError  # noqa: PLC0415
    from sophia.migrations import expect_current, upgrade  # noqa: PLC0415
    from sophia.portfolio import models  # noqa: F401, PLC0415 - tables that keys refer to
    from sophia.vault import remember  # noqa: PLC0415

    settle_memory()
    settings = load_settings()
    for secret in settings.secrets:
        remember(secret)
    check_settings(settings)
    quiet = not talkative and settings.log_format == "console" and settings.log_level == "info"
    logs.configure(settings, least="warning" if quiet else None)
    database = Database(settings.resolved_database_url)
    if database.path is not None and not database.path.exists() and (create or check):
        if not create:
            raise StoreError(f"There is no store at {database.path} yet. Run `sophia connect` or `sophia db upgrade`.")
        upgrade(database)
        echo(f"Made a new store: {database.path}", err=True)
    if check:
        expect_current(database)
    if talkative and database.path is not None:
        warn_of_open_file(database.path)
    return Installation(settings, database)
