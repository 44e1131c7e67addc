"""Names that Meta no longer knows, from GRAPH_API.md 1a to 1e: never requested, still read from the store.

A retired name fails on every version, and fails the whole call that contains it. If Meta's documents give a family
(`page_negative_feedback*`), its known members are here.
"""

from datetime import date

from sophia.meta.catalogue.facebook import PAGE, POST, STORY, VIDEO_POST
from sophia.meta.catalogue.facebook_video import VIDEO
from sophia.meta.catalogue.instagram import ACCOUNT, MEDIA, NOT_STORY, REEL_ONLY, STORY_ONLY
from sophia.meta.catalogue.terms import Metric, ObjectKind

_DEC_2023 = date(2023, 12, 11)  # what v18 dropped ended on every version ninety days after v18
_MAR_2024 = date(2024, 3, 14)
_SEP_2024 = date(2024, 9, 16)
_JAN_2025 = date(2025, 1, 8)
_APR_2025 = date(2025, 4, 21)
_NOV_2025 = date(2025, 11, 15)
_JUN_2026 = date(2026, 6, 15)  # Meta's pages disagree on the exact day
_NOV_2026 = date(2026, 11, 1)  # Meta names the month only
_CAROUSEL = frozenset({ObjectKind.CAROUSEL})

_PAGE_ROWS: tuple[Metric, ...] = (
    *PAGE.retired(_MAR_2024, "accounts_engaged", "page_engaged_users"),
    *PAGE.retired(_MAR_2024, "clicks", "page_consumptions"),
    *PAGE.retired(_MAR_2024, "total_interactions", "page_content_activity", "page_content_activity_by_action_type"),
    *PAGE.retired(_MAR_2024, "total_interactions", "page_positive_feedback_by_type"),
    *PAGE.retired(_MAR_2024, "total_interactions", "page_positive_feedback_by_type_unique", unique=True),
    *PAGE.retired(_MAR_2024, "follower_demographics", "page_fans_gender_age", dimension="age_gender"),
    *PAGE.retired(_MAR_2024, "profile_visits", "page_views_logged_in_total"),
    *PAGE.retired(_MAR_2024, "profile_visits", "page_views_logged_in_unique", unique=True),
    *PAGE.retired(_MAR_2024, "checkins", "page_places_checkin_mobile"),
    *PAGE.retired(_MAR_2024, "checkins", "page_places_checkin_mobile_unique", unique=True),
    *PAGE.retired(_SEP_2024, "negative_feedback", "page_negative_feedback", "page_negative_feedback_by_type"),
    *PAGE.retired(
        _SEP_2024,
        "negative_feedback",
        "page_negative_feedback_unique",
        "page_negative_feedback_by_type_unique",
        unique=True,
    ),
    *PAGE.retired(_SEP_2024, "clicks", "page_consumptions_by_consumption_type"),
    *PAGE.retired(
        _SEP_2024, "clicks", "page_consumptions_unique", "page_consumptions_by_consumption_type_unique", unique=True
    ),
    *PAGE.retired(_SEP_2024, "online_followers", "page_fans_online", dimension="hour"),
    *PAGE.retired(_SEP_2024, "online_followers", "page_fans_online_per_day"),
    *PAGE.retired(_SEP_2024, "impressions", "page_impressions_by_story_type"),
    *PAGE.retired(_SEP_2024, "reach", "page_impressions_by_story_type_unique"),
    *PAGE.retired(_SEP_2024, "reach", "page_impressions_by_city_unique", dimension="city"),
    *PAGE.retired(_SEP_2024, "reach", "page_impressions_by_country_unique", dimension="country"),
    *PAGE.retired(_SEP_2024, "reach", "page_impressions_by_locale_unique", dimension="locale"),
    *PAGE.retired(_SEP_2024, "reach", "page_impressions_by_age_gender_unique", dimension="age_gender"),
    *PAGE.retired(_SEP_2024, "profile_actions", "page_cta_clicks_logged_in_total"),
    *PAGE.retired(_SEP_2024, "profile_actions", "page_cta_clicks_logged_in_unique", unique=True),
    *PAGE.retired(_SEP_2024, "profile_visits", "page_tab_views_login_top", "page_tab_views_logout_top"),
    *PAGE.retired(_SEP_2024, "profile_visits", "page_tab_views_login_top_unique", unique=True),
    *PAGE.retired(_SEP_2024, "follows", "page_daily_follows_by_source"),
    *PAGE.retired(_SEP_2024, "follows", "page_daily_follows_by_source_unique", unique=True),
    *PAGE.retired(_SEP_2024, "impressions", "page_posts_impressions_organic"),
    *PAGE.retired(_NOV_2025, "fans", "page_fans", successor="page_follows", sure="A"),
    *PAGE.retired(_NOV_2025, "follower_demographics", "page_fans_locale", dimension="locale", sure="A"),
    *PAGE.retired(
        _NOV_2025, "follower_demographics", "page_fans_city", dimension="city", successor="page_follows_city", sure="A"
    ),
    *PAGE.retired(
        _NOV_2025,
        "follower_demographics",
        "page_fans_country",
        dimension="country",
        successor="page_follows_country",
        sure="A",
    ),
    *PAGE.retired(_NOV_2025, "follows", "page_fan_adds", successor="page_daily_follows", sure="A"),
    *PAGE.retired(
        _NOV_2025, "follows", "page_fan_adds_unique", unique=True, successor="page_daily_follows_unique", sure="A"
    ),
    *PAGE.retired(_NOV_2025, "unfollows", "page_fan_removes", successor="page_daily_unfollows", sure="A"),
    *PAGE.retired(
        _NOV_2025,
        "unfollows",
        "page_fan_removes_unique",
        unique=True,
        successor="page_daily_unfollows_unique",
        sure="A",
    ),
    *PAGE.retired(
        _NOV_2025,
        "impressions",
        *("page_impressions", "page_impressions_paid", "page_impressions_viral", "page_impressions_nonviral"),
        successor="page_media_view",
        sure="A",
    ),
    *PAGE.retired(_JUN_2026, "reach", "page_impressions_unique", successor="page_total_media_view_unique", sure="A"),
    *PAGE.retired(
        _JUN_2026,
        "reach",
        *("page_impressions_paid_unique", "page_impressions_viral_unique", "page_impressions_nonviral_unique"),
        *("page_posts_impressions_unique", "page_posts_impressions_paid_unique"),
        *("page_posts_impressions_organic_unique", "page_posts_impressions_viral_unique"),
        *("page_posts_impressions_nonviral_unique", "page_posts_served_impressions_organic_unique"),
        sure="A",
    ),
    *PAGE.retired(
        _JUN_2026,
        "impressions",
        *("page_posts_impressions", "page_posts_impressions_paid"),
        *("page_posts_impressions_viral", "page_posts_impressions_nonviral"),
        sure="A",
    ),
    *PAGE.retired(_JUN_2026, "video_views", "page_video_views_unique", unique=True, sure="A"),
)

