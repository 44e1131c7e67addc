"""The simulated Meta on a loopback socket: in a thread for tests, or as its own process for benchmarks and the demo."""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sophia.demo.certificates import Tls, make_certificate
from sophia.demo.control import ControlledApi, SettableClock, aware
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world

LOOPBACK = "127.0.0.1"


class _Protocol(H11Protocol):
    """Shows the application its connection, so that faults can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def _server(app: Any, listener: socket.socket, certificate: tuple[Path, Path] | None = None) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ssl_certfile=certificate and certificate[0],
        ssl_keyfile=certificate and certificate[1],
        host=listener.getsockname()[0],
        port=listener.getsockname()[1],
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    # Without the protocol named, asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(256)
    return listener


@contextmanager
def running_server(api: Any, port: int = 0, *, tls: Tls | None = None, tls_folder: Path | None = None) -> Iterator[str]:
    """Serve the ASGI application `api` from a thread; yields the base URL, without a slash at its end.

    With port 0 the system picks a free one. When the block ends the server is gone: open connections get one second.
    With `tls` it speaks HTTPS under a certificate made for this block; `tls_folder` gets `certificate.pem` for those who
    want to trust it.
    """
    with ExitStack() as stack:
        certificate = None
        if tls is not None:
            folder = tls_folder or Path(stack.enter_context(TemporaryDirectory()))
            certificate = make_certificate(folder, tls, LOOPBACK)
        yield stack.enter_context(_served(api, port, certificate))


@contextmanager
def _served(api: Any, port: int, certificate: tuple[Path, Path] | None) -> Iterator[str]:
    listener = _listen(LOOPBACK, port)
    server = _server(api, listener, certificate)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="simulated-meta", daemon=True)
    thread.start()
    # Connections queue at the listening socket from the first moment, so there is nothing to wait for.
    try:
        yield f"{'https' if certificate else 'http'}://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        if thread.is_alive():
            server.force_exit = True
            thread.join(timeout=5)
        listener.close()


@dataclass(frozen=True, slots=True)
class SpawnedServer:
    """A simulated Meta in its own process, and an equal world in this one to enumerate what it serves."""

    base_url: str
    user_token: str
    app_id: str
    app_secret: str
    now: datetime
    world: World
    truth: Truth


@contextmanager
def spawned_server(
    *,
    businesses: int = 12,
    posts: int = 100,
    now: datetime,
    latency_ms: float = 0.0,
    days: int = 90,
    runs: bool = False,
    new_app: bool | None = None,
) -> Iterator[SpawnedServer]:
    """Start `python -m sophia.demo.server` and stop it when the block ends.

    Its clock stands at `now` (aware), or is the machine's when it `runs`; what is invented ends at `now`. `new_app` is
    that of `GraphApi`.
    """
    options = {"businesses": businesses, "posts": posts, "days": days, "latency-ms": latency_ms}
    command = [sys.executable, "-m", "sophia.demo.server", "--now", now.isoformat(), *(["--runs"] if runs else [])]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    if new_app is not None:
        command.append("--new-app" if new_app else "--no-new-app")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the simulated Meta has no pipes")
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated Meta did not start")
        told = json.loads(line)
        world = build_world(businesses=businesses, posts_per_account=posts, days=days, now=now)
        yield SpawnedServer(
            base_url=told["base_url"],
            user_token=told["user_token"],
            app_id=told["app_id"],
            app_secret=told["app_secret"],
            now=now,
            world=world,
            truth=Truth(world),
        )
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process by closing its input, then by signals."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)
    if process.stdout is not None:
        process.stdout.close()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sophia.demo.server", description=__doc__)
    parser.add_argument("--businesses", type=int, default=12, help="clients, each with a Page and an Instagram account")
    parser.add_argument("--posts", type=int, default=100, help="posts per account")
    parser.add_argument("--days", type=int, default=90, help="over how many days they were published")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long every answer takes")
    parser.add_argument("--now", type=aware, default=None, help="ISO moment at which the clock stands; default: runs")
    parser.add_argument(
        "--runs", action="store_true", help="the clock is the machine's; --now says when invention ends"
    )
    parser.add_argument(
        "--new-app", action=argparse.BooleanOptionalAction, default=None, help="refuse every legacy feature"
    )
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Serve until standard input closes or SIGTERM comes; the first line of output tells where, as JSON."""
    given = _parse(arguments)
    clock = SettableClock(None if given.runs else given.now)
    world = build_world(given.seed, given.businesses, given.posts, given.days, now=given.now or clock())
    api = GraphApi(world, Truth(world), clock=clock, latency_seconds=given.latency_ms / 1000.0, new_app=given.new_app)
    listener = _listen(given.host, given.port)
    server = _server(ControlledApi(api, clock), listener)
    told = {
        "base_url": f"http://{given.host}:{listener.getsockname()[1]}",
        "port": listener.getsockname()[1],
        "user_token": world.user_token,
        "app_id": world.app_id,
        "app_secret": world.app_secret,
        "now": clock().isoformat(),
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
