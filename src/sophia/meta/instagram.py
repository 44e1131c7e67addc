"""An Instagram professional account, its media and stories: the requests, and how to read the answers."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sophia.meta.batches import ByIdGroup, by_id
from sophia.meta.bisection import RequestedDays
from sophia.meta.caller import prefetch
from sophia.meta.catalogue.questions import Question, questions, spans
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform, Source
from sophia.meta.envelope import OBJECT_ID, Answer, object_id
from sophia.meta.errors import display_text
from sophia.meta.fallbacks import RunContext, request_insights
from sophia.meta.interpreting import Request, read_insights_of, read_listed_post
from sophia.meta.listing import PAGE_SIZE, Listing, listed, walk
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import Interpretation, ObservedPost
from sophia.meta.reporting_zone import ONE_DAY, DateRange, unix_window

MEDIA_KINDS = (ObjectKind.FEED, ObjectKind.CAROUSEL, ObjectKind.REEL, ObjectKind.OTHER)
MEDIA_FIELDS = "id,caption,media_type,media_product_type,permalink,timestamp,thumbnail_url,media_url"
# A video has a thumbnail, and its own address leads to the video.
PICTURES = ("thumbnail_url", "media_url")
LONGEST_WINDOW_DAYS = 30
HISTORY_DAYS = 90
WEEK, MONTH = timedelta(days=6), timedelta(days=27)
# Meta answers these for the last 30 days only; a window that begins earlier fails the whole call.
KEPT_30_DAYS = frozenset({"follower_count"})


async def profile(context: RunContext) -> AsyncGenerator[Answer, None]:
    """Yield the account's own fields. Meta keeps no history of total followers, so each run reads them (A8)."""
    fields = {"fields": "id,username,name,followers_count,follows_count,media_count"}
    yield await context.caller.get(object_id(context.account), fields, "account_profile")


async def series(context: RunContext, days: DateRange) -> AsyncGenerator[Answer, None]:
    """Yield the answers about metrics that Meta gives as a series of days; `days` are 30 at most."""
    too_old = KEPT_30_DAYS if days.start < context.today - timedelta(days=30) else frozenset()
    for question in _questions(context, ObjectKind.ACCOUNT, too_old):
        if question.metric_type == "time_series":
            async for answer in _account_insights(context, question, days):
                yield answer


async def totals(context: RunContext, day: date) -> AsyncGenerator[Answer, None]:
    """Yield metrics that Meta returns only as one total for a window: calls for the day (B1, B2)."""
    for question in _questions(context, ObjectKind.ACCOUNT):
        if question.metric_type == "total_value" and not question.timeframe:
            async for answer in _account_insights(context, question, DateRange(day, day + ONE_DAY)):
                yield answer


async def week_by_follower(context: RunContext, last: date) -> AsyncGenerator[Answer, None]:
    """Yield reach, views, follows and unfollows of the seven days that end with `last`, by type of follower."""
    for question in _spans(context):
        if question.breakdown == "follow_type":
            async for answer in _account_insights(context, question, DateRange(last - WEEK, last + ONE_DAY)):
                yield answer


async def month_by_product(context: RunContext, last: date) -> AsyncGenerator[Answer, None]:
    """Yield the 28 days that end with `last`, by product type: post, reel, story or ad."""
    for question in _spans(context):
        if question.breakdown == "media_product_type":
            async for answer in _account_insights(context, question, DateRange(last - MONTH, last + ONE_DAY)):
                yield answer


async def demographics(context: RunContext) -> AsyncGenerator[Answer, None]:
    """Yield followers and engaged people by age and gender, city and country; and taps on contact buttons."""
    for question in _questions(context, ObjectKind.ACCOUNT):
        if question.timeframe:
            params = {**_params(question), "timeframe": question.timeframe}
            async for answer in request_insights(context, ObjectKind.ACCOUNT, question, params, "account_insights"):
                yield answer
    for question in _spans(context):
        if question.breakdown == "contact_button_type":
            async for answer in _account_insights(
                context, question, DateRange(context.yesterday - MONTH, context.today)
            ):
                yield answer


async def media(context: RunContext, since: datetime | None, limit: int = PAGE_SIZE) -> AsyncGenerator[Answer, None]:
    """Yield media with the metrics that all kinds share, one call per hundred; then the metrics of some kinds.

    A metric that one kind lacks fails a page of mixed kinds, so such metrics are requested for the media of that kind
    by id, fifty media per HTTP call.
    """
    common = _common_names(context)
    listing = Listing(
        edge="media",
        subject="media",
        fields=MEDIA_FIELDS,
        kinds=MEDIA_KINDS,
        names=common,
        single_subject="media_by_id",
        moment="timestamp",
        kind_of=kind_of,
    )
    ids_by_kind: dict[ObjectKind, list[str]] = {kind: [] for kind in MEDIA_KINDS}
    async for answer in prefetch(walk(context, listing, since, limit=limit)):
        yield answer
        for item in listed(answer, "media"):
            kind = kind_of(item)
            if kind in ids_by_kind and OBJECT_ID.fullmatch(str(item.get("id"))):
                ids_by_kind[kind].append(str(item["id"]))
    async for answer in by_id(context, _specific(context, ids_by_kind, common)):
        yield answer


