"""The catalogue against hand-written lists of what Meta serves, and against its own promises."""

from collections import Counter
from datetime import date
from itertools import product

import pytest

from sophia.meta.catalogue.canonical import CANONICAL, Counting, MetricClass, Unit
from sophia.meta.catalogue.lookup import METRICS, explain, find, live, reads
from sophia.meta.catalogue.questions import questions
from sophia.meta.catalogue.terms import Level, Metric, ObjectKind, Period, Platform, Source

FB, IG = Platform.FACEBOOK, Platform.INSTAGRAM
TODAY = date(2026, 11, 22)
VERSIONS = ("v20.0", "v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0", "v27.0")
REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
FACEBOOK_KINDS = (ObjectKind.PAGE, ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL, ObjectKind.STORY)
INSTAGRAM_KINDS = (ObjectKind.ACCOUNT, ObjectKind.FEED, ObjectKind.CAROUSEL, ObjectKind.REEL, ObjectKind.STORY)
ASKABLE = [(FB, kind) for kind in FACEBOOK_KINDS] + [(IG, kind) for kind in INSTAGRAM_KINDS]

# The tables of GRAPH_API.md, written out by hand.
LIVE_PAGE = """
page_media_view page_total_media_view_unique page_views_total page_follows page_daily_follows page_daily_follows_unique
page_daily_unfollows page_daily_unfollows_unique page_fan_adds_by_paid_non_paid_unique
page_lifetime_engaged_followers_unique page_post_engagements page_total_actions page_actions_post_reactions_total
page_actions_post_reactions_like_total page_actions_post_reactions_love_total page_actions_post_reactions_wow_total
page_actions_post_reactions_haha_total page_actions_post_reactions_sorry_total page_actions_post_reactions_anger_total
page_video_views page_video_views_paid page_video_views_organic page_video_views_autoplayed
page_video_views_click_to_play page_video_complete_views_30s page_video_complete_views_30s_paid
page_video_complete_views_30s_organic page_video_complete_views_30s_autoplayed
page_video_complete_views_30s_click_to_play page_video_complete_views_30s_unique
page_video_complete_views_30s_repeat_views page_video_view_time page_follows_country page_follows_city
content_monetization_earnings monetization_approximate_earnings
page_daily_video_ad_break_ad_impressions_by_crosspost_status page_daily_video_ad_break_cpm_by_crosspost_status
page_daily_video_ad_break_earnings_by_crosspost_status followers_count fan_count
"""
LIVE_POST = """
post_media_view post_total_media_view_unique post_clicks post_clicks_by_type post_reactions_by_type_total
post_reactions_like_total post_reactions_love_total post_reactions_wow_total post_reactions_haha_total
post_reactions_sorry_total post_reactions_anger_total post_activity_by_action_type post_activity_by_action_type_unique
comments_count reactions_count shares_count
"""
LIVE_VIDEO_POST = """
post_video_views post_video_views_organic post_video_views_paid post_video_views_autoplayed
post_video_views_clicked_to_play post_video_views_sound_on post_video_views_15s post_video_views_60s_excludes_shorter
post_video_views_live post_video_avg_time_watched post_video_view_time post_video_view_time_organic
post_video_complete_views_30s post_video_complete_views_30s_autoplayed post_video_complete_views_30s_clicked_to_play
post_video_complete_views_30s_organic post_video_complete_views_30s_paid post_video_complete_views_30s_unique
post_video_complete_views_organic post_video_complete_views_organic_unique post_video_complete_views_paid
post_video_complete_views_paid_unique post_video_views_by_distribution_type post_video_view_time_by_distribution_type
post_video_view_time_by_age_bucket_and_gender post_video_view_time_by_region_id post_video_view_time_by_country_id
post_video_retention_graph post_video_retention_graph_autoplayed post_video_retention_graph_clicked_to_play
post_video_social_actions_count_unique post_video_length creator_monetization_qualified_views
post_video_ad_break_ad_impressions post_video_ad_break_ad_cpm post_video_ad_break_earnings
"""
LIVE_FACEBOOK_STORY = """
STORY_MEDIA_VIEW STORY_TOTAL_MEDIA_VIEW_UNIQUE PAGE_STORY_TOTAL_MEDIA_VIEW_UNIQUE STORY_INTERACTION
PAGES_FB_STORY_REPLIES PAGES_FB_STORY_SHARES PAGES_FB_STORY_STICKER_INTERACTIONS
PAGES_FB_STORY_THREAD_LIGHTWEIGHT_REACTIONS
"""
LIVE_REEL_INSIGHTS = """
blue_reels_play_count fb_reels_total_plays fb_reels_replay_count post_impressions_unique post_video_avg_time_watched
post_video_view_time post_video_followers post_video_likes_by_reaction_type post_video_social_actions
post_video_retention_graph
"""
LIVE_VIDEO_INSIGHTS = """
total_video_views total_video_views_organic total_video_views_paid total_video_views_autoplayed
total_video_views_clicked_to_play total_video_views_sound_on total_video_views_live total_video_complete_views
total_video_complete_views_organic total_video_complete_views_paid total_video_complete_views_unique
total_video_10s_views total_video_15s_views total_video_30s_views total_video_60s_excludes_shorter_views
total_video_avg_time_watched total_video_view_total_time total_video_view_total_time_organic
total_video_view_total_time_paid total_video_view_total_time_live total_video_retention_graph
total_video_view_time_by_age_bucket_and_gender total_video_view_time_by_region_id total_video_views_by_country_id
total_video_views_by_distribution_type total_video_reactions_by_type_total total_video_stories_by_action_type
total_video_ad_break_ad_cpm total_video_ad_break_ad_impressions total_video_ad_break_earnings
creator_monetization_qualified_views
"""
LIVE_INSTAGRAM_ACCOUNT = """
reach follower_count views accounts_engaged total_interactions likes comments shares saves replies reposts
follows_and_unfollows profile_links_taps profile_views website_clicks content_views quotes online_followers
follower_demographics engaged_audience_demographics reached_audience_demographics followers_count follows_count
media_count
"""
LIVE_FEED = """
views reach likes comments saved shares total_interactions reposts follows profile_visits profile_activity
facebook_views total_likes total_comments total_views
"""
LIVE_CAROUSEL = LIVE_FEED.replace("facebook_views", "")
LIVE_INSTAGRAM_REEL = """
views reach likes comments saved shares total_interactions reposts ig_reels_avg_watch_time
ig_reels_video_view_total_time reels_skip_rate crossposted_views facebook_views total_likes total_comments total_views
"""
LIVE_INSTAGRAM_STORY = """
views reach shares total_interactions reposts follows profile_visits profile_activity facebook_views navigation replies
link_clicks total_views
"""
LIVE_MEDIA_FIELDS = "like_count comments_count view_count reposts_count saved_count shares_count"