_POST_ROWS: tuple[Metric, ...] = (
    *POST.retired(_SEP_2024, "accounts_engaged", "post_engaged_users", "post_engaged_fan"),
    *POST.retired(_SEP_2024, "clicks", "post_clicks_unique", unique=True),
    *POST.retired(_SEP_2024, "negative_feedback", "post_negative_feedback", "post_negative_feedback_by_type"),
    *POST.retired(
        _SEP_2024,
        "negative_feedback",
        "post_negative_feedback_unique",
        "post_negative_feedback_by_type_unique",
        unique=True,
    ),
    *POST.retired(_SEP_2024, "impressions", "post_impressions_by_story_type"),
    *POST.retired(_SEP_2024, "reach", "post_impressions_by_story_type_unique"),
    *POST.retired(
        _NOV_2025,
        "impressions",
        *("post_impressions", "post_impressions_paid", "post_impressions_fan"),
        *("post_impressions_organic", "post_impressions_viral", "post_impressions_nonviral"),
        successor="post_media_view",
        sure="A",
    ),
    *POST.retired(_JUN_2026, "reach", "post_impressions_unique", successor="post_total_media_view_unique"),
    *POST.retired(
        _JUN_2026,
        "reach",
        *("post_impressions_paid_unique", "post_impressions_fan_unique", "post_impressions_organic_unique"),
        *("post_impressions_viral_unique", "post_impressions_nonviral_unique"),
    ),
    *VIDEO_POST.retired(
        _JUN_2026,
        "video_views",
        *("post_video_views_unique", "post_video_views_organic_unique", "post_video_views_paid_unique"),
        unique=True,
        sure="A-",
    ),
    *STORY.retired(_JUN_2026, "impressions", "PAGE_STORY_IMPRESSIONS_BY_STORY_ID", successor="STORY_MEDIA_VIEW"),
    *STORY.retired(
        _JUN_2026,
        "reach",
        "PAGE_STORY_IMPRESSIONS_BY_STORY_ID_UNIQUE",
        successor="STORY_TOTAL_MEDIA_VIEW_UNIQUE",
    ),
    *VIDEO.retired(
        _JUN_2026,
        "impressions",
        *("total_video_impressions", "total_video_impressions_paid", "total_video_impressions_organic"),
        *("total_video_impressions_viral", "total_video_impressions_fan", "total_video_impressions_fan_paid"),
    ),
    *VIDEO.retired(
        _JUN_2026,
        "reach",
        *("total_video_impressions_unique", "total_video_impressions_paid_unique"),
        *("total_video_impressions_organic_unique", "total_video_impressions_viral_unique"),
        *("total_video_impressions_fan_unique", "total_video_impressions_fan_paid_unique"),
    ),
    *VIDEO.retired(
        _JUN_2026,
        "video_views",
        *("total_video_views_unique", "total_video_views_organic_unique", "total_video_views_paid_unique"),
        unique=True,
        sure="C",
    ),
    *VIDEO.retired(
        _NOV_2026, "retention", "total_video_consumption_rate", note="Meta accepts the name and answers nothing."
    ),
)

