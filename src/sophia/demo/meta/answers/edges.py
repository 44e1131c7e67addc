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


def _videos(context: RequestContext, page: Page) -> list[Video]:
    return [Video(post.video_id, post) for post in context.world.posts(page.id) if post.video_id is not None]


def _reels(context: RequestContext, page: Page) -> list[Video]:
    return [video for video in _videos(context, page) if video.post.kind == "reel"]


Rows = Callable[[RequestContext, Node], Sequence[Node]]


def _of_page(read: Callable[[RequestContext, Page], Sequence[Node]]) -> Rows:
    return lambda context, node: read(context, node) if isinstance(node, Page) else ()


_PAGE_LISTS: dict[str, Rows] = {
    "published_posts": _of_page(lambda context, page: context.world.posts(page.id)),
    "posts": _of_page(lambda context, page: context.world.posts(page.id)),
    "feed": _of_page(lambda context, page: context.world.posts(page.id)),
    "videos": _of_page(_videos),
    "video_reels": _of_page(_reels),
    "stories": _of_page(lambda context, page: context.world.page_stories(page.id)),
}
_INSTAGRAM_LISTS: dict[str, Rows] = {
    "media": lambda context, node: context.world.media(node.id),
    "stories": lambda context, node: context.world.stories(node.id),
}


def answer_edge(context: RequestContext, node: Node, edge: str, parameters: Mapping[str, str]) -> str:
    """Return the JSON of `/{node}/{edge}`. GraphError for an edge that this kind of object does not have."""
    require_page_token(context, node)
    insights = _insights(context, node, edge, parameters)
    if insights is not None:
        return insights
    if edge == "comments" and isinstance(node, Post | Media):
        fields_text = parameters.get("fields")
        return comments_edge(context, node, parameters, parse_fields(fields_text) if fields_text else None)
    lists = _PAGE_LISTS if isinstance(node, Page) else _INSTAGRAM_LISTS if isinstance(node, InstagramAccount) else {}
    rows = lists.get(edge)
    if rows is None:
        raise errors.unknown_field(edge, type_name(node))
    text = parameters.get("fields")
    fields = parse_fields(text) if text else None
    return list_rows(context, rows(context, node), parameters, fields, f"{context.shown_id(node)}/{edge}")


def _insights(context: RequestContext, node: Node, edge: str, parameters: Mapping[str, str]) -> str | None:
    """Return the insights edge of `node`, or None if `edge` is another edge."""
    text: str | None = None
    if edge == ("video_insights" if isinstance(node, Video) else "insights"):
        match node:
            case Page():
                text = page_insights(context, node, parameters)
            case Post():
                text = post_insights(context, _facebook_plan(context, node.page_id, "post", parameters), node)
            case Video():
                text = video_insights(context, _facebook_plan(context, node.post.page_id, "video", parameters), node)
            case PageStory():
                text = story_insights(context, _facebook_plan(context, node.page_id, "page_story", parameters), node)
            case InstagramAccount():
                text = account_insights(context, node, parameters)
            case Media():
                text = media_insights(context, make_media_plan(context, parameters), node)
    return text


def _facebook_plan(context: RequestContext, page_id: str, kind: Kind, parameters: Mapping[str, str]) -> Plan:
    return make_plan(context, context.world.business_of(page_id).page, kind, parameters)


@dataclass(frozen=True, slots=True)
class _Slice:
    rows: Sequence[Node]
    has_newer: bool
    has_older: bool


def list_rows(
    context: RequestContext,
    rows: Sequence[Node],
    parameters: Mapping[str, str],
    fields: tuple[Field, ...] | None,
    path: str,
) -> str:
    """Return one page of `rows` with its paging; an empty list has none."""
    listed = _in_window(context, rows, parameters)
    page = _cut(listed, parameters)
    if not page.rows:
        return EMPTY
    hidden = context.simulation.hidden
    texts = [
        render(context, row, default_fields(row) if fields is None else fields)
        for row in page.rows
        if not hidden or row.id not in hidden
    ]
    return f'{{"data":[{",".join(texts)}],"paging":{_paging(context, page, parameters, path)}}}'


def _in_window(context: RequestContext, rows: Sequence[Node], parameters: Mapping[str, str]) -> list[Node]:
    """Return the rows that are visible now and, with `since` or `until`, published between the two."""
    listed = [row for row in rows if context.is_listed(row)]
    if not parameters.get("since") and not parameters.get("until"):
        return listed
    beginning = datetime.fromtimestamp(0, context.now.tzinfo)
    window = read_window(parameters, context.now, Window(beginning, context.now))
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


def _paging(context: RequestContext, page: _Slice, parameters: Mapping[str, str], path: str) -> str:
    """Return the paging: cursors on every page, `next` and `previous` only if there are more rows."""
    first, last = cursor_of(page.rows[0].id), cursor_of(page.rows[-1].id)
    kept = {key: value for key, value in parameters.items() if key not in {"after", "before"}}
    parts = [f'"cursors":{{"before":"{first}","after":"{last}"}}']
    if page.has_older:
        parts.append(f'"next":"{context.request.url(path, {**kept, "after": last})}"')
    if page.has_newer:
        parts.append(f'"previous":"{context.request.url(path, {**kept, "before": first})}"')
    return "{" + ",".join(parts) + "}"
