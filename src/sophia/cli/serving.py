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
from sophia.cli.installation import Installation, open_installation, utc_now
from sophia.cli.output import echo
from sophia.errors import ConfigurationError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from sophia.access.connections import TimedHeads
    from sophia.jobs.local import Runner


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
    from starlette.concurrency import run_in_threadpool

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
    async def running() -> AsyncIterator["Runner | None"]:
        async with AsyncExitStack() as stack:
            stack.enter_context(watch_event_loop(settings.watchdog_seconds))
            runner = await stack.enter_async_context(run_jobs(settings, database, clock=utc_now)) if jobs else None
            port = listener.getsockname()[1]
            event = f"running on http://{f'[{address}]' if ':' in address else address}:{port}"
            log.info(event)
            await run_in_threadpool(show_first_sign_in, installation, port)
            # Objects that live as long as the server: searching them for garbage took a tenth of a second each time.
            gc.freeze()
            yield runner

    serve_until_stopped(listener, create_app(settings, database, clock=utc_now, on_start=running))


def show_first_sign_in(installation: Installation, port: int) -> None:
    """Create the first operator in a store without users, and print an address that signs in until a user has done so."""
    from sophia.access.sessions import create_first_sign_in_link, is_first_sign_in
    from sophia.cli.users import sign_in_address

    with installation.database.read() as session:
        is_needed = is_first_sign_in(session)
    if is_needed:
        with installation.database.write() as session:
            token = create_first_sign_in_link(session, installation.clock())
        echo(f"No user has signed in yet. Sign in once within 15 minutes: {sign_in_address(port, token)}")


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
