"""Facebook Pages, their posts and stories: `/{page}/insights`, `/{post}/insights` and the fields beside them.

From GRAPH_API.md 1a and 1b. Videos and reels are posts too; facebook_video has the metrics of
`/{video}/video_insights`.
"""

from sophia.meta.catalogue.canonical import Unit
from sophia.meta.catalogue.rows import DAY, LIFETIME, LIFETIME_AND_DAY, ROLLING, Edge, family
from sophia.meta.catalogue.terms import Key, Metric, ObjectKind, Platform, Source

POST_KINDS = frozenset({ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL})
VIDEO_KINDS = frozenset({ObjectKind.VIDEO, ObjectKind.REEL})

PAGE = Edge(Platform.FACEBOOK, frozenset({ObjectKind.PAGE}), Source.INSIGHTS, ROLLING)
POST = Edge(Platform.FACEBOOK, POST_KINDS, Source.INSIGHTS, LIFETIME)
VIDEO_POST = Edge(Platform.FACEBOOK, VIDEO_KINDS, Source.INSIGHTS, LIFETIME)
STORY = Edge(Platform.FACEBOOK, frozenset({ObjectKind.STORY}), Source.INSIGHTS, LIFETIME)
_PAGE_FIELD = Edge(Platform.FACEBOOK, frozenset({ObjectKind.PAGE}), Source.FIELD, DAY)
_POST_FIELD = Edge(Platform.FACEBOOK, POST_KINDS, Source.FIELD, LIFETIME)

# Meta's names; `sorry` is the sad reaction, `anger` the angry one.
REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
REACTION_KEYS = tuple(Key(reaction, reaction) for reaction in REACTIONS)
ACTION_KEYS = (Key("share", "share", "shares"), Key("like", "like", "likes"), Key("comment", "comment", "comments"))
_CLICK_KEYS = (
    Key("link clicks", "link_clicks", "link_clicks", primary=True),
    Key("other clicks", "other_clicks"),
    Key("photo view", "photo_view"),
    Key("video play", "video_play", "clicked_plays"),
)
DISTRIBUTION_KEYS = (Key("page_owned", "page_owned"), Key("shared", "shared"), Key("crossposted", "crossposted"))
_PAID_KEYS = (Key("total", "total"), Key("paid", "paid"), Key("unpaid", "unpaid"))
_ADS_AND_FOLLOWERS = ("is_from_ads", "is_from_followers")
_STARTS = ("_paid", "_organic", "_autoplayed", "_click_to_play")
_PROBE = "Meta's changelog lists it as removed in March 2024, probes of 2026 found it alive."
_GATED = "Needs pages_read_user_content; without it every post of the call is lost (#10)."

