"""The report for the client, read in 60 seconds: the result, what changed and why, the best posts, and what comes next.

Users open it at `/clients/{id}/report`, readers of a share link at the address of the link.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.access.web import RequestContext
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.requests import Id
from sophia.analytics.goals.progress import GoalStatus, ReportedGoal
from sophia.analytics.readings.account_states import AccountState, account_states
from sophia.analytics.readings.aggregated import Aggregated, aggregate
from sophia.analytics.readings.permissions import expect_client
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.records import Report, TopPost
from sophia.dashboard.charts.drawing import ChartDrawer
from sophia.dashboard.client.view import (
    NOT_REPORTED,
    DriverPanel,
    chart_days,
    driver_panel,
    fresh,
    kpi_table,
    method,
    rate_note,
    views_chart,
)
from sophia.dashboard.goals.view import goal_state
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.figures import count_cell, kpi_card, kpi_cell, label_of, late_footnote, small_note
from sophia.dashboard.layout.formatting import PLATFORM_LABELS, beginning, completion, dates, number_text, value_of
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.pictures import PictureAddresses, picture_addresses
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.values import Bar, Card, Cell, Chart, Column, State, Table, Value, unlinked
from sophia.dashboard.layout.windows import PageQuery, named_dates, picker, window_of
from sophia.dashboard.report import sentences
from sophia.meta.reporting_zone import DateRange, reporting_day
from sophia.publishing.queue import QUEUED, QueueEntry, list_entries

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CARDS = ("views", "reach", "engagement_rate_by_reach", "followers")
# These are cards only when the client records conversions.
SALES_CARDS = ("conversions", "revenue")
MOST_PLANNED = 10
MOST_QUEUED = 200
LONGEST_TITLE = 70
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal: its value of the target, its state, and a bar of the way with a mark where it should be today."""

    name: str
    label: str
    value: Value
    target: str
    state: State
    status: str
    bar: Bar | None
    note: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The report in the order in which a client's reader asks: result, reasons, work, outlook, requests."""

    name: str
    compared: str
    lead: str
    fresh: str
    pending: str
    goals: tuple[GoalLine, ...]
    cards: tuple[Card, ...]
    late: str
    changes: tuple[str, ...]
    causes: tuple[str, ...]
    drivers: tuple[DriverPanel, ...]
    chart: Chart
    published: str
    posts: Table
    outlook: tuple[str, ...]
    planned: Table
    needs: tuple[str, ...]
    kpis: Table
    method: str


@router.get("/clients/{client_id}/report")
def report(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[PageQuery, Query()]
) -> Response:
    window = window_of(query, context.now)
    page = make_report_page(request, context, client_id, window, query.compare)
    title = f"Report for {page.name} {dates(window)}"
    sections = client_sections(request, context, client_id)
    outside = frame(request, context, title, picker(request, context, window, query.compare), sections)
    return respond(request, "report/page.html", outside, page)


def make_report_page(
    request: Request,
    context: RequestContext,
    client_id: int,
    window: DateRange,
    comparison: Comparison = Comparison.PREVIOUS,
    picture_base: str | None = None,
) -> ReportPage:
    """Read and draw the report of a client. `picture_base` is the address below which its reader finds pictures.

    Raises NotFoundError for a client that may not be seen.
    """
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        accounts = account_states(session, context.allowed_clients, client_id=client_id)
        views = aggregate(session, client_id, chart_days(window), "day", "platform", canonical="views")
        queued = list_entries(session, context.allowed_clients, client_id=client_id, status=QUEUED, limit=MOST_QUEUED)
    made = make_report(context.database, client_id, window, context.now, use_stored=True, comparison=comparison)
    base = context.settings.path_prefix if picture_base is None else picture_base
    with context.database.read() as session:
        pictures = picture_addresses(session, base, [post.post_id for post in made.top_posts])
    drawer: ChartDrawer = request.app.state.chart_drawer
    return report_page(context.settings.path_prefix, made, accounts, views, queued, pictures, context.now, drawer)


def without_pages(page: ReportPage) -> ReportPage:
    """Return the report without links to other pages, for readers of a share link; the links to Meta's posts stay."""
    return replace(unlinked(page), posts=page.posts)


