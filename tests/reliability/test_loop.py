"""The event loop asks Meta; the database is used from threads."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import event
from tests.conftest import Filling, plain_settings

from sophia.analytics.collector.plan import Plan
from sophia.analytics.collector.portfolio import Collector
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.database.engine import Database
from sophia.demo.server import SpawnedServer, spawned_server
from sophia.meta.client import GraphClient
from sophia.vault import Vault

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
POSTS = 600


@dataclass
class Transactions:
    """Seconds between the beginning and the end of transactions, and the statements in them, by thread."""

    seconds: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    statements: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    began: dict[int, float] = field(default_factory=dict)

    def begin(self, *_: Any) -> None:
        self.began[threading.get_ident()] = time.perf_counter()

    def end(self, *_: Any) -> None:
        thread = threading.get_ident()
        self.seconds[thread] += time.perf_counter() - self.began.pop(thread, time.perf_counter())

    def note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements[threading.get_ident()].append(statement)


@contextmanager
def watched(database: Database) -> Iterator[Transactions]:
    seen = Transactions()
    listeners = (
        ("begin", seen.begin),
        ("commit", seen.end),
        ("rollback", seen.end),
        ("before_cursor_execute", seen.note),
    )
    for name, listener in listeners:
        event.listen(database.engine, name, listener)
    yield seen
    for name, listener in listeners:
        event.remove(database.engine, name, listener)


def collect(database: Database, server: SpawnedServer, account: int, vault: Vault) -> list[RunOutcome]:
    async def run() -> list[RunOutcome]:
        async with GraphClient(server.base_url, "v22.0", lambda: NOW) as client:
            settings = plain_settings(initial_days=2)
            return await Collector(database, vault, client, settings, lambda: NOW).collect([account], Plan())

    return asyncio.run(run())


def test_the_loop_does_not_wait_for_the_database(sqlite_database: Database) -> None:
    """E5: while 600 posts are collected, no answer is stored on the loop's thread, and nearly no time of the database
    is spent there. Both are shares of the same work, so that a busy machine changes nothing about them.
    """
    vault = Vault([Fernet.generate_key().decode()])
    with spawned_server(businesses=1, posts=POSTS, days=25, now=NOW) as server:
        page = server.world.pages[0]
        filling = Filling(sqlite_database)
        token = vault.encrypt(SecretStr(page.access_token))
        scopes = list(server.world.scopes)
        account = filling.account(
            filling.client("Bakery"), external_id=page.id, token_encrypted=token, token_scopes=scopes
        )
        with watched(sqlite_database) as seen:
            (outcome,) = collect(sqlite_database, server, account, vault)
    assert outcome.status == "ok"
    assert outcome.saved.posts_new >= POSTS
    loop = threading.get_ident()
    storing = [text for text in seen.statements[loop] if "engagement_metrics" in text or "INTO fetches" in text]
    assert storing == []
    assert seen.seconds[loop] < 0.1 * sum(seen.seconds.values()), dict(seen.seconds)
