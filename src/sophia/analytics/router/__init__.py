"""The REST API: everything under /api/analytics, and what the operator's machines ask of the whole."""

from fastapi import APIRouter

from sophia.access.problems import documented
from sophia.analytics.router import (
    audience,
    benchmarks,
    campaigns,
    clients,
    comments,
    conversion_records,
    conversions,
    decisions,
    links,
    portfolio,
    reports,
    responding,
    told,
    watching,
)
from sophia.analytics.router.operations import operations

PREFIX = "/api/analytics"


def api_router() -> APIRouter:
    """All endpoints of the API. Those without a client in their path come first, or `portfolio` would be taken for one."""
    router = APIRouter(prefix=PREFIX, responses=documented(401, 403, 422, 429, 500, 503))
    router.include_router(portfolio.router, tags=["portfolio"])
    router.include_router(reports.portfolio, tags=["portfolio"])
    router.include_router(watching.portfolio, tags=["portfolio"])
    router.include_router(told.portfolio, tags=["portfolio"])
    router.include_router(benchmarks.everybody, tags=["portfolio"])
    router.include_router(reports.router, tags=["clients"])
    router.include_router(clients.router, tags=["clients"])
    router.include_router(responding.router, tags=["clients"])
    router.include_router(audience.router, tags=["clients"])
    router.include_router(benchmarks.router, tags=["clients"])
    router.include_router(campaigns.router, tags=["clients"])
    router.include_router(comments.router, tags=["clients"])
    router.include_router(conversions.router, tags=["clients"])
    router.include_router(conversion_records.router, tags=["clients"])
    router.include_router(decisions.router, tags=["clients"])
    router.include_router(links.router, tags=["clients"])
    router.include_router(watching.router, tags=["clients"])
    router.include_router(told.router, tags=["clients"])
    return router


__all__ = ["PREFIX", "api_router", "operations"]
