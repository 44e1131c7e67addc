"""`sophia serve`: the API, the pages and the jobs in one process."""

import errno
import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.errors import ERROR
from sophia.cli.opening import open_installation, utc_now
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
    jobs: Annotated[bool, typer.Option(help="Whether this process also collects. Leave it to one of several.")] = True,
) -> None:
    """Serve the API and run the jobs: the daily collection, stories, token checks."""
    installation = open_installation(create=True, talkative=True)
    import structlog  # noqa: PLC0415

    from sophia.cli.watchdog import watch_event_loop  # noqa: PLC0415
    from sophia.jobs.schedule import run_jobs  # noqa: PLC0415
    from sophia.main import create_app  # noqa: PLC0415

    log = structlog.get_logger(__name__)
    settings, database = installation.settings, installation.database
    if jobs:
        from sophia.portfolio.service import expect_keys  # noqa: PLC0415

        with database.read() as session:
            expect_keys(session, installation.vault)
    at = settings.host if host is None else host
    # Taken before the jobs start: who cannot serve must not collect either.
    taken = listen(at, settings.port if port is None else port)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.enter_context(watch_event_loop(settings.watchdog_seconds))
            if jobs:
                await stack.enter_async_context(run_jobs(settings, database, clock=utc_now))
            event = f"running on http://{f'[{at}]' if ':' in at else at}:{taken.getsockname()[1]}"
            log.info(event)
            # What lives as long as the server is left out of every search for garbage: those took a tenth of a second.
            gc.freeze()
            yield

    answer_on(taken, create_app(settings, database, clock=utc_now, on_start=running))


def answer_on(taken: socket.socket, app: "FastAPI") -> None:
    """Answer what comes to the socket until somebody stops it. Ends the command with 1 when the start failed."""
    from sophia.access.connections import TimedHeads  # noqa: PLC0415

    server = make_server(app, TimedHeads)
    with taken, suppress(KeyboardInterrupt):
        server.run(sockets=[taken])
    if not server.started:
        raise typer.Exit(ERROR)


def make_server(app: "ASGIApp", connections: "type[TimedHeads]") -> "uvicorn.Server":
    """A server of an application, not started; `connections` is the class that reads the requests of a connection."""
    import uvicorn  # noqa: PLC0415

    from sophia.access.connections import KEEP_ALIVE_SECONDS  # noqa: PLC0415

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
    """A socket that listens there. Raises ConfigurationError that says why it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise ConfigurationError(f"{host!r} is no address of this machine: SOPHIA_HOST or --host") from None
    taken = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # where it would let two programs have the same port
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(2048)
    except OSError as error:
        taken.close()
        raise ConfigurationError(refused(host, port, error)) from None
    return taken


def refused(host: str, port: int, error: OSError) -> str:
    """Why nobody can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken. Stop the program that has it, or choose another: SOPHIA_PORT or --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host!r} is no address of this machine: SOPHIA_HOST or --host"
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Choose one above 1023: SOPHIA_PORT or --port"
    return f"Nobody can listen on port {port} of {host}: {error.strerror}"


def register(app: typer.Typer) -> None:
    app.command()(serve)
