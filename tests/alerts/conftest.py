"""Servers that receive alerts, and the world in which they are caused."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography.fernet import Fernet
from pydantic import SecretStr
from tests.conftest import NOW, ON_POSTGRESQL_BY_HAND, PATIENCE_SECONDS, Filling, plain_settings, store_of

from sophia.alerts.routes import NewRoute, Route, add_route
from sophia.alerts.sending import find_alerts, send_alerts
from sophia.alerts.tracking import Changes
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.vault import Vault

SECRET = "kX93hs71-Geheimnis-2f8a"


class Inbox:
    """Keeps the mails that an SMTP server received."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 OK"


@dataclass
class Mailbox:
    """A running SMTP server and its address for apprise."""

    inbox: Inbox
    port: int

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=sophia@example.com&to=ann@example.com&name={SECRET}"

    @property
    def mails(self) -> list[EmailMessage]:
        return self.inbox.mails


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[Mailbox]:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE_SECONDS)
    controller.start()
    yield Mailbox(inbox, port)
    controller.stop(no_assert=True)


@pytest.fixture
def mailbox(smtp_server: Mailbox) -> Mailbox:
    smtp_server.mails.clear()
    return smtp_server


@dataclass
class Hook:
    """A running HTTP server that keeps what was posted; it answers with `status` after `seconds`."""

    port: int = 0
    status: int = 200
    seconds: float = 0
    posts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    on_post: Callable[[], None] = lambda: None
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook/{SECRET}"

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]


def hook_handler(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posts.append(json.loads(body))
            hook.paths.append(self.path)
            hook.on_post()
            hook.released.wait(hook.seconds)
            with suppress(OSError):
                self.send_response(hook.status)
                self.end_headers()

        def do_GET(self) -> None:
            hook.paths.append(self.path)
            hook.released.wait(hook.seconds)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    server = ThreadingHTTPServer(("127.0.0.1", 0), hook_handler(hook))
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hook
    hook.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class World:
    """A store with a clock that the test moves, and what the jobs do on it."""

    filling: Filling
    vault: Vault
    settings: Settings
    now: datetime = NOW

    @property
    def database(self) -> Database:
        return self.filling.database

    def route(self, address: str, **values: Any) -> Route:
        with self.database.write() as session:
            new = NewRoute(name=values.pop("name", "Team"), address=SecretStr(address), **values)
            return add_route(session, self.vault, None, new, self.now)

    def look(self) -> Changes:
        return find_alerts(self.database, self.settings, self.now)

    def send(self, **options: Any) -> dict[str, int]:
        return asyncio.run(send_alerts(self.database, self.vault, self.settings, lambda: self.now, **options))

    def run(self, **later: float) -> dict[str, int]:
        """Move the clock, look for alerts and send them, as the jobs do."""
        self.now += timedelta(**later)
        self.look()
        return self.send()


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, but for what says that it wants both."""
    return store_of(request)


@pytest.fixture
def world(filling: Filling, tmp_path: Path) -> World:
    settings = plain_settings(data_dir=tmp_path / "data", public_url="https://sophia.example.com")
    return World(filling, Vault([Fernet.generate_key().decode()]), settings)
