"""Lists of objects: newest first, at most 100 a page, cursors that survive new posts (GRAPH_API.md, 2.7 and 6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sophia.demo.meta.answers.comments import comments_edge
from sophia.demo.meta.answers.nodes import default_fields, render, type_name
from sophia.demo.meta.facebook.insights import (
    Plan,
    make_plan,
    page_insights,
    post_insights,
    story_insights,
    video_insights,
)
from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.access import require_page_token
from sophia.demo.meta.graph.blocks import EMPTY
from sophia.demo.meta.graph.cursors import cursor_of, index_of_cursor
from sophia.demo.meta.graph.fields import Field, parse_fields
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.graph.rules import Kind
from sophia.demo.meta.graph.windows import Window, read_window
from sophia.demo.meta.instagram.insights import account_insights, make_media_plan, media_insights
from sophia.demo.meta.world.objects import InstagramAccount, Media, Node, Page, PageStory, Post, Video
from sophia.demo.meta.world.world import created_at

MAX_LIMIT = 100
DEFAULT_LIMIT = 25


def _videos(request_context: RequestContext, page: Page) -> list[Video]:
    return [Video(post.video_id, post) for post in request_context.world.posts(page.id) if post.video_id is not None]


def _reels(request_context: RequestContext, page: Page) -> list[Video]:
    return [video for video in _videos(request_context, page) if video.post.kind == "reel"]


Rows = Callable[[RequestContext, Node], Sequence[Node]]


def _of_page(read: Callable[[RequestContext, Page], Sequence[Node]]) -> Rows:
    return lambda request_context, node: read(request_context, node) if isinstance(node, Page) else ()


_PAGE_LISTS: dict[str, Rows] = {
    "published_posts": _of_page(lambda request_context, page: request_context.world.posts(page.id)),
    "posts": _of_page(lambda request_context, page: request_context.world.posts(page.id)),
    "feed": _of_page(lambda request_context, page: request_context.world.posts(page.id)),
    "videos": _of_page(_videos),
    "video_reels": _of_page(_reels),
    "stories": _of_page(lambda request_context, page: request_context.world.page_stories(page.id)),
}
_INSTAGRAM_LISTS: dict[str, Rows] = {
    "media": lambda request_context, node: request_context.world.media(node.id),
    "stories": lambda request_context, node: request_context.world.stories(node.id),
}


def answer_edge(request_context: RequestContext, node: Node, edge: str, parameters: Mapping[str, str]) -> str:
    """The JSON of `/{node}/{edge}`. GraphError for an edge that this kind of object does not have."""
    require_page_token(request_context, node)
    insights = _insights(request_context, node, edge, parameters)
    if insights is not None:
        return insights
    if edge == "comments" and isinstance(node, Post | Media):
        asked = parameters.get("fields")
        return comments_edge(request_context, node, parameters, parse_fields(asked) if asked else None)
    lists = _PAGE_LISTS if isinstance(node, Page) else _INSTAGRAM_LISTS if isinstance(node, InstagramAccount) else {}
    rows = lists.get(edge)
    if rows is None:
        raise errors.unknown_field(edge, type_name(node))
    text = parameters.get("fields")
    fields = parse_fields(text) if text else None
    return list_rows(
        request_context, rows(request_context, node), parameters, fields, f"{request_context.shown_id(node)}/{edge}"
    )


def _insights(request_context: RequestContext, node: Node, edge: str, parameters: Mapping[str, str]) -> str | None:
    """The insights edge of `node`, None when `edge` is no insights edge of it."""
    text: str | None = None
    if edge == ("video_insights" if isinstance(node, Video) else "insights"):
        match node:
            case Page():
                text = page_insights(request_context, node, parameters)
            case Post():
                text = post_insights(
                    request_context, _facebook_plan(request_context, node.page_id, "post", parameters), node
                )
            case Video():
                text = video_insights(
                    request_context, _facebook_plan(request_context, node.post.page_id, "video", parameters), node
                )
            case PageStory():
                text = story_insights(
                    request_context, _facebook_plan(request_context, node.page_id, "page_story", parameters), node
                )
            case InstagramAccount():
                text = account_insights(request_context, node, parameters)
            case Media():
                text = media_insights(request_context, make_media_plan(request_context, parameters), node)
    return text


def _facebook_plan(request_context: RequestContext, page_id: str, kind: Kind, parameters: Mapping[str, str]) -> Plan:
    return make_plan(request_context, request_context.world.business_of(page_id).page, kind, parameters)


@dataclass(frozen=True, slots=True)
class _Slice:
    rows: Sequence[Node]
    has_newer: bool
    has_older: bool


def list_rows(
    request_context: RequestContext,
    rows: Sequence[Node],
    parameters: Mapping[str, str],
    fields: tuple[Field, ...] | None,
    path: str,
) -> str:
    """One page of `rows` with its paging; an empty list has none."""
    shown = _in_window(request_context, rows, parameters)
    page = _cut(shown, parameters)
    if not page.rows:
        return EMPTY
    hidden = request_context.simulation.hidden
    texts = [
        render(request_context, row, default_fields(row) if fields is None else fields)
        for row in page.rows
        if not hidden or row.id not in hidden
    ]
    return f'{{"data":[{",".join(texts)}],"paging":{_paging(request_context, page, parameters, path)}}}'


def _in_window(request_context: RequestContext, rows: Sequence[Node], parameters: Mapping[str, str]) -> list[Node]:
    """The rows that are visible now and, with `since` or `until`, published between the two."""
    listed = [row for row in rows if request_context.is_listed(row)]
    if not parameters.get("since") and not parameters.get("until"):
        return listed
    beginning = datetime.fromtimestamp(0, request_context.now.tzinfo)
    window = read_window(parameters, request_context.now, Window(beginning, request_context.now))
    since = window.since if parameters.get("since") else beginning
    return [row for row in listed if since <= (created_at(row) or beginning) <= window.until]


def _cut(rows: Sequence[Node], parameters: Mapping[str, str]) -> _Slice:
    text = parameters.get("limit") or str(DEFAULT_LIMIT)
    if not text.isdigit():
        raise errors.bad_parameter("param limit must be an integer")
    limit = int(text)
    if limit > MAX_LIMIT:
        raise errors.bad_parameter(f"The limit parameter must not be larger than {MAX_LIMIT}")
    after, before = parameters.get("after"), parameters.get("before")
    if after:
        start = index_of_cursor(rows, after) + 1
    elif before:
        end = index_of_cursor(rows, before)
        start, limit = max(0, end - limit), min(limit, end)
    else:
        start = 0
    return _Slice(rows[start : start + limit], start > 0, start + limit < len(rows))


def _paging(request_context: RequestContext, page: _Slice, parameters: Mapping[str, str], path: str) -> str:
    """Cursors on every page, also on the last; `next` and `previous` only where there is something."""
    first, last = cursor_of(page.rows[0].id), cursor_of(page.rows[-1].id)
    kept = {key: value for key, value in parameters.items() if key not in {"after", "before"}}
    parts = [f'"cursors":{{"before":"{first}","after":"{last}"}}']
    if page.has_older:
        parts.append(f'"next":"{request_context.request.url(path, {**kept, "after": last})}"')
    if page.has_newer:
        parts.append(f'"previous":"{request_context.request.url(path, {**kept, "before": first})}"')
    return "{" + ",".join(parts) + "}"
