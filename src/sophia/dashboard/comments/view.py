"""The comments of one client: their sentiment with samples and intervals, and the comments themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.comments.queries import CommentFilter, ListedComment, comment_cursor, list_comments
from sophia.analytics.comments.reports import ClientSentiment, make_sentiment
from sophia.analytics.comments.requests import CommentsQuery, SentimentQuery
from sophia.analytics.comments.sentiment import Sentiment, SentimentLabel, WeeklySentiment
from sophia.analytics.figures.figures import week_of
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, last_day, picker, window_of
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import DayPoint, Line, daily_lines
from sophia.display.figures import count_cell, figure_cell
from sophia.display.formatting import DASH, PLATFORM_LABELS, dates, whole
from sophia.display.values import Cell, Chart, Column, Link, Table, Value
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_WEEK, DateRange, reporting_day
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE_SIZE = 50
CHART_WEEKS = 12
NO_TEXT = "The comment has no text, such as a picture."
NO_LIKES = "Meta did not report this."


class CommentsPageQuery(PageQuery):
    """The window, filters of the list, and where the list continues."""

    platform: Platform | None = None
    tone: SentimentLabel | None = None
    cursor: Annotated[str | None, Query(max_length=100)] = None


@dataclass(frozen=True, slots=True)
class CommentsPage:
    name: str
    lead: str
    sentiment: Table
    chart: Chart
    filters: tuple[tuple[Link, ...], ...]
    comments: Table
    older: Link | None


@router.get("/clients/{client_id}/comments")
def comments(
    request: Request,
    context: ReadPage,
    client_id: Annotated[Id, Path()],
    query: Annotated[CommentsPageQuery, Query()],
) -> Response:
    window = window_of(query, context.now)
    days = SentimentQuery(start_date=window.start, end_date=last_day(window))
    chart_days = twelve_weeks(window, context.now)
    listed = CommentsQuery(
        start_date=window.start,
        end_date=last_day(window),
        platform=query.platform,
        tone=query.tone,
        cursor=query.cursor,
    )
    comment_filter = CommentFilter(**listed.model_dump(exclude={"limit", "cursor"}))
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        report = make_sentiment(session, client_id, days, context.now)
        weeks = make_sentiment(session, client_id, chart_days, context.now).weeks
        rows = list_comments(session, client_id, comment_filter, before=listed.before, limit=PAGE_SIZE + 1)
    page = CommentsPage(
        name=name,
        lead=report.verdict,
        sentiment=sentiment_table(report),
        chart=weekly_chart(weeks, request.app.state.chart_drawer),
        filters=filters(request, query),
        comments=comment_table(
            context.settings.path_prefix,
            rows[:PAGE_SIZE],
            ZoneInfo(context.settings.operator_timezone),
        ),
        older=older_link(request, rows),
    )
    sections = client_sections(request, context, client_id)
    outside = frame(request, context, f"Comments of {name} {dates(window)}", picker(request, context, window), sections)
    return respond(request, "comments/page.html", outside, page)


def twelve_weeks(window: DateRange, now: datetime) -> SentimentQuery:
    """Return the days from Monday of the 12th week up to the end of the window, or to today if that is earlier."""
    end = min(last_day(window), reporting_day(now))
    start = min(window.start, week_of(end).end - CHART_WEEKS * ONE_WEEK)
    return SentimentQuery(start_date=start, end_date=end)


def sentiment_table(report: ClientSentiment) -> Table:
    rows = [sentiment_row("All comments", report.whole)]
    if len(report.platforms) > 1:
        rows += [sentiment_row(PLATFORM_LABELS[name], part) for name, part in report.platforms.items()]
    columns = (
        Column("Comments of"),
        Column("Comments", numeric=True),
        Column("Scored", numeric=True),
        Column("Positive", numeric=True),
        Column("Neutral", numeric=True),
        Column("Negative", numeric=True),
        Column("Not scored"),
    )
    return Table(
        "sentiment",
        "Sentiment of other people's comments",
        columns,
        tuple(rows) if report.whole.comments else (),
        "There are no comments in this period.",
        "Scored in English only. In its test the method was right for half to two thirds of texts: compare shares with "
        "each other, and do not read a single share as the truth.",
    )


def sentiment_row(label: str, part: Sentiment) -> tuple[Cell, ...]:
    not_scored = [f"{whole(count)} {reason.value}" for reason, count in part.not_scored.items()]
    return (
        Cell(Value(label)),
        count_cell(part.comments, ""),
        count_cell(part.scored, ""),
        *(figure_cell(figure) for figure in (part.positive, part.neutral, part.negative)),
        Cell(Value("; ".join(not_scored) or "none")),
    )


def weekly_chart(weeks: tuple[WeeklySentiment, ...], drawer: ChartDrawer) -> Chart:
    """Return the shares of positive and negative comments by week; a week without scored comments is a gap."""
    lines = tuple(
        Line(label.capitalize(), colour, tuple(DayPoint(week.start, share_of(week, label)) for week in weeks))
        for label, colour in ((SentimentLabel.POSITIVE.value, "audience"), (SentimentLabel.NEGATIVE.value, "coral"))
    )
    svg = drawer.draw([daily_lines(lines, unit="% of scored comments")])[0]
    title = "Positive and negative share of the scored comments by week"
    scored = weeks if any(week.sentiment.scored for week in weeks) else ()
    rows = tuple(
        (
            Cell(Value(dates(DateRange(week.start, week.end))), sort=week.start.toordinal()),
            count_cell(week.sentiment.comments, ""),
            figure_cell(week.sentiment.positive),
            figure_cell(week.sentiment.negative),
        )
        for week in scored
    )
    columns = (
        Column("Week"),
        Column("Comments", numeric=True),
        Column("Positive", numeric=True),
        Column("Negative", numeric=True),
    )
    table = Table("sentiment-by-week", "Sentiment by week", columns, rows, "No comment of these weeks was scored.")
    return Chart("sentiment-by-week", title, f"{title}, {len(weeks)} weeks.", svg, table)


def share_of(week: WeeklySentiment, label: str) -> float | None:
    return week.sentiment.shares.get(label) if week.sentiment.scored else None


def filters(request: Request, query: CommentsPageQuery) -> tuple[tuple[Link, ...], ...]:
    """Return the filters of the list; the window and the other filter stay in the address."""
    url = request.url.remove_query_params(["cursor", "export"])

    def link(name: str, value: str | None, text: str, *, current: bool) -> Link:
        changed = url.remove_query_params(name) if value is None else url.include_query_params(**{name: value})
        return Link(text, f"?{changed.query}", current)

    platforms = (
        link("platform", None, "Both platforms", current=query.platform is None),
        *(link("platform", name, label, current=query.platform == name) for name, label in PLATFORM_LABELS.items()),
    )
    tones = (
        link("tone", None, "Every sentiment", current=query.tone is None),
        *(
            link("tone", label.value, label.value.capitalize(), current=query.tone is label)
            for label in SentimentLabel
        ),
    )  # fmt: skip
    return platforms, tones


def older_link(request: Request, rows: list[ListedComment]) -> Link | None:
    """Return the address of the next older comments, or None at the end."""
    if len(rows) <= PAGE_SIZE:
        return None
    url = request.url.remove_query_params("export").include_query_params(cursor=comment_cursor(rows[PAGE_SIZE - 1]))
    return Link("Older comments", f"?{url.query}")


def comment_table(prefix: str, rows: list[ListedComment], zone: ZoneInfo) -> Table:
    columns = (
        Column("Written"),
        Column("Comment"),
        Column("Sentiment"),
        Column("Likes", numeric=True),
        Column("Post"),
    )
    return Table(
        "comments",
        "Comments, newest first",
        columns,
        tuple(comment_row(prefix, row, zone) for row in rows),
        "No comment of this period matches. Choose other days or filters.",
        "Sophia does not store who wrote a comment.",
    )


def comment_row(prefix: str, row: ListedComment, zone: ZoneInfo) -> tuple[Cell, ...]:
    marks = [
        "by the account" if row.is_own else "",
        "reply" if row.is_reply else "",
        "hidden" if row.is_hidden else "",
        "edited" if row.edited_at is not None else "",
    ]
    text = " ".join((row.text or "").split())
    return (
        Cell(
            Value(f"{row.written_at.astimezone(zone):%a %d %b, %H:%M}", row.written_at.isoformat()),
            sort=row.written_at.timestamp(),
        ),
        Cell(
            Value(text) if text else Value(DASH, reason=NO_TEXT),
            note=" · ".join(mark for mark in marks if mark),
        ),
        Cell(Value(row.tone.value), sort=row.compound, note=row.not_scored_reason or ""),
        count_cell(row.like_count, NO_LIKES),
        Cell(Value(PLATFORM_LABELS[row.platform.value]), f"{prefix}/posts/{row.post_id}"),
    )
