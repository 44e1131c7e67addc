"""Builds the HTTP application from its parts; nothing is opened before the first use."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from sophia.access.bounds import BodyLimit, TimeLimit
from sophia.access.limits import RateLimits
from sophia.access.pages import SameOrigin
from sophia.access.problems import documented, install_problems, name_problems
from sophia.access.transport import (
    ConditionalGet,
    HeadRequests,
    HttpMetrics,
    RequestIds,
    RequestLog,
    SafeHeaders,
    UnexpectedErrors,
)
from sophia.access.web import AppState, Guard, ReadContext
from sophia.analytics.reports.brief_cache import brief_cache
from sophia.analytics.router import api_router, operations
from sophia.api_documents import page
from sophia.api_documents.response_fields import require_response_fields
from sophia.api_documents.titles import name_operations
from sophia.config import Settings
from sophia.dashboard.layout.error_pages import ErrorPages
from sophia.dashboard.router import router as dashboard
from sophia.dashboard.warming import warm
from sophia.database.engine import Database
from sophia.display.charts.drawing import ChartDrawer
from sophia.jobs.context import JobContext
from sophia.jobs.local import Runner
from sophia.jobs.on_demand import OnDemandCollection
from sophia.mcp.router import router as assistants
from sophia.portfolio.connecting import Connecting
from sophia.portfolio.pending_connections import PendingConnections
from sophia.publishing.router import router as publishing
from sophia.reporting.router import router as reporting

# Enough for a person who mistypes; a dictionary of passwords would take years.
SIGN_INS_PER_MINUTE = 10
OnStart = Callable[[], AbstractAsyncContextManager[Runner | None]]


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], datetime] = utc_now,
    on_start: OnStart | None = None,
    has_patterns: bool = False,
) -> FastAPI:
    """Return the application. `clock` returns aware moments; `on_start` runs as long as the application does, and
    yields the runner of this process's jobs if it has one. With `has_patterns` there is a page of all components.

    The caller closes the store.
    """
    registry = CollectorRegistry()
    app_state = AppState(
        database, settings, clock, RateLimits(settings.requests_per_minute), RateLimits(SIGN_INS_PER_MINUTE)
    )
    drawer = ChartDrawer()
    app = SophiaApi(
        title="Sophia",
        # A redirect would repeat the host that the request names, before the key is checked.
        redirect_slashes=False,
        version=version("sophia"),
        summary="Readings of Facebook Pages and Instagram accounts, and what drove their changes.",
        servers=[{"url": settings.path_prefix}] if settings.path_prefix else None,
        # The pages of FastAPI load scripts from other hosts and show the document without a key.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan(on_start, drawer),
        middleware=middleware(app_state, registry),
        routes=endpoints(),
    )
    app.state.app_state = app_state
    app.state.registry = registry
    app.state.chart_drawer = drawer
    app.state.runner = app.state.on_demand = None
    app.state.pending_connections = None
    app.state.has_patterns = has_patterns
    install_problems(app)
    return app


@cache
def endpoints() -> list[BaseRoute]:
    """Return all routes. Applications share them, because building them takes a quarter of a second."""
    root = APIRouter()
    root.add_api_route("/openapi.json", openapi, include_in_schema=False, responses=documented(401))
    for router in (operations, reporting, api_router(), publishing, page.router, assistants, dashboard):
        root.include_router(router)
    return root.routes


def middleware(app_state: AppState, registry: CollectorRegistry) -> list[Middleware]:
    """Return the middleware around every endpoint, the outermost first."""
    return [
        Middleware(RequestIds),
        Middleware(SafeHeaders),
        Middleware(RequestLog, metrics=HttpMetrics(registry)),
        Middleware(HeadRequests),
        Middleware(ErrorPages),
        Middleware(UnexpectedErrors),
        Middleware(SameOrigin),
        Middleware(Guard, app_state=app_state),
        Middleware(BodyLimit),
        Middleware(TimeLimit),
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        Middleware(ConditionalGet),
    ]


class SophiaApi(FastAPI):
    """FastAPI with an OpenAPI document that has titles, the media type of problems and the required fields of responses."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            name_problems(document)
            name_operations(document)
            require_response_fields(document)
        return super().openapi()


def openapi(request: Request, _context: ReadContext) -> JSONResponse:
    """Return the OpenAPI document of this API to any key."""
    app: FastAPI = request.app
    return JSONResponse(app.openapi())


def pending_connections(context: JobContext) -> PendingConnections:
    """Return the logins of this process, which use the client of its jobs."""
    return PendingConnections(
        Connecting(context.database, context.vault, context.client, context.settings, context.clock)
    )


def lifespan(on_start: OnStart | None, drawer: ChartDrawer) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(drawer.close)
            drawer.start()
            runner = None if on_start is None else await stack.enter_async_context(on_start())
            app.state.runner = runner
            app.state.on_demand = None if runner is None else OnDemandCollection(runner)
            app.state.pending_connections = None if runner is None else pending_connections(runner.context)
            state = app.state.app_state
            if on_start is None:
                yield
                return
            briefs = brief_cache(state.database)
            briefs.start_worker(state.database)
            warming = asyncio.create_task(run_in_threadpool(warm, state))
            yield
            briefs.stop_worker()
            # A fault in it must not end the server; the next request meets it too and reports it.
            await asyncio.gather(warming, return_exceptions=True)

    return running
