"""Benchmarks and competitors of one client: published numbers, the portfolio without names, and the share of voice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request, Response

from sophia.access.pages import AdminPage, ReadPage, WritePage
from sophia.access.roles import Role
from sophia.access.web import RequestContext
from sophia.analytics.benchmarks.client_comparison import ClientComparison, PeerComparison, make_comparison
from sophia.analytics.benchmarks.comparison import ALL_INDUSTRIES, Benchmark, Comparison
from sophia.analytics.benchmarks.queries import benchmark_industries
from sophia.analytics.comments import competitors_store
from sophia.analytics.comments.competitors import ListedCompetitor, list_competitors
from sophia.analytics.comments.reports import ClientShareOfVoice, make_share_of_voice
from sophia.analytics.comments.requests import NewCompetitor, SentimentQuery
from sophia.analytics.figures.figures import Figure, change_ratio
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, read_form, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, last_day, picker, window_of
from sophia.display.figures import count_cell, definition, figure_cell, label_of
from sophia.display.formatting import (
    DASH,
    MINUS,
    clock,
    dates,
    day,
    decimal,
    value_of,
)
from sophia.display.values import Cell, Column, Link, State, Table, Value
from sophia.portfolio.models import Client
from sophia.portfolio.revising import set_industry

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ClientId = Annotated[Id, Path()]
Text = Annotated[str, Form(max_length=100)]
NOT_READ = "It has not been read yet."
METRIC_LABELS = {"posts": "Posts", "likes": "Likes", "comments": "Comments"}
COMPETITOR_STATES: dict[str, tuple[State | None, str]] = {
    "new": (None, "not read yet"),
    "ok": ("sage", "read"),
    "refused": ("amber", "refused by Meta"),
}


@dataclass(frozen=True, slots=True)
class RemovableCompetitor:
    """A competitor with the address of the form that removes it."""

    username: str
    href: str


@dataclass(frozen=True, slots=True)
class BenchmarksPage:
    path: str
    name: str
    lead: str
    error: str
    published: Table
    sources: tuple[str, ...]
    portfolio: Table
    share: Table
    competitors: Table
    removable: tuple[RemovableCompetitor, ...]
    industries: tuple[Link, ...]
    can_change: bool
    can_set_industry: bool


@router.get("/clients/{client_id}/benchmarks")
def benchmarks(
    request: Request, context: ReadPage, client_id: ClientId, query: Annotated[PageQuery, Query()]
) -> Response:  # fmt: skip
    return show(request, context, client_id, query)


@router.post("/clients/{client_id}/benchmarks/competitors")
def add_competitor(request: Request, context: WritePage, client_id: ClientId, username: Text = "") -> Response:
    error = change_client(
        context,
        client_id,
        lambda session: competitors_store.add_competitor(
            session, client_id, read_form(NewCompetitor, {"username": username}).username, context.now
        ),
    )
    return changed(request, context, client_id, error)


@router.post("/clients/{client_id}/benchmarks/competitors/{competitor_id}/remove")
def remove_competitor(
    request: Request, context: WritePage, client_id: ClientId, competitor_id: Annotated[Id, Path()]
) -> Response:
    error = change_client(
        context,
        client_id,
        lambda session: competitors_store.remove_competitor(session, client_id, competitor_id),
    )
    return changed(request, context, client_id, error)


@router.post("/clients/{client_id}/benchmarks/industry")
def choose_industry(request: Request, context: AdminPage, client_id: ClientId, industry: Text = "") -> Response:
    """Set the industry whose benchmarks the client is compared with; nothing for all industries together."""
    error = change_client(
        context, client_id, lambda session: set_industry(session, client_id, industry or None, context.now)
    )
    return changed(request, context, client_id, error)


def changed(request: Request, context: RequestContext, client_id: int, error: str) -> Response:
    """Lead back to the page after a change, or show what is wrong with it."""
    if error:
        return show(request, context, client_id, PageQuery(), error)
    return see(context, f"/clients/{client_id}/benchmarks")


def show(
    request: Request, context: RequestContext, client_id: int, query: PageQuery, error: str = ""
) -> Response:  # fmt: skip
    window = window_of(query, context.now)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        competitors = list_competitors(session, client_id)
        days = SentimentQuery(start_date=window.start, end_date=last_day(window))
        share = make_share_of_voice(session, client_id, days, context.now)
        industries = benchmark_industries(session)
    comparison = make_comparison(context.database, client_id, window, context.now)
    prefix, can = context.settings.path_prefix, can_change(context)
    path = f"{prefix}/clients/{client_id}/benchmarks"
    can_set_industry = context.viewer.role.includes(Role.ADMIN) and context.viewer.client_ids is None
    page = BenchmarksPage(
        path=path if can else "",
        name=name,
        lead=lead(comparison),
        error=error,
        published=published_table(prefix, comparison),
        sources=sources(comparison),
        portfolio=portfolio_table(prefix, comparison.portfolio),
        share=share_table(share, name),
        competitors=competitor_table(competitors, ZoneInfo(context.settings.operator_timezone), context.now),
        removable=tuple(
            RemovableCompetitor(row.username, f"{path}/competitors/{row.id}/remove") for row in competitors if can
        ),
        industries=industry_options(industries, comparison.industry) if can_set_industry else (),
        can_change=can,
        can_set_industry=can_set_industry,
    )
    sections = client_sections(request, context, client_id)
    outside = frame(
        request, context, f"Benchmarks of {name} {dates(window)}", picker(request, context, window), sections
    )
    return respond(request, "benchmarks/page.html", outside, page, UNPROCESSABLE if error else 200)


def lead(comparison: ClientComparison) -> str:
    """Return one sentence about the first published number that the client can be compared with."""
    item = next((item for item in comparison.published if item.points.value is not None), None)
    if item is None or item.benchmark is None:
        reasons = [item.points.reason for item in comparison.published if item.points.reason]
        return f"No comparison with a published benchmark: {reasons[0] if reasons else 'the client has no account.'}"
    where = (
        f"{label_of(item.benchmark.metric)} on {item.benchmark.platform.value.capitalize()} "
        f"(counting {item.benchmark.numerator})"
    )
    side = "above" if (item.points.value or 0) >= 0 else "below"
    difference = value_of(item.points).text.removeprefix(MINUS)
    return f"{where}: {value_of(item.own).text}, {difference} {side} the {statistic_of(item.benchmark)}."


def statistic_of(benchmark: Benchmark) -> str:
    """Return what a benchmark is, such as "median of retail"."""
    industry = "all industries" if benchmark.industry == ALL_INDUSTRIES else benchmark.industry
    statistic = "benchmark" if benchmark.statistic == "not stated" else benchmark.statistic
    return f"{statistic} of {industry}"


def published_table(prefix: str, comparison: ClientComparison) -> Table:
    rows = tuple(
        row
        for item in comparison.published
        if item.benchmark is not None
        for row in [
            (
                Cell(
                    Value(label_of(item.benchmark.metric)),
                    definition(prefix, item.benchmark.metric),
                    note=f"{item.benchmark.platform.value.capitalize()}: {item.benchmark.numerator} by {item.benchmark.denominator}",
                ),
                figure_cell(item.own),
                benchmark_cell(item),
                figure_cell(item.points),
                times_cell(item.percent),
                Cell(
                    Value(f"{item.benchmark.source}, data of {item.benchmark.data_year}"),
                    note="old data" if item.is_old else "",
                ),
            )
        ]
    )
    columns = (
        Column("KPI"),
        Column("This client", numeric=True),
        Column("Benchmark", numeric=True),
        Column("Difference", numeric=True),
        Column("Against the benchmark", numeric=True),
        Column("Source"),
    )
    return Table(
        "published",
        "Published benchmarks",
        columns,
        rows,
        "No published benchmark has the same platform, metric and denominator.",
        "This client's figures count the same interactions as the benchmark beside them, so they may differ from its KPIs.",
    )


def benchmark_cell(item: Comparison) -> Cell:
    if item.benchmark is None:
        return Cell(Value(DASH, reason=item.points.reason or ""))
    number = item.benchmark.value_percent.normalize()
    digits = max(1, -int(number.as_tuple().exponent))
    return Cell(Value(f"{decimal(number, digits)} %"), sort=float(number), note=statistic_of(item.benchmark))


def sources(comparison: ClientComparison) -> tuple[str, ...]:
    """Return where the published numbers come from, each source once."""
    benchmarks = [item.benchmark for item in comparison.published if item.benchmark is not None]
    return tuple(dict.fromkeys(f"{benchmark.source}: {benchmark.provenance}" for benchmark in benchmarks))


def times_cell(figure: Figure) -> Cell:
    """Return a difference in percent with its sign, or as a ratio where it is large."""
    cell = figure_cell(figure)
    if figure.value is None or figure.value <= 0:
        return cell
    ratio = change_ratio(float(figure.value))
    if ratio is not None:
        return Cell(Value(f"{decimal(ratio)} ×"), sort=cell.sort)
    return Cell(Value(f"+{cell.value.text}"), sort=cell.sort)


def portfolio_table(prefix: str, comparisons: tuple[PeerComparison, ...]) -> Table:
    rows = tuple(
        (
            Cell(Value(label_of(item.kpi)), definition(prefix, item.kpi), note=item.platform.value.capitalize()),
            figure_cell(item.own),
            *(
                figure_cell(quantile)
                for quantile in (item.portfolio.lower, item.portfolio.middle, item.portfolio.upper)
            ),
            count_cell(item.portfolio.n, ""),
        )
        for item in comparisons
    )
    columns = (
        Column("KPI"),
        Column("This client", numeric=True),
        Column("25th percentile", numeric=True),
        Column("Median", numeric=True),
        Column("75th percentile", numeric=True),
        Column("Clients", numeric=True),
    )
    return Table(
        "portfolio",
        "The portfolio in the same week",
        columns,
        rows,
        "This client has no account to compare.",
        "The other clients are not named, and a figure needs at least eight of them.",
    )


def share_table(share: ClientShareOfVoice, name: str) -> Table:
    others = sorted({account for metric in share.metrics.values() for account in metric.shares} - {name})
    rows = tuple(
        (
            Cell(Value(METRIC_LABELS.get(metric, metric))),
            figure_cell(voice.own),
            *(share_cell(voice.shares.get(account), voice.own) for account in others),
        )
        for metric, voice in share.metrics.items()
    )
    columns = (
        Column("Metric"),
        Column(name, numeric=True),
        *(Column(f"@{account}", numeric=True) for account in others),
    )
    return Table(
        "share-of-voice",
        "Share of voice on Instagram",
        columns,
        rows if share.competitors else (),
        "Add a competitor to see the share of posts, likes and comments.",
        "Shares of the posts published in this period, and of their likes and comments.",
    )


def share_cell(share: float | None, own: Figure) -> Cell:
    if share is None:
        return Cell(Value(DASH, reason=own.reason or NOT_READ))
    return Cell(Value(f"{decimal(share)} %"), sort=share)


def competitor_table(competitors: list[ListedCompetitor], zone: ZoneInfo, now: datetime) -> Table:
    rows = tuple(
        (
            Cell(Value(f"@{row.username}")),
            count_cell(row.followers_count, NOT_READ),
            count_cell(row.media_count, NOT_READ),
            Cell(Value(DASH, reason=NOT_READ) if row.read_on is None else Value(day(row.read_on), str(row.read_on))),
            Cell(clock(row.posts_since, zone, now)),
            Cell(
                Value(COMPETITOR_STATES[row.status][1]),
                state=COMPETITOR_STATES[row.status][0],
                note=row.problem or "",
            ),
        )
        for row in competitors
    )
    columns = (
        Column("Competitor"),
        Column("Followers", numeric=True),
        Column("Posts", numeric=True),
        Column("Read on"),
        Column("Posts complete since"),
        Column("State"),
    )
    return Table(
        "competitors",
        "Competitors on Instagram",
        columns,
        rows,
        "This client has no competitor yet. Add one below; the next daily run reads its public values.",
    )


def industry_options(industries: list[str], current: str | None) -> tuple[Link, ...]:
    """Return the industries to choose from, with the current one marked; it may have no benchmarks."""
    names = sorted({*industries, *([] if current is None else [current])})
    return (
        Link("All industries", "", current is None),
        *(Link(name, name, name == current) for name in names),
    )
