"""Dead names of metrics."""

from sophia.demo.meta.graph.rules import Kind

# Names that Meta retired before any world begins; the simulated Meta does not know them.
LONG_DEAD: dict[Kind, tuple[str, ...]] = {
    "page": (
        "page_engaged_users", "page_consumptions", "page_content_activity", "page_positive_feedback_by_type",
        "page_fans_gender_age", "page_views_logged_in_total", "page_places_checkin_mobile", "page_negative_feedback",
        "page_fans_online", "page_cta_clicks_logged_in_total", "page_tab_views_login_top", "page_daily_follows_by_source",
        "page_posts_impressions_organic",
    ),
    "post": ("post_engaged_users", "post_engaged_fan", "post_clicks_unique", "post_negative_feedback"),
    "page_story": (),
    "video": ("total_video_10s_views",),
    "instagram": (
        "impressions", "email_contacts", "phone_call_clicks", "text_message_clicks", "get_directions_clicks",
        "audience_city",
    ),
    "media": (
        "impressions", "plays", "clips_replays_count", "ig_reels_aggregated_all_plays_count", "engagement",
        "video_views", "exits", "taps_forward", "taps_back", "carousel_album_reach",
    ),
}  # fmt: skip
