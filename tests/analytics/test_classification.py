"""Who decides a metric: the sets of the specification, and the catalogue behind them."""

import pytest

from sophia.analytics.classification import ALGO_DEPENDENT, ALGO_INDEPENDENT, classify, is_algorithm_dependent
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.lookup import METRICS
from sophia.meta.catalogue.terms import Level, Platform

FB, IG = Platform.FACEBOOK, Platform.INSTAGRAM


def test_sets_hold_the_names_of_the_specification() -> None:
    """A7: what the specification names is where it says."""
    assert {*("views", "reach", "impressions", "follower_growth", "profile_visits", "story_views")} <= ALGO_DEPENDENT
    assert {
        *("likes", "comments", "shares", "saved", "link_clicks"),
        *("engagement_rate_on_reached", "save_rate", "share_rate", "comment_quality_score"),
    } <= ALGO_INDEPENDENT


def test_sets_are_disjoint_and_whole() -> None:
    """A7: no name is in two classes on whatever platform or level, and none of the catalogue's is in none."""
    classes: dict[str, set[MetricClass]] = {name: {entry.metric_class} for name, entry in CANONICAL.items()}
    for metric in METRICS:
        for name in metric.stored_names:
            canonical = metric.canonical_of(name)
            assert canonical is not None
            classes.setdefault(name, set()).add(CANONICAL[canonical].metric_class)
    assert {name: found for name, found in classes.items() if len(found) > 1} == {}
    assert ALGO_DEPENDENT.isdisjoint(ALGO_INDEPENDENT)
    levels = {name for name, found in classes.items() if found == {MetricClass.LEVEL}}
    assert ALGO_DEPENDENT | ALGO_INDEPENDENT | levels == set(classes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # What the first collector put in neither set, or in the wrong one.
        ("post_impressions", True),
        ("follower_count", True),
        ("plays", True),
        ("page_views_total", True),
        ("page_fan_adds_unique", True),
        ("profile_activity", False),
        # Their successors, and flattened dictionaries.
        ("post_media_view", True),
        ("page_total_media_view_unique", True),
        ("STORY_MEDIA_VIEW", True),
        ("page_daily_follows", True),
        ("post_video_followers", True),
        ("page_daily_unfollows", False),
        ("post_reactions_by_type_total_sorry", False),
        ("post_clicks_by_type_link_clicks", False),
        ("saves", False),
        ("navigation", False),
        ("post_video_views_clicked_to_play", False),
        ("post_video_views_autoplayed", True),
        # Levels belong to nobody.
        ("followers_count", None),
        ("page_follows", None),
        ("follower_demographics", None),
        ("content_monetization_earnings", None),
    ],
)
def test_names_as_they_are_stored(name: str, expected: bool | None) -> None:
    """A7: classified by what a metric means, not by a list of names."""
    assert is_algorithm_dependent(name) is expected


@pytest.mark.parametrize("name", [" reach", "Reach", "reach ", "", "reach_rate", "post_reactions_by_type_total_care"])
def test_unknown_names_are_not_guessed_at(name: str) -> None:
    """A7: stored as unclassified, never as independent."""
    assert classify(name) is MetricClass.UNCLASSIFIED
    assert classify(name, IG, Level.POST) is MetricClass.UNCLASSIFIED
    assert is_algorithm_dependent(name) is None


def test_platform_level_and_breakdown() -> None:
    """A7, A8: followers who left are people's decision, though their sum with the new ones is not."""
    name = "follows_and_unfollows"
    assert is_algorithm_dependent(name, IG, Level.ACCOUNT) is True
    assert is_algorithm_dependent(name, IG, Level.ACCOUNT, "follow_type=follower") is True
    assert is_algorithm_dependent(name, IG, Level.ACCOUNT, "follow_type=non_follower") is False
    assert is_algorithm_dependent("save_rate", FB, Level.POST) is False
    assert classify("page_follows", FB, Level.ACCOUNT) is MetricClass.LEVEL
