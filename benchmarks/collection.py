"""Collect from the simulated Meta in a process of its own: `python benchmarks/collection.py [--large]`.

Three portfolios (1 account × 1,000 posts, 20 × 100, 200 × 100), with answers that take 0 and 50 ms. `first` fills an
empty store with 90 days; `daily` is the run of the next morning. A CPU second is one of this process: HTTP, parsing,
classification and store, without the simulated Meta.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr

from benchmarks.machine import Measured, machine, measured, peak_memory_mb, table
from sophia.analytics.collector.plan import Plan
from sophia.analytics.collector.portfolio import Collector
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.cli.installation import settle_memory
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.demo.server import SpawnedServer, spawned_server
from sophia.meta.client import GraphClient
from sophia.migrations import upgrade
from sophia.portfolio.models import Account, Client
from sophia.vault import Vault

MORNING = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
POST_DAYS = 27  # young enough to be read every day


@dataclass
class Bench:
    """A store, a simulated Meta, and what lies between them."""

    database: Database
    server: SpawnedServer
    vault: Vault
    ids: list[int]
    now: datetime = MORNING

    def connect(self, platforms: tuple[str, ...]) -> None:
        with self.database.write() as session:
            for business in self.server.world.businesses:
                client = Client(name=business.name, slug=business.slug, timezone=business.timezone, created_at=self.now)
                session.add(client)
                session.flush()
                for platform, account in (("facebook", business.page), ("instagram", business.instagram)):
                    if platform not in platforms:
                        continue
                    row = Account(
                        client_id=client.id,
                        platform=platform,
                        external_id=account.id,
                        name=f"{business.name} {platform}",
                        token_encrypted=self.vault.encrypt(SecretStr(business.page.access_token)),
                        token_scopes=list(self.server.world.scopes),
                        connected_at=self.now,
                    )
                    session.add(row)
                    session.flush()
                    self.ids.append(row.id)

    def run(self, plan: Plan) -> tuple[Measured, list[RunOutcome]]:
        async def collect() -> tuple[Measured, list[RunOutcome]]:
            async with GraphClient(self.server.base_url, "v22.0", lambda: self.now) as client:
                settings = Settings(_env_file=None)  # type: ignore[call-arg]
                collector = Collector(self.database, self.vault, client, settings, lambda: self.now)
                with measured() as time:
                    outcomes = await collector.collect(self.ids, plan)
                return time, outcomes

        return asyncio.run(collect())

    def sleep(self, hours: float) -> None:
        """Move both clocks on."""
        self.now += timedelta(hours=hours)
        httpx.post(f"{self.server.base_url}/_sim/now", json={"now": self.now.isoformat()}).raise_for_status()


def measure(accounts: int, posts: int, latency_ms: float, platforms: tuple[str, ...]) -> list[list[object]]:
    businesses = max(1, accounts // len(platforms))
    rows: list[list[object]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        spawned_server(
            businesses=businesses, posts=posts, now=MORNING, latency_ms=latency_ms, days=POST_DAYS
        ) as server,
    ):
        database = Database(f"sqlite:///{Path(folder, 'bench.db')}")
        upgrade(database)
        bench = Bench(database, server, Vault([Fernet.generate_key().decode()]), [])
        bench.connect(platforms)
        label = f"{len(bench.ids)} × {posts}" + (f" ({platforms[0]})" if len(platforms) == 1 else "")
        for name in ("first", "again", "daily"):
            if name == "daily":
                bench.sleep(24)
            time, outcomes = bench.run(Plan(trigger="manual" if name != "daily" else "daily"))
            rows.append([label, f"{latency_ms:g} ms", name, *figures(time, outcomes)])
        database.close()
    return rows


def figures(time: Measured, outcomes: list[RunOutcome]) -> list[object]:
    new, changed, same = (sum(getattr(o.saved, kind) for o in outcomes) for kind in ("new", "changed", "same"))
    calls = [outcome.calls for outcome in outcomes]
    bad = sum(outcome.status != "ok" for outcome in outcomes)
    counted = sum(outcome.calls_counted_by_meta for outcome in outcomes)
    return [
        f"{time.wall:.2f}",
        f"{time.cpu:.2f}",
        sum(calls),
        max(calls),
        counted,
        f"{new} / {changed} / {same}",
        f"{(new + changed + same) / time.cpu:,.0f}",
        bad,
        peak_memory_mb(),
    ]


COLUMNS = (
    "accounts × posts",
    "latency",
    "run",
    "wall s",
    "CPU s",
    "calls",
    "most calls an account",
    "as Meta counts",
    "new / changed / same",
    "readings a CPU second",
    "not ok",
    "peak MB",
)


def main() -> None:
    settle_memory()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(f"Machine: {machine()}")
    both = ("facebook", "instagram")
    cases: list[tuple[int, int, tuple[str, ...]]] = [(1, 1000, both[:1]), (1, 1000, both[1:]), (20, 100, both)]
    if "--large" in sys.argv:
        cases.append((200, 100, both))
    rows = [row for case in cases for latency in (0.0, 50.0) for row in measure(case[0], case[1], latency, case[2])]
    table("Collection", COLUMNS, rows)


if __name__ == "__main__":
    main()
