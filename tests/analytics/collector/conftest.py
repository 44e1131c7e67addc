"""A simulated Meta on a real socket, a store, and a collector between them."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import stamina
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from tests.conftest import ON_POSTGRESQL_BY_HAND, store_of

from sophia.analytics.collector.plan import Plan
from sophia.analytics.collector.portfolio import Collector
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.config import Settings
from sophia.database.columns import day_of
from sophia.database.engine import Database
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server
from sophia.meta.client import GraphClient
from sophia.meta.pacing import Pacing
from sophia.portfolio.models import Account, Client
from sophia.vault import Vault

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
Key = tuple[str, str | None, str, str, str, date]  # account, post, metric, period, breakdown, day


@dataclass
class AppState:
    """One world, one Meta, one store; `now` is everybody's clock and may be moved."""

    database: Database
    world: World
    truth: Truth
    api: GraphApi
    base_url: str
    settings: Settings
    clock: list[datetime]
    vault: Vault = field(default_factory=lambda: Vault([Fernet.generate_key().decode()]))
    account_ids: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock[0]

    @now.setter
    def now(self, moment: datetime) -> None:
        self.clock[0] = moment

    def connect(self) -> None:
        """Put every account of the world into the store, with its token."""
        with self.database.write() as session:
            for business in self.world.businesses:
                zone = business.timezone
                client = Client(name=business.name, slug=business.slug, timezone=zone, created_at=self.now)
                session.add(client)
                session.flush()
                for platform, account in (("facebook", business.page), ("instagram", business.instagram)):
                    row = Account(
                        client_id=client.id,
                        platform=platform,
                        external_id=account.id,
                        name=f"{business.name} {platform}",
                        token_encrypted=self.vault.encrypt(SecretStr(business.page.access_token)),
                        token_scopes=list(self.world.scopes),
                        connected_at=self.now,
                    )
                    session.add(row)
                    session.flush()
                    self.account_ids[account.id] = row.id

    def collect(
        self,
        *external_ids: str,
        plan: Plan | None = None,
        version: str = "v22.0",
        timeout_seconds: float = 30.0,
        **changes: Any,
    ) -> list[RunOutcome]:
        """Collect these accounts (all when none is named) over the socket, as the program would."""
        settings = self.settings.model_copy(update=changes)
        ids: Sequence[int] = [self.account_ids[one] for one in external_ids or self.account_ids]

        async def run() -> list[RunOutcome]:
            secret = SecretStr(self.world.app_secret)
            pacing = Pacing(lambda: self.now, sleep=in_no_time)
            async with GraphClient(
                self.base_url,
                version,
                lambda: self.now,
                app_secret=secret,
                pacing=pacing,
                timeout_seconds=timeout_seconds,
            ) as client:
                collector = Collector(self.database, self.vault, client, settings, lambda: self.now)
                return await collector.collect(ids, plan or Plan())

        return asyncio.run(run())

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.execute(text(sql), values).all())

    def stored(self, external_id: str) -> dict[Key, int | float]:
        """Every reading of an account, straight from the tables."""
        rows = self.rows(
            """
            SELECT p.platform_post_id, m.metric_name, m.period, m.breakdown, e.metric_date, e.metric_value
            FROM engagement_metrics e JOIN metric_series s ON s.id = e.series_id JOIN metrics m ON m.id = s.metric_id
            LEFT JOIN posts p ON p.id = s.post_id WHERE s.account_id = :account
            """,
            account=self.account_ids[external_id],
        )
        return {
            (external_id, post, name, period, breakdown, day_of(day)): as_number(value)
            for post, name, period, breakdown, day, value in rows
        }


async def in_no_time(_seconds: float) -> None:
    """What spreads calls when a limit is near; the intervals themselves are tested in tests/meta/test_pacing.py."""
    await asyncio.sleep(0)


def as_number(value: Any) -> int | float:
    return value if isinstance(value, int | float) else (int(value) if value == int(value) else float(value))


HouseMaker = Callable[..., AppState]


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/collector -m campaign`, but for what says that it wants both."""
    return store_of(request)


@pytest.fixture
def make_house(database: Database) -> Iterator[HouseMaker]:
    """What builds a house from the options of build_world, on SQLite and on PostgreSQL, one after the other."""
    with ExitStack() as stack:

        def make(now: datetime = NOON, days: int = 90, **world: Any) -> AppState:
            return stack.enter_context(open_house(database, now, days, world))

        yield make


@contextmanager
def open_house(database: Database, now: datetime, days: int, options: dict[str, Any]) -> Iterator[AppState]:
    world = build_world(**{"businesses": 1, "posts_per_account": 12, "days": days, "now": now, **options})
    truth = Truth(world)
    clock = [now]
    api = GraphApi(world, truth, clock=lambda: clock[0])
    # Retries are made as often as in earnest, without the waits between them.
    with running_server(api) as base_url, stamina.set_testing(testing=True, attempts=4, cap=True):
        settings = Settings(_env_file=None, data_dir=Path("unused"))  # type: ignore[call-arg]
        house = AppState(database, world, truth, api, base_url, settings, clock)
        house.connect()
        yield house
