"""A Facebook Page, its posts, reels and stories: what to ask, and how to read the answers.

The functions that ask yield answers; the functions that read are pure and are given an answer again when a reading is
recomputed from what Meta once sent.
"""

from collections.abc import AsyncGenerator
from datetime import date, datetime
from typing import Any

from sophia.meta.asking import Ask, Window, insist
from sophia.meta.caller import ahead
from sophia.meta.catalogue import Level, ObjectKind, Platform, Source, questions
from sophia.meta.envelope import OBJECT_ID, Answer, object_id
from sophia.meta.errors import GraphError
from sophia.meta.interpreting import Interpretation, Request, post_seen, read_insights_of
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import PostSeen
from sophia.meta.reporting_zone import unix_window
from sophia.meta.singly import ITEMS_PER_BATCH, ByIdGroup, by_id, one_by_one, settle
from sophia.meta.walking import PAGE_SIZE, Listing, is_past, listed, walk

POST_KINDS = (ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL)
POST_FIELDS = "id,created_time,message,permalink_url,status_type,attachments{media_type,type,target{id,url}},shares"
GATED_FIELDS = "comments.summary(true).limit(0),reactions.summary(true).limit(0)"
READS_USER_CONTENT = "pages_read_user_content"
LONGEST_WINDOW_DAYS = 90
HISTORY_DAYS = 730


async def profile(ask: Ask) -> AsyncGenerator[Answer, None]:
    """The Page's own fields: its name, and the totals that no insights metric gives."""
    fields = {"fields": "id,name,username,followers_count,fan_count"}
    yield await ask.caller.get(object_id(ask.account), fields, "page_profile")


async def insights(ask: Ask, first: date, last: date) -> AsyncGenerator[Answer, None]:
    """The Page's metrics for the days from first to last, both included, 90 at most: a call per question."""
    kind, version = ObjectKind.PAGE, ask.caller.version
    refused = ask.refused_for(kind)
    for question in questions(
        Platform.FACEBOOK, kind, Source.INSIGHTS, version, ask.today, also=ask.also, refused=refused
    ):
        params = {"period": question.period.value}
        if question.breakdown:
            params["breakdown"] = question.breakdown
        window = Window(first, last, unix_window)
        async for answer in insist(ask, kind, question, params, "page_insights", window):
            yield answer


async def posts(ask: Ask, since: datetime | None, limit: int = PAGE_SIZE) -> AsyncGenerator[Answer, None]:
    """The Page's posts back to `since`, newest first, a call per hundred; then what only videos and reels have.

    A photo answers 24 video metrics with 0, at Meta's cost and ours, so those are asked of videos alone, by id.
    """
    common = lifetime_names(ask, Source.INSIGHTS, ObjectKind.POST)
    listing = Listing(
        edge="published_posts",
        subject="published_posts",
        fields=POST_FIELDS,
        gated_fields=GATED_FIELDS,
        expansion="insights",
        kinds=POST_KINDS,
        names=common,
        single_subject="post_insights",
    )
    videos: list[str] = []
    async for answer in ahead(walk(ask, listing, since, scope=READS_USER_CONTENT, limit=limit)):
        yield answer
        items = listed(answer, "published_posts")
        videos += [str(item["id"]) for item in items if "id" in item and kind_of(item)[0] is not ObjectKind.POST]
    if videos:
        async for answer in _videos(ask, tuple(videos), common, since):
            yield answer


async def _videos(
    ask: Ask, videos: tuple[str, ...], common: tuple[str, ...], since: datetime | None
) -> AsyncGenerator[Answer, None]:
    """What only videos have, by id; and the list of reels, which alone tells which videos are reels.

    The first page of reels travels in the same HTTP call as the videos' metrics.
    """
    names = lifetime_names(ask, Source.INSIGHTS, ObjectKind.VIDEO, ObjectKind.REEL)
    special = tuple(name for name in names if name not in common)
    group = ByIdGroup("insights", "posts_by_id", "post_insights", special, videos)
    pieces = group.without(ask.resting | frozenset(ask.skipped)).pieces()
    reels = Listing(
        edge="video_reels",
        subject="video_reels",
        fields="id,created_time",
        gated_fields="",
        expansion="video_insights",
        kinds=(ObjectKind.REEL,),
        names=lifetime_names(ask, Source.VIDEO_INSIGHTS, ObjectKind.REEL),
        single_subject="video_insights",
    )
    path, fields = f"{object_id(ask.account)}/video_reels", reels.select(reels.wanted(ask), gated=False)
    first_page = (path, {"fields": fields, "limit": str(PAGE_SIZE)}, 1)
    together = pieces[:ITEMS_PER_BATCH]
    results = await ask.caller.batch([first_page, *(piece.query() for piece in together)], "video_reels")
    for piece, result in zip(together, results[1:], strict=True):
        for answer in await settle(ask, piece, result):
            yield answer
    async for answer in by_id(ask, pieces[ITEMS_PER_BATCH:]):
        yield answer
    page = results[0]
    place: dict[str, str] | None = None
    if isinstance(page, Answer):
        yield page
        if is_past(page, reels.moment, since):
            return
        try:
            place = ask.caller.next_place(page, reels.edge)
        except GraphError as error:
            ask.cut[reels.edge] = error
        if place is None:
            return
    # A first page that failed is walked again from the top, where what is to blame is looked for.
    async for answer in walk(ask, reels, since, place=place):
        yield answer


