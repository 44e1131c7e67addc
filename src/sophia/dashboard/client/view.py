"""One client: how the window went, what drove the change, which posts carried it, and what is unusual."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.access.web import RequestContext
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.facts import INTERACTIONS
from sophia.analytics.figures.requests import Id
from sophia.analytics.figures.sentences import METRIC_NAMES, written
from sophia.analytics.readings.account_states import AccountState, account_states
from sophia.analytics.readings.aggregated import Aggregated, aggregate
from sophia.analytics.readings.permissions import expect_client
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.records import Report, TopPost
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.format_averages import format_table
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.pictures import PictureAddresses, picture_addresses
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, picker, window_of
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.figures import (
    count_cell,
    definition,
    kpi_card,
    kpi_cell,
    late_footnote,
)
from sophia.display.formatting import (
    PLATFORM_LABELS,
    beginning,
    clock,
    completion,
    dates,
    day,
    named_dates,
)
from sophia.display.values import Card, Cell, Chart, Column, Notice, Table, Value
from sophia.meta.catalogue.terms import Level
from sophia.meta.reporting_zone import DateRange
from sophia.reporting.charts import chart_days, views_chart
from sophia.reporting.document import DriverPanel
from sophia.reporting.drivers import driver_panel
from sophia.reporting.tables import kpi_table

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CARDS = ("views", "engagement_rate_by_reach", "reach", "followers")
DRIVER_LABELS = {"platform": "Algorithm", "distribution": "Distribution", "posting": "Posting", "people": "Audience"}
NOT_REPORTED = "This was not reported."


@dataclass(frozen=True, slots=True)
class ClientPage:
    name: str
    lead: str
    fresh: str
    pending: str
    notices: tuple[Notice, ...]
    cards: tuple[Card, ...]
    late: str
    chart: Chart
    drivers: tuple[DriverPanel, ...]
    posts: Table
    formats: Table
    unusual: tuple[str, ...]
    kpis: Table
    method: str


@router.get("/clients/{client_id}")
def client(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[PageQuery, Query()]
) -> Response:
    window = window_of(query, context.now)
    page = make_client_page(request, context, client_id, window, query.compare)
    title = f"{page.name} {dates(window)}"
    sections = client_sections(request, context, client_id)
    outside = frame(request, context, title, picker(request, context, window, query.compare), sections)
    return respond(request, "client/page.html", outside, page)


def make_client_page(
    request: Request, context: RequestContext, client_id: int, window: DateRange, comparison: Comparison
) -> ClientPage:
    """Read and draw the page of a client. Raises NotFoundError for a client that may not be seen."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        accounts = account_states(session, context.allowed_clients, client_id=client_id)
        views = aggregate(
            session,
            client_id,
            chart_days(window),
            "day",
            "platform",
            canonical="views",
        )
    report = make_report(context.database, client_id, window, context.now, use_stored=True, comparison=comparison)
    with context.database.read() as session:
        base = context.settings.path_prefix
        pictures = picture_addresses(session, base, [post.post_id for post in report.top_posts])
    zone = ZoneInfo(context.settings.operator_timezone)
    drawer: ChartDrawer = request.app.state.chart_drawer
    return client_page(context.settings.path_prefix, report, accounts, views, pictures, zone, context.now, drawer)


def client_page(
    prefix: str,
    report: Report,
    accounts: list[AccountState],
    views: Aggregated,
    pictures: PictureAddresses,
    zone: ZoneInfo,
    now: datetime,
    drawer: ChartDrawer,
) -> ClientPage:
    """Return the page of a report."""
    return ClientPage(
        name=report.client.name,
        lead=lead(report),
        fresh=fresh(report, accounts, zone, now),
        pending=completion(report.window, report.complete_at, zone, now),
        notices=notices(prefix, report, accounts),
        cards=tuple(kpi_card(prefix, name, report.kpis, report.changes) for name in CARDS),
        late=late_footnote(report.kpis.values(), report.changes.values()),
        chart=views_chart(report, views, now, drawer),
        drivers=tuple(driver_panel(platform, split) for platform, split in report.drivers.items()),
        posts=post_table(prefix, report.top_posts, pictures, zone),
        formats=format_table(prefix, report.format_averages, "Formats of posts published in this period"),
        unusual=tuple(sentence.text for sentence in report.commentary if _is_about_anomaly(sentence.references)),
        kpis=kpi_table(prefix, report),
        method=method(report),
    )


