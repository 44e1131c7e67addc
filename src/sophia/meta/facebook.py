"""A Facebook Page, its posts, reels and stories: the requests, and how to read the answers.

The functions that send requests yield answers. The functions that read are pure, so that a stored answer can be read
again when readings are recomputed.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sophia.meta.batches import ByIdGroup, by_id, expand
from sophia.meta.bisection import RequestedDays, chunks
from sophia.meta.caller import prefetch
from sophia.meta.catalogue.questions import questions
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform, Source
from sophia.meta.envelope import OBJECT_ID, Answer, object_id
from sophia.meta.errors import STOPS, GraphError
from sophia.meta.fallbacks import RunContext, request_insights
from sophia.meta.interpreting import Request, read_insights_of, read_listed_post
from sophia.meta.listing import PAGE_SIZE, Listing, ids_of, listed, walk
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import Interpretation, ObservedPost
from sophia.meta.reporting_zone import DateRange, unix_window

POST_KINDS = (ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL)
VIDEO_KINDS = (ObjectKind.VIDEO, ObjectKind.REEL)
ATTACHMENTS = "attachments{media_type,type,target{id,url}}"
POST_FIELDS = f"id,created_time,message,permalink_url,status_type,full_picture,{ATTACHMENTS},shares"
GATED_FIELDS = "comments.summary(true).limit(0),reactions.summary(true).limit(0)"
READS_USER_CONTENT = "pages_read_user_content"
LONGEST_WINDOW_DAYS = 90
HISTORY_DAYS = 730
VIDEO_POSTS = "video_posts"
# Meta counts a page of posts as one call, and each video requested by id as another: a page with at least this share of
# videos is requested as a whole, with its photos.
LEAST_SHARE_OF_VIDEOS = 0.1
# Meta answers five pages of a hundred posts in one HTTP call well within its time; more risk items of null.
PAGES_PER_BATCH = 5


async def profile(context: RunContext) -> AsyncGenerator[Answer, None]:
    """Yield the Page's own fields: its name, and the totals that no insights metric contains."""
    fields = {"fields": "id,name,username,followers_count,fan_count"}
    yield await context.caller.get(object_id(context.account), fields, "page_profile")


async def insights(context: RunContext, days: DateRange) -> AsyncGenerator[Answer, None]:
    """Yield the Page's metrics for these days, 90 at most: one call per question."""
    kind, version = ObjectKind.PAGE, context.caller.version
    refused = context.refused_for(kind)
    for question in questions(
        Platform.FACEBOOK, kind, Source.INSIGHTS, version, context.today, also=context.also, refused=refused
    ):
        params = {"period": question.period.value}
        if question.breakdown:
            params["breakdown"] = question.breakdown
        async for answer in request_insights(
            context, kind, question, params, "page_insights", RequestedDays(days, unix_window)
        ):
            yield answer


async def posts(context: RunContext, since: datetime | None, limit: int = PAGE_SIZE) -> AsyncGenerator[Answer, None]:
    """Yield the Page's posts back to `since`, newest first, one call per hundred; then the metrics of videos and reels.

    A photo answers 24 video metrics with 0, at a cost for Meta and Sophia, so these are requested for pages with videos
    only.
    """
    listing = Listing(
        edge="published_posts",
        subject="published_posts",
        fields=POST_FIELDS,
        gated_fields=GATED_FIELDS,
        kinds=POST_KINDS,
        names=lifetime_names(context, Source.INSIGHTS, ObjectKind.POST),
        single_subject="posts_by_id",
        kind_of=lambda item: kind_of(item)[0],
    )
    pages: list[PostPage] = []
    async for answer in prefetch(walk(context, listing, since, scope=READS_USER_CONTENT, limit=limit)):
        yield answer
        if answer.source.subject == listing.subject:
            pages.append(PostPage.of(answer, listing))
    listed_names = listing.wanted(context)
    if any(page.videos for page in pages):
        async for answer in _videos(context, pages, listed_names, since):
            yield answer
    plain = {ObjectKind.POST: [post_id for page in pages for post_id in page.ids.get(ObjectKind.POST, ())]}
    async for answer in by_id(context, _specific(context, plain, listed_names)):
        yield answer


