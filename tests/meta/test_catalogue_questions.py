"""What is asked together: the requests that the catalogue leads to."""

from collections import Counter
from datetime import date

import pytest

from sophia.meta.catalogue.lookup import METRICS, find, live
from sophia.meta.catalogue.questions import Question, questions, spans
from sophia.meta.catalogue.terms import Asked, ObjectKind, Period, Platform, Source

FB, IG = Platform.FACEBOOK, Platform.INSTAGRAM
INSIGHTS, VIDEO, FIELD = Source.INSIGHTS, Source.VIDEO_INSIGHTS, Source.FIELD
TODAY = date(2026, 11, 22)
FACEBOOK_KINDS = (ObjectKind.PAGE, ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL, ObjectKind.STORY)
INSTAGRAM_KINDS = (ObjectKind.ACCOUNT, ObjectKind.FEED, ObjectKind.CAROUSEL, ObjectKind.REEL, ObjectKind.STORY)
ASKABLE = [(FB, kind) for kind in FACEBOOK_KINDS] + [(IG, kind) for kind in INSTAGRAM_KINDS]


def asked(platform: Platform, kind: ObjectKind, source: Source = INSIGHTS) -> dict[tuple[str, ...], set[str]]:
    """Return the names of today's questions by (period, metric type, breakdown)."""
    return {
        (q.period, q.metric_type or "-", q.breakdown or "-"): set(q.names)
        for q in questions(platform, kind, source, "v26.0", TODAY)
    }


def test_a_page_costs_five_calls() -> None:
    """B2: one request per period and breakdown."""
    groups = asked(FB, ObjectKind.PAGE)
    assert set(groups) == {
        ("day", "-", "-"),
        ("week", "-", "-"),
        ("days_28", "-", "-"),
        ("day", "-", "is_from_ads"),
        ("day", "-", "is_from_followers"),
    }
    people = {
        "page_total_media_view_unique",
        "page_daily_follows_unique",
        "page_daily_unfollows_unique",
        "page_video_complete_views_30s_unique",
    }
    assert groups["week", "-", "-"] == groups["days_28", "-", "-"] == people
    assert {"page_media_view", "page_follows", "page_follows_city", *people} <= groups["day", "-", "-"]
    assert groups["day", "-", "is_from_ads"] == {"page_media_view"}


def test_an_instagram_account_keeps_metric_types_apart() -> None:
    """B2: time series, total values and demographics are never asked together."""
    totals = """views accounts_engaged total_interactions likes comments shares saves replies reposts
    follows_and_unfollows profile_links_taps profile_views website_clicks"""
    who = {"follower_demographics", "engaged_audience_demographics"}
    assert asked(IG, ObjectKind.ACCOUNT) == {
        ("day", "time_series", "-"): {"reach", "follower_count"},
        ("week", "time_series", "-"): {"reach"},
        ("days_28", "time_series", "-"): {"reach"},
        ("day", "total_value", "-"): set(totals.split()),
        ("lifetime", "total_value", "age,gender"): who,
        ("lifetime", "total_value", "city"): who,
        ("lifetime", "total_value", "country"): who,
    }
    for question in questions(IG, ObjectKind.ACCOUNT, INSIGHTS, "v26.0", TODAY):
        assert question.timeframe == ("this_month" if question.period is Period.LIFETIME else "")


def test_spans_of_an_instagram_account() -> None:
    """B1: breakdowns that Meta answers as total values over a window."""
    by_breakdown = {q.breakdown: q for q in spans(IG, ObjectKind.ACCOUNT, "v26.0", TODAY)}
    assert {name: set(q.names) for name, q in by_breakdown.items()} == {
        "follow_type": {"reach", "views", "follows_and_unfollows"},
        "media_product_type": {"reach", "total_interactions", "likes", "comments", "shares", "saves", "views"},
        "contact_button_type": {"profile_links_taps"},
    }
    assert {(q.metric_type, q.period) for q in by_breakdown.values()} == {("total_value", Period.DAY)}
    assert spans(IG, ObjectKind.FEED, "v26.0", TODAY) == spans(FB, ObjectKind.PAGE, "v26.0", TODAY) == ()


@pytest.mark.parametrize(
    ("kind", "breakdowns", "never"),
    [
        (ObjectKind.FEED, {"action_type"}, {"navigation", "plays", "ig_reels_avg_watch_time"}),
        (ObjectKind.CAROUSEL, {"action_type"}, {"navigation", "facebook_views"}),
        (ObjectKind.REEL, set[str](), {"plays", "follows", "profile_visits", "profile_activity"}),
        (ObjectKind.STORY, {"action_type", "story_navigation_action_type"}, {"likes", "comments", "saved", "exits"}),
    ],
)
def test_media_are_asked_by_product_type(kind: ObjectKind, breakdowns: set[str], never: set[str]) -> None:
    """B4: stories are not asked for saves, nor reels for profile visits."""
    found = questions(IG, kind, INSIGHTS, "v26.0", TODAY)
    assert found[0].breakdown is None
    assert {q.breakdown for q in found[1:]} == breakdowns
    assert all(q.metric_type is None for q in found)
    assert never.isdisjoint(name for q in found for name in q.names)


