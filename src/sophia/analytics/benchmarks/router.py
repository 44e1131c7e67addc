"""Endpoints of benchmarks: the published numbers, imports, and comparisons of a client."""

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from sophia.access.problems import documented
from sophia.access.web import AdminContext, AdminPortfolioContext, ReadContext
from sophia.analytics.benchmarks.client_comparison import ClientComparison, make_comparison
from sophia.analytics.benchmarks.comparison import ListedBenchmark, is_old, parse_benchmarks
from sophia.analytics.benchmarks.queries import benchmark_cursor, benchmark_industries, list_benchmarks
from sophia.analytics.benchmarks.store import ImportedBenchmarks, write_benchmarks
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import VISIBLE, ClientId, Limit, RequestModel, WindowQuery
from sophia.analytics.readings.permissions import expect_client, write_client
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.revising import set_industry as set_client_industry

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
Industry = Annotated[str, Field(min_length=1, max_length=60, pattern=VISIBLE)]


class BenchmarksQuery(RequestModel):
    industry: Industry | None = None
    platform: Platform | None = None
    metric: Annotated[str, Field(max_length=60, pattern=VISIBLE)] | None = None
    limit: Limit = 500
    cursor: Annotated[str, Field(max_length=2000, description="From the Link header.")] | None = None


class BenchmarksFile(RequestModel):
    """A CSV file as text, with a header line."""

    csv: Annotated[str, Field(min_length=1)]
    dry_run: bool = Field(default=False, description="Report what would be saved, and save nothing.")


class IndustryBody(RequestModel):
    industry: Industry | None = Field(description="As benchmarks name it; null for none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientIndustry:
    """Whether the client's industry has benchmarks; without them the client is compared with all industries."""

    industry: str | None
    has_benchmarks: bool
    known: Annotated[list[str], Field(description="The industries that have benchmarks.")]


@portfolio.get("/benchmarks")
def benchmarks(
    context: ReadContext, query: Annotated[BenchmarksQuery, Query()], paging: Paging
) -> list[ListedBenchmark]:
    """List the shipped and the imported benchmarks by industry, platform, metric and year, the newest first.

    They contain no data of clients. `Link: rel="next"` leads to the next page.
    """
    industries = None if query.industry is None else {query.industry}
    with context.database.read() as session:
        rows = list_benchmarks(
            session,
            industries=industries,
            platform=query.platform,
            metric=query.metric,
            limit=query.limit + 1,
            cursor=query.cursor,
        )
    today = reporting_day(context.now)
    page = paging.cut(rows, query.limit, cursor=benchmark_cursor)
    return [ListedBenchmark(**asdict(benchmark), is_old=is_old(benchmark, today)) for benchmark in page]


@portfolio.post("/benchmarks/import", responses=documented(400, 413))
def import_benchmarks(context: AdminPortfolioContext, file: BenchmarksFile) -> ImportedBenchmarks:
    """Import benchmarks from CSV for all clients. Importing the same file twice changes nothing."""
    parsed, bad = parse_benchmarks(file.csv, newest_year=reporting_day(context.now).year)
    with context.database.write() as session:
        written = write_benchmarks(session, parsed, context.now, dry_run=file.dry_run)
    return ImportedBenchmarks(**asdict(written), bad=bad, dry_run=file.dry_run)


@router.get("/{client_id}/benchmarks")
def client_benchmarks(
    context: ReadContext, client_id: ClientId, query: Annotated[WindowQuery, Query()]
) -> ClientComparison:  # fmt: skip
    """Compare the client's KPIs with benchmarks and the portfolio, by default for the last complete week."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return make_comparison(context.database, client_id, query.window_at(context.now), context.now)


@router.put("/{client_id}/industry", responses=documented(400, 413))
def set_industry(context: AdminContext, client_id: ClientId, body: IndustryBody) -> ClientIndustry:
    """Set the industry of a client, whose benchmarks the client is compared with."""
    with write_client(context, client_id) as session:
        industry = set_client_industry(session, client_id, body.industry, context.now)
        industries = benchmark_industries(session)
    has_benchmarks = industry is not None and industry.casefold() in industries
    return ClientIndustry(industry=industry, has_benchmarks=has_benchmarks, known=industries)
