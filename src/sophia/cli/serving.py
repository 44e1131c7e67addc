"""`sophia serve`: the API and the jobs in one process."""

import errno
import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.errors import ERROR
from sophia.cli.installation import open_installation, utc_now
from sophia.errors import ConfigurationError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from sophia.access.connections import TimedHeads


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: SOPHIA_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 for any. Default: SOPHIA_PORT.")
    ] = None,
    jobs: Annotated[
        bool, typer.Option(help="Run the jobs in this process. If several processes serve, only one should run them.")
    ] = True,
) -> None:
    """Serve the API and run the jobs: the daily collection, stories, publishing and token checks."""
    import structlog

    from sophia.cli.watchdog import watch_event_loop
    from sophia.jobs.schedule import run_jobs
    from sophia.main import create_app
    from sophia.portfolio.service import expect_keys

    installation = open_installation(create=True, verbose=True)
    log = structlog.get_logger(__name__)
    settings, database = installation.settings, installation.database
    if jobs:
        with database.read() as session:
            expect_keys(session, installation.vault)
    address = settings.host if host is None else host
    # Listen before the jobs start: a process that cannot serve must not collect either.
    listener = listen(address, settings.port if port is None else port)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.enter_context(watch_event_loop(settings.watchdog_seconds))
            if jobs:
                await stack.enter_async_context(run_jobs(settings, database, clock=utc_now))
            event = f"running on http://{f'[{address}]' if ':' in address else address}:{listener.getsockname()[1]}"
            log.info(event)
            # Objects that live as long as the server: searching them for garbage took a tenth of a second each time.
            gc.freeze()
            yield

    serve_until_stopped(listener, create_app(settings, database, clock=utc_now, on_start=running))


def serve_until_stopped(listener: socket.socket, app: "FastAPI") -> None:
    """Serve the socket until the process is stopped. Exit with 1 when the start failed."""
    from sophia.access.connections import TimedHeads

    server = make_server(app, TimedHeads)
    with listener, suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(ERROR)


def make_server(app: "ASGIApp", connections: "type[TimedHeads]") -> "uvicorn.Server":
    """Return a server that is not started. `connections` is the class that parses the requests of a connection."""
    import uvicorn

    from sophia.access.connections import KEEP_ALIVE_SECONDS

    config = uvicorn.Config(
        app,
        http=connections,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=10,
        lifespan="on",
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raise ConfigurationError with the reason when the address cannot be used."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise ConfigurationError(f"{host!r} is not an address of this machine. Check SOPHIA_HOST or --host.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # where this would let two programs use the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ConfigurationError(listen_error(host, port, error)) from None
    return listener


def listen_error(host: str, port: int, error: OSError) -> str:
    """Return why the address cannot be used, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use. Stop the program that uses it, or set another with SOPHIA_PORT or --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host!r} is not an address of this machine. Check SOPHIA_HOST or --host."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Set a port above 1023 with SOPHIA_PORT or --port."
    return f"Sophia cannot listen on port {port} of {host}: {error.strerror}"
