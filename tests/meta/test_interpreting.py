"""What was asked decides how the answer is read: requests, spans, breakdowns, and posts as Meta lists them."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.meta import facebook, instagram
from sophia.meta.catalogue.terms import Level, ObjectKind, Period, Platform
from sophia.meta.interpreting import Request, moment_of, read_listed_post
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import Batch, ObservedPost, Source
from sophia.meta.reporting_zone import ONE_DAY, DateRange, unix_window
from sophia.meta.subjects import READERS, interpret

FETCHED = datetime(2026, 11, 20, 15, tzinfo=UTC)
TODAY = date(2026, 11, 20)
STAMP = "2026-11-18T18:43:26+0000"
PUBLISHED = datetime(2026, 11, 18, 18, 43, 26, tzinfo=UTC)


def source(subject: str, path: str, body: Any = None, **params: str) -> Source:
    content = json.dumps(body).encode()
    return Source(subject, f"GET /{path}?{urlencode(params)}", FETCHED, "v22.0", content)


def said(subject: str, path: str, body: Any, **params: str) -> Batch:
    return interpret(source(subject, path, body, **params))


def request(path: str, **params: str) -> Request:
    return Request.of(source("media", path, **params))


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_request_is_read_back_from_its_source() -> None:
    """A14: what was asked can be told from what was stored, months later."""
    found = request("17841/insights", metric="reach,views", period="day", text="a b&c=ü", empty="")
    assert found.object_id == "17841"
    assert found.params == {"metric": "reach,views", "period": "day", "text": "a b&c=ü", "empty": ""}
    assert request("", ids="1,2").object_id == ""


@pytest.mark.parametrize(
    ("fetched_at", "today"),
    [
        (datetime(2026, 11, 20, 7, 59, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 7, 20, 6, 59, tzinfo=UTC), date(2026, 7, 19)),
    ],
)
def test_today_is_metas(fetched_at: datetime, today: date) -> None:
    """A11: a snapshot is dated in Meta's zone, by the moment of the fetch, not of the reading."""
    assert Request.of(replace(source("media", "1"), fetched_at=fetched_at)).today == today


@pytest.mark.parametrize(
    ("params", "breakdown"),
    [
        ({}, None),
        ({"breakdown": "follow_type"}, "follow_type"),
        ({"fields": "id,insights.metric(reach).period(lifetime)"}, None),
        (
            {"fields": "insights.metric(navigation).period(lifetime).breakdown(story_navigation_action_type){name}"},
            "story_navigation_action_type",
        ),
        ({"fields": "x.breakdown(age,gender){name}"}, "age,gender"),
    ],
)
def test_the_breakdown_of_a_request(params: dict[str, str], breakdown: str | None) -> None:
    """B1: asked as a parameter or inside a field expansion."""
    assert request("1", **params).breakdown == breakdown


@settings(max_examples=100, deadline=None)
@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from([(1, Period.DAY), (7, Period.WEEK), (28, Period.DAYS_28)]),
)
def test_the_span_of_a_window(last: date, span: tuple[int, Period]) -> None:
    """B12: one, seven and 28 days are periods that end with the last day, across clock changes too."""
    count, period = span
    first = last - timedelta(days=count - 1)
    for limit in (None, 30):
        assert request("1", **unix_window(DateRange(first, last + ONE_DAY), limit)).span == (period, last)


def test_the_span_of_thirty_days_in_autumn() -> None:
    """B12: `since` lies an hour inside the first day then; thirty days are no period of Meta's."""
    window = unix_window(DateRange(date(2026, 10, 10), date(2026, 11, 9)), 30)
    assert request("1", **window).span is None
    assert request("1").span is None
    assert request("1", since="1795593600").span is None


# -- posts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1795027406", 1795027406, STAMP, "2026-11-18T19:43:26+01:00"])
def test_moments_as_meta_writes_them(value: Any) -> None:
    """K7: Page stories carry Unix seconds, everything else a text with a zone; both are aware."""
    assert moment_of(value) == PUBLISHED


def seen(item: dict[str, Any]) -> tuple[ObservedPost | None, InsightsReader]:
    reader = InsightsReader(Platform.FACEBOOK, Level.POST, TODAY)
    post = read_listed_post(
        item, ObjectKind.POST, reader, moment="at", text="words", link="url", pictures=("small", "large")
    )
    return post, reader


def test_the_picture_of_a_post_is_the_first_that_is_listed() -> None:
    listed = {"id": "1_2", "at": STAMP, "small": None, "large": "https://scontent.xx.fbcdn.net/a.jpg"}
    post, _ = seen(listed)
    assert post is not None
    assert post.picture == "https://scontent.xx.fbcdn.net/a.jpg"
    post, _ = seen(listed | {"small": "https://scontent.xx.fbcdn.net/b.jpg"})
    assert post is not None
    assert post.picture == "https://scontent.xx.fbcdn.net/b.jpg"


