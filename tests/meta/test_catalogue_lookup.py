"""Names: as Meta gives them, as they are stored, and back."""

import pytest

from sophia.meta.catalogue.canonical import Counting, MetricClass, Unit
from sophia.meta.catalogue.lookup import (
    METRICS,
    Explained,
    explain,
    find,
    read_breakdown,
    stored_breakdown,
    stored_name,
)
from sophia.meta.catalogue.terms import Level, Metric, ObjectKind, Platform, Source

FB, IG = Platform.FACEBOOK, Platform.INSTAGRAM
INSIGHTS, VIDEO = Source.INSIGHTS, Source.VIDEO_INSIGHTS


def row(platform: Platform, level: Level, name: str, kind: ObjectKind | None = None) -> Metric:
    """Return a row that must be there."""
    metric = find(platform, level, name, kind)
    assert metric is not None, name
    return metric


def test_finding_by_metas_name() -> None:
    """A6: on the edge that is meant, and only on the right level."""
    reel = find(FB, Level.POST, "post_impressions_unique", ObjectKind.REEL)
    post = find(FB, Level.POST, "post_impressions_unique", ObjectKind.POST)
    assert reel is not None
    assert post is not None
    assert (reel.source, reel.retired_on) == (VIDEO, None)
    assert (post.source, post.successor) == (INSIGHTS, "post_total_media_view_unique")
    assert find(FB, Level.POST, "post_video_view_time", ObjectKind.REEL, VIDEO) is not None
    assert find(IG, Level.ACCOUNT, "profile_activity") is None
    assert find(IG, Level.POST, "likes", ObjectKind.STORY) is None
    assert find(FB, Level.POST, "reach") is None


def test_explaining_a_stored_name() -> None:
    """A6, A7: flattened names, per-key meanings, and silence about what is unknown."""
    clicks = row(FB, Level.POST, "post_clicks_by_type")
    independent = MetricClass.ALGORITHM_INDEPENDENT
    assert explain(FB, Level.POST, "post_clicks_by_type_link_clicks") == Explained(
        clicks, "link_clicks", independent, Unit.COUNT, Counting.ADDITIVE
    )
    for name, canonical in (
        ("post_reactions_by_type_total_like", "likes"),
        ("post_activity_by_action_type_share", "shares"),
        ("post_video_social_actions_comment", "comments"),
        ("page_total_media_view_unique", None),
        ("post_reactions_by_type_total", None),
        ("post_reactions_by_type_total_care", None),
    ):
        found = explain(FB, Level.POST, name)
        assert (found.canonical if found else None) == canonical


def test_halves_of_follows_and_unfollows() -> None:
    """A8: FOLLOWER holds the follows, NON_FOLLOWER the unfollows."""
    name = "follows_and_unfollows"
    gained = explain(IG, Level.ACCOUNT, name, stored_breakdown([("follow_type", "FOLLOWER")]))
    lost = explain(IG, Level.ACCOUNT, name, stored_breakdown([("follow_type", "NON_FOLLOWER")]))
    both = explain(IG, Level.ACCOUNT, name)
    assert [found.canonical for found in (gained, lost, both) if found] == ["follows", "unfollows", "follower_changes"]


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("post_reactions_by_type_total", "like", ("post_reactions_by_type_total_like", "")),
        ("post_reactions_by_type_total", "ANGER", ("post_reactions_by_type_total_anger", "")),
        ("post_clicks_by_type", "link clicks", ("post_clicks_by_type_link_clicks", "")),
        ("post_clicks_by_type", "Some-New kind", ("post_clicks_by_type_some_new_kind", "")),
        ("post_video_likes_by_reaction_type", "REACTION_LIKE", ("post_video_likes_by_reaction_type_like", "")),
        ("post_video_retention_graph", "17", ("post_video_retention_graph", "segment=17")),
        ("post_clicks", None, ("post_clicks", "")),
    ],
)
def test_naming_what_is_stored(name: str, key: str | None, expected: tuple[str, str]) -> None:
    """A6: dictionaries are flattened as the specification names them; case and unknown keys do no harm."""
    assert stored_name(row(FB, Level.POST, name), key) == expected


def test_naming_places_and_breakdowns() -> None:
    """B1: open vocabularies stay as they are, Meta's own are lowered, and order does not matter."""
    assert stored_name(row(FB, Level.ACCOUNT, "page_follows_city"), "Lima, Peru") == (
        "page_follows_city",
        "city=Lima, Peru",
    )
    assert stored_breakdown([("gender", "F"), ("age", "25-34")]) == "age=25-34,gender=F"
    for parts in ({"age": "25-34", "gender": "F"}, {"city": "Toronto, Ontario"}, {"city": "a=b, c", "country": "DE"}):
        assert read_breakdown(stored_breakdown(parts.items())) == parts
    assert read_breakdown("") == {}
    assert stored_breakdown([("story_navigation_action_type", "TAP_EXIT")]) == "story_navigation_action_type=tap_exit"
    assert stored_breakdown([("is_from_ads", "1")]) == "is_from_ads=1"


def test_stored_names_are_what_storing_produces() -> None:
    """A7: whatever a known key is stored as can be explained again."""
    for metric in METRICS:
        names = tuple(stored_name(metric, key.name)[0] for key in metric.keys) or (stored_name(metric)[0],)
        assert names == metric.stored_names
        for name in names:
            explained = explain(metric.platform, metric.level, name)
            assert explained is not None
            assert explained.canonical == metric.canonical_of(name)
        assert metric.canonical_of("something else") is None