INSIGHTS, VIDEO, FIELD = Source.INSIGHTS, Source.VIDEO_INSIGHTS, Source.FIELD
LIVE = [
    (FB, ObjectKind.PAGE, (INSIGHTS, FIELD), LIVE_PAGE),
    (FB, ObjectKind.POST, (INSIGHTS, FIELD), LIVE_POST),
    (FB, ObjectKind.VIDEO, (INSIGHTS, FIELD), LIVE_POST + LIVE_VIDEO_POST),
    (FB, ObjectKind.REEL, (INSIGHTS, FIELD), LIVE_POST + LIVE_VIDEO_POST),
    (FB, ObjectKind.STORY, (INSIGHTS, FIELD), LIVE_FACEBOOK_STORY),
    (FB, ObjectKind.REEL, (VIDEO,), LIVE_REEL_INSIGHTS),
    (FB, ObjectKind.VIDEO, (VIDEO,), LIVE_VIDEO_INSIGHTS),
    (IG, ObjectKind.ACCOUNT, (INSIGHTS, FIELD), LIVE_INSTAGRAM_ACCOUNT),
    (IG, ObjectKind.FEED, (INSIGHTS,), LIVE_FEED),
    (IG, ObjectKind.CAROUSEL, (INSIGHTS,), LIVE_CAROUSEL),
    (IG, ObjectKind.REEL, (INSIGHTS,), LIVE_INSTAGRAM_REEL),
    (IG, ObjectKind.STORY, (INSIGHTS,), LIVE_INSTAGRAM_STORY),
    (IG, ObjectKind.FEED, (FIELD,), LIVE_MEDIA_FIELDS),
]

