"""The posts of one client: sorted by any column, filtered by format and platform."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import percent
from sophia.analytics.figures.requests import Id
from sophia.analytics.kpis.windows import find_measured_client, measured_clients, newest_facts
from sophia.analytics.readings.permissions import expect_client
from sophia.analytics.readings.posts import StoredPost
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.pictures import PictureAddresses, picture_addresses
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, picker, shared_query, window_of
from sophia.display.figures import count_cell, definition
from sophia.display.formatting import beginning, dates, value_of, whole
from sophia.display.values import Cell, Column, Link, Table, Value

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LONGEST_TITLE = 80
NOT_REPORTED = "Meta did not report this."
METRICS = ("reach", "views", "likes", "comments", "shares", "saved", "link_clicks")
METRIC_LABELS = {
    "reach": "Reach",
    "views": "Views",
    "likes": "Likes",
    "comments": "Comments",
    "shares": "Shares",
    "saved": "Saves",
    "link_clicks": "Link clicks",
}


class PostsQuery(PageQuery):
    """The window and, with `format`, one kind of post."""

    format: Annotated[str | None, Query(max_length=20)] = None


@dataclass(frozen=True, slots=True)
class PostsPage:
    name: str
    lead: str
    formats: tuple[Link, ...]
    posts: Table


@router.get("/clients/{client_id}/posts")
def posts(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[PostsQuery, Query()]
) -> Response:
    window = window_of(query, context.now)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        measured = find_measured_client(measured_clients(session), client_id)
        facts, stored = newest_facts(session, measured, window, context.now)
        pictures = picture_addresses(session, context.settings.path_prefix, [post.id for post in stored])
    prefix, zone = context.settings.path_prefix, ZoneInfo(context.settings.operator_timezone)
    page = posts_page(
        prefix,
        measured.name,
        facts,
        stored,
        pictures,
        query.format,
        zone,
        context.now,
        shared_query(request).removeprefix("?"),
    )
    title = f"Posts of {measured.name} {dates(window)}"
    outside = frame(
        request, context, title, picker(request, context, window), client_sections(request, context, client_id)
    )
    return respond(request, "posts/page.html", outside, page)


def posts_page(
    prefix: str,
    name: str,
    facts: list[PostFacts],
    stored: list[StoredPost],
    pictures: PictureAddresses,
    chosen: str | None,
    zone: ZoneInfo,
    now: datetime,
    query: str = "",
) -> PostsPage:
    """Return the posts with the newest numbers known, newest first. `query` is the window in links to other formats."""
    by_id = {post.post_id: post for post in facts}
    shown = sorted(
        (post for post in stored if chosen in (None, post.kind.value)), key=lambda post: post.published_at, reverse=True
    )
    kinds = sorted({post.kind.value for post in stored})
    formats = (
        Link("All formats", f"?{query}" if query else "?", chosen is None),
        *(Link(kind.capitalize(), f"?{query}{'&' if query else ''}format={kind}", kind == chosen) for kind in kinds),
    )
    rows = tuple(post_row(prefix, post, by_id.get(post.id), pictures.of(post.id), zone) for post in shown)
    columns = (
        Column("Post"),
        Column("Published"),
        *(Column(METRIC_LABELS[metric], numeric=True, href=definition(prefix, metric)) for metric in METRICS),
        Column("Engagement", numeric=True, href=definition(prefix, "engagements")),
        Column("Engagement rate by reach", numeric=True, href=definition(prefix, "engagement_rate_by_reach")),
    )
    table = Table(
        "posts",
        "Posts published in this period",
        columns,
        rows,
        "No post was published in this period.",
        f"Newest values, as of {now.astimezone(zone):%d %b, %H:%M}. Younger posts still grow.",
    )
    return PostsPage(name, lead(shown, by_id), formats, table)


def lead(posts: list[StoredPost], facts: dict[int, PostFacts]) -> str:
    """Return one sentence: how many posts there are, and which had the most engagement."""
    if not posts:
        return "No post was published in this period."
    known = [(post, facts[post.id].engagements) for post in posts if post.id in facts]
    best = max(
        ((post, number) for post, number in known if number is not None),
        key=lambda pair: pair[1],
        default=None,
    )
    count = "1 post" if len(posts) == 1 else f"{len(posts)} posts"
    if best is None:
        return f"{count}; their engagement is not known yet."
    return f"{count}; most engagement: {title_of(best[0], 40)} with {whole(best[1])}."


def post_row(prefix: str, post: StoredPost, facts: PostFacts | None, picture: str, zone: ZoneInfo) -> tuple[Cell, ...]:
    values = {} if facts is None else facts.values
    engagements = None if facts is None else facts.engagements
    rate = percent(engagements, values.get("reach"))
    return (
        Cell(
            Value(title_of(post, LONGEST_TITLE)),
            f"{prefix}/posts/{post.id}",
            note=f"{post.kind.value} · {post.platform.value.capitalize()}",
            picture=picture,
        ),
        Cell(
            Value(f"{post.published_at.astimezone(zone):%a %d %b, %H:%M}", post.published_at.isoformat()),
            sort=post.published_at.timestamp(),
        ),
        *(count_cell(values.get(metric), NOT_REPORTED) for metric in METRICS),
        count_cell(engagements, NOT_REPORTED),
        Cell(value_of(rate), sort=None if rate.value is None else float(rate.value)),
    )


def title_of(post: StoredPost, length: int) -> str:
    """Return how the text of a post begins."""
    return beginning(post.title or "Post without text", length)