def test_a_post_as_it_is_listed() -> None:
    """A14: what a post says of itself; texts that are no texts are nothing."""
    post, _ = seen({"id": "1_2", "at": STAMP, "words": "Hi", "url": "https://x"})
    assert post == ObservedPost("1_2", ObjectKind.POST, PUBLISHED, "https://x", "Hi", None)
    post, _ = seen({"id": "1_2", "at": STAMP, "words": None, "url": 5})
    assert post == ObservedPost("1_2", ObjectKind.POST, PUBLISHED)


@pytest.mark.parametrize("item", [{}, {"id": "1"}, {"at": STAMP}, {"id": "1", "at": "soon"}, {"id": "1", "at": None}])
def test_a_post_without_id_or_date_is_set_aside(item: dict[str, Any]) -> None:
    """A16: one such post costs itself."""
    post, reader = seen(item)
    assert post is None
    assert len(reader.rejected_items) == 1


@pytest.mark.parametrize("at", ["9" * 30, 10**30, float("inf"), "0001-01-01T00:00:00+2300"])
def test_a_post_at_the_end_of_time(at: Any) -> None:
    """A16: a moment that cannot be expressed is set aside like any other."""
    post, reader = seen({"id": "1", "at": at})
    assert post is None
    assert len(reader.rejected_items) == 1


@pytest.mark.parametrize("name", [None, "", {"a": 1}, True, "1/../me", "9" * 100, " 1"])
def test_an_id_that_is_none(name: Any) -> None:
    """A16, B10: what is no id of Meta's makes no post: it could not be stored, or not be asked about."""
    post, reader = seen({"id": name, "at": STAMP})
    assert post is None
    assert len(reader.rejected_items) == 1


def test_stories_carry_unix_seconds() -> None:
    """B5: a Page's stories are known by post_id and dated by Unix seconds."""
    story = {"post_id": "900_1", "creation_time": "1795027406", "url": "https://s", "media_id": "5"}
    found = said("page_stories", "900/stories", {"data": [story]})
    assert found.posts == [ObservedPost("900_1", ObjectKind.STORY, PUBLISHED, "https://s", None)]


def test_a_story_without_post_id() -> None:
    """A16: a story that has no post_id is set aside."""
    found = said("page_stories", "900/stories", {"data": [{"creation_time": "1795027406", "status": "published"}]})
    assert found.posts == []
    assert len(found.rejected_items) == 1


VIDEO = {"media_type": "video", "type": "video_inline", "target": {"id": "55", "url": "https://f/900/videos/55"}}
REEL = {"media_type": "video", "type": "video_inline", "target": {"id": "56", "url": "https://f/reel/56"}}


@pytest.mark.parametrize(
    ("item", "kind", "video"),
    [
        ({}, ObjectKind.POST, None),
        ({"attachments": None}, ObjectKind.POST, None),
        ({"attachments": {"data": []}}, ObjectKind.POST, None),
        ({"attachments": {"data": ["x"]}}, ObjectKind.POST, None),
        ({"attachments": {"data": [{"media_type": "photo", "target": {"id": "9"}}]}}, ObjectKind.POST, None),
        ({"attachments": {"data": [VIDEO]}}, ObjectKind.VIDEO, "55"),
        ({"attachments": {"data": [REEL]}}, ObjectKind.REEL, "56"),
        ({"attachments": {"data": [VIDEO]}, "permalink_url": "https://f/reel/55"}, ObjectKind.REEL, "55"),
        ({"attachments": {"data": [{"type": "video_autoplay"}]}}, ObjectKind.VIDEO, None),
        ({"attachments": {"data": [{"media_type": "video", "target": 5}]}}, ObjectKind.VIDEO, None),
    ],
)
def test_kinds_of_facebook_posts(item: dict[str, Any], kind: ObjectKind, video: str | None) -> None:
    """B4: the attachment tells a video, its address a reel; whatever is odd is a plain post."""
    assert facebook.kind_of(item) == (kind, video)


@pytest.mark.parametrize(
    ("product", "media", "kind"),
    [
        ("FEED", "IMAGE", ObjectKind.FEED),
        ("feed", "CAROUSEL_ALBUM", ObjectKind.CAROUSEL),
        ("REELS", "VIDEO", ObjectKind.REEL),
        ("STORY", "IMAGE", ObjectKind.STORY),
        ("AD", "IMAGE", ObjectKind.OTHER),
        (None, "IMAGE", ObjectKind.OTHER),
        ("IGTV", "VIDEO", ObjectKind.OTHER),
        ({"odd": 1}, None, ObjectKind.OTHER),
    ],
)
def test_kinds_of_instagram_media(product: object, media: object, kind: ObjectKind) -> None:
    """B4, L9: by media_product_type, in any case; no medium is left out because its product type is not known."""
    assert instagram.kind_of({"media_product_type": product, "media_type": media}) is kind


# -- whole answers -----------------------------------------------------------------------------------------------------


def clicks(value: Any) -> dict[str, Any]:
    return {"data": [{"name": "post_clicks", "period": "lifetime", "values": [{"value": value}]}]}