_INSTAGRAM_ROWS: tuple[Metric, ...] = (
    *ACCOUNT.retired(_APR_2025, "impressions", "impressions", successor="views", last_version="v21.0"),
    *ACCOUNT.retired(
        _JAN_2025,
        "profile_actions",
        *("email_contacts", "phone_call_clicks", "text_message_clicks", "get_directions_clicks"),
        successor="profile_links_taps",
    ),
    *(
        row
        for name, dimension in (
            ("audience_city", "city"),
            ("audience_country", "country"),
            ("audience_gender_age", "age_gender"),
            ("audience_locale", "locale"),
        )
        for row in ACCOUNT.retired(
            _DEC_2023,
            "follower_demographics",
            name,
            dimension=dimension,
            successor=None if name == "audience_locale" else "follower_demographics",
            last_version="v17.0",
        )
    ),
    *MEDIA.retired(
        _DEC_2023,
        "total_interactions",
        "engagement",
        kinds=NOT_STORY,
        successor="total_interactions",
        last_version="v17.0",
    ),
    *(
        row
        for name, successor in (
            ("engagement", "total_interactions"),
            ("impressions", "views"),
            ("reach", "reach"),
            ("saved", "saved"),
            ("video_views", "views"),
        )
        for row in MEDIA.retired(
            _DEC_2023,
            {"views": "impressions"}.get(successor, successor),
            f"carousel_album_{name}",
            kinds=_CAROUSEL,
            successor=successor,
            last_version="v17.0",
        )
    ),
    *MEDIA.retired(
        _DEC_2023,
        "navigation",
        *("exits", "taps_forward", "taps_back"),
        kinds=STORY_ONLY,
        successor="navigation",
        last_version="v17.0",
    ),
    *MEDIA.retired(_JAN_2025, "video_views", "video_views", successor="views", last_version="v20.0"),
    *MEDIA.retired(
        _APR_2025,
        "impressions",
        "impressions",
        successor="views",
        last_version="v21.0",
        note="Answers up to v21 for media made before July 2024.",
    ),
    *MEDIA.retired(
        _APR_2025,
        "plays",
        *("plays", "ig_reels_aggregated_all_plays_count"),
        kinds=REEL_ONLY,
        successor="views",
        last_version="v21.0",
    ),
    *MEDIA.retired(_APR_2025, "replays", "clips_replays_count", kinds=REEL_ONLY, last_version="v21.0"),
)

RETIRED = (*_PAGE_ROWS, *_POST_ROWS, *_INSTAGRAM_ROWS)
