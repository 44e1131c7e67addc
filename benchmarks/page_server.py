"""Serves a store for `benchmarks.pages`: `python -m benchmarks.page_server STORE NOW`.

It prints its port. `/bench/lag` returns how long the event loop was blocked since the last call, and `/bench/collect?on=1`
writes answers of Meta into the store as a collection does, in this process, until `on=0`. `/bench/cpu` returns the processor seconds so far.
"""

import asyncio
import gc
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import delete, insert, select

from benchmarks.upserts import METRICS, page
from sophia.access.sessions import start_session
from sophia.access.users import UserRole, create_user
from sophia.analytics.readings.run_models import CollectionRun, Lease
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.config import IsolatedSettings
from sophia.database.engine import Database
from sophia.main import create_app
from sophia.meta.catalogue.questions import questions
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.catalogue.terms import Source as Edge
from sophia.portfolio.models import Account

TICK_SECONDS = 0.01
# A collection of several accounts stores so many answers a second: 223 calls in 2 s, of which most are small.
ANSWERS_PER_SECOND = 10


class Lag:
    """Measures how much later than planned a coroutine continues."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def watch(self) -> None:
        while True:
            planned = time.perf_counter() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.seconds.append(time.perf_counter() - planned)

    def take(self) -> dict[str, float]:
        """Return milliseconds and forget them."""
        ordered, self.seconds = sorted(self.seconds) or [0.0], []
        return {"p99": 1000 * ordered[int(0.99 * (len(ordered) - 1))], "most": 1000 * ordered[-1]}


class Collecting:
    """A thread that stores answers into an account of the store, under its lease."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now
        self.on = threading.Event()
        self.answers = 0

    def start(self) -> None:
        self.on.set()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self.on.clear()

    def _run(self) -> None:
        writer = self._writer()
        asked = questions(Platform.FACEBOOK, ObjectKind.POST, Edge.INSIGHTS, "v22.0", self.now.date())
        names = tuple(dict.fromkeys(name for question in asked for name in question.names))[:METRICS]
        number = 0
        while self.on.is_set():
            began = time.perf_counter()
            writer.save([page(number % 10, self.now.date(), names, number)])
            number += 1
            self.answers += 1
            time.sleep(max(0.0, 1 / ANSWERS_PER_SECOND - (time.perf_counter() - began)))
        with self.database.write() as session:
            session.execute(delete(Lease).where(Lease.name.startswith("account:")))

    def _writer(self) -> AccountWriter:
        with self.database.write() as session:
            account = session.scalars(select(Account).where(Account.platform == "facebook").limit(1)).one()
            session.execute(delete(Lease))
            session.add(
                Lease(name=f"account:{account.id}", holder="bench", expires_at=self.now + timedelta(minutes=30))
            )
            run = {
                "account_id": account.id,
                "trigger": "manual",
                "status": "running",
                "started_at": self.now,
                "api_version": "v22.0",
                "problems": [],
            }
            run_id = session.execute(insert(CollectionRun).returning(CollectionRun.id), run).scalar_one()
            owner = Owner(account.id, account.client_id, Platform.FACEBOOK)
        return AccountWriter(self.database, owner, run_id, lambda: self.now, keep=True)


def make_token(database: Database, now: datetime) -> str:
    """Return the cookie of a signed-in operator."""
    with database.write() as session:
        user = create_user(session, f"bench {time.time_ns()}", UserRole.OPERATOR, (), now, None)
        return start_session(session, user.id, "benchmark", now)


def build(database: Database, now: datetime) -> FastAPI:
    """Return the application with the addresses of the benchmark."""
    lag, collecting = Lag(), Collecting(database, now)

    @asynccontextmanager
    async def watched() -> AsyncIterator[None]:
        watching = asyncio.create_task(lag.watch())
        yield
        watching.cancel()

    app = create_app(IsolatedSettings(requests_per_minute=10**6), database, clock=lambda: now, on_start=watched)

    @app.get("/bench/lag")
    def take_lag() -> dict[str, float]:
        return lag.take()

    @app.get("/bench/cpu")
    def cpu() -> float:
        """Return the processor seconds of this process, without those of the processes that draw."""
        return time.process_time()

    @app.get("/bench/collect")
    def collect(on: bool) -> dict[str, int]:
        collecting.start() if on else collecting.stop()
        return {"answers": collecting.answers}

    return app


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    database, now = Database(f"sqlite:///{sys.argv[1]}"), datetime.fromisoformat(sys.argv[2])
    server = uvicorn.Server(uvicorn.Config(build(database, now), log_level="warning"))
    token = make_token(database, now)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        print(listener.getsockname()[1], token, flush=True)
        server.run([listener])


if __name__ == "__main__":
    main()