def report_page(
    prefix: str,
    report: Report,
    accounts: list[AccountState],
    views: Aggregated,
    queued: Sequence[QueueEntry],
    pictures: PictureAddresses,
    now: datetime,
    drawer: ChartDrawer,
) -> ReportPage:
    """Return the page of a report. Times are in the client's zone."""
    zone = ZoneInfo(report.client.zone)
    names = (*CARDS, *(name for name in SALES_CARDS if report.kpis[name].value))
    return ReportPage(
        name=report.client.name,
        compared=f"{dates(report.window)} compared with {named_dates(report.before, report.window)}",
        lead=sentences.lead(report),
        fresh=fresh(report, accounts, zone, now),
        pending=completion(report.window, report.complete_at, zone, now),
        goals=tuple(goal_line(goal, report) for goal in report.goals),
        cards=tuple(kpi_card(prefix, name, report.kpis, report.changes, rate_note(report, name)) for name in names),
        late=late_footnote(report.kpis.values(), report.changes.values()),
        changes=sentences.what_changed(report),
        causes=sentences.causes(report),
        drivers=tuple(driver_panel(platform, split) for platform, split in report.drivers.items()),
        chart=views_chart(report, views, now, drawer),
        published=sentences.published(report),
        posts=best_posts(report.top_posts, pictures, zone),
        outlook=sentences.what_comes_next(report),
        planned=planned_table(queued, zone),
        needs=sentences.needs(report, accounts, queued),
        kpis=kpi_table(prefix, report),
        method=method(report),
    )


def goal_line(goal: ReportedGoal, report: Report) -> GoalLine:
    """Return a goal as of the end of the report's window."""
    notes = [f"{dates(goal.window)} {goal.window.start.year}"]
    if goal.projected.value is not None and goal.standing in (GoalStatus.ON_PACE, GoalStatus.BEHIND):
        notes.append(f"projected {value_of(goal.projected, short=True).text}")
    notes += [note for note in (small_note(goal.current), goal.current.doubt) if note]
    return GoalLine(
        name=goal.name,
        label=label_of(goal.kpi),
        value=value_of(goal.current, short=True),
        target=target_text(goal),
        state=goal_state(goal),
        status=goal.standing.value,
        bar=goal_bar(goal, report),
        note=" · ".join(notes),
    )


def target_text(goal: ReportedGoal) -> str:
    target = number_text(goal.target, goal.current.unit, goal.current.currency, short=True)
    return f"at most {target}" if goal.at_most else f"of {target}"


def goal_bar(goal: ReportedGoal, report: Report) -> Bar | None:
    """Return the percentage of the target, with a mark at the percentage expected by now; None for a rate."""
    if goal.done.value is None or goal.pace.value is None:
        return None
    until = min(report.window.end, reporting_day(report.as_of))
    expected = round(100 * goal.window.days_ended(until) / goal.window.days, 1)
    done = min(max(round(float(goal.done.value), 1), 0.0), 100.0)
    label = f"{value_of(goal.done).text} of the target; {expected:.0f} % of its days are over"
    return Bar(0.0, done, min(expected, 99.0), label)


def best_posts(posts: tuple[TopPost, ...], pictures: PictureAddresses, zone: ZoneInfo) -> Table:
    """Return the best posts with links to them on Facebook or Instagram."""
    columns = (
        Column("Post"),
        Column("Published"),
        Column("Reach", numeric=True),
        Column("Engagement", numeric=True),
        Column("Engagement rate", numeric=True),
    )
    rows = tuple(
        (
            Cell(
                Value(beginning(post.title or "Post without text", LONGEST_TITLE)),
                post.permalink or "",
                note=" · ".join(
                    text for text in (post.kind.value, PLATFORM_LABELS[post.platform.value], post.pillar) if text
                ),
                picture=pictures.of(post.post_id),
            ),
            Cell(
                Value(f"{post.published_at.astimezone(zone):%a %d %b, %H:%M}", post.published_at.isoformat()),
                sort=post.published_at.timestamp(),
            ),
            count_cell(post.reach, NOT_REPORTED),
            count_cell(post.engagements, NOT_REPORTED),
            kpi_cell(post.rate_by_reach, None),
        )
        for post in posts
    )
    empty = "No post of this period has figures yet."
    footnote = "Values at the end of the period, when younger posts had less time."
    return Table("best-posts", "Most engagement", columns, rows, empty, footnote)


def planned_table(queued: Sequence[QueueEntry], zone: ZoneInfo) -> Table:
    """Return the next planned posts, the earliest first; posts without a time come first."""
    columns = (Column("When"), Column("Where"), Column("What"), Column("State"))
    entries = sorted(queued, key=lambda entry: (entry.scheduled_for or EARLIEST, entry.id))
    rows = tuple(
        (
            Cell(planned_time(entry.scheduled_for, zone)),
            Cell(Value(f"{entry.account_name} on {PLATFORM_LABELS[entry.platform]}")),
            Cell(Value((entry.kind or "post").capitalize())),
            Cell(Value("approved" if entry.approved else "waiting for approval")),
        )
        for entry in entries[:MOST_PLANNED]
    )
    rest = len(entries) - len(rows)
    footnote = f"{rest} more are planned." if rest > 0 else ""
    return Table("planned", "Planned posts", columns, rows, "No post is planned yet.", footnote)


def planned_time(moment: datetime | None, zone: ZoneInfo) -> Value:
    if moment is None:
        return Value("as soon as possible")
    return Value(f"{moment.astimezone(zone):%a %d %b, %H:%M}", moment.isoformat())
