"""The simulated Meta on a loopback socket: in a thread for tests, or as its own process for benchmarks and the demo."""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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
    """A protocol that passes its connection to the application, so that faults can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """A server that stops at once, where uvicorn looks ten times a second whether it should."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._wake: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._wake, self._loop = asyncio.Event(), asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 0.1)

    def stop(self) -> None:
        """Ask the server to stop, from another thread."""
        self.should_exit = True
        if self._loop is not None and self._wake is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)


def _server(
    app: Any, listener: socket.socket, certificate: tuple[Path, Path] | None = None, *, lifespan: bool = False
) -> _Server:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ssl_certfile=certificate and certificate[0],
        ssl_keyfile=certificate and certificate[1],
        host=listener.getsockname()[0],
        port=listener.getsockname()[1],
        log_config=None,
        access_log=False,
        lifespan="on" if lifespan else "off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    return _Server(config)


def _listen(host: str, port: int) -> socket.socket:
    # Without a named protocol asyncio leaves Nagle's algorithm on, and every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(256)
    return listener


@contextmanager
def running_server(
    api: Any, port: int = 0, *, tls: Tls | None = None, tls_folder: Path | None = None, lifespan: bool = False
) -> Iterator[str]:
    """Serve the ASGI application `api` from a thread; yield the base URL without a final slash.

    With port 0 the system picks a free one. At its end the block stops the server; open connections get one second.
    With `tls` it speaks HTTPS with a new certificate, which clients find in `tls_folder` as `certificate.pem`.
    With `lifespan` the server runs the start and stop of the application.
    """
    with ExitStack() as stack:
        certificate = None
        if tls is not None:
            folder = tls_folder or Path(stack.enter_context(TemporaryDirectory()))
            certificate = make_certificate(folder, tls, LOOPBACK)
        yield stack.enter_context(_served(api, port, certificate, lifespan=lifespan))


@contextmanager
def _served(api: Any, port: int, certificate: tuple[Path, Path] | None, *, lifespan: bool = False) -> Iterator[str]:
    listener = _listen(LOOPBACK, port)
    server = _server(api, listener, certificate, lifespan=lifespan)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="simulated-meta", daemon=True)
    thread.start()
    # Connections queue at the listening socket at once, so the block need not wait.
    try:
        yield f"{'https' if certificate else 'http'}://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join(timeout=5)
        if thread.is_alive():
            server.force_exit = True
            thread.join(timeout=5)
        listener.close()


@dataclass(frozen=True, slots=True)
class SpawnedServer:
    """A simulated Meta in its own process, and an equal world in this process, which knows what it serves."""

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

    Its clock shows `now` (aware), or the machine's time if it `runs`; the invented posts end at `now`. For `new_app`
    see `GraphApi`.
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
        info = json.loads(line)
        world = build_world(businesses=businesses, posts_per_account=posts, days=days, now=now)
        yield SpawnedServer(
            base_url=info["base_url"],
            user_token=info["user_token"],
            app_id=info["app_id"],
            app_secret=info["app_secret"],
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
    parser.add_argument("--days", type=int, default=90, help="days of publication")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency-ms", type=float, default=0.0, help="delay of every answer")
    parser.add_argument(
        "--now", type=aware, default=None, help="ISO moment that the clock shows; default: the machine's time"
    )
    parser.add_argument("--runs", action="store_true", help="use the machine's time; the invented posts end at --now")
    parser.add_argument(
        "--new-app", action=argparse.BooleanOptionalAction, default=None, help="refuse every legacy feature"
    )
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Serve until standard input closes or SIGTERM comes. The first line of output is the address, as JSON."""
    options = _parse(arguments)
    clock = SettableClock(None if options.runs else options.now)
    world = build_world(options.seed, options.businesses, options.posts, options.days, now=options.now or clock())
    api = GraphApi(
        world, Truth(world), clock=clock, latency_seconds=options.latency_ms / 1000.0, new_app=options.new_app
    )
    listener = _listen(options.host, options.port)
    server = _server(ControlledApi(api, clock), listener)
    info = {
        "base_url": f"http://{options.host}:{listener.getsockname()[1]}",
        "port": listener.getsockname()[1],
        "user_token": world.user_token,
        "app_id": world.app_id,
        "app_secret": world.app_secret,
        "now": clock().isoformat(),
    }
    sys.stdout.write(json.dumps(info) + "\n")
    sys.stdout.flush()
    threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