@dataclass(frozen=True, slots=True)
class PostPage:
    """A listed page of posts: its paging parameters, and its posts by kind."""

    page_params: Mapping[str, str]  # limit, after …
    ids: Mapping[ObjectKind | None, Sequence[str]]

    @classmethod
    def of(cls, answer: Answer, listing: Listing) -> "PostPage":
        params = dict(parse_qsl(urlsplit(answer.source.request.split(" ", 1)[1]).query))
        return cls({name: value for name, value in params.items() if name != "fields"}, listing.by_kind(answer))

    @property
    def videos(self) -> list[str]:
        return [post_id for kind in VIDEO_KINDS for post_id in self.ids.get(kind, ())]

    def is_worth_a_page(self, context: RunContext) -> bool:
        """Return whether the page has many videos, and no post that is known to make it fail."""
        everything = [post_id for ids in self.ids.values() for post_id in ids]
        share = len(self.videos) / max(1, len(everything))
        return share >= LEAST_SHARE_OF_VIDEOS and not any(context.is_left_alone(post_id) for post_id in everything)


async def _videos(
    context: RunContext, pages: Sequence[PostPage], listed_names: Sequence[str], since: datetime | None
) -> AsyncGenerator[Answer, None]:
    """Yield the metrics of videos; and the list of reels, the only reliable source for which videos are reels."""
    dense = [page for page in pages if page.is_worth_a_page(context)]
    answered: set[str] = set()
    for group in chunks(dense, PAGES_PER_BATCH):
        async for answer in _video_pages(context, group, listed_names):
            yield answer
            answered.update(ids_of(answer) if answer.source.subject == VIDEO_POSTS else ())
    with_page = (*listed_names, *_shared_video_names(context, listed_names))
    for is_answered, names in ((True, with_page), (False, listed_names)):
        videos = {
            kind: [
                post_id for page in pages for post_id in page.ids.get(kind, ()) if (post_id in answered) is is_answered
            ]
            for kind in VIDEO_KINDS
        }
        async for answer in by_id(context, _specific(context, videos, names)):
            yield answer
    reels = Listing(
        edge="video_reels",
        subject="video_reels",
        fields="id,created_time",
        expansion="video_insights",
        kinds=(ObjectKind.REEL,),
        names=lifetime_names(context, Source.VIDEO_INSIGHTS, ObjectKind.REEL),
        single_subject="videos_by_id",
    )
    async for answer in walk(context, reels, since):
        yield answer


async def _video_pages(
    context: RunContext, pages: Sequence[PostPage], listed_names: Sequence[str]
) -> AsyncGenerator[Answer, None]:
    """Yield pages of posts again, with the metrics of videos. The posts of a page that fails are requested by id.

    If all pages fail, a few videos are requested by id first, which reveals a metric that Meta refuses.
    """
    names = _shared_video_names(context, listed_names)
    answers = await _ask_video_pages(context, pages, names)
    if names and not answers:
        videos = {kind: [post_id for page in pages for post_id in page.ids.get(kind, ())][:2] for kind in VIDEO_KINDS}
        async for answer in by_id(context, _specific(context, videos, listed_names)):
            yield answer
        left = _shared_video_names(context, listed_names)
        answers = await _ask_video_pages(context, pages, left) if left != names else []
    for answer in answers:
        yield answer


async def _ask_video_pages(context: RunContext, pages: Sequence[PostPage], names: Sequence[str]) -> list[Answer]:
    if not names:
        return []
    fields = f"id,permalink_url,{ATTACHMENTS},{expand('insights', names)}"
    path = f"{object_id(context.account)}/published_posts"
    results = await context.caller.batch(
        [(path, {"fields": fields, **page.page_params}, 1) for page in pages], VIDEO_POSTS
    )
    for result in results:
        if isinstance(result, GraphError) and result.remedy in STOPS:
            raise result
    return [result for result in results if isinstance(result, Answer)]