def lead(report: Report) -> str:
    """Return the first sentence: how account interactions changed, and why if that is clear."""
    change = next(
        (
            line.change
            for line in report.algo_independent_summary
            if (line.metric, line.level) == (INTERACTIONS, Level.ACCOUNT)
        ),
        None,
    )
    if change is None or change.percent.value is None:
        reason = None if change is None else change.percent.reason
        return f"Account interactions cannot be compared: {reason or 'there are no readings.'}"
    size = float(change.percent.value)
    direction = "rose" if size > 0 else "fell"
    moved = "Account interactions did not change"
    if abs(size) >= 1:
        moved = f"Account interactions {direction} by {written(size, 'change_size')}"
    causes = [
        f"{DRIVER_LABELS[name].lower()} on {PLATFORM_LABELS[platform]}"
        for platform, split in report.drivers.items()
        for name in DRIVER_LABELS
        if (part := split.confident_part(name)) is not None  # type: ignore[arg-type]
        and (part.log > 0) == (size > 0)
    ]
    return (
        f"{moved}: {' and '.join(causes[:2])}."
        if causes
        else f"{moved}. No clear cause: no part moved more than usual."
    )


def fresh(report: Report, accounts: list[AccountState], zone: ZoneInfo, now: datetime) -> str:
    successes = [account.last_success_at for account in accounts if account.last_success_at is not None]
    newest = clock(max(successes, default=None), zone, now).text
    covered = f"Complete for {report.coverage.days_with_data} of {report.coverage.days} days"
    return f"{covered} · last collection {newest} · times in {zone.key}"


def notices(prefix: str, report: Report, accounts: list[AccountState]) -> tuple[Notice, ...]:
    if not accounts:
        return (Notice("This client has no account yet.", "Connect accounts", f"{prefix}/connect"),)
    texts = [
        Notice(f"{account.name}: {account.action_needed}", "Reconnect", f"{prefix}/connect")
        for account in accounts
        if account.action_needed is not None
    ]
    texts += [
        Notice(
            f"{PLATFORM_LABELS[days.platform.value]}: no {METRIC_NAMES[days.metric].lower()} for "
            f"{days.coverage.days - days.coverage.days_with_data} of {days.coverage.days} days since {day(days.first)}.",
            "Collection",
            f"{prefix}/collection",
        )
        for days in report.missing_days
    ]
    return tuple(texts)


def post_table(prefix: str, posts: tuple[TopPost, ...], pictures: PictureAddresses, zone: ZoneInfo) -> Table:
    columns = (
        Column("Post"),
        Column("Published"),
        Column("Reach", numeric=True, href=definition(prefix, "reach")),
        Column("Engagement", numeric=True, href=definition(prefix, "engagements")),
        Column("Engagement rate", numeric=True, href=definition(prefix, "engagement_rate_by_reach")),
    )
    rows = tuple(
        (
            Cell(
                Value(beginning(post.title or "Post without text", 60)),
                f"{prefix}/posts/{post.post_id}",
                note=f"{post.kind.value} · {PLATFORM_LABELS[post.platform.value]}",
                picture=pictures.of(post.post_id),
            ),
            Cell(Value(f"{post.published_at.astimezone(zone):%a %d, %H:%M}", post.published_at.isoformat())),
            count_cell(None if post.reach is None else float(post.reach), NOT_REPORTED),
            count_cell(float(post.engagements), NOT_REPORTED),
            kpi_cell(post.rate_by_reach, None),
        )
        for post in posts
    )
    return Table(
        "top-posts", "Top posts published in this period", columns, rows, "No post was published in this period."
    )


def method(report: Report) -> str:
    """Return how the figures of the page are made."""
    return (
        f"Days are Meta's Pacific days. The last two days are provisional. This period is {dates(report.window)}, the "
        f"previous one {named_dates(report.before, report.window)}."
    )


def _is_about_anomaly(references: Mapping[str, object]) -> bool:
    return any(str(getattr(reference, "path", "")).startswith("anomalies") for reference in references.values())
