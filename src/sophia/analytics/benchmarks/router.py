"""What others reach: published numbers, one's own from a file, and a client beside them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import AdminContext, AdminPortfolioContext, ReadContext
from sophia.analytics.benchmarks.client_comparison import make_comparison
from sophia.analytics.benchmarks.comparison import is_old, parse_benchmarks
from sophia.analytics.benchmarks.queries import benchmark_cursor, benchmark_industries, list_benchmarks
from sophia.analytics.benchmarks.schemas import (
    BenchmarkAnswer,
    BenchmarksGiven,
    BenchmarksQuery,
    BenchmarksWrittenAnswer,
    ClientComparisonAnswer,
    IndustryAnswer,
    IndustryGiven,
    ListedBenchmark,
)
from sophia.analytics.benchmarks.store import write_benchmarks
from sophia.analytics.figures.pagination import paginate
from sophia.analytics.figures.requests import ClientId, WindowQuery
from sophia.analytics.readings.permissions import expect_client
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.revising import set_industry as set_client_industry

router = APIRouter(responses=documented(404))
everybody = APIRouter()


@everybody.get("/benchmarks")
def benchmarks(
    context: ReadContext, asked: Annotated[BenchmarksQuery, Query()], request: Request, response: Response
) -> list[ListedBenchmark]:
    """All benchmarks that figures are compared with, shipped ones and one's own; they say nothing of any client.

    By industry, platform, metric and year, the newest first; `Link: rel="next"` leads on.
    """
    industries = None if asked.industry is None else {asked.industry}
    with context.database.read() as session:
        found = list_benchmarks(
            session,
            industries=industries,
            platform=asked.platform,
            metric=asked.metric,
            limit=asked.limit + 1,
            cursor=asked.cursor,
        )
    today = reporting_day(context.now)
    return [
        ListedBenchmark(**BenchmarkAnswer.model_validate(one).model_dump(), is_old=is_old(one, today))
        for one in paginate(request, response, found, asked.limit, cursor=benchmark_cursor)
    ]


@everybody.post(
    "/benchmarks/import",
    responses=documented(400, 413),
)
def import_benchmarks(context: AdminPortfolioContext, given: BenchmarksGiven) -> BenchmarksWrittenAnswer:
    """Keep benchmarks of one's own from CSV, for all clients. The same file twice changes nothing."""
    good, bad = parse_benchmarks(given.csv, newest_year=reporting_day(context.now).year)
    with context.database.write() as session:
        written = write_benchmarks(session, good, context.now, dry_run=given.dry_run)
    counts = {"added": written.added, "changed": written.changed, "unchanged": written.unchanged}
    return BenchmarksWrittenAnswer.model_validate(counts | {"bad": list(bad), "dry_run": given.dry_run})


@router.get("/{client_id}/benchmarks")
def client_benchmarks(
    context: ReadContext, client_id: ClientId, asked: Annotated[WindowQuery, Query()]
) -> ClientComparisonAnswer:
    """The client's KPIs, by default of the newest closed week, beside what others reach; only like is compared with like."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return ClientComparisonAnswer.model_validate(
        make_comparison(context.database, client_id, asked.window_at(context.now), context.now)
    )  # fmt: skip


@router.put("/{client_id}/industry", responses=documented(400, 413))
def set_industry(context: AdminContext, client_id: ClientId, given: IndustryGiven) -> IndustryAnswer:
    """Say in which industry a client is, so that it is compared with that one."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        kept = set_client_industry(session, client_id, given.industry, context.now)
        known = benchmark_industries(session)
    compared = kept is not None and kept.casefold() in known
    return IndustryAnswer(industry=kept, has_benchmarks=compared, known=known)
