"""The subjects of answers, and the function that reads each."""

from collections.abc import Callable, Mapping
from typing import Any

from sophia.meta import facebook, instagram
from sophia.meta.catalogue.terms import Level, Platform
from sophia.meta.interpreting import Request
from sophia.meta.json_text import read_json
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import Batch, Interpretation, Reading, RejectedItem, Source

Read = Callable[[Request, dict[str, Any]], Interpretation]


def _read_single(platform: Platform) -> Read:
    """Return a function that reads the insights of one post, whose id is in the request's path."""

    def read(request: Request, data: dict[str, Any]) -> Interpretation:
        reader = InsightsReader(platform, Level.POST, request.today, breakdown=request.breakdown)
        reader.read(data.get("data"), request.object_id, request.object_id)
        return reader.interpretation()

    return read


READERS: Mapping[str, Read] = {
    "page_profile": facebook.read_profile,
    "page_insights": facebook.read_page_insights,
    "published_posts": facebook.read_posts,
    "post_insights": _read_single(Platform.FACEBOOK),
    "posts_by_id": facebook.read_posts_by_id,
    "video_posts": facebook.read_video_posts,
    "videos_by_id": facebook.read_posts_by_id,
    "stories_by_id": facebook.read_posts_by_id,
    "video_reels": facebook.read_reels,
    "video_insights": _read_single(Platform.FACEBOOK),
    "page_stories": facebook.read_stories,
    "story_insights": _read_single(Platform.FACEBOOK),
    "account_profile": instagram.read_profile,
    "account_insights": instagram.read_account_insights,
    "media": instagram.read_media,
    "stories": instagram.read_stories,
    "media_by_id": instagram.read_media_by_id,
    "media_insights": _read_single(Platform.INSTAGRAM),
}


def interpret(source: Source, data: dict[str, Any] | None = None) -> Batch:
    """Return the content of an answer, ready to be stored. `data` avoids parsing the body again.

    Raises KeyError for an unknown subject.
    """
    parsed = read_json(source.body) if data is None else data
    content = READERS[source.subject](Request.of(source), parsed)
    readings, contradictions = consistent(content.readings)
    return Batch(readings, content.posts, content.rejected_items + contradictions, content.reels, source)


def consistent(readings: list[Reading]) -> tuple[list[Reading], list[RejectedItem]]:
    """Return the readings, without those of which an answer contains two values, and these as rejected items."""
    if len({reading[:-1] for reading in readings}) == len(readings):
        return readings, []
    values: dict[tuple[Any, ...], set[int | float]] = {}
    for reading in readings:
        values.setdefault(reading[:-1], set()).add(reading.value)
    clashing = {key for key, distinct in values.items() if len(distinct) > 1}
    rejected_items = [
        RejectedItem(reading.post or "", reading.metric, "two values for one day", repr(reading))
        for reading in readings
        if reading[:-1] in clashing
    ]
    return [reading for reading in readings if reading[:-1] not in clashing], rejected_items