def _shared_video_names(context: RunContext, listed_names: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics of videos and reels that the list of all posts does not request."""
    return tuple(name for name in lifetime_names(context, Source.INSIGHTS, *VIDEO_KINDS) if name not in listed_names)


def _specific(
    context: RunContext, ids_by_kind: Mapping[ObjectKind, Sequence[str]], listed_names: Sequence[str]
) -> list[ByIdGroup]:
    """Return the questions for metrics of a kind that the list does not request."""
    groups = []
    for kind, ids in ids_by_kind.items():
        names = tuple(name for name in lifetime_names(context, Source.INSIGHTS, kind) if name not in listed_names)
        groups.append(ByIdGroup(kind, "insights", "posts_by_id", names, tuple(ids)))
    return [group for group in groups if group.ids and group.names]


async def stories(context: RunContext) -> AsyncGenerator[Answer, None]:
    """Yield the stories of the last 24 hours and their metrics."""
    fields = {"fields": "post_id,media_type,creation_time,status,url", "limit": "100"}
    names = lifetime_names(context, Source.INSIGHTS, ObjectKind.STORY)
    async for page in context.caller.pages(f"{object_id(context.account)}/stories", fields, "page_stories"):
        yield page
        items = listed(page, "page_stories")
        ids = [str(item["post_id"]) for item in items if OBJECT_ID.fullmatch(str(item.get("post_id")))]
        group = ByIdGroup(ObjectKind.STORY, "insights", "stories_by_id", names, tuple(ids), period="")
        async for answer in by_id(context, [group]):
            yield answer


def lifetime_names(context: RunContext, source: Source, *kinds: ObjectKind) -> tuple[str, ...]:
    """Return the names to request of objects of any of these kinds, without breakdown, each once."""
    version, refused = context.caller.version, context.refused_for(*kinds)
    question_groups = [
        questions(context.platform, kind, source, version, context.today, also=context.also, refused=refused)
        for kind in kinds
    ]
    plain = (question for group in question_groups for question in group if question.breakdown is None)
    return tuple(dict.fromkeys(name for question in plain for name in question.names))


def read_profile(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.FACEBOOK, Level.ACCOUNT, request.today)
    for name in ("followers_count", "fan_count"):
        reader.add_field(name, data.get(name), request.object_id)
    return reader.interpretation()


def read_page_insights(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.FACEBOOK, Level.ACCOUNT, request.today, breakdown=request.breakdown)
    reader.read(data.get("data"), request.object_id)
    return reader.interpretation()


def read_posts(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read a page of published_posts: the posts, their insights, and the counts that are fields."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    posts: list[ObservedPost] = []
    for item in request.items(data, reader):
        kind, video_id = kind_of(item)
        post = read_listed_post(
            item,
            kind,
            reader,
            moment="created_time",
            text="message",
            link="permalink_url",
            pictures=("full_picture",),
            video=video_id,
        )
        if post is None:
            continue
        posts.append(post)
        read_insights_of(post, item, reader)
        _read_counts(item, reader, post.external_id)
    return reader.interpretation(posts)


def _read_counts(item: dict[str, Any], reader: InsightsReader, post: str) -> None:
    """Read the counts that are fields of the post. `shares` is absent if there are none (GRAPH_API §1b)."""
    shares = item.get("shares", {"count": 0})
    reader.add_field("shares_count", shares.get("count") if isinstance(shares, dict) else shares, post, post)
    for name in ("comments", "reactions"):
        counted = item.get(name)
        summary = counted.get("summary") if isinstance(counted, dict) else counted
        if isinstance(summary, dict):
            reader.add_field(f"{name}_count", summary.get("total_count"), post, post)
        elif summary is not None:
            reader.set_aside(post, f"{name}_count", "a summary is not an object", summary)


def read_video_posts(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read a page of posts with the metrics of videos. Meta answers those of photos with 0, which are skipped."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    for item in request.items(data, reader):
        insights = item.get("insights")
        if isinstance(insights, dict) and OBJECT_ID.fullmatch(str(item.get("id"))):
            reader.read(insights.get("data"), str(item["id"]), str(item["id"]), kind_of(item)[0])
    return reader.interpretation()


def read_posts_by_id(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read the insights of several posts, stories or videos, by id."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    request.read_by_id(data, reader, "insights")
    return reader.interpretation()


def read_reels(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read a page of video_reels. Its readings carry the video's id, from which the store finds the post."""
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    reel_ids: list[str] = []
    for item in request.items(data, reader):
        if not OBJECT_ID.fullmatch(str(item.get("id"))):
            reader.set_aside(request.object_id, "", "a reel without an id", item)
            continue
        reel_ids.append(str(item["id"]))
        insights = item.get("video_insights")
        if isinstance(insights, dict):
            reader.read(insights.get("data"), reel_ids[-1], reel_ids[-1])
        elif insights is not None:
            reader.set_aside(reel_ids[-1], "", "video_insights is not an object", insights)
    return reader.interpretation(reels=reel_ids)


def read_stories(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, request.today)
    posts = [
        post
        for item in request.items(data, reader)
        if (
            post := read_listed_post(
                {**item, "id": item.get("post_id")},
                ObjectKind.STORY,
                reader,
                moment="creation_time",
                text="",
                link="url",
                pictures=(),
            )
        )
    ]
    return reader.interpretation(posts)


def kind_of(item: dict[str, Any]) -> tuple[ObjectKind, str | None]:
    """Return the kind of a post and the id of its video, from its attachments, the only place where Meta sends them."""
    attachments = item.get("attachments")
    data = attachments.get("data") if isinstance(attachments, dict) else None
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    if first.get("media_type") != "video" and "video" not in str(first.get("type")):
        return ObjectKind.POST, None
    target = first["target"] if isinstance(first.get("target"), dict) else {}
    is_reel = "/reel" in str(target.get("url")) or "/reel" in str(item.get("permalink_url"))
    video_id = str(target["id"]) if "id" in target else None
    return (ObjectKind.REEL if is_reel else ObjectKind.VIDEO), video_id
