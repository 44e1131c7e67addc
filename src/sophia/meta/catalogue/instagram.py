"""Instagram accounts and media: `/{ig-user}/insights`, `/{ig-media}/insights` and the fields beside them.

From GRAPH_API.md 1d and 1e. Media are requested by product type, because one metric that a type lacks fails the call.
"""

from sophia.meta.catalogue.rows import DAY, LIFETIME, ROLLING, Edge
from sophia.meta.catalogue.terms import Metric, ObjectKind, Platform, Source

MEDIA_KINDS = frozenset({ObjectKind.FEED, ObjectKind.CAROUSEL, ObjectKind.REEL, ObjectKind.STORY})
NOT_STORY = MEDIA_KINDS - {ObjectKind.STORY}
NOT_REEL = MEDIA_KINDS - {ObjectKind.REEL}
REEL_ONLY = frozenset({ObjectKind.REEL})
STORY_ONLY = frozenset({ObjectKind.STORY})
# Requests for a medium of an unknown product type name only metrics of every product type; others might fail the call.
EVERY_MEDIUM = MEDIA_KINDS | {ObjectKind.OTHER}
EVERY_LASTING_MEDIUM = NOT_STORY | {ObjectKind.OTHER}

ACCOUNT = Edge(Platform.INSTAGRAM, frozenset({ObjectKind.ACCOUNT}), Source.INSIGHTS, DAY, "total_value")
MEDIA = Edge(Platform.INSTAGRAM, MEDIA_KINDS, Source.INSIGHTS, LIFETIME)
_ACCOUNT_FIELD = Edge(Platform.INSTAGRAM, frozenset({ObjectKind.ACCOUNT}), Source.FIELD, DAY)
_MEDIA_FIELD = Edge(Platform.INSTAGRAM, NOT_STORY, Source.FIELD, LIFETIME)

_FOLLOW = "follow_type"
_PRODUCT = "media_product_type"
_AUDIENCE = ("age,gender", "city", "country")

_ACCOUNT_ROWS: tuple[Metric, ...] = (
    ACCOUNT.metric(
        "reach",
        "reach",
        primary=True,
        periods=ROLLING,
        metric_type="time_series",
        breakdowns=(_FOLLOW, _PRODUCT),
        sure="A",
        note="A total value when asked with a breakdown.",
    ),
    ACCOUNT.metric(
        "follower_count",
        "follows",
        primary=True,
        metric_type="time_series",
        sure="A",
        note="New followers of the day, not their total; the last 30 days without today; at least 100 followers.",
    ),
    ACCOUNT.metric("views", "views", primary=True, breakdowns=(_FOLLOW, _PRODUCT), sure="A"),
    ACCOUNT.metric("accounts_engaged", "accounts_engaged", primary=True, sure="A"),
    ACCOUNT.metric("total_interactions", "total_interactions", primary=True, breakdowns=(_PRODUCT,), sure="A"),
    ACCOUNT.metric("likes", "likes", primary=True, breakdowns=(_PRODUCT,), sure="A"),
    ACCOUNT.metric("comments", "comments", primary=True, breakdowns=(_PRODUCT,), sure="A"),
    ACCOUNT.metric("shares", "shares", primary=True, breakdowns=(_PRODUCT,), sure="A"),
    ACCOUNT.metric("saves", "saved", primary=True, breakdowns=(_PRODUCT,), sure="A", note="Media call it saved."),
    ACCOUNT.metric("replies", "replies", primary=True, sure="A"),
    ACCOUNT.metric("reposts", "reposts", primary=True, note="Since 3 December 2025."),
    ACCOUNT.metric(
        "follows_and_unfollows",
        "follower_changes",
        primary=True,
        breakdowns=(_FOLLOW,),
        breakdown_canonicals=(("follow_type=follower", "follows"), ("follow_type=non_follower", "unfollows")),
        sure="A",
        note="The breakdown is refused for a span of one day; NON_FOLLOWER holds the unfollows.",
    ),
    ACCOUNT.metric(
        "profile_links_taps", "profile_actions", primary=True, breakdowns=("contact_button_type",), sure="A"
    ),
    ACCOUNT.metric("profile_views", "profile_visits", primary=True, sure="A", note="Undocumented, answers in 2026."),
    ACCOUNT.metric("website_clicks", "link_clicks", primary=True, sure="A", note="Undocumented, answers in 2026."),
    ACCOUNT.metric("content_views", "views", on_request=True, sure="A", note="Known to exist; meaning unclear."),
    ACCOUNT.metric("quotes", "quotes", primary=True, on_request=True, sure="A", note="Known to exist."),
    Edge(Platform.INSTAGRAM, ACCOUNT.kinds, Source.INSIGHTS, LIFETIME).metric(
        "online_followers",
        "online_followers",
        dimension="hour",
        on_request=True,
        sure="C",
        note="Rejected on v23 in September 2026, still asked by others.",
    ),
    ACCOUNT.metric(
        "follower_demographics",
        "follower_demographics",
        periods=LIFETIME,
        breakdowns=_AUDIENCE,
        timeframe="this_month",
        sure="A",
        note="At least 100 followers; the top 45.",
    ),
    ACCOUNT.metric(
        "engaged_audience_demographics",
        "engaged_demographics",
        periods=LIFETIME,
        breakdowns=_AUDIENCE,
        timeframe="this_month",
        note="At least 100 engagements.",
    ),
    ACCOUNT.metric(
        "reached_audience_demographics",
        "reached_demographics",
        periods=LIFETIME,
        breakdowns=_AUDIENCE,
        timeframe="this_month",
        on_request=True,
        sure="C",
        note="No longer documented for v25.",
    ),
    _ACCOUNT_FIELD.metric("followers_count", "followers", primary=True, sure="A", note="The only total; no history."),
    _ACCOUNT_FIELD.metric("follows_count", "following", primary=True, sure="A"),
    _ACCOUNT_FIELD.metric("media_count", "media_count", primary=True, sure="A"),
)

