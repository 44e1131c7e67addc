"""Pages of an invented agency: asked in this process, and in a real browser over a real socket."""

import asyncio
import os
import shutil
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser as RealBrowser
from playwright.sync_api import sync_playwright
from tests.analytics.reports.conftest import Agency, furnish
from tests.conftest import NOW, Filling, plain_settings
from tests.dashboard.furnishing import furnish_pages

from sophia.access.sessions import start_session
from sophia.access.users import UserRole, create_user
from sophia.database.engine import Database
from sophia.display.charts.drawing import ChartDrawer
from sophia.main import create_app
from sophia.portfolio.drafts import DraftContent, create_draft
from sophia.publishing.queue import enqueue

ORIGIN = "http://pages.test"


@dataclass
class Answer:
    """A response and the page value that was rendered, if it is a page."""

    status: int
    headers: httpx.Headers
    text: str
    page: Any = None
    content: bytes = b""


def run(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """Run in a thread of its own: the driver of the real browser keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asking).result()


@dataclass
class Browser:
    """Asks for pages in this process, with the cookie of one signed-in user."""

    app: Any
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return run(self._ask("GET", path, b""))

    def post(self, path: str, form: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Answer:
        body = urlencode(form or {}, doseq=True).encode()
        sent = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        return run(self._ask("POST", path, body, sent | (headers or {})))

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a body as it is, such as a form with a file."""
        return run(self._ask("POST", path, body, headers))

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        path, _, query = path.partition("?")
        sent = {"host": "pages.test", "user-agent": "Test"} | self.headers | (headers or {})
        if self.token is not None:
            sent["cookie"] = f"sophia_session={self.token}"
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("pages.test", 80),
            "state": {},
        }
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        start = next(message for message in messages if message["type"] == "http.response.start")
        content = b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")
        found = httpx.Response(start["status"], headers=start["headers"], content=content)
        return Answer(found.status_code, found.headers, found.text, scope["state"].get("page"), found.content)


@dataclass
class Agencies:
    """The store of an invented agency with two clients of interest, and browsers of its users."""

    database: Database
    app: Any
    hats: int
    shoes: int
    draft: int = 0

    def address(self, path: str) -> str:
        """The path with the numbers of Hats, of one of its posts and of one of its drafts."""
        return path.format(hats=self.hats, post=1, draft=self.draft)

    def browser(self, role: UserRole | None, *client_ids: int) -> Browser:
        """A browser that is signed in with a role, or signed out without one."""
        if role is None:
            return Browser(self.app)
        with self.database.write() as session:
            user = create_user(session, f"{role} {token_hex(4)}", role, client_ids, NOW, None)
            token = start_session(session, user.id, "Test", NOW)
        return Browser(self.app, token)


def clock() -> datetime:
    return NOW


def queued_draft(database: Database, client_id: int) -> int:
    """A draft that waits for its approval and is planned for tomorrow."""
    content = DraftContent("instagram", "image", "Hats at https://hats.example/new", ("https://media.example/hat.jpg",))
    with database.write() as session:
        draft_id = create_draft(session, client_id, content, "user Olga", NOW)
        enqueue(session, draft_id, "user Olga", NOW, scheduled_for=NOW + timedelta(days=1))
    return draft_id


@dataclass(frozen=True)
class Template:
    """A closed SQLite file with the invented agency, to be copied, and the numbers of what is in it."""

    path: Path
    metrics: dict[tuple[str, str, str, str, str], int]
    hats: int
    draft: int


@pytest.fixture(scope="session")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Hats and six other clients with two weeks of readings; Shoes is one of the others."""
    path = tmp_path_factory.mktemp("agencies") / "sophia.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    filling = Filling(database)
    hats, account = furnish(Agency(filling))
    furnish_pages(filling, hats, account)
    draft = queued_draft(database, hats)
    database.close()
    return Template(path, filling.metrics, hats, draft)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def furnished(template: Template, tmp_path: Path) -> Iterator[Database]:
    """A store with the invented agency, of this test's own."""
    path = tmp_path / "agencies.db"
    shutil.copy(template.path, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def filling(template: Template, furnished: Database) -> Filling:
    return Filling(furnished, dict(template.metrics))


@pytest.fixture
def agencies(template: Template, furnished: Database, chart_drawer: ChartDrawer) -> Agencies:
    app = create_app(plain_settings(), furnished, clock=clock, has_patterns=True)
    app.state.chart_drawer = chart_drawer
    return Agencies(furnished, app, template.hats, template.hats + 1, template.draft)


@dataclass
class Site:
    """The same pages over a real socket."""

    url: str
    agencies: Agencies
    name: str
    password: str


@pytest.fixture
def site(agencies: Agencies) -> Iterator[Site]:
    from sophia.access.passwords import hash_password  # noqa: PLC0415

    with agencies.database.write() as session:
        create_user(session, "Olga", UserRole.OPERATOR, (), NOW, hash_password("correct horse battery"))
    config = uvicorn.Config(agencies.app, port=0, log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", agencies, "Olga", "correct horse battery")
    server.should_exit = True
    thread.join(20)


def chromium_path() -> Path | None:
    """Return the Chromium of this machine: the one that SOPHIA_CHROMIUM names, or Debian's."""
    named = os.environ.get("SOPHIA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return None if named is None else Path(named)


@pytest.fixture(scope="module")
def browser() -> Iterator[RealBrowser]:
    """A real Chromium. It ends with each file of tests: its driver keeps an event loop in this thread, in which no other
    test could run one.
    """
    flags = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
    path = chromium_path()
    if path is None:
        pytest.skip("No Chromium was found. Install Debian's: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=[*flags, "--disable-component-update"])
