"""The fields of each kind of object, as JSON. A field that Meta would omit is None."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from operator import attrgetter
from typing import Any

from sophia.demo.meta.answers.comments import comments_edge
from sophia.demo.meta.facebook.insights import make_plan, page_insights, post_insights, story_insights, video_insights
from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.access import require_page_token
from sophia.demo.meta.graph.blocks import EMPTY
from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.graph.fields import Field
from sophia.demo.meta.graph.pictures import signed_address
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.graph.rules import Kind
from sophia.demo.meta.instagram.discovery import discovered, discovered_media, media_paging
from sophia.demo.meta.instagram.insights import account_insights, make_media_plan, media_insights
from sophia.demo.meta.world.objects import InstagramAccount, Media, MediaChild, Node, Page, PageStory, Post, Video
from sophia.demo.meta.world.pacific import stamp

Fields = dict[str, Callable[[RequestContext, Any, Field], str | None]]

# The owner hides the number of likes of every 29th medium; the field is then missing.
_LIKES_HIDDEN_EVERY, _LIKES_HIDDEN_AT = 29, 11


def hides_likes(medium: Media) -> bool:
    """Return whether `like_count` of this medium is missing because its owner hides it."""
    return medium.serial % _LIKES_HIDDEN_EVERY == _LIKES_HIDDEN_AT


def _plain(read: Callable[[Any], Any]) -> Callable[[RequestContext, Any, Field], str | None]:
    """Return a field that depends on the object alone; None leaves it out."""

    def field(_context: RequestContext, node: Any, _field: Field) -> str | None:
        value = read(node)
        return None if value is None else as_json(value)

    return field


def _attributes(*names: str) -> Fields:
    """Return the fields that have the names of the object's attributes."""
    return {name: _plain(attrgetter(name)) for name in names}


def _signed(node_id: str, context: RequestContext, suffix: str = "jpg") -> str:
    """Return the signed address of a picture or video."""
    return as_json(signed_address(context.request.base_url, node_id, context.now, suffix=suffix))


def _media_address(context: RequestContext, medium: Media, _field: Field) -> str:
    """Return the address of the medium itself, which for videos is no picture."""
    return _signed(medium.id, context, "mp4" if medium.media_type == "VIDEO" else "jpg")


def render(context: RequestContext, node: Node, fields: Iterable[Field]) -> str:
    """Return the object with the requested fields and its `id`. Raise GraphError 100 for a field that it lacks."""
    table, type_name = _TABLES[type(node)]
    parts = []
    has_id = False
    for field in fields:
        reader = table.get(field.name)
        if reader is None:
            raise errors.unknown_field(field.name, type_name)
        text = reader(context, node, field)
        if text is not None:
            parts.append(f'"{field.name}":{text}')
        has_id = has_id or field.name == "id"
    if not has_id:
        parts.append(f'"id":"{context.shown_id(node)}"')
    return "{" + ",".join(parts) + "}"


def default_fields(node: Node) -> tuple[Field, ...]:
    """Return the fields that Meta shows when a request names none."""
    names: dict[type[object], tuple[str, ...]] = {
        Page: ("name", "id"),
        InstagramAccount: ("id",),
        Post: ("created_time", "message", "id"),
        Video: ("updated_time", "description", "id"),
        PageStory: ("post_id", "status", "creation_time", "media_type", "media_id", "url"),
        Media: ("id",),
        MediaChild: ("id",),
    }
    return tuple(Field(name) for name in names[type(node)])


def type_name(node: Node) -> str:
    return _TABLES[type(node)][1]


# Facebook Pages.


def _linked_instagram(context: RequestContext, page: Page, field: Field) -> str:
    account = context.world.business_of(page.id).instagram
    return render(context, account, field.subfields or (Field("id"),))


def _page_insights(context: RequestContext, page: Page, field: Field) -> str | None:
    require_page_token(context, page)
    text = page_insights(context, page, field.arguments, field.subfield_names)
    return None if text == EMPTY else text


def _followers(context: RequestContext, node: Page | InstagramAccount, _field: Field) -> str:
    return str(context.truth.followers_now(node, context.now))


def _fans(context: RequestContext, page: Page, _field: Field) -> str:
    return str(context.truth.fans_now(page, context.now))


def _page_token(context: RequestContext, page: Page, _field: Field) -> str | None:
    """Return the Page's own token; missing where the person has no role on the Page, and for an app."""
    is_withheld = page.id in context.simulation.withheld_tokens or context.holder.kind == "app"
    return (
        None
        if is_withheld or not context.simulation.opens(context.request.token, page.id)
        else as_json(page.access_token)
    )


