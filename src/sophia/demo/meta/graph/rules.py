"""The metrics of each kind of object, and how requests may ask for them (GRAPH_API.md, 1a to 1e)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sophia.demo.meta.graph.versions import NEWEST_VERSION, OLDEST_VERSION
from sophia.demo.meta.world.objects import (
    DEMOGRAPHIC_DIMENSIONS,
    DEMOGRAPHICS,
    REACTIONS,
    InstagramAccount,
    Media,
    Node,
    Page,
    PageStory,
    Post,
    ProductType,
    Video,
)

Kind = Literal["page", "post", "page_story", "video", "instagram", "media"]

# The days on which Meta retired many names, on every version.
AUTUMN_2025 = date(2025, 11, 15)
SUMMER_2026 = date(2026, 6, 15)

DAY: tuple[str, ...] = ("day",)
ROLLING: tuple[str, ...] = ("day", "week", "days_28")
LIFETIME: tuple[str, ...] = ("lifetime",)
LIFETIME_AND_DAY: tuple[str, ...] = ("lifetime", "day")

FROM_ADS_OR_FOLLOWERS = ("is_from_ads", "is_from_followers")
ALL_PRODUCTS: frozenset[ProductType] = frozenset({"FEED", "REELS", "STORY"})
FEED_AND_REELS: frozenset[ProductType] = frozenset({"FEED", "REELS"})
FEED_AND_STORY: frozenset[ProductType] = frozenset({"FEED", "STORY"})
REELS_ONLY: frozenset[ProductType] = frozenset({"REELS"})
STORY_ONLY: frozenset[ProductType] = frozenset({"STORY"})


@dataclass(frozen=True, slots=True)
class Rule:
    """How requests may ask for one metric of one kind of object.

    `metric_types` and `products` concern Instagram only. `refused_when_small`: code 200 / 1504029 on a Page with few
    followers. `empty_when_small`: an empty answer on an Instagram account with few followers. `alone`: money, which
    needs a request of its own. `retired_on` is the first Pacific day on which the name is dead, `silent_from`
    the first on which its answers are empty.
    """

    name: str
    periods: tuple[str, ...]
    breakdowns: tuple[str, ...] = ()
    metric_types: tuple[str, ...] = ()
    products: frozenset[ProductType] = frozenset()
    retired_on: date | None = None
    silent_from: date | None = None
    first_version: int = OLDEST_VERSION
    last_version: int = NEWEST_VERSION
    refused_when_small: bool = False
    empty_when_small: bool = False
    alone: bool = False
    reels_only: bool = False

    def is_alive(self, version: int, today: date) -> bool:
        """Return whether the name is valid for Graph API version `version` on the Pacific day `today`."""
        if self.retired_on is not None and today >= self.retired_on:
            return False
        return self.first_version <= version <= self.last_version

    def is_silent(self, today: date) -> bool:
        """Return whether requests for the name bring no block on the Pacific day `today`."""
        return today >= (self.silent_from or date.max)


def _table(*groups: Iterable[Rule]) -> dict[str, Rule]:
    return {rule.name: rule for group in groups for rule in group}


def _rules(names: str, periods: tuple[str, ...], **more: Any) -> list[Rule]:
    """Return one rule with `more` fields for each name in `names`, which are separated by blanks."""
    return [Rule(name, periods, **more) for name in names.split()]


def _variants(base: str, suffixes: str) -> str:
    return " ".join([base, *(base + suffix for suffix in suffixes.split())])


_REACTION_TOTALS = "{}_{}_total"

PAGE = _table(
    [Rule("page_media_view", (*ROLLING, "month"), FROM_ADS_OR_FOLLOWERS)],
    _rules("page_total_media_view_unique", ROLLING, refused_when_small=True),
    _rules("page_views_total page_post_engagements page_total_actions page_daily_follows", ROLLING),
    _rules("page_follows page_daily_unfollows page_fan_adds_by_paid_non_paid_unique", DAY),
    _rules("page_daily_follows_unique page_daily_unfollows_unique", ROLLING),
    _rules("page_lifetime_engaged_followers_unique", LIFETIME),
    _rules("page_actions_post_reactions_total page_follows_country page_follows_city", DAY),
    _rules(" ".join(_REACTION_TOTALS.format("page_actions_post_reactions", kind) for kind in REACTIONS), ROLLING),
    _rules(_variants("page_video_views", "_paid _organic _autoplayed _click_to_play"), ROLLING),
    _rules(
        _variants("page_video_complete_views_30s", "_paid _organic _autoplayed _click_to_play _unique _repeat_views"),
        ROLLING,
    ),
    _rules("page_video_view_time", ROLLING),
    _rules("content_monetization_earnings monetization_approximate_earnings", DAY, alone=True),
    _rules(
        "page_daily_video_ad_break_ad_impressions_by_crosspost_status page_daily_video_ad_break_cpm_by_crosspost_status "
        "page_daily_video_ad_break_earnings_by_crosspost_status",
        DAY,
    ),
    _rules(
        "page_fans page_fans_locale page_fans_city page_fans_country page_fan_adds page_fan_adds_unique "
        "page_fan_removes page_fan_removes_unique",
        DAY,
        retired_on=AUTUMN_2025,
    ),
    _rules(_variants("page_impressions", "_paid _viral _nonviral"), ROLLING, retired_on=AUTUMN_2025),
    _rules(
        "page_impressions_unique page_impressions_paid_unique page_impressions_viral_unique "
        "page_impressions_nonviral_unique page_posts_served_impressions_organic_unique page_video_views_unique",
        ROLLING,
        retired_on=SUMMER_2026,
        refused_when_small=True,
    ),
    _rules(
        _variants(
            "page_posts_impressions",
            "_unique _paid _paid_unique _organic_unique _viral _viral_unique _nonviral _nonviral_unique",
        ),
        ROLLING,
        retired_on=SUMMER_2026,
    ),
)

POST = _table(
    [Rule("post_media_view", LIFETIME, FROM_ADS_OR_FOLLOWERS)],
    _rules("post_total_media_view_unique", LIFETIME_AND_DAY, refused_when_small=True),
    _rules("post_clicks post_clicks_by_type post_reactions_by_type_total", LIFETIME),
    _rules(" ".join(_REACTION_TOTALS.format("post_reactions", kind) for kind in REACTIONS), LIFETIME),
    _rules(_variants("post_activity_by_action_type", "_unique"), LIFETIME),
    _rules(_variants("post_video_views", "_organic _paid"), LIFETIME_AND_DAY),
    _rules(
        "post_video_views_autoplayed post_video_views_clicked_to_play post_video_views_sound_on post_video_views_15s "
        "post_video_views_60s_excludes_shorter post_video_views_live post_video_avg_time_watched",
        LIFETIME,
    ),
    _rules(_variants("post_video_view_time", "_organic"), LIFETIME_AND_DAY),
    _rules(_variants("post_video_complete_views_30s", "_organic _paid _autoplayed _clicked_to_play _unique"), LIFETIME),
    _rules(_variants("post_video_complete_views_organic", "_unique"), LIFETIME),
    _rules(_variants("post_video_complete_views_paid", "_unique"), LIFETIME),
    _rules("post_video_views_by_distribution_type post_video_view_time_by_distribution_type", LIFETIME),
    _rules(
        "post_video_view_time_by_age_bucket_and_gender post_video_view_time_by_region_id "
        "post_video_view_time_by_country_id post_video_social_actions_count_unique post_video_length",
        LIFETIME,
    ),
    # Retired for posts by 26 August 2026; `video_insights` still has the same name.
    _rules(
        _variants("post_video_retention_graph", "_autoplayed _clicked_to_play"), LIFETIME, retired_on=date(2026, 8, 26)
    ),
    _rules(
        "creator_monetization_qualified_views post_video_ad_break_ad_impressions post_video_ad_break_ad_cpm "
        "post_video_ad_break_earnings",
        LIFETIME_AND_DAY,
    ),
    _rules(_variants("post_impressions", "_paid _fan _organic _viral _nonviral"), LIFETIME, retired_on=AUTUMN_2025),
    _rules(
        "post_impressions_unique post_impressions_paid_unique post_impressions_fan_unique "
        "post_impressions_organic_unique post_impressions_viral_unique post_impressions_nonviral_unique "
        "post_video_views_unique post_video_views_organic_unique post_video_views_paid_unique",
        LIFETIME,
        retired_on=SUMMER_2026,
        refused_when_small=True,
    ),
)

PAGE_STORY = _table(
    _rules(
        "STORY_MEDIA_VIEW STORY_TOTAL_MEDIA_VIEW_UNIQUE STORY_INTERACTION PAGES_FB_STORY_REPLIES "
        "PAGES_FB_STORY_SHARES PAGES_FB_STORY_STICKER_INTERACTIONS PAGES_FB_STORY_THREAD_LIGHTWEIGHT_REACTIONS",
        LIFETIME,
    ),
    _rules(
        "PAGE_STORY_IMPRESSIONS_BY_STORY_ID PAGE_STORY_IMPRESSIONS_BY_STORY_ID_UNIQUE",
        LIFETIME,
        retired_on=SUMMER_2026,
    ),
)

_PLAY_KINDS = "_organic _paid _autoplayed _clicked_to_play"

VIDEO = _table(
    _rules("blue_reels_play_count fb_reels_total_plays fb_reels_replay_count", LIFETIME, reels_only=True),
    _rules(
        "post_impressions_unique post_video_avg_time_watched post_video_view_time post_video_followers "
        "post_video_likes_by_reaction_type post_video_social_actions post_video_retention_graph",
        LIFETIME,
    ),
    _rules(_variants("total_video_views", f"{_PLAY_KINDS} _sound_on _live"), LIFETIME),
    _rules(_variants("total_video_complete_views", f"{_PLAY_KINDS} _unique"), LIFETIME),
    _rules(_variants("total_video_30s_views", f"{_PLAY_KINDS} _unique"), LIFETIME),
    _rules("total_video_15s_views total_video_60s_excludes_shorter_views total_video_avg_time_watched", LIFETIME),
    _rules(_variants("total_video_view_total_time", "_organic _paid _live"), LIFETIME),
    _rules(_variants("total_video_retention_graph", "_autoplayed _clicked_to_play"), LIFETIME),
    _rules(
        "total_video_view_time_by_age_bucket_and_gender total_video_view_time_by_region_id "
        "total_video_views_by_country_id total_video_views_by_distribution_type "
        "total_video_view_time_by_distribution_type total_video_reactions_by_type_total "
        "total_video_stories_by_action_type",
        LIFETIME,
    ),
    _rules(
        "total_video_ad_break_ad_cpm total_video_ad_break_ad_impressions total_video_ad_break_earnings "
        "creator_monetization_qualified_views",
        LIFETIME_AND_DAY,
    ),
    _rules(
        _variants(
            "total_video_impressions",
            "_unique _paid _paid_unique _organic _organic_unique _viral _viral_unique _fan _fan_unique _fan_paid "
            "_fan_paid_unique",
        ),
        LIFETIME,
        retired_on=SUMMER_2026,
    ),
    _rules(
        "total_video_views_unique total_video_views_organic_unique total_video_views_paid_unique",
        LIFETIME,
        retired_on=SUMMER_2026,
    ),
    [Rule("total_video_consumption_rate", LIFETIME, silent_from=date(2026, 11, 1))],
)
# The metrics of `video_insights` if a request names none.
VIDEO_DEFAULT = ("total_video_views", "total_video_view_total_time", "total_video_avg_time_watched")

_TOTAL: tuple[str, ...] = ("total_value",)
_BOTH: tuple[str, ...] = ("time_series", "total_value")
FOLLOW_TYPES = ("follow_type", "follower_type")
TIMEFRAMES = frozenset({"this_week", "this_month"})


def _totals(names: str, breakdowns: tuple[str, ...] = ()) -> list[Rule]:
    return [Rule(name, DAY, breakdowns, _TOTAL) for name in names.split()]


INSTAGRAM = _table(
    [Rule("reach", ROLLING, ("media_product_type", *FOLLOW_TYPES), _BOTH)],
    [Rule("follower_count", DAY, metric_types=("time_series",), empty_when_small=True)],
    _totals("views", ("media_product_type", *FOLLOW_TYPES)),
    _totals("accounts_engaged replies reposts profile_views website_clicks"),
    _totals("total_interactions likes comments shares saves", ("media_product_type",)),
    [Rule("follows_and_unfollows", DAY, ("follow_type",), _TOTAL, empty_when_small=True)],
    _totals("profile_links_taps", ("contact_button_type",)),
    _totals("content_views quotes threads_views threads_likes threads_replies"),
    # A recording of September 2026 shows a refusal on v23; other projects still use it on v22.
    [Rule("online_followers", LIFETIME, last_version=22, empty_when_small=True)],
    [Rule(name, LIFETIME, DEMOGRAPHIC_DIMENSIONS, _TOTAL, empty_when_small=True) for name in DEMOGRAPHICS[:2]],
    # No longer in the table of v25.
    [Rule(DEMOGRAPHICS[2], LIFETIME, DEMOGRAPHIC_DIMENSIONS, _TOTAL, last_version=24, empty_when_small=True)],
)


def _media(names: str, products: frozenset[ProductType], breakdowns: tuple[str, ...] = ()) -> list[Rule]:
    return [Rule(name, LIFETIME, breakdowns, products=products) for name in names.split()]


MEDIA = _table(
    _media("views reach shares total_interactions reposts facebook_views total_views", ALL_PRODUCTS),
    _media("likes comments saved total_likes total_comments", FEED_AND_REELS),
    _media("follows profile_visits", FEED_AND_STORY),
    _media("profile_activity", FEED_AND_STORY, ("action_type",)),
    _media("ig_reels_avg_watch_time ig_reels_video_view_total_time reels_skip_rate crossposted_views", REELS_ONLY),
    _media("navigation", STORY_ONLY, ("story_navigation_action_type",)),
    _media("replies link_clicks", STORY_ONLY),
)

TABLES: dict[Kind, dict[str, Rule]] = {
    "page": PAGE,
    "post": POST,
    "page_story": PAGE_STORY,
    "video": VIDEO,
    "instagram": INSTAGRAM,
    "media": MEDIA,
}


def fits(rule: Rule, medium: Media) -> bool:
    """Return whether the medium has the metric. Media of unknown products have what posts and reels share."""
    needed = FEED_AND_REELS if medium.has_odd_product else {medium.product_type}
    return needed <= rule.products


def kind_of(node: Node) -> Kind | None:
    """Return the kind of `node`, or None if it has no insights."""
    kinds: dict[type[object], Kind] = {
        Page: "page",
        Post: "post",
        PageStory: "page_story",
        Video: "video",
        InstagramAccount: "instagram",
        Media: "media",
    }
    return kinds.get(type(node))