async def stories(ask: Ask) -> AsyncGenerator[Answer, None]:
    """Stories of the last 24 hours and their metrics."""
    fields = {"fields": "post_id,media_type,creation_time,status,url", "limit": "100"}
    names = lifetime_names(ask, Source.INSIGHTS, ObjectKind.STORY)
    async for page in ask.caller.pages(f"{object_id(ask.account)}/stories", fields, "page_stories"):
        yield page
        items = listed(page, "page_stories")
        ids = [str(item["post_id"]) for item in items if OBJECT_ID.fullmatch(str(item.get("post_id")))]
        if ids and names:
            for answer in await one_by_one(ask, ids, names, "insights", "story_insights"):
                yield answer


def lifetime_names(ask: Ask, source: Source, *kinds: ObjectKind) -> tuple[str, ...]:
    """The names to ask of objects that may be of any of these kinds, without breakdown, each once."""
    version, refused = ask.caller.version, ask.refused_for(*kinds)
    asked = [
        questions(ask.platform, kind, source, version, ask.today, also=ask.also, refused=refused) for kind in kinds
    ]
    plain = (question for group in asked for question in group if question.breakdown is None)
    return tuple(dict.fromkeys(name for question in plain for name in question.names))


def read_profile(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.FACEBOOK, Level.ACCOUNT, request.today)
    for name in ("followers_count", "fan_count"):
        reader.add_field(name, data.get(name), request.object_id)
    return Interpretation.of(reader)


def read_page_insights(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.FACEBOOK, Level.ACCOUNT, request.today, breakdown=request.breakdown)
    reader.read(data.get("data"), request.object_id)
    return Interpretation.of(reader)


def read_posts(request: Request, data: dict[str, Any]) -> Interpretation:
    """A page of published_posts: the posts, their insights, and the counts that are fields."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    found: list[PostSeen] = []
    for item in request.items(data, reader):
        kind, video_id = kind_of(item)
        post = post_seen(
            item, kind, reader, moment="created_time", text="message", link="permalink_url", video=video_id
        )
        if post is None:
            continue
        found.append(post)
        read_insights_of(post, item, reader)
        _read_counts(item, reader, post.external_id)
    return Interpretation.of(reader, found)


def _read_counts(item: dict[str, Any], reader: InsightsReader, post: str) -> None:
    """Comments, reactions and shares as fields of the post. `shares` is absent when there are none (GRAPH_API §1b)."""
    shares = item.get("shares", {"count": 0})
    reader.add_field("shares_count", shares.get("count") if isinstance(shares, dict) else shares, post, post)
    for name in ("comments", "reactions"):
        summary = item[name].get("summary") if isinstance(item.get(name), dict) else None
        if isinstance(summary, dict):
            reader.add_field(f"{name}_count", summary.get("total_count"), post, post)


def read_posts_by_id(request: Request, data: dict[str, Any]) -> Interpretation:
    """What only videos have, asked by the ids of their posts."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    request.read_by_id(data, reader, "insights")
    return Interpretation.of(reader)


def read_reels(request: Request, data: dict[str, Any]) -> Interpretation:
    """A page of video_reels. Readings carry the video's id; the store knows which post that is."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    found: list[str] = []
    for item in request.items(data, reader):
        if "id" not in item:
            continue
        found.append(str(item["id"]))
        insights = item.get("video_insights")
        if isinstance(insights, dict):
            reader.read(insights.get("data"), found[-1], found[-1])
    return Interpretation(reader.readings, [], reader.oddities, found)


def read_stories(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    found = [
        post
        for item in request.items(data, reader)
        if (
            post := post_seen(
                {**item, "id": item.get("post_id")},
                ObjectKind.STORY,
                reader,
                moment="creation_time",
                text="",
                link="url",
            )
        )
    ]
    return Interpretation.of(reader, found)


def kind_of(item: dict[str, Any]) -> tuple[ObjectKind, str | None]:
    """The kind of a post, and the id of its video, from its attachments; Meta says it nowhere else."""
    attachments = item.get("attachments")
    data = attachments.get("data") if isinstance(attachments, dict) else None
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    if first.get("media_type") != "video" and "video" not in str(first.get("type")):
        return ObjectKind.POST, None
    target = first["target"] if isinstance(first.get("target"), dict) else {}
    is_reel = "/reel" in str(target.get("url")) or "/reel" in str(item.get("permalink_url"))
    video_id = str(target["id"]) if "id" in target else None
    return (ObjectKind.REEL if is_reel else ObjectKind.VIDEO), video_id
