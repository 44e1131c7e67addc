"""`sophia serve`: the API, the pages and the jobs in one process."""

from typing import Annotated

import typer

from sophia.cli.opening import open_installation, utc_now


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: SOPHIA_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 for any. Default: SOPHIA_PORT.")
    ] = None,
    jobs: Annotated[bool, typer.Option(help="Whether this process also collects. Leave it to one of several.")] = True,
) -> None:
    """Serve the API and run the jobs: the daily collection, stories, token checks."""
    installation = open_installation(create=True, talkative=True)
    import uvicorn  # noqa: PLC0415

    from sophia.jobs.schedule import run_jobs  # noqa: PLC0415
    from sophia.main import create_app  # noqa: PLC0415

    settings, database = installation.settings, installation.database
    on_start = (lambda: run_jobs(settings, database, clock=utc_now)) if jobs else None
    uvicorn.run(
        create_app(settings, database, clock=utc_now, on_start=on_start),
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def register(app: typer.Typer) -> None:
    app.command()(serve)
