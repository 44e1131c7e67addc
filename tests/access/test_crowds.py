"""Many at once, on both databases: everybody is answered, and whoever is not served is told to come back."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.pool import QueuePool
from tests.conftest import NOW, PATIENCE_SECONDS, YESTERDAY, Api, Filling, plain_settings

from sophia.analytics.conversions.models import ConversionEvent
from sophia.main import create_app

BODY = {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)}


@pytest.fixture
def crowded(filling: Filling) -> tuple[FastAPI, str]:
    app = create_app(plain_settings(requests_per_minute=100_000), filling.database, clock=lambda: NOW)
    return app, filling.key()


def test_many_requests_at_once_do_not_wait_for_each_other_for_ever(
    crowded: tuple[FastAPI, str], filling: Filling
) -> None:
    """J12: three times as many readers and writers at once as there are threads and connections; all are answered."""
    app, key = crowded
    client = filling.client("Hats")
    headers = {"Authorization": f"Bearer {key}"}

    async def go() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sophia", headers=headers) as http:
            reads = [http.get("/api/analytics/portfolio/summary") for _ in range(120)]
            writes = [http.post(f"/api/analytics/{client}/conversion", json=BODY) for _ in range(120)]
            return [answer.status_code for answer in await asyncio.gather(*reads, *writes)]

    statuses = asyncio.run(asyncio.wait_for(go(), PATIENCE_SECONDS))
    assert statuses == [200] * 120 + [201] * 120


def narrow(filling: Filling, patience_seconds: float) -> Engine:
    """The same store with two connections at most, for which nobody waits longer than this."""
    url = filling.database.engine.url
    options = {"check_same_thread": False} if filling.database.is_sqlite else {}
    return create_engine(
        url, poolclass=QueuePool, pool_size=2, max_overflow=0, pool_timeout=patience_seconds, connect_args=options
    )


@pytest.mark.parametrize(("patience_seconds", "refused"), [(30.0, False), (0.001, True)])
def test_more_threads_than_connections(filling: Filling, patience_seconds: float, *, refused: bool) -> None:
    """J12: 24 threads on two connections wait their turn; where nobody may wait, it is 503 with a time, and never 500.
    What was answered with 201 is there, and nothing else is.
    """
    client, key = filling.client("Hats"), filling.key()
    before = filling.database.engine
    filling.database.engine = narrow(filling, patience_seconds)
    api = Api(create_app(plain_settings(requests_per_minute=100_000), filling.database, clock=lambda: NOW), key)

    def ask(number: int) -> httpx.Response:
        if number % 3:
            return api.get(("/portfolio/summary", f"/{client}/metrics")[number % 2])
        return api.post(f"/{client}/conversion", BODY)

    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(ask, range(240)))
    filling.database.engine.dispose()
    filling.database.engine = before
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 201, 503}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 503)
    assert (503 in statuses) == refused
    with filling.database.read() as session:
        stored = session.scalar(select(func.count()).select_from(ConversionEvent))
    assert stored == [answer.status_code for answer in answers].count(201)
