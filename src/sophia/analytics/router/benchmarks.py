"""What others reach: published numbers, one's own from a file, and a client beside them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import CanAdminister, CanAdministerPortfolio, Visited
from sophia.analytics import queries, store
from sophia.analytics.measures.benchmarks import is_old, parse_benchmarks
from sophia.analytics.report import make_comparison
from sophia.analytics.router.clients import ClientId
from sophia.analytics.router.linking import cut_page
from sophia.analytics.schemas import benchmarks as shapes
from sophia.analytics.schemas.asking import WindowQuery
from sophia.analytics.schemas.reports import BenchmarkAnswer
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.revising import set_industry as set_client_industry

router = APIRouter(responses=documented(404))
everybody = APIRouter()


@everybody.get("/benchmarks", response_model=list[shapes.ListedBenchmark])
def benchmarks(
    who: Visited, asked: Annotated[shapes.BenchmarksQuery, Query()], request: Request, response: Response
) -> list[shapes.ListedBenchmark]:
    """All benchmarks that figures are compared with, shipped ones and one's own; they say nothing of any client.

    By industry, platform, metric and year, the newest first; `Link: rel="next"` leads on.
    """
    industries = None if asked.industry is None else {asked.industry}
    with who.database.read() as session:
        found = queries.list_benchmarks(
            session,
            industries=industries,
            platform=asked.platform,
            metric=asked.metric,
            limit=asked.limit + 1,
            cursor=asked.cursor,
        )
    today = reporting_day(who.now)
    return [
        shapes.ListedBenchmark(**BenchmarkAnswer.model_validate(one).model_dump(), is_old=is_old(one, today))
        for one in cut_page(request, response, found, asked.limit, cursor=queries.benchmark_cursor)
    ]


@everybody.post(
    "/benchmarks/import",
    response_model=shapes.BenchmarksWrittenAnswer,
    responses=documented(400, 413),
)
def import_benchmarks(who: CanAdministerPortfolio, given: shapes.BenchmarksGiven) -> shapes.BenchmarksWrittenAnswer:
    """Keep benchmarks of one's own from CSV, for all clients. The same file twice changes nothing."""
    good, bad = parse_benchmarks(given.csv, newest_year=reporting_day(who.now).year)
    with who.database.write() as session:
        written = store.write_benchmarks(session, good, who.now, dry_run=given.dry_run)
    counts = {"added": written.added, "changed": written.changed, "unchanged": written.unchanged}
    return shapes.BenchmarksWrittenAnswer.model_validate(counts | {"bad": list(bad), "dry_run": given.dry_run})


@router.get("/{client_id}/benchmarks", response_model=shapes.ClientComparisonAnswer)
def client_benchmarks(
    who: Visited, client_id: ClientId, asked: Annotated[WindowQuery, Query()]
) -> shapes.ClientComparisonAnswer:
    """The client's KPIs, by default of the newest closed week, beside what others reach; only like is compared with like."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    return shapes.ClientComparisonAnswer.model_validate(
        make_comparison(who.database, client_id, asked.window_at(who.now), who.now)
    )  # fmt: skip


@router.put("/{client_id}/industry", response_model=shapes.IndustryAnswer, responses=documented(400, 413))
def set_industry(who: CanAdminister, client_id: ClientId, given: shapes.IndustryGiven) -> shapes.IndustryAnswer:
    """Say in which industry a client is, so that it is compared with that one."""
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        kept = set_client_industry(session, client_id, given.industry, who.now)
        known = queries.benchmark_industries(session)
    compared = kept is not None and kept.casefold() in known
    return shapes.IndustryAnswer(industry=kept, has_benchmarks=compared, known=known)
