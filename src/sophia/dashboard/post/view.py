"""One post: what it has, how it grew, and where it can be seen."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.access.pages import ReadPage
from sophia.access.web import RequestContext
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import visible
from sophia.analytics.readings.queries import ReadingFilter, StoredReading, read_page
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.pictures import picture_addresses
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import DayPoint, Line, daily_lines
from sophia.display.figures import count_cell
from sophia.display.formatting import beginning, day
from sophia.display.values import Cell, Chart, Column, Link, Table, Value
from sophia.errors import NotFoundError
from sophia.portfolio.models import Account, Client, Post

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_READINGS = 5000
# Of these a reader follows the growth.
GROWING = {"views": "Views", "reach": "Reach", "likes": "Likes"}
COLOURS = {"views": "facebook", "reach": "audience", "likes": "instagram"}
LONGEST_TITLE = 80
NOT_READ = "This was not read."
NO_PICTURE = "No picture: the post has none, or it has expired at Meta."


@dataclass(frozen=True, slots=True)
class PostPage:
    """One post. `picture` is the address of its picture, and `no_picture` says why there is none; one of both is empty."""

    title: str
    lead: str
    text: str
    picture: str
    no_picture: str
    links: tuple[Link, ...]
    chart: Chart
    metrics: Table


@dataclass(frozen=True, slots=True)
class FoundPost:
    """A post with its account and client."""

    post: Post
    account: Account
    client: Client


@router.get("/posts/{post_id}")
def post(
    request: Request, context: ReadPage, post_id: Annotated[Id, Path()], _query: Annotated[PageQuery, Query()]
) -> Response:
    with context.database.read() as session:
        found = find_post(session, context, post_id)
        client_id, platform_post_id = found.client.id, found.post.platform_post_id
        reading_filter = ReadingFilter(
            level="post", account_id=found.account.id, platform_post_id=platform_post_id, breakdown=""
        )
        readings = read_page(session, client_id, reading_filter, MOST_READINGS).readings
        zone = ZoneInfo(context.settings.operator_timezone)
        drawer: ChartDrawer = request.app.state.chart_drawer
        picture = picture_addresses(session, context.settings.path_prefix, [post_id]).of(post_id)
        page = post_page(context.settings.path_prefix, found, readings, picture, zone, drawer)
    outside = frame(request, context, page.title, sections=client_sections(request, context, client_id))
    return respond(request, "post/page.html", outside, page)


def find_post(session: Session, context: RequestContext, post_id: int) -> FoundPost:
    """Return a post of a client that the user may see. Raises NotFoundError."""
    row = session.execute(
        select(Post, Account, Client)
        .join(Account, Account.id == Post.account_id)
        .join(Client, Client.id == Account.client_id)
        .where(Post.id == post_id, visible(Account.client_id, context.allowed_clients))
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no post {post_id}.")
    return FoundPost(*row)


def post_page(
    prefix: str, found: FoundPost, readings: list[StoredReading], picture: str, zone: ZoneInfo, drawer: ChartDrawer
) -> PostPage:
    post, account = found.post, found.account
    title = beginning(post.text or "Post without text", LONGEST_TITLE)
    published = post.published_at.astimezone(zone)
    links = [Link(found.client.name, f"{prefix}/clients/{found.client.id}")]
    if post.permalink is not None:
        links.append(Link(f"Open on {account.platform.capitalize()}", post.permalink))
    gone = f" It was deleted by {day(post.gone_at.date())}." if post.gone_at is not None else ""
    return PostPage(
        title=title,
        lead=f"A {post.kind} of {account.name} on {account.platform.capitalize()}, published "
        f"{published:%A, %d %b %Y, %H:%M}.{gone}",
        text=post.text or "",
        picture=picture,
        no_picture="" if picture else NO_PICTURE,
        links=tuple(links),
        chart=growth_chart(readings, drawer),
        metrics=metric_table(readings),
    )


def growth_chart(readings: list[StoredReading], drawer: ChartDrawer) -> Chart:
    """Return the counters of the post on the days on which they were read."""
    by_metric: dict[str, dict[date, float]] = {}
    for reading in readings:
        if reading.canonical in GROWING and reading.period == "lifetime":
            by_metric.setdefault(reading.canonical, {})[reading.metric_date] = float(reading.metric_value)
    lines = tuple(
        Line(
            GROWING[metric],
            COLOURS[metric],
            tuple(DayPoint(moment, value) for moment, value in sorted(values.items())),
        )
        for metric, values in sorted(by_metric.items())
    )
    (svg,) = drawer.draw([daily_lines(lines)])
    days = sorted({moment for values in by_metric.values() for moment in values}, reverse=True)
    columns = (Column("Day"), *(Column(line.label, numeric=True) for line in lines))
    rows = tuple(
        (
            Cell(Value(day(moment), moment.isoformat()), sort=moment.toordinal()),
            *(count_cell(by_metric[metric].get(moment), NOT_READ) for metric in sorted(by_metric)),
        )
        for moment in days
    )
    table = Table("growth", "Growth by day", columns, rows, "This post has not been read yet.")
    return Chart("growth", "Growth", "Counters of the post on the days on which they were read", svg, table)


def metric_table(readings: list[StoredReading]) -> Table:
    """Return the newest value of each metric of the post."""
    newest: dict[str, StoredReading] = {}
    for reading in readings:
        kept = newest.get(reading.metric_name)
        if kept is None or reading.metric_date > kept.metric_date:
            newest[reading.metric_name] = reading
    columns = (Column("Metric"), Column("Value", numeric=True), Column("As of"), Column("Driven by"))
    rows = tuple(
        (
            Cell(Value(name), note=reading.canonical or ""),
            count_cell(float(reading.metric_value), NOT_READ),
            Cell(Value(day(reading.metric_date), reading.metric_date.isoformat())),
            Cell(Value(reading.classification.replace("_", " "))),
        )
        for name, reading in sorted(newest.items())
    )
    return Table("metrics", "All metrics of this post", columns, rows, "This post has not been read yet.")