_PAGE_ROWS: tuple[Metric, ...] = (
    PAGE.metric("page_media_view", "views", primary=True, breakdowns=_ADS_AND_FOLLOWERS, sure="A"),
    PAGE.metric("page_total_media_view_unique", "reach", primary=True, sure="A"),
    PAGE.metric("page_views_total", "profile_visits", primary=True, sure="A"),
    PAGE.metric("page_follows", "followers", primary=True, periods=DAY, sure="A", note="Total at the end of the day."),
    PAGE.metric("page_daily_follows", "follows", primary=True, sure="A", note="week and days_28: C."),
    PAGE.metric("page_daily_follows_unique", "follows", unique=True, sure="A"),
    PAGE.metric("page_daily_unfollows", "unfollows", primary=True, periods=DAY, sure="A"),
    PAGE.metric("page_daily_unfollows_unique", "unfollows", unique=True, sure="A"),
    PAGE.metric(
        "page_fan_adds_by_paid_non_paid_unique", "follows", unique=True, periods=DAY, keys=_PAID_KEYS, sure="A-"
    ),
    PAGE.metric(
        "page_lifetime_engaged_followers_unique",
        "engaged_followers",
        periods=LIFETIME,
        on_request=True,
        sure="C",
        note="The period is not known.",
    ),
    PAGE.metric("page_post_engagements", "total_interactions", primary=True, sure="A"),
    PAGE.metric("page_total_actions", "profile_actions", primary=True, sure="A"),
    PAGE.metric(
        "page_actions_post_reactions_total",
        "likes",
        primary=True,
        periods=DAY,
        keys=REACTION_KEYS,
        sure="A",
        note=_PROBE,
    ),
    *(
        PAGE.metric(f"page_actions_post_reactions_{reaction}_total", "likes", on_request=True, sure="C", note=_PROBE)
        for reaction in REACTIONS
    ),
    *family(PAGE.metric("page_video_views", "video_views", primary=True, sure="A", note="Splits: B."), *_STARTS),
    *family(
        PAGE.metric("page_video_complete_views_30s", "video_long_views", primary=True),
        *_STARTS,
        "_unique",
        "_repeat_views",
    ),
    PAGE.metric("page_video_view_time", "watch_time", primary=True, sure="A"),
    PAGE.metric("page_follows_country", "follower_demographics", periods=DAY, dimension="country", note=_PROBE),
    PAGE.metric("page_follows_city", "follower_demographics", periods=DAY, dimension="city", note=_PROBE),
    *(
        PAGE.metric(name, "earnings", periods=DAY, on_request=True, alone=name, sure="A", note="With others: code 2.")
        for name in ("content_monetization_earnings", "monetization_approximate_earnings")
    ),
    *(
        PAGE.metric(
            f"page_daily_video_ad_break_{what}_by_crosspost_status",
            canonical,
            periods=DAY,
            dimension="crosspost_status",
            on_request=True,
            alone="ad_break",
        )
        for what, canonical in (("ad_impressions", "monetised_views"), ("cpm", "ad_rate"), ("earnings", "earnings"))
    ),
    _PAGE_FIELD.metric("followers_count", "followers", sure="A", note="Today's total; page_follows has the history."),
    _PAGE_FIELD.metric("fan_count", "fans", primary=True, sure="A"),
)

_POST_ROWS: tuple[Metric, ...] = (
    POST.metric("post_media_view", "views", primary=True, breakdowns=_ADS_AND_FOLLOWERS, sure="A"),
    POST.metric(
        "post_total_media_view_unique",
        "reach",
        primary=True,
        periods=LIFETIME_AND_DAY,
        sure="A",
        note="Refused with 200/1504029 on small Pages.",
    ),
    POST.metric("post_clicks", "clicks", primary=True, sure="A"),
    POST.metric("post_clicks_by_type", "clicks", keys=_CLICK_KEYS, sure="A", note="video play: C."),
    POST.metric(
        "post_reactions_by_type_total",
        "likes",
        primary=True,
        keys=REACTION_KEYS,
        sure="A",
        note="Includes reactions on reshares: at least the count of the post itself.",
    ),
    *(POST.metric(f"post_reactions_{reaction}_total", "likes", on_request=True) for reaction in REACTIONS),
    *family(
        POST.metric("post_activity_by_action_type", "total_interactions", keys=ACTION_KEYS, sure="A", note=_PROBE),
        "_unique",
    ),
    _POST_FIELD.metric("comments_count", "comments", primary=True, sure="A", note=_GATED),
    _POST_FIELD.metric("reactions_count", "likes", sure="A", note=_GATED),
    _POST_FIELD.metric("shares_count", "shares", primary=True, absent_is_zero=True, sure="A"),
)