async def stories(context: RunContext) -> AsyncGenerator[Answer, None]:
    """Yield the current stories. Their metrics end with them after 24 hours (B5)."""
    names = tuple(
        dict.fromkeys(name for q in _questions(context, ObjectKind.STORY) if not q.breakdown for name in q.names)
    )
    listing = Listing(
        edge="stories",
        subject="stories",
        fields=MEDIA_FIELDS,
        kinds=(ObjectKind.STORY,),
        names=names,
        single_subject="media_by_id",
        moment="timestamp",
        short=True,
    )
    ids: list[str] = []
    async for answer in walk(context, listing, None):
        yield answer
        ids += [str(item["id"]) for item in listed(answer, "stories") if OBJECT_ID.fullmatch(str(item.get("id")))]
    async for answer in by_id(context, _specific(context, {ObjectKind.STORY: ids}, names)):
        yield answer


async def _account_insights(context: RunContext, question: Question, days: DateRange) -> AsyncGenerator[Answer, None]:
    """Request a question. A series may be divided; a total may not, because its parts do not add up to it."""
    params, window = _params(question), None
    if question.metric_type == "time_series":
        window = RequestedDays(days, limited_window)
    else:
        params |= limited_window(days)
    async for answer in request_insights(context, ObjectKind.ACCOUNT, question, params, "account_insights", window):
        yield answer


def limited_window(days: DateRange) -> dict[str, str]:
    return unix_window(days, LONGEST_WINDOW_DAYS)


def _params(question: Question) -> dict[str, str]:
    params = {"period": question.period.value}
    if question.metric_type:
        params["metric_type"] = question.metric_type
    if question.breakdown:
        params["breakdown"] = question.breakdown
    return params


def _questions(context: RunContext, kind: ObjectKind, leave_out: frozenset[str] = frozenset()) -> tuple[Question, ...]:
    version, refused = context.caller.version, context.refused_for(kind) | leave_out
    return questions(
        Platform.INSTAGRAM, kind, Source.INSIGHTS, version, context.today, also=context.also, refused=refused
    )


def _spans(context: RunContext) -> tuple[Question, ...]:
    kind = ObjectKind.ACCOUNT
    return spans(
        Platform.INSTAGRAM,
        kind,
        context.caller.version,
        context.today,
        also=context.also,
        refused=context.refused_for(kind),
    )


def _common_names(context: RunContext) -> tuple[str, ...]:
    """Return the names that may be requested of a page of mixed kinds."""
    plain = [
        {name for question in _questions(context, kind) if not question.breakdown for name in question.names}
        for kind in MEDIA_KINDS
    ]
    return tuple(sorted(set.intersection(*plain)))


def _specific(
    context: RunContext, ids_by_kind: dict[ObjectKind, list[str]], listed_names: Sequence[str]
) -> list[ByIdGroup]:
    """Return the questions that only some kinds can answer, or that need a breakdown."""
    groups = []
    for kind, ids in ids_by_kind.items():
        for question in _questions(context, kind):
            names = question.names if question.breakdown else tuple(n for n in question.names if n not in listed_names)
            groups.append(ByIdGroup(kind, "insights", "media_by_id", names, tuple(ids), question.breakdown))
    return [group for group in groups if group.ids and group.names]


def kind_of(item: dict[str, Any]) -> ObjectKind:
    """Return the kind by media_product_type, which decides the insights (B4); OTHER if it is missing or unknown."""
    product = str(item.get("media_product_type")).upper()
    if product == "FEED":
        return ObjectKind.CAROUSEL if item.get("media_type") == "CAROUSEL_ALBUM" else ObjectKind.FEED
    return {"REELS": ObjectKind.REEL, "STORY": ObjectKind.STORY}.get(product, ObjectKind.OTHER)


def unknown_kind_of(item: dict[str, Any]) -> str:
    """Return Meta's description of a medium whose kind is OTHER, for the report of the run."""
    product, media_type = (item.get(name) for name in ("media_product_type", "media_type"))
    product_text = (
        "no media_product_type" if product is None else f"media_product_type {display_text(str(product))[:40]}"
    )
    return f"{product_text}, media_type {'missing' if media_type is None else display_text(str(media_type))[:40]}"


def read_profile(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.INSTAGRAM, Level.ACCOUNT, request.today)
    for name in ("followers_count", "follows_count", "media_count"):
        reader.add_field(name, data.get(name), request.object_id)
    return reader.interpretation()


def read_account_insights(request: Request, data: dict[str, Any]) -> Interpretation:
    reader = InsightsReader(Platform.INSTAGRAM, Level.ACCOUNT, request.today, request.span, request.breakdown)
    reader.read(data.get("data"), request.object_id)
    return reader.interpretation()


def read_media(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read a page of media: the posts, and their insights if they are included. Media of every kind are kept."""
    return _read_listed(request, data, kind_of)


def read_stories(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read a page of stories: every item of this edge is a story, whatever its product type."""
    return _read_listed(request, data, lambda _: ObjectKind.STORY)


def _read_listed(
    request: Request, data: dict[str, Any], kind_of_item: Callable[[dict[str, Any]], ObjectKind]
) -> Interpretation:
    reader = InsightsReader(Platform.INSTAGRAM, Level.POST, request.today, breakdown=request.breakdown)
    posts: list[ObservedPost] = []
    for item in request.items(data, reader):
        kind = kind_of_item(item)
        post = read_listed_post(
            item, kind, reader, moment="timestamp", text="caption", link="permalink", pictures=PICTURES
        )
        if post is None:
            continue  # read_listed_post rejected it
        if kind is ObjectKind.OTHER:
            post = replace(post, unknown_kind=unknown_kind_of(item))
        posts.append(post)
        read_insights_of(post, item, reader)
    return reader.interpretation(posts)


def read_media_by_id(request: Request, data: dict[str, Any]) -> Interpretation:
    """Read the insights of several media, by id."""
    reader = InsightsReader(Platform.INSTAGRAM, Level.POST, request.today, breakdown=request.breakdown)
    request.read_by_id(data, reader, "insights")
    return reader.interpretation()