PAGE_FIELDS: Fields = {
    "id": lambda context, page, _: as_json(context.shown_id(page)),
    **_attributes("name", "username", "category"),
    "link": _plain(lambda page: f"https://www.facebook.com/{page.echo_id}"),
    "access_token": _page_token,
    "tasks": _plain(lambda _: ["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE"]),
    "has_transitioned_to_new_page_experience": _plain(lambda _: True),
    "talking_about_count": _plain(lambda page: page.followers // 90),
    "new_like_count": _plain(lambda _: 0),
    "followers_count": _followers,
    "fan_count": _fans,
    "instagram_business_account": _linked_instagram,
    "insights": _page_insights,
}

# Posts.


def _attachments(_context: RequestContext, post: Post, _field: Field) -> str | None:
    if post.kind == "status" and post.link is None:
        return None
    number = post.id.partition("_")[2]
    if post.video_id is not None:
        target = {"id": post.video_id, "url": post.permalink}
        media_type, kind = "video", "video_inline"
    elif post.kind == "photo":
        target = {"id": f"79{number}", "url": f"https://www.facebook.com/photo/?fbid=79{number}"}
        media_type, kind = "photo", "photo"
    else:
        target = {"url": post.link or ""}
        media_type, kind = "link", "share"
    entry = {"media_type": media_type, "type": kind, "target": target, "unshimmed_url": target["url"]}
    return as_json({"data": [entry]})


def _reactions(context: RequestContext, post: Post, field: Field) -> str:
    """Return the reactions. Without the permission the whole call fails, as it does for comments."""
    if not context.has_scope("pages_read_user_content"):
        raise errors.permission_missing("pages_read_user_content")
    if field.arguments.get("summary") not in {"true", "1", "total_count"}:
        return EMPTY
    count = context.truth.post_counts(context.truth.post_figures(post, context.now))["reactions"]
    return f'{{"data":[],"summary":{{"total_count":{count}}}}}'


def _comments(context: RequestContext, post: Post | Media, field: Field) -> str:
    return comments_edge(context, post, field.arguments, field.subfields)


def _shares(context: RequestContext, post: Post, _field: Field) -> str | None:
    """Return the number of shares, or None if there are none."""
    count = context.truth.post_counts(context.truth.post_figures(post, context.now))["shares"]
    return f'{{"count":{count}}}' if count else None


def _planned_insights(
    kind: Kind, answer: Callable[[RequestContext, Any, Any], str], page_id_of: Callable[[Any], str]
) -> Callable[[RequestContext, Any, Field], str | None]:
    """Return a field for insights, with one plan for all objects of a list."""

    def field(context: RequestContext, node: Any, requested: Field) -> str | None:
        page_id = page_id_of(node)
        key = (kind, page_id, requested)
        if key not in context.plans:
            page = context.world.business_of(page_id).page
            require_page_token(context, page)
            context.plans[key] = make_plan(context, page, kind, requested.arguments, requested.subfield_names)
        text = answer(context, context.plans[key], node)
        return None if text == EMPTY else text

    return field


_STATUS_TYPES = {
    "status": "mobile_status_update",
    "photo": "added_photos",
    "video": "added_video",
    "reel": "added_video",
}


POST_FIELDS: Fields = {
    **_attributes("id", "message"),
    "created_time": _plain(lambda post: stamp(post.created_at)),
    "updated_time": _plain(lambda post: stamp(post.created_at)),
    "story": _plain(lambda _: None),
    "permalink_url": _plain(lambda post: post.permalink),
    "status_type": _plain(lambda post: _STATUS_TYPES[post.kind]),
    "is_published": _plain(lambda _: True),
    "full_picture": lambda context, post, _: None if post.kind == "status" else _signed(post.id, context),
    "attachments": _attachments,
    "shares": _shares,
    "comments": _comments,
    "reactions": _reactions,
    "insights": _planned_insights("post", post_insights, attrgetter("page_id")),
}


# The phases of a published video.
PROCESSED = {
    "video_status": "ready",
    **{name: {"status": "complete"} for name in ("uploading_phase", "processing_phase", "publishing_phase")},
}

VIDEO_FIELDS: Fields = {
    "id": _plain(lambda video: video.id),
    "post_id": _plain(lambda video: video.post.id),
    "created_time": _plain(lambda video: stamp(video.post.created_at)),
    "updated_time": _plain(lambda video: stamp(video.post.created_at)),
    "description": _plain(lambda video: video.post.message),
    "title": _plain(lambda _: None),
    "length": _plain(lambda video: video.post.length_seconds),
    "permalink_url": _plain(lambda video: f"/{'reel' if video.post.kind == 'reel' else 'watch'}/{video.id}/"),
    "status": _plain(lambda _: PROCESSED),
    "video_insights": _planned_insights("video", video_insights, attrgetter("post.page_id")),
}


PAGE_STORY_FIELDS: Fields = {
    **_attributes("id", "media_id", "media_type", "url"),
    "post_id": _plain(lambda story: story.id),
    "creation_time": _plain(lambda story: str(int(story.created_at.timestamp()))),
    "created_time": _plain(lambda story: stamp(story.created_at)),
    "status": lambda context, story, _: (
        '"published"' if context.now < story.created_at + timedelta(hours=24) else '"archived"'
    ),
    "insights": _planned_insights("page_story", story_insights, attrgetter("page_id")),
}

# Instagram.


def _account_insights(context: RequestContext, account: InstagramAccount, field: Field) -> str | None:
    text = account_insights(context, account, field.arguments, field.subfield_names)
    return None if text == EMPTY and context.has_silent_insights(account.id) else text


def _media_count(context: RequestContext, account: InstagramAccount, _field: Field) -> str:
    return str(sum(1 for medium in context.world.media(account.id) if context.is_listed(medium)))


def _business_discovery(context: RequestContext, _account: InstagramAccount, field: Field) -> str:
    """Return the public fields of another account, with its newest media."""
    other, fields = discovered(context, field)
    plain = [field for field in fields if field.name != "media"]
    account_json = render(context, other, plain)
    media = next((field for field in fields if field.name == "media"), None)
    if media is None:
        return account_json
    listed, media_fields = discovered_media(context, other, media)
    if not listed:
        return account_json
    following = sum(1 for medium in context.world.media(other.id) if context.is_listed(medium)) > len(listed)
    texts = ",".join(render(context, medium, media_fields) for medium in listed)
    return f'{account_json[:-1]},"media":{{"data":[{texts}],"paging":{media_paging(listed, following=following)}}}}}'


INSTAGRAM_FIELDS: Fields = {
    **_attributes("id", "username", "name", "biography", "website"),
    "follows_count": _plain(lambda account: account.follows),
    "followers_count": _followers,
    "media_count": _media_count,
    "profile_picture_url": lambda context, account, _: _signed(account.id, context),
    "insights": _account_insights,
    "business_discovery": _business_discovery,
}


def _media_insights(context: RequestContext, medium: Media, field: Field) -> str | None:
    key = ("media", field)
    if key not in context.plans:
        context.plans[key] = make_media_plan(context, field.arguments, field.subfield_names)
    text = media_insights(context, context.plans[key], medium)
    return None if text == EMPTY else text


def _media_number(metric: str) -> Callable[[RequestContext, Any, Field], str | None]:
    """Return a counter shown on the medium itself; `like_count` is missing when the owner hides it."""

    def field(context: RequestContext, medium: Media, _field: Field) -> str | None:
        if metric == "likes" and hides_likes(medium):
            return None
        return as_json(context.truth.media_lifetime(medium, metric, context.now))

    return field


def _children(_context: RequestContext, medium: Media, _field: Field) -> str | None:
    return as_json({"data": [{"id": child} for child in medium.children]}) if medium.children else None


def _owner(context: RequestContext, medium: Media, _field: Field) -> str:
    return as_json({"id": context.world.business_of(medium.account_id).instagram.id})


# Counters shown on the medium itself, and the metric that each one equals.
MEDIA_COUNTERS = {
    "like_count": "likes",
    "comments_count": "comments",
    "view_count": "views",
    "reposts_count": "reposts",
    "saved_count": "saved",
    "shares_count": "shares",
}

MEDIA_FIELDS: Fields = {
    **_attributes("id", "media_type", "permalink", "shortcode"),
    "caption": _plain(lambda medium: medium.caption or None),
    "media_product_type": _plain(lambda medium: medium.shown_product_type),
    "timestamp": _plain(lambda medium: stamp(medium.created_at)),
    "is_ai_generated": _plain(lambda _: False),
    "is_shared_to_feed": _plain(lambda medium: True if medium.product_type == "REELS" else None),
    "media_url": _media_address,
    "thumbnail_url": lambda context, medium, _: _signed(medium.id, context) if medium.media_type == "VIDEO" else None,
    "username": lambda context, medium, _: as_json(context.world.business_of(medium.account_id).instagram.username),
    "owner": _owner,
    "children": _children,
    "comments": _comments,
    "insights": _media_insights,
}
MEDIA_FIELDS.update((name, _media_number(metric)) for name, metric in MEDIA_COUNTERS.items())

CHILD_FIELDS: Fields = {
    "id": _plain(lambda child: child.id),
    "media_type": _plain(lambda _: "IMAGE"),
    "timestamp": _plain(lambda child: stamp(child.parent.created_at)),
    "permalink": _plain(lambda child: child.parent.permalink),
    "media_url": lambda context, child, _: _signed(child.id, context),
}

_TABLES: dict[type[object], tuple[Fields, str]] = {
    Page: (PAGE_FIELDS, "Page"),
    Post: (POST_FIELDS, "Post"),
    Video: (VIDEO_FIELDS, "Video"),
    PageStory: (PAGE_STORY_FIELDS, "Post"),
    InstagramAccount: (INSTAGRAM_FIELDS, "IGUser"),
    Media: (MEDIA_FIELDS, "IGMedia"),
    MediaChild: (CHILD_FIELDS, "IGMedia"),
}
