"""The tools of assistants. Each calls the function of an API endpoint and condenses its answer; none changes anything."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from sophia.access.web import RequestContext
from sophia.analytics.anomalies import router as anomaly_endpoints
from sophia.analytics.anomalies.schemas import AnomaliesQuery
from sophia.analytics.decisions import router as decision_endpoints
from sophia.analytics.decisions.predictions import Stage
from sophia.analytics.decisions.queries import list_decisions
from sophia.analytics.decisions.requests import DecisionsQuery
from sophia.analytics.figures.requests import CalendarDay, DateRangeQuery, Moment, ReportQuery, SeriesQuery
from sophia.analytics.posting_times import router as post_endpoints
from sophia.analytics.posting_times.service import Age, RankedMetric
from sophia.analytics.readings import router as reading_endpoints
from sophia.analytics.readings.permissions import find_allowed_client, read_client
from sophia.analytics.reports import router as report_endpoints
from sophia.analytics.reports.records import Report
from sophia.mcp import rows
from sophia.mcp.answers import answer
from sophia.mcp.rows import Row
from sophia.meta.catalogue.canonical import CANONICAL, Unit
from sophia.meta.reporting_zone import DateRange

API = "/api/analytics"
MOST_ROWS = 1000
# The most decisions that one page of the endpoint has.
MOST_DECISIONS = 200

ClientName = Annotated[str, Field(description="Name or id of the client; portfolio_brief lists them.", max_length=200)]
FirstDay = Annotated[CalendarDay | None, Field(description="First day, included, in Meta's Pacific time.")]
LastDay = Annotated[CalendarDay | None, Field(description="Last day, included.")]
AsOf = Annotated[Moment | None, Field(description="The answer as it was at this time, such as 2026-02-28T12:00:00Z.")]
Limit = Annotated[
    int | None,
    Field(description="Number of rows. Without it, the answer has as many as fit into 4 kB.", ge=1, le=MOST_ROWS),
]
Section = Literal["commentary", "kpis", "top_posts", "goals", "drivers"]
SECTIONS: dict[Section, Callable[[Report], Iterable[Row]]] = {
    "commentary": rows.commentary_rows,
    "kpis": rows.kpi_rows,
    "top_posts": rows.top_post_rows,
    "goals": rows.goal_rows,
    "drivers": rows.driver_rows,
}


def portfolio_brief(
    context: RequestContext,
    start_date: FirstDay = None,
    end_date: LastDay = None,
    as_of: AsOf = None,
    limit: Limit = None,
) -> str:
    """List the clients, the most urgent first, with their state, its reasons and the main KPIs of a period.

    The default period is the last complete week. Coral is critical, amber is watch, sage is on track.
    """
    query = ReportQuery(start_date=start_date, end_date=end_date, as_of=as_of)
    brief = report_endpoints.brief(context, query)
    head = {
        **rows.days_row(brief.window),
        "compared_with": rows.days_row(brief.before),
        "counts": brief.counts,
        "commentary": [sentence.text for sentence in brief.commentary[:3]],
    }
    clients = [rows.client_row(client) for client in brief.clients]
    return answer(source("portfolio/brief", query, brief.window), brief.as_of, head, "clients", clients, limit)


def client_report(
    context: RequestContext,
    client: ClientName,
    section: Annotated[Section, Field(description="Which part of the report.")] = "kpis",
    start_date: FirstDay = None,
    end_date: LastDay = None,
    as_of: AsOf = None,
    limit: Limit = None,
) -> str:
    """Report on one client and period, by default the last complete week, compared with the period before.

    The sections: the commentary in sentences, all KPIs with samples and 95 % intervals, the best posts, the goals, and
    the drivers of the change of engagement (the algorithm, or people).
    """
    client_id = find_client_id(context, client)
    query = ReportQuery(start_date=start_date, end_date=end_date, as_of=as_of)
    report = report_endpoints.report(context, client_id, query)
    head = {
        "client_id": client_id,
        "client": report.client.name,
        **rows.days_row(report.window),
        "compared_with": rows.days_row(report.before),
        "is_closed": report.is_closed,
        "coverage": f"{report.coverage.days_with_data} of {report.coverage.days} days",
    }
    section_rows = list(SECTIONS[section](report))
    return answer(source(f"{client_id}/report", query, report.window), report.as_of, head, section, section_rows, limit)


def series(
    context: RequestContext,
    client: ClientName,
    metric: Annotated[str, Field(description="Canonical metric, such as views; `definitions` lists them.")],
    bucket: Literal["day", "week", "month"] = "day",
    group_by: Literal["none", "platform", "account"] = "none",
    start_date: FirstDay = None,
    end_date: LastDay = None,
    limit: Limit = None,
) -> str:
    """Return one metric of a client's accounts by day, week or month, the newest first; by default 90 days.

    A value that cannot be computed is missing and has a reason. People are never added up: their sum has bounds.
    """
    client_id = find_client_id(context, client)
    query = SeriesQuery(
        canonical=metric, bucket=bucket, group_by=group_by, start_date=start_date, end_date=end_date
    )  # fmt: skip
    response = reading_endpoints.series(context, client_id, query)
    window = DateRange(response.start, response.end)
    head = {
        "client_id": client_id,
        "metric": metric,
        "unit": response.unit,
        "counting": response.counting,
        "bucket": bucket,
        **rows.days_row(window),
        "reason": response.reason,
    }
    points = [(point, group) for group in response.groups for point in group.points]
    points.sort(key=lambda pair: pair[0].start, reverse=True)
    point_rows = [rows.bucket_row(group, point) for point, group in points]
    return answer(source(f"{client_id}/series", query, window), context.now, head, "points", point_rows, limit)


def posts(
    context: RequestContext,
    client: ClientName,
    metric: RankedMetric = "engagements",
    age: Annotated[Age, Field(description="All posts are compared at this age.")] = "7d",
    start_date: FirstDay = None,
    end_date: LastDay = None,
    limit: Limit = None,
) -> str:
    """Rank a client's posts at equal age against the other posts of their accounts, the newest first.

    `usual` is the median of the n other posts, and 95 % of posts lie in `interval`. By default the posts of 90 days.
    """
    client_id = find_client_id(context, client)
    query = post_endpoints.PostRankingQuery(
        start_date=start_date, end_date=end_date, age=age, metric=metric, limit=MOST_ROWS
    )
    ranking = post_endpoints.post_standings(context, client_id, query)
    head = {
        "client_id": client_id,
        **rows.days_row(ranking.window),
        "metric": metric,
        "unit": Unit.COUNT if metric not in CANONICAL else CANONICAL[metric].unit,
        "age": age,
    }
    ranked = [rows.ranked_row(post) for post in ranking.posts]
    return answer(
        source(f"{client_id}/post-standings", query, ranking.window), context.now, head, "posts", ranked, limit
    )


def definitions(
    context: RequestContext,
    text: Annotated[str | None, Field(description="Words in a name or meaning, such as reach.", max_length=200)] = None,
    limit: Limit = None,
) -> str:
    """Define KPIs and metrics: unit, formula or meaning, how values combine, and whether the algorithm drives them."""
    matching = list(rows.definition_rows(text))
    return answer(f"GET {API}/catalogue", context.now, {}, "definitions", matching, limit)


def anomalies(
    context: RequestContext,
    client: Annotated[str | None, Field(description="Name or id; without it, the events of the portfolio.")] = None,
    only_open: Annotated[bool, Field(description="Only those that continue.")] = False,
    start_date: FirstDay = None,
    end_date: LastDay = None,
    limit: Limit = None,
) -> str:
    """List unusual days of a client's daily values with their expected ranges, the newest first; by default of 90 days.

    Without a client: the days on which most accounts moved alike, which is no news of any single client.
    """
    query = AnomaliesQuery(start_date=start_date, end_date=end_date, open=only_open)
    if client is None:
        events = anomaly_endpoints.events(context, query)
        event_rows = [rows.event_row(event, event.parts) for event in events.events]
        return answer(source("portfolio/events", query, events.window), context.now, {}, "events", event_rows, limit)
    client_id = find_client_id(context, client)
    unusual_days = anomaly_endpoints.anomalies(context, client_id, query)
    head = {"client_id": client_id, "judged_through": unusual_days.judged_through}
    lines = [rows.anomaly_row(line) for line in unusual_days.anomalies]
    return answer(
        source(f"{client_id}/anomalies", query, unusual_days.window), context.now, head, "anomalies", lines, limit
    )


def decisions(
    context: RequestContext,
    client: ClientName,
    stage: Stage | None = None,
    start_date: FirstDay = None,
    end_date: LastDay = None,
    limit: Limit = None,
) -> str:
    """List the decisions about a client's drafts, the latest first, with predictions and outcomes.

    `guidance` says in sentences with their samples what the outcomes of the last 180 days support.
    """
    client_id = find_client_id(context, client)
    query = DecisionsQuery(start_date=start_date, end_date=end_date, stage=stage, limit=MOST_DECISIONS)
    with read_client(context, client_id) as session:
        page = list_decisions(session, client_id, query)
    guidance = decision_endpoints.read_context(context, client_id, DateRangeQuery())
    head = {
        "client_id": client_id,
        "guidance": [advice.text for advice in guidance.guidance if advice.is_carried][:5] or [guidance.text],
        "only_latest": MOST_DECISIONS if page.next_cursor is not None else None,
    }
    decided = [rows.decision_row(decision) for decision in page.decisions]
    return answer(source(f"{client_id}/decisions", query), context.now, head, "decisions", decided, limit)


TOOLS: tuple[Callable[..., str], ...] = (
    portfolio_brief,
    client_report,
    series,
    posts,
    definitions,
    anomalies,
    decisions,
)


def find_client_id(context: RequestContext, name_or_id: str) -> int:
    """Return the id of a client that the key sees. Raises NotFoundError."""
    with context.database.read() as session:
        return find_allowed_client(session, context.allowed_clients, name_or_id)


def source(path: str, query: BaseModel, window: DateRange | None = None) -> str:
    """Return the request of the API with which the numbers can be checked, with the days that a default named."""
    values = query.model_dump(mode="json", exclude_defaults=True)
    if window is not None:
        values |= rows.days_row(window)
    return f"GET {API}/{path}" + (f"?{urlencode(values)}" if values else "")
