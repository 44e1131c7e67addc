"""Facebook reels and videos at `/{video}/video_insights`, from GRAPH_API.md 1c.

A video on a Page has a post as well, whose own insights are the primary readings. Metrics that they share are requested
here on request only: the splits of the totals, and watch times of reels.
"""

from sophia.meta.catalogue.canonical import Unit
from sophia.meta.catalogue.facebook import DISTRIBUTION_KEYS, REACTION_KEYS, REACTIONS, VIDEO_KINDS
from sophia.meta.catalogue.rows import LIFETIME, LIFETIME_AND_DAY, Edge, family
from sophia.meta.catalogue.terms import Key, Metric, ObjectKind, Platform, Source

REEL = Edge(Platform.FACEBOOK, frozenset({ObjectKind.REEL}), Source.VIDEO_INSIGHTS, LIFETIME)
VIDEO = Edge(Platform.FACEBOOK, frozenset({ObjectKind.VIDEO}), Source.VIDEO_INSIGHTS, LIFETIME)
_BOTH = Edge(Platform.FACEBOOK, VIDEO_KINDS, Source.VIDEO_INSIGHTS, LIFETIME)

_REEL_REACTION_KEYS = tuple(Key(f"REACTION_{reaction.upper()}", reaction) for reaction in REACTIONS)
_SOCIAL_KEYS = (Key("COMMENT", "comment", "comments"), Key("SHARE", "share", "shares"))
_STORY_KEYS = (*_SOCIAL_KEYS, Key("LIKE", "like", "likes"))
_STARTS = ("_auto_played", "_clicked_to_play")
_PAYMENT = ("_organic", "_organic_unique", "_paid", "_paid_unique", "_unique")
_SAME = "For a reel without a post of its own; otherwise the post's insights serve the same."

_REEL_ROWS: tuple[Metric, ...] = (
    REEL.metric("blue_reels_play_count", "plays", primary=True, note="Replays not counted."),
    REEL.metric("fb_reels_total_plays", "plays", note="Replays counted."),
    REEL.metric("fb_reels_replay_count", "replays", primary=True),
    REEL.metric(
        "post_impressions_unique", "reach", on_request=True, sure="D", note="Not verified since it died on posts."
    ),
    REEL.metric("post_video_avg_time_watched", "average_watch_time", on_request=True, note=_SAME),
    REEL.metric("post_video_view_time", "watch_time", on_request=True, note=_SAME),
    REEL.metric("post_video_followers", "follows", primary=True),
    REEL.metric("post_video_likes_by_reaction_type", "likes", keys=_REEL_REACTION_KEYS),
    REEL.metric("post_video_social_actions", "total_interactions", keys=_SOCIAL_KEYS),
    REEL.metric("post_video_retention_graph", "retention", dimension="segment", on_request=True),
)

_VIDEO_ROWS: tuple[Metric, ...] = (
    *family(
        VIDEO.metric("total_video_views", "video_views", note="Recorded before 2026."),
        *("_organic", "_paid", "_autoplayed", "_clicked_to_play", "_sound_on", "_live"),
        on_request=True,
    ),
    *family(
        VIDEO.metric("total_video_complete_views", "video_complete_views", primary=True, note="At least 97 %."),
        *_STARTS,
        *_PAYMENT,
        on_request=True,
    ),
    *family(
        VIDEO.metric(
            "total_video_10s_views",
            "video_long_views",
            on_request=True,
            sure="C",
            note="The 10 s family: reported dead.",
        ),
        *_STARTS,
        *("_organic", "_paid", "_sound_on", "_unique"),
    ),
    VIDEO.metric("total_video_15s_views", "video_long_views"),
    *family(
        VIDEO.metric("total_video_30s_views", "video_long_views"),
        *_STARTS,
        *("_organic", "_paid", "_unique"),
        on_request=True,
    ),
    VIDEO.metric("total_video_60s_excludes_shorter_views", "video_long_views"),
    VIDEO.metric("total_video_avg_time_watched", "average_watch_time"),
    *family(VIDEO.metric("total_video_view_total_time", "watch_time"), "_organic", "_paid", "_live", on_request=True),
    *family(
        VIDEO.metric("total_video_retention_graph", "retention", dimension="segment", on_request=True),
        "_autoplayed",
        "_clicked_to_play",
    ),
    VIDEO.metric(
        "total_video_view_time_by_age_bucket_and_gender",
        "audience_watch_time",
        dimension="age_gender",
        on_request=True,
    ),
    VIDEO.metric("total_video_view_time_by_region_id", "audience_watch_time", dimension="region", on_request=True),
    VIDEO.metric("total_video_views_by_country_id", "audience_video_views", dimension="country", on_request=True),
    VIDEO.metric("total_video_views_by_distribution_type", "video_views", keys=DISTRIBUTION_KEYS, on_request=True),
    VIDEO.metric("total_video_reactions_by_type_total", "likes", keys=REACTION_KEYS),
    VIDEO.metric("total_video_stories_by_action_type", "total_interactions", keys=_STORY_KEYS),
)

_MONEY_ROWS: tuple[Metric, ...] = (
    *(
        _BOTH.metric(
            f"total_video_ad_break_{what}",
            canonical,
            unit=unit,
            periods=LIFETIME_AND_DAY,
            on_request=True,
            alone="ad_break",
        )
        for what, canonical, unit in (
            ("ad_cpm", "ad_rate", Unit.MONEY),
            ("ad_impressions", "monetised_views", Unit.COUNT),
            ("earnings", "earnings", Unit.MONEY),
        )
    ),
    _BOTH.metric(
        "creator_monetization_qualified_views",
        "monetised_views",
        periods=LIFETIME_AND_DAY,
        on_request=True,
        alone="creator_monetization_qualified_views",
    ),
)

FACEBOOK_VIDEO = (*_REEL_ROWS, *_VIDEO_ROWS, *_MONEY_ROWS)