def test_a_page_of_posts() -> None:
    """A6, B8: posts with their insights and counts; a post without insights, and an odd one, cost themselves."""
    posts = [
        {
            "id": "900_1",
            "created_time": STAMP,
            "message": "Hi",
            "insights": clicks(16),
            "shares": {"count": 4},
            "comments": {"data": [], "summary": {"total_count": 2}},
            "reactions": {"data": [], "summary": {"total_count": 9}},
        },
        "odd",
        {"id": "900_2", "created_time": STAMP},
        {"created_time": STAMP},
    ]
    found = said("published_posts", "900/published_posts", {"data": posts, "paging": {}})
    assert [post.external_id for post in found.posts] == ["900_1", "900_2"]
    assert {(reading.post, reading.metric): reading.value for reading in found.readings} == {
        ("900_1", "post_clicks"): 16,
        ("900_1", "shares_count"): 4,
        ("900_1", "comments_count"): 2,
        ("900_1", "reactions_count"): 9,
        ("900_2", "shares_count"): 0,  # absent from a post that was answered: none (§1b)
    }
    assert len(found.rejected_items) == 2


def test_an_answer_about_several_ids() -> None:
    """B8: an object per id, matched by the id that was asked, not the one that is echoed; an error costs that id."""
    body = {
        "1_1": {"id": "7_1", "insights": clicks(3)},
        "1_2": {"error": {"code": 100, "message": "no"}},
        "1_3": {"id": "1_3"},
        "1_4": None,
    }
    found = said("posts_by_id", "", body, ids="1_1,1_2,1_3,1_4")
    assert [(reading.post, reading.value) for reading in found.readings] == [("1_1", 3)]
    assert [rejected.object_id for rejected in found.rejected_items] == ["1_2", "1_4"]


def test_an_answer_about_one_post_is_known_by_its_path() -> None:
    """B8: the id in the answer can differ from the one that was asked (§2.12)."""
    body = clicks(3)
    body["data"][0]["id"] = "105872884133170_1/insights/post_clicks/lifetime"
    assert [reading.post for reading in said("post_insights", "900_1/insights", body).readings] == ["900_1"]


def test_reels_are_listed_by_their_video() -> None:
    """B4: video_reels tells which videos are reels; its readings carry the video's id."""
    plays = {"data": [{"name": "blue_reels_play_count", "period": "lifetime", "values": [{"value": 30}]}]}
    found = said("video_reels", "900/video_reels", {"data": [{"id": "55", "video_insights": plays}, {"x": 1}, 5]})
    assert found.reels == ["55"]
    assert [(reading.post, reading.value) for reading in found.readings] == [("55", 30)]


@pytest.mark.parametrize("subject", sorted(READERS))
@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": None}, {"data": [None, 5, "x", [], {}]}, {"data": {}}])
def test_every_reader_survives_odd_answers(subject: str, body: Any) -> None:
    """A16: nothing is raised, and nothing is made up."""
    found = said(subject, "900/x", body)
    assert (found.readings, found.posts, found.reels) == ([], [], [])


def test_reading_again_says_the_same() -> None:
    """A14: a stored answer is read again to the same readings, whoever parsed it."""
    stored = source("published_posts", "900/published_posts", {"data": [{"id": "900_1", "created_time": STAMP}]})
    assert interpret(stored) == interpret(stored, json.loads(stored.body))
    with pytest.raises(KeyError):
        interpret(source("horoscope", "1", {}))


def test_stories_are_stories_whatever_their_product_type() -> None:
    """L9: the edge /stories lists stories only, so a missing product type changes nothing."""
    items = [{"id": "1", "timestamp": STAMP}, {"id": "2", "timestamp": STAMP, "media_product_type": "NEW"}]
    assert [post.kind for post in said("stories", "17841/stories", {"data": items}).posts] == [ObjectKind.STORY] * 2


ODD_PARTS = [
    ("media", {"id": "1", "timestamp": STAMP, "media_product_type": "FEED", "insights": ["odd"]}),
    ("media", {"id": "1_2_3_4", "timestamp": STAMP, "media_product_type": "FEED"}),
    ("video_reels", {"video_insights": {"data": []}}),
    ("video_reels", {"id": "7", "video_insights": "odd"}),
    ("published_posts", {"id": "1_2", "created_time": STAMP, "comments": {"summary": 5}}),
    ("published_posts", {"id": "1_2", "created_time": STAMP, "reactions": "odd"}),
]


@pytest.mark.parametrize(("subject", "item"), ODD_PARTS)
def test_no_part_of_an_answer_disappears(subject: str, item: dict[str, Any]) -> None:
    """L9: what a reader cannot use is set aside with a reason; it is never dropped in silence."""
    batch = said(subject, f"17841/{subject}", {"data": [item]})
    assert len(batch.rejected_items) == 1
    assert batch.rejected_items[0].reason


def test_no_part_of_an_answer_about_several_ids_disappears() -> None:
    """L9: the same for an object per id."""
    assert len(said("media_by_id", "", {"1": {"id": "1", "insights": []}}, ids="1").rejected_items) == 1