_MEDIA_ROWS: tuple[Metric, ...] = (
    MEDIA.metric("views", "views", primary=True, kinds=EVERY_MEDIUM, sure="A", note="Refused for some old media."),
    MEDIA.metric("reach", "reach", primary=True, kinds=EVERY_MEDIUM, sure="A"),
    MEDIA.metric("likes", "likes", primary=True, kinds=EVERY_LASTING_MEDIUM, sure="A", note="Organic only."),
    MEDIA.metric("comments", "comments", primary=True, kinds=EVERY_LASTING_MEDIUM, sure="A", note="Organic only."),
    MEDIA.metric("saved", "saved", primary=True, kinds=EVERY_LASTING_MEDIUM, sure="A"),
    MEDIA.metric(
        "shares", "shares", primary=True, kinds=EVERY_MEDIUM, sure="A", note="One report of a refusal on images."
    ),
    MEDIA.metric("total_interactions", "total_interactions", primary=True, kinds=EVERY_MEDIUM, sure="A"),
    MEDIA.metric("reposts", "reposts", primary=True, kinds=EVERY_MEDIUM, note="Since 3 December 2025."),
    MEDIA.metric("follows", "follows", primary=True, kinds=NOT_REEL, sure="A"),
    MEDIA.metric("profile_visits", "profile_visits", primary=True, kinds=NOT_REEL, sure="A"),
    MEDIA.metric(
        "profile_activity", "profile_actions", primary=True, kinds=NOT_REEL, breakdowns=("action_type",), sure="A"
    ),
    MEDIA.metric(
        "ig_reels_avg_watch_time",
        "average_watch_time",
        primary=True,
        kinds=REEL_ONLY,
        sure="A",
        note="Milliseconds by consensus; Meta gives no unit.",
    ),
    MEDIA.metric(
        "ig_reels_video_view_total_time",
        "watch_time",
        primary=True,
        kinds=REEL_ONLY,
        sure="A",
        note="Milliseconds by consensus; Meta gives no unit.",
    ),
    MEDIA.metric("reels_skip_rate", "skip_rate", primary=True, kinds=REEL_ONLY),
    MEDIA.metric("crossposted_views", "crossposted_views", primary=True, kinds=REEL_ONLY),
    MEDIA.metric(
        "facebook_views",
        "facebook_views",
        primary=True,
        kinds=MEDIA_KINDS - {ObjectKind.CAROUSEL},
        note="Facebook Login only; whether carousels serve it is not known.",
    ),
    MEDIA.metric(
        "navigation",
        "navigation",
        primary=True,
        kinds=STORY_ONLY,
        breakdowns=("story_navigation_action_type",),
        sure="A",
    ),
    MEDIA.metric("replies", "replies", primary=True, kinds=STORY_ONLY),
    MEDIA.metric(
        "link_clicks", "link_clicks", primary=True, kinds=STORY_ONLY, note="Facebook Login only; since 22 June 2026."
    ),
    *(
        MEDIA.metric(
            name, canonical, kinds=kinds, on_request=True, note="Advertised ones included; Facebook Login only."
        )
        for name, canonical, kinds in (
            ("total_likes", "likes", NOT_STORY),
            ("total_comments", "comments", NOT_STORY),
            ("total_views", "views", MEDIA_KINDS),
        )
    ),
    *(
        _MEDIA_FIELD.metric(name, canonical, on_request=True, sure="A", note=note)
        for name, canonical, note in (
            ("like_count", "likes", "Missing, not 0, if the owner hides likes."),
            ("comments_count", "comments", ""),
            ("view_count", "views", ""),
            ("reposts_count", "reposts", "Since April 2026."),
            ("saved_count", "saved", "Since April 2026."),
            ("shares_count", "shares", "Since April 2026."),
        )
    ),
)

INSTAGRAM = (*_ACCOUNT_ROWS, *_MEDIA_ROWS)