MAR_2024, SEP_2024, NOV_2025, JUN_2026 = date(2024, 3, 14), date(2024, 9, 16), date(2025, 11, 15), date(2026, 6, 15)
NOV_2026 = date(2026, 11, 1)
DEC_2023, JAN_2025, APR_2025 = date(2023, 12, 11), date(2025, 1, 8), date(2025, 4, 21)
DEAD = [
    (FB, ObjectKind.PAGE, MAR_2024, None, "page_engaged_users page_consumptions page_content_activity"),
    (FB, ObjectKind.PAGE, MAR_2024, None, "page_fans_gender_age page_views_logged_in_total page_places_checkin_mobile"),
    (FB, ObjectKind.PAGE, SEP_2024, None, "page_negative_feedback page_consumptions_unique page_fans_online"),
    (FB, ObjectKind.PAGE, SEP_2024, None, "page_impressions_by_age_gender_unique page_cta_clicks_logged_in_total"),
    (FB, ObjectKind.PAGE, SEP_2024, None, "page_daily_follows_by_source page_posts_impressions_organic"),
    (FB, ObjectKind.POST, SEP_2024, None, "post_engaged_users post_engaged_fan post_clicks_unique"),
    (FB, ObjectKind.POST, SEP_2024, None, "post_negative_feedback post_impressions_by_story_type"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_follows", "page_fans"),
    (FB, ObjectKind.PAGE, NOV_2025, None, "page_fans_locale"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_follows_city", "page_fans_city"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_follows_country", "page_fans_country"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_daily_follows", "page_fan_adds"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_daily_follows_unique", "page_fan_adds_unique"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_daily_unfollows", "page_fan_removes"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_daily_unfollows_unique", "page_fan_removes_unique"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_media_view", "page_impressions page_impressions_paid"),
    (FB, ObjectKind.PAGE, NOV_2025, "page_media_view", "page_impressions_viral page_impressions_nonviral"),
    (FB, ObjectKind.REEL, NOV_2025, "post_media_view", "post_impressions post_impressions_paid post_impressions_fan"),
    (FB, ObjectKind.POST, NOV_2025, "post_media_view", "post_impressions_organic post_impressions_viral"),
    (FB, ObjectKind.POST, NOV_2025, "post_media_view", "post_impressions_nonviral"),
    (FB, ObjectKind.PAGE, JUN_2026, "page_total_media_view_unique", "page_impressions_unique"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_impressions_paid_unique page_impressions_viral_unique"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_impressions_nonviral_unique page_posts_impressions"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_posts_impressions_unique page_posts_impressions_paid"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_posts_impressions_paid_unique page_posts_impressions_organic_unique"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_posts_impressions_viral page_posts_impressions_viral_unique"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_posts_impressions_nonviral page_posts_impressions_nonviral_unique"),
    (FB, ObjectKind.PAGE, JUN_2026, None, "page_posts_served_impressions_organic_unique page_video_views_unique"),
    (FB, ObjectKind.POST, JUN_2026, "post_total_media_view_unique", "post_impressions_unique"),
    (FB, ObjectKind.POST, JUN_2026, None, "post_impressions_paid_unique post_impressions_fan_unique"),
    (FB, ObjectKind.POST, JUN_2026, None, "post_impressions_organic_unique post_impressions_viral_unique"),
    (FB, ObjectKind.POST, JUN_2026, None, "post_impressions_nonviral_unique"),
    (FB, ObjectKind.VIDEO, JUN_2026, None, "post_video_views_unique post_video_views_organic_unique"),
    (FB, ObjectKind.VIDEO, JUN_2026, None, "post_video_views_paid_unique total_video_impressions"),
    (FB, ObjectKind.VIDEO, JUN_2026, None, "total_video_views_unique total_video_views_organic_unique"),
    (FB, ObjectKind.VIDEO, NOV_2026, None, "total_video_consumption_rate"),
    (FB, ObjectKind.STORY, JUN_2026, "STORY_MEDIA_VIEW", "PAGE_STORY_IMPRESSIONS_BY_STORY_ID"),
    (IG, ObjectKind.ACCOUNT, APR_2025, "views", "impressions"),
    (IG, ObjectKind.ACCOUNT, JAN_2025, "profile_links_taps", "email_contacts phone_call_clicks text_message_clicks"),
    (IG, ObjectKind.ACCOUNT, JAN_2025, "profile_links_taps", "get_directions_clicks"),
    (IG, ObjectKind.ACCOUNT, DEC_2023, "follower_demographics", "audience_city audience_country audience_gender_age"),
    (IG, ObjectKind.FEED, DEC_2023, "total_interactions", "engagement"),
    (IG, ObjectKind.CAROUSEL, DEC_2023, "reach", "carousel_album_reach"),
    (IG, ObjectKind.STORY, DEC_2023, "navigation", "exits taps_forward taps_back"),
    (IG, ObjectKind.FEED, JAN_2025, "views", "video_views"),
    (IG, ObjectKind.FEED, APR_2025, "views", "impressions"),
    (IG, ObjectKind.REEL, APR_2025, "views", "plays ig_reels_aggregated_all_plays_count"),
    (IG, ObjectKind.REEL, APR_2025, None, "clips_replays_count"),
]


def row(platform: Platform, level: Level, name: str, kind: ObjectKind | None = None) -> Metric:
    """Return a row that must be there."""
    metric = find(platform, level, name, kind)
    assert metric is not None, name
    return metric


@pytest.mark.parametrize(("platform", "kind", "sources", "names"), LIVE)
def test_every_living_name_is_known_for_its_kind(
    platform: Platform, kind: ObjectKind, sources: tuple[Source, ...], names: str
) -> None:
    """A6: one row for every name that Meta serves."""
    expected = set(names.split())
    for name in expected:
        found = [find(platform, kind.level, name, kind, source) for source in sources]
        assert any(metric and live(metric, "v22.0", TODAY) for metric in found), name


@pytest.mark.parametrize("source", [INSIGHTS, FIELD])
@pytest.mark.parametrize(("platform", "kind"), ASKABLE)
def test_no_living_name_is_invented(platform: Platform, kind: ObjectKind, source: Source) -> None:
    """B4: a kind is not asked what Meta's table does not give it."""
    listed = {
        name
        for listed_platform, listed_kind, sources, names in LIVE
        if listed_platform is platform and listed_kind is kind and source in sources
        for name in names.split()
    }
    for question in questions(platform, kind, source, "v26.0", TODAY):
        assert set(question.names) <= listed


@pytest.mark.parametrize(("platform", "kind", "day", "successor", "names"), DEAD)
def test_dead_names_are_dead_on_every_version(
    platform: Platform, kind: ObjectKind, day: date, successor: str | None, names: str
) -> None:
    """B3: the retirement day counts, whatever version is pinned, and the successor is known where there is one."""
    for name in names.split():
        metric = row(platform, kind.level, name, kind)
        assert metric.retired_on == day
        assert metric.successor == successor
        assert not any(live(metric, version, TODAY) for version in VERSIONS)
        assert not any(live(metric, version, day) for version in VERSIONS)
        assert explain(platform, kind.level, metric.stored_names[0]) is not None


def test_successors_are_living_rows() -> None:
    """B3: a successor can be asked instead."""
    for metric in METRICS:
        if metric.successor is not None:
            (kind, *_) = sorted(metric.kinds)
            assert live(row(metric.platform, metric.level, metric.successor, kind), "v26.0", TODAY), metric.name


def test_a_row_lives_until_its_retirement() -> None:
    """B3: questions about a past day, and names that Meta will retire."""
    impressions = row(IG, Level.ACCOUNT, "impressions")
    assert live(impressions, "v21.0", date(2025, 4, 20))
    assert not live(impressions, "v22.0", date(2025, 4, 20))
    assert live(row(FB, Level.ACCOUNT, "page_media_view"), "v19.0", TODAY)
    with pytest.raises(ValueError, match=r"looks like v24\.0"):
        live(impressions, "24", TODAY)


def test_exactly_one_primary_reading() -> None:
    """A6: a KPI never finds two rows for one meaning, and finds all of the spec's on both platforms."""
    count: Counter[tuple[Platform, Level, ObjectKind, str]] = Counter()
    for metric in METRICS:
        meanings = {key.canonical for key in metric.keys if key.primary} | (
            {metric.canonical} if metric.primary else set()
        )
        count.update(product([metric.platform], [metric.level], metric.kinds, meanings))
        assert not (metric.primary and metric.retired_on), metric.name
    assert [place for place, times in count.items() if times > 1] == []


@pytest.mark.parametrize(
    ("platform", "kind", "canonical", "expected"),
    [
        (FB, ObjectKind.PAGE, "views", ("page_media_view",)),
        (FB, ObjectKind.PAGE, "reach", ("page_total_media_view_unique",)),
        (FB, ObjectKind.PAGE, "followers", ("page_follows",)),
        (FB, ObjectKind.PAGE, "follows", ("page_daily_follows",)),
        (FB, ObjectKind.PAGE, "profile_visits", ("page_views_total",)),
        (FB, ObjectKind.PAGE, "likes", tuple(f"page_actions_post_reactions_total_{r}" for r in REACTIONS)),
        (FB, ObjectKind.REEL, "views", ("post_media_view",)),
        (FB, ObjectKind.POST, "reach", ("post_total_media_view_unique",)),
        (FB, ObjectKind.VIDEO, "likes", tuple(f"post_reactions_by_type_total_{r}" for r in REACTIONS)),
        (FB, ObjectKind.POST, "comments", ("comments_count",)),
        (FB, ObjectKind.POST, "shares", ("shares_count",)),
        (FB, ObjectKind.POST, "clicks", ("post_clicks",)),
        (FB, ObjectKind.POST, "link_clicks", ("post_clicks_by_type_link_clicks",)),
        (FB, ObjectKind.REEL, "follows", ("post_video_followers",)),
        (FB, ObjectKind.STORY, "views", ("STORY_MEDIA_VIEW",)),
        (FB, ObjectKind.POST, "saved", ()),
        (IG, ObjectKind.ACCOUNT, "followers", ("followers_count",)),
        (IG, ObjectKind.ACCOUNT, "follows", ("follower_count",)),
        (IG, ObjectKind.ACCOUNT, "saved", ("saves",)),
        (IG, ObjectKind.ACCOUNT, "profile_visits", ("profile_views",)),
        (IG, ObjectKind.ACCOUNT, "link_clicks", ("website_clicks",)),
        (IG, ObjectKind.CAROUSEL, "saved", ("saved",)),
        (IG, ObjectKind.REEL, "watch_time", ("ig_reels_video_view_total_time",)),
        (IG, ObjectKind.STORY, "likes", ()),
        (IG, ObjectKind.STORY, "shares", ("shares",)),
    ],
)
def test_primary_readings(platform: Platform, kind: ObjectKind, canonical: str, expected: tuple[str, ...]) -> None:
    """A6: likes, comments, shares, saved, reach and views mean the same on both platforms."""
    assert reads(platform, kind.level, canonical, kind) == expected
    assert set(expected) <= set(reads(platform, kind.level, canonical))


def test_totals_of_followers_are_levels_and_gains_are_not() -> None:
    """A8: Instagram's follower_count is a daily gain; the total is the profile's field."""
    gain = row(IG, Level.ACCOUNT, "follower_count")
    assert (gain.canonical, gain.counting) == ("follows", Counting.ADDITIVE)
    for platform, name in ((IG, "followers_count"), (FB, "followers_count"), (FB, "page_follows")):
        total = row(platform, Level.ACCOUNT, name)
        assert (total.canonical, total.counting) == ("followers", Counting.LEVEL)


def test_people_are_never_additive() -> None:
    """A5: nothing counted in people may be summed, and reach least of all."""
    for metric in METRICS:
        if metric.unit is Unit.PEOPLE:
            assert metric.counting in (Counting.UNIQUE, Counting.LEVEL), metric.name
        if metric.name.lower().endswith("_unique") or metric.canonical == "reach":
            assert metric.counting is Counting.UNIQUE, metric.name
        if metric.canonical == "average_watch_time":
            assert metric.counting is Counting.RATIO, metric.name


def test_post_metrics_keep_metas_own_period() -> None:
    """A2: cumulative numbers of a post are lifetime, never day."""
    for platform, kind in ASKABLE:
        if kind.level is Level.POST:
            for source in Source:
                assert all(q.period is Period.LIFETIME for q in questions(platform, kind, source, "v26.0", TODAY))


def test_absent_is_zero_only_where_meta_says_so() -> None:
    """A12: closed dictionaries, and shares of a Facebook post; never places, never a hidden count of likes."""
    for metric in METRICS:
        expected = bool(metric.keys) or (metric.platform is FB and metric.name == "shares_count")
        assert metric.absent_is_zero == expected, metric.name


def test_rows_are_whole() -> None:
    """A6: every row has a known meaning, kinds of one level, a period, and one place in the catalogue."""
    places = Counter((m.platform, m.level, m.source, m.name, kind) for m in METRICS for kind in m.kinds)
    assert [place for place, times in places.items() if times > 1] == []
    for metric in METRICS:
        assert metric.canonical in CANONICAL
        assert all(key.canonical in CANONICAL for key in metric.keys)
        assert all(canonical in CANONICAL for _, canonical in metric.breakdown_canonicals)
        assert {kind.level for kind in metric.kinds} == {metric.level}
        assert metric.periods
        assert not (metric.keys and metric.dimension)
        assert metric.metric_class is not MetricClass.UNCLASSIFIED


def test_a_stored_name_means_one_thing() -> None:
    """A7: rows that share a name on one platform and level agree about it, so that the kind need not be known."""
    meanings: dict[tuple[Platform, Level, str], tuple[str | None, Unit, Counting]] = {}
    for metric in METRICS:
        for name in metric.stored_names:
            meaning = (metric.canonical_of(name), metric.unit, metric.counting)
            assert meanings.setdefault((metric.platform, metric.level, name), meaning) == meaning
