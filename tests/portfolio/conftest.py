"""An agency: a simulated Meta on a socket, a store, a vault, and a clock that a test may move."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import func, select, table
from tests.conftest import plain_settings
from tests.meta.conftest import NOW, Meta, meta

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.jobs.context import JobContext, graph_client
from sophia.portfolio.connecting import Connected, Connecting, Offer, store
from sophia.vault import Vault

__all__ = ["meta"]
T = TypeVar("T")


@dataclass
class Agency:
    """Everything but the command line. `now` is Sophia's clock; the simulated Meta's stands still."""

    meta: Meta
    database: Database
    vault: Vault
    settings: Settings
    now: datetime = NOW

    def clock(self) -> datetime:
        return self.now

    def run(self, work: Callable[[JobContext], Awaitable[T]]) -> T:
        """What the work returns, given what jobs are given."""

        async def go() -> T:
            async with graph_client(self.settings, self.clock) as client:
                return await work(JobContext(self.database, self.vault, client, self.settings, self.clock))

        return asyncio.run(go())

    def connecting(self, context: JobContext) -> Connecting:
        return Connecting(self.database, self.vault, context.client, self.settings, self.clock)

    def look(self, token: str | None = None) -> Offer:
        given = SecretStr(token or self.meta.world.user_token)
        return self.run(lambda context: self.connecting(context).examine(given))

    def connect(self, most: int = 3) -> list[Connected]:
        """Pages to clients of their own name; returns accounts in the world's order, a Page before its Instagram."""
        offer = self.look()
        clients = {page.id: page.name for page in offer.pages[:most]}
        return store(self.database, self.vault, offer, clients, "UTC", self.now)

    def count(self, *tables: str) -> dict[str, int]:
        """How many rows each table has."""
        with self.database.read() as session:
            return {name: session.scalar(select(func.count()).select_from(table(name))) or 0 for name in tables}

    def change(self, **settings: Any) -> None:
        self.settings = self.settings.model_copy(update=settings)


@pytest.fixture
def agency(meta: Meta, database: Database, tmp_path: Path) -> Agency:
    """Three clients with a Page and an Instagram account each, none connected yet; on SQLite, then on PostgreSQL."""
    settings = plain_settings(
        graph_base_url=meta.base_url,
        facebook_app_id=meta.world.app_id,
        facebook_app_secret=meta.world.app_secret,
        data_dir=tmp_path,
        initial_days=3,
    )
    return Agency(meta, database, Vault([Fernet.generate_key().decode()]), settings)