def test_facebook_posts_reels_and_stories_are_asked_apart() -> None:
    """B4: video metrics for videos only, reels at video_insights, stories under their own names."""
    assert not any(name.startswith("post_video") for names in asked(FB, ObjectKind.POST).values() for name in names)
    assert "post_video_views" in asked(FB, ObjectKind.REEL)["lifetime", "-", "-"]
    assert asked(FB, ObjectKind.REEL, VIDEO) == {
        ("lifetime", "-", "-"): {
            "blue_reels_play_count",
            "fb_reels_total_plays",
            "fb_reels_replay_count",
            "post_video_followers",
            "post_video_likes_by_reaction_type",
            "post_video_social_actions",
        }
    }
    assert asked(FB, ObjectKind.STORY)["lifetime", "-", "-"] == {
        "STORY_MEDIA_VIEW",
        "STORY_TOTAL_MEDIA_VIEW_UNIQUE",
        "STORY_INTERACTION",
        "PAGES_FB_STORY_REPLIES",
        "PAGES_FB_STORY_SHARES",
        "PAGES_FB_STORY_STICKER_INTERACTIONS",
        "PAGES_FB_STORY_THREAD_LIGHTWEIGHT_REACTIONS",
    }
    assert asked(FB, ObjectKind.POST, FIELD) == {
        ("lifetime", "-", "-"): {"comments_count", "reactions_count", "shares_count"}
    }


@pytest.mark.parametrize("also", [(), tuple({metric.name for metric in METRICS})], ids=["usual", "everything"])
@pytest.mark.parametrize(("platform", "kind"), ASKABLE)
def test_questions_hold_together(platform: Platform, kind: ObjectKind, also: tuple[str, ...]) -> None:
    """B2, B3: no name twice, no mixed metric types, nothing dead, no two requests alike but for what must be alone."""
    for source in Source:
        found = questions(platform, kind, source, "v22.0", TODAY, also=also)
        found += spans(platform, kind, "v22.0", TODAY, also=also) if source is INSIGHTS else ()
        shapes = Counter(
            (q.period, q.metric_type, q.breakdown) for q in found if not _is_alone(platform, q, kind, source)
        )
        assert all(times == 1 for times in shapes.values())
        for question in found:
            assert len(set(question.names)) == len(question.names) > 0
            for name in question.names:
                metric = find(platform, kind.level, name, kind, source)
                assert metric is not None
                assert live(metric, "v22.0", TODAY)
                assert question.period in metric.periods
                if question.breakdown is None:
                    assert question.metric_type == metric.metric_type
                else:
                    assert question.breakdown in metric.breakdowns


def _is_alone(platform: Platform, question: Question, kind: ObjectKind, source: Source) -> bool:
    metric = find(platform, kind.level, question.names[0], kind, source)
    return metric is not None and bool(metric.alone)


def test_money_shares_no_call() -> None:
    """B2: payouts asked with other metrics fail with code 2."""
    earnings = ("content_monetization_earnings", "monetization_approximate_earnings")
    assert not any(
        name in q.names for q in questions(FB, ObjectKind.PAGE, INSIGHTS, "v26.0", TODAY) for name in earnings
    )
    found = questions(FB, ObjectKind.PAGE, INSIGHTS, "v26.0", TODAY, also=earnings)
    assert [q.names for q in found if set(q.names) & set(earnings)] == [(name,) for name in earnings]


def test_what_is_asked_on_request_only() -> None:
    """B3: uncertain names do not endanger the others."""
    names = """page_lifetime_engaged_followers_unique page_actions_post_reactions_like_total
    content_monetization_earnings post_video_retention_graph post_video_view_time_by_country_id total_likes like_count
    post_video_views_by_distribution_type online_followers reached_audience_demographics content_views quotes"""
    for name in names.split():
        (metric, *_) = (m for m in METRICS if m.name == name)
        assert metric.asked is Asked.ON_REQUEST, name
    for name in ("page_follows_country", "page_follows_city", "page_actions_post_reactions_total"):
        assert next(m for m in METRICS if m.name == name).asked is Asked.ALWAYS


def test_refused_names_are_left_out() -> None:
    """B3: what was refused once is not asked again, and takes its breakdowns along."""
    found = questions(FB, ObjectKind.PAGE, INSIGHTS, "v26.0", TODAY, refused={"page_media_view"})
    assert len(found) == 3
    assert all("page_media_view" not in q.names for q in found)


def test_platforms_do_not_lend_each_other_kinds() -> None:
    """B6: a kind of the other platform, or another platform, is an error and no empty answer."""
    with pytest.raises(ValueError, match="facebook has no carousel"):
        questions(FB, ObjectKind.CAROUSEL, INSIGHTS, "v26.0", TODAY)
    for text in ("Instagram", "threads", "tiktok", ""):
        with pytest.raises(ValueError, match="is not a valid Platform"):
            Platform(text)
