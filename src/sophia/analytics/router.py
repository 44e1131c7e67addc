"""The REST API: all endpoints under /api/analytics, and the operations endpoints."""

from fastapi import APIRouter

from sophia.access.problems import documented
from sophia.analytics.annotations import router as annotations_router
from sophia.analytics.anomalies import router as anomalies_router
from sophia.analytics.audience import router as audience_router
from sophia.analytics.benchmarks import router as benchmarks_router
from sophia.analytics.campaigns import router as campaigns_router
from sophia.analytics.comments import router as comments_router
from sophia.analytics.conversions import record_router
from sophia.analytics.conversions import router as conversions_router
from sophia.analytics.decisions import router as decisions_router
from sophia.analytics.forecasts import router as forecasts_router
from sophia.analytics.goals import router as goals_router
from sophia.analytics.kpis import router as kpis_router
from sophia.analytics.links import router as links_router
from sophia.analytics.posting_times import router as posting_times_router
from sophia.analytics.readings import router as readings_router
from sophia.analytics.readings import runs_router
from sophia.analytics.readings.health import operations
from sophia.analytics.reports import router as reports_router

PREFIX = "/api/analytics"


def api_router() -> APIRouter:
    """Return all endpoints. Paths without a client come first, because `portfolio` would match `{client_id}`."""
    router = APIRouter(prefix=PREFIX, responses=documented(401, 403, 422, 429, 500, 503))
    router.include_router(runs_router.router, tags=["portfolio"])
    router.include_router(reports_router.portfolio, tags=["portfolio"])
    router.include_router(anomalies_router.portfolio, tags=["portfolio"])
    router.include_router(annotations_router.portfolio, tags=["portfolio"])
    router.include_router(benchmarks_router.portfolio, tags=["portfolio"])
    router.include_router(reports_router.router, tags=["clients"])
    router.include_router(readings_router.router, tags=["clients"])
    router.include_router(kpis_router.router, tags=["clients"])
    router.include_router(posting_times_router.router, tags=["clients"])
    router.include_router(audience_router.router, tags=["clients"])
    router.include_router(benchmarks_router.router, tags=["clients"])
    router.include_router(campaigns_router.router, tags=["clients"])
    router.include_router(comments_router.router, tags=["clients"])
    router.include_router(conversions_router.router, tags=["clients"])
    router.include_router(record_router.router, tags=["clients"])
    router.include_router(decisions_router.router, tags=["clients"])
    router.include_router(links_router.router, tags=["clients"])
    router.include_router(anomalies_router.router, tags=["clients"])
    router.include_router(annotations_router.router, tags=["clients"])
    router.include_router(goals_router.router, tags=["clients"])
    router.include_router(forecasts_router.router, tags=["clients"])
    return router


__all__ = ["PREFIX", "api_router", "operations"]