_VIDEO_POST_ROWS: tuple[Metric, ...] = (
    *family(
        VIDEO_POST.metric("post_video_views", "video_views", primary=True, periods=LIFETIME_AND_DAY, sure="A"),
        "_organic",
        "_paid",
    ),
    *(
        VIDEO_POST.metric(f"post_video_views_{split}", canonical)
        for split, canonical in (
            ("autoplayed", "video_views"),
            ("clicked_to_play", "clicked_plays"),
            ("sound_on", "video_views"),
            ("15s", "video_long_views"),
            ("60s_excludes_shorter", "video_long_views"),
            ("live", "video_views"),
        )
    ),
    VIDEO_POST.metric(
        "post_video_avg_time_watched",
        "average_watch_time",
        primary=True,
        sure="A",
        note="Can exceed the length of the video, as replays count.",
    ),
    *family(
        VIDEO_POST.metric("post_video_view_time", "watch_time", primary=True, periods=LIFETIME_AND_DAY, sure="A"),
        "_organic",
    ),
    *family(
        VIDEO_POST.metric("post_video_complete_views_30s", "video_long_views", primary=True, sure="A"),
        *("_autoplayed", "_clicked_to_play", "_organic", "_paid", "_unique"),
    ),
    *family(VIDEO_POST.metric("post_video_complete_views_organic", "video_complete_views"), "_unique"),
    *family(VIDEO_POST.metric("post_video_complete_views_paid", "video_complete_views"), "_unique"),
    *(
        VIDEO_POST.metric(name, canonical, keys=DISTRIBUTION_KEYS, on_request=True, sure="A")
        for name, canonical in (
            ("post_video_views_by_distribution_type", "video_views"),
            ("post_video_view_time_by_distribution_type", "watch_time"),
        )
    ),
    *(
        VIDEO_POST.metric(
            f"post_video_view_time_by_{split}", "audience_watch_time", dimension=dimension, on_request=True
        )
        for split, dimension in (
            ("age_bucket_and_gender", "age_gender"),
            ("region_id", "region"),
            ("country_id", "country"),
        )
    ),
    *family(
        VIDEO_POST.metric(
            "post_video_retention_graph",
            "retention",
            dimension="segment",
            on_request=True,
            sure="C",
            note="Found retired on posts in August 2026, still documented for reels.",
        ),
        "_autoplayed",
        "_clicked_to_play",
    ),
    VIDEO_POST.metric("post_video_social_actions_count_unique", "total_interactions", unique=True),
    VIDEO_POST.metric("post_video_length", "video_length", primary=True),
    VIDEO_POST.metric(
        "creator_monetization_qualified_views",
        "monetised_views",
        periods=LIFETIME_AND_DAY,
        on_request=True,
        alone="creator_monetization_qualified_views",
    ),
    *(
        VIDEO_POST.metric(
            f"post_video_ad_break_{what}",
            canonical,
            unit=unit,
            periods=LIFETIME_AND_DAY,
            on_request=True,
            alone="ad_break",
            sure="D",
            note="Meta's documentation names the family post_video_ad_break_* only.",
        )
        for what, canonical, unit in (
            ("ad_impressions", "monetised_views", Unit.COUNT),
            ("ad_cpm", "ad_rate", Unit.MONEY),
            ("earnings", "earnings", Unit.MONEY),
        )
    ),
)

_NOT_YET = "A value of 0 whose end_time is 1970-01-02 has not been computed yet: no reading."

_STORY_ROWS: tuple[Metric, ...] = (
    STORY.metric("STORY_MEDIA_VIEW", "views", primary=True, sure="A", note=_NOT_YET),
    STORY.metric("STORY_TOTAL_MEDIA_VIEW_UNIQUE", "reach", primary=True, sure="A", note=_NOT_YET),
    STORY.metric(
        "PAGE_STORY_TOTAL_MEDIA_VIEW_UNIQUE",
        "reach",
        on_request=True,
        sure="C",
        note="What Meta's blog calls STORY_TOTAL_MEDIA_VIEW_UNIQUE.",
    ),
    STORY.metric("STORY_INTERACTION", "total_interactions", primary=True, sure="A", note=_NOT_YET),
    STORY.metric("PAGES_FB_STORY_REPLIES", "replies", primary=True, sure="A", note=_NOT_YET),
    STORY.metric("PAGES_FB_STORY_SHARES", "shares", primary=True, sure="A", note=_NOT_YET),
    STORY.metric("PAGES_FB_STORY_STICKER_INTERACTIONS", "sticker_taps", primary=True, sure="A", note=_NOT_YET),
    STORY.metric("PAGES_FB_STORY_THREAD_LIGHTWEIGHT_REACTIONS", "likes", primary=True, sure="A", note=_NOT_YET),
)

FACEBOOK = (*_PAGE_ROWS, *_POST_ROWS, *_VIDEO_POST_ROWS, *_STORY_ROWS)
