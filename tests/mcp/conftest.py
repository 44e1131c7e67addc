"""An invented agency of 31 clients, and clients of the official SDK that speak to it with a key for one of them."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from tests.analytics.reports.conftest import MONDAY, Agency, furnish
from tests.conftest import NOW, ONE_DAY, Api, Filling, plain_settings
from tests.dashboard.furnishing import furnish_pages

from mcp import Client, StdioServerParameters
from sophia.access.roles import Role
from sophia.analytics.anomalies.models import AnomalyEntry
from sophia.database.engine import Database
from sophia.main import create_app


@dataclass
class Installed:
    """A store, the API on it, and a key that sees the client Hats only."""

    folder: Path
    filling: Filling
    api: Api
    hats: int
    key: str

    @asynccontextmanager
    async def over_http(self, key: str | None = None, mode: str = "auto") -> AsyncIterator[Client]:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        transport = httpx2.ASGITransport(self.api.app)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://sophia", headers=headers) as http,
            Client(streamable_http_client("http://sophia/mcp", http_client=http), mode=mode) as client,
        ):
            yield client

    @asynccontextmanager
    async def over_stdio(self, **variables: str) -> AsyncIterator[Client]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SOPHIA_")}
        environment = {**kept, "SOPHIA_DATA_DIR": str(self.folder), "SOPHIA_ASSISTANT_KEY": self.key, **variables}
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "sophia", "mcp"], env=environment, cwd=self.folder
        )
        async with Client(stdio_client(server)) as client:
            yield client


@pytest.fixture(scope="session")
def installed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("assistants")
    shutil.copy(sqlite_template, folder / "sophia.db")
    database = Database(f"sqlite:///{folder / 'sophia.db'}")
    filling = Filling(database)
    hats, account = furnish(Agency(filling), clients=31)
    furnish_pages(filling, hats, account)
    api = Api(create_app(plain_settings(), database, clock=lambda: NOW), filling.key())
    furnish_tools(filling, api, hats, account)
    yield Installed(folder, filling, api, hats, filling.key(hats, role=Role.READ))
    database.close()


def furnish_tools(filling: Filling, api: Api, hats: int, account: int) -> None:
    """Record a goal, a decision and an anomaly of Hats."""
    days = {"start_date": str(MONDAY), "end_date": str(MONDAY + 6 * ONE_DAY)}
    goal = api.ask("PUT", f"/{hats}/goals/More views", json={"kpi": "views", "target": 9000, **days})
    decision = {"stage": "angle", "decision": "warm colours", "predicted": {"reach": 500}}
    recorded = api.post(f"/{hats}/decisions", decision)
    assert (goal.is_success, recorded.status_code) == (True, 201)
    values = {"worst": MONDAY, "value": 900.0, "score": 5.0, "expected": 500.0, "low": 400.0, "high": 600.0}
    told = {"first_told_at": NOW, "changed_at": NOW, "provisional": False}
    filling.add(
        AnomalyEntry(
            account_id=account,
            metric="views",
            kind="spike",
            noticed=MONDAY,
            since=MONDAY,
            until=MONDAY,
            **values,
            **told,
        )
    )


def text_of(result: Any) -> str:
    """The only text of an answer."""
    (content,) = result.content
    text: str = content.text
    return text
