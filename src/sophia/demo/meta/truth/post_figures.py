"""The exact counters of a Facebook post, video or Page story, and the metrics made of them."""

from collections.abc import Callable
from dataclasses import dataclass

from sophia.demo.meta.truth.values import Number, Value, part_of
from sophia.demo.meta.world.noise import around_one, split, unit
from sophia.demo.meta.world.objects import REACTIONS, Post

# Per view, for every kind of post; then what only videos have: plays, those of 15, 30 and 60 seconds, clicks to play.
_RATES = (1.0, 0.5, 0.02, 0.015, 0.012, 0.045, 0.011, 0.0024, 0.0037, 0.0012, 0.0015, 0.009, 0.006)
_PLAY_RATES = (0.55, 0.13, 0.06, 0.02)
_VIDEO_CLICKS_PER_PLAY = 0.05


@dataclass(frozen=True, slots=True)
class PostFigures:
    """Lifetime counters of one post at one hour, which never fall. Times in milliseconds."""

    views: int
    reach: int
    other_clicks: int
    photo_views: int
    link_clicks: int
    like: int
    love: int
    wow: int
    haha: int
    sorry: int
    anger: int
    comments: int
    shares: int
    plays: int
    plays_15s: int
    plays_30s: int
    plays_60s: int
    view_time_ms: int
    video_clicks: int
    length_ms: int

    @property
    def reactions(self) -> int:
        return self.like + self.love + self.wow + self.haha + self.sorry + self.anger

    @property
    def clicks(self) -> int:
        return self.other_clicks + self.photo_views + self.link_clicks + self.video_clicks

    @property
    def average_ms(self) -> int:
        return self.view_time_ms // self.plays if self.plays else 0


def rates_per_view(seed: int, post: Post) -> tuple[float, ...]:
    """Return what the counters of `post` gain per view, in the order of `PostFigures` without the length."""
    # Views have no jitter, so that no other counter can overtake them.
    rates = [rate * around_one(seed, 100 + index, 0.25 if index else 0.0) for index, rate in enumerate(_RATES)]
    rates[2:] = [rate * post.response for rate in rates[2:]]
    if post.kind != "photo":
        rates[3] = 0.0
    if post.link is None:
        rates[4] = 0.0
    if not post.is_video:
        return (*rates, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    plays = [rate * around_one(seed, 130 + index, 0.2) for index, rate in enumerate(_PLAY_RATES)]
    watched_ms = plays[0] * 1000.0 * post.length_seconds * (0.35 + 0.3 * unit(seed, 140))
    return (*rates, *plays, watched_ms, plays[0] * _VIDEO_CLICKS_PER_PLAY)


_paid, _clicked, _viral, _unique, _live = part_of(0.07), part_of(0.24), part_of(0.17), part_of(0.81), part_of(0.0)
Recipe = Callable[[PostFigures], Value]


def _without_zero(**counts: int) -> dict[str, Number]:
    return {key.replace("__", " "): count for key, count in counts.items() if count > 0}


def _reactions(post: PostFigures) -> Value:
    return _without_zero(**{kind: getattr(post, kind) for kind in REACTIONS})


def _by_distribution(total: int) -> Value:
    owned, shared, crossposted = split(total, (0.78, 0.17, 0.05))
    return _without_zero(page_owned=owned, shared=shared, crossposted=crossposted)


def _by_age_and_gender(total: int) -> Value:
    groups = ("F.18-24", "F.25-34", "F.35-44", "M.18-24", "M.25-34", "M.35-44")
    parts = split(total, (0.2, 0.22, 0.15, 0.16, 0.17, 0.1))
    return {group: part for group, part in zip(groups, parts, strict=True) if part > 0}


def _by_region(total: int, regions: tuple[str, str, str]) -> Value:
    parts = split(total, (0.61, 0.27, 0.12))
    return {region: part for region, part in zip(regions, parts, strict=True) if part > 0}


def _retention(post: PostFigures, intervals: int, drop: float) -> Value:
    """Return the share of viewers that remain in each interval."""
    if not post.plays:
        return {}
    return {str(index): round(1.0 / (1.0 + drop * index), 4) for index in range(intervals)}


POST_RECIPES: dict[str, Recipe] = {
    "post_media_view": lambda post: post.views,
    "post_total_media_view_unique": lambda post: post.reach,
    "post_clicks": lambda post: post.clicks,
    "post_clicks_by_type": lambda post: _without_zero(
        other__clicks=post.other_clicks,
        photo__view=post.photo_views,
        link__clicks=post.link_clicks,
        video__play=post.video_clicks,
    ),
    "post_reactions_by_type_total": _reactions,
    "post_activity_by_action_type": lambda post: _without_zero(
        share=post.shares, like=post.reactions, comment=post.comments
    ),
    "post_activity_by_action_type_unique": lambda post: _without_zero(
        share=_unique(post.shares), like=post.reactions, comment=_unique(post.comments)
    ),
    "post_video_views": lambda post: post.plays,
    "post_video_views_organic": lambda post: post.plays - _paid(post.plays),
    "post_video_views_paid": lambda post: _paid(post.plays),
    "post_video_views_autoplayed": lambda post: post.plays - _clicked(post.plays),
    "post_video_views_clicked_to_play": lambda post: _clicked(post.plays),
    "post_video_views_sound_on": lambda post: _viral(post.plays),
    "post_video_views_15s": lambda post: post.plays_15s,
    "post_video_views_60s_excludes_shorter": lambda post: post.plays_60s,
    "post_video_views_live": lambda post: _live(post.plays),
    "post_video_avg_time_watched": lambda post: post.average_ms,
    "post_video_view_time": lambda post: post.view_time_ms,
    "post_video_view_time_organic": lambda post: post.view_time_ms - _paid(post.view_time_ms),
    "post_video_complete_views_30s": lambda post: post.plays_30s,
    "post_video_complete_views_30s_organic": lambda post: post.plays_30s - _paid(post.plays_30s),
    "post_video_complete_views_30s_paid": lambda post: _paid(post.plays_30s),
    "post_video_complete_views_30s_autoplayed": lambda post: post.plays_30s - _clicked(post.plays_30s),
    "post_video_complete_views_30s_clicked_to_play": lambda post: _clicked(post.plays_30s),
    "post_video_complete_views_30s_unique": lambda post: _unique(post.plays_30s),
    "post_video_complete_views_organic": lambda post: post.plays_15s - _paid(post.plays_15s),
    "post_video_complete_views_organic_unique": lambda post: _unique(post.plays_15s - _paid(post.plays_15s)),
    "post_video_complete_views_paid": lambda post: _paid(post.plays_15s),
    "post_video_complete_views_paid_unique": lambda post: _unique(_paid(post.plays_15s)),
    "post_video_views_by_distribution_type": lambda post: _by_distribution(post.plays),
    "post_video_view_time_by_distribution_type": lambda post: _by_distribution(post.view_time_ms),
    "post_video_view_time_by_age_bucket_and_gender": lambda post: _by_age_and_gender(post.view_time_ms),
    "post_video_view_time_by_region_id": lambda post: _by_region(post.view_time_ms, ("Lisboa", "Ontario", "Sachsen")),
    "post_video_view_time_by_country_id": lambda post: _by_region(post.view_time_ms, ("PT", "CA", "DE")),
    "post_video_retention_graph": lambda post: _retention(post, 40, 0.06),
    "post_video_retention_graph_autoplayed": lambda post: _retention(post, 40, 0.08),
    "post_video_retention_graph_clicked_to_play": lambda post: _retention(post, 40, 0.03),
    "post_video_social_actions_count_unique": lambda post: _unique(post.comments + post.shares) if post.plays else 0,
    "post_video_length": lambda post: post.length_ms,
    "creator_monetization_qualified_views": lambda post: _viral(post.plays_30s),
    "post_video_ad_break_ad_impressions": lambda post: _viral(post.plays_60s),
    "post_video_ad_break_ad_cpm": lambda _: 0,
    "post_video_ad_break_earnings": lambda post: round(post.plays_60s * 0.0007, 2),
    # Retired names; a clock before their end still gets them.
    "post_impressions": lambda post: post.views,
    "post_impressions_paid": lambda post: _paid(post.views),
    "post_impressions_fan": lambda post: _unique(post.views),
    "post_impressions_organic": lambda post: post.views - _paid(post.views),
    "post_impressions_viral": lambda post: _viral(post.views),
    "post_impressions_nonviral": lambda post: post.views - _viral(post.views),
    "post_impressions_unique": lambda post: post.reach,
    "post_impressions_paid_unique": lambda post: _paid(post.reach),
    "post_impressions_fan_unique": lambda post: _unique(post.reach),
    "post_impressions_organic_unique": lambda post: post.reach - _paid(post.reach),
    "post_impressions_viral_unique": lambda post: _viral(post.reach),
    "post_impressions_nonviral_unique": lambda post: post.reach - _viral(post.reach),
    "post_video_views_unique": lambda post: _unique(post.plays),
    "post_video_views_organic_unique": lambda post: _unique(post.plays - _paid(post.plays)),
    "post_video_views_paid_unique": lambda post: _unique(_paid(post.plays)),
}


def _reaction(kind: str) -> Recipe:
    return lambda post: int(getattr(post, kind))


POST_RECIPES.update((f"post_reactions_{kind}_total", _reaction(kind)) for kind in REACTIONS)

# Metrics of `video_insights`. Those that posts also have are the same number under the same name.
VIDEO_RECIPES: dict[str, Recipe] = {
    "blue_reels_play_count": lambda post: post.views - post.views // 9,
    "fb_reels_total_plays": lambda post: post.views,
    "fb_reels_replay_count": lambda post: post.views // 9,
    "post_video_followers": lambda post: post.plays // 400,
    "post_video_likes_by_reaction_type": lambda post: _without_zero(
        **{f"REACTION_{kind.upper()}": getattr(post, kind) for kind in REACTIONS}
    ),
    "post_video_social_actions": lambda post: _without_zero(COMMENT=post.comments, SHARE=post.shares),
    "total_video_views": lambda post: post.plays,
    "total_video_views_organic": lambda post: post.plays - _paid(post.plays),
    "total_video_views_paid": lambda post: _paid(post.plays),
    "total_video_views_autoplayed": lambda post: post.plays - _clicked(post.plays),
    "total_video_views_clicked_to_play": lambda post: _clicked(post.plays),
    "total_video_views_sound_on": lambda post: _viral(post.plays),
    "total_video_views_live": lambda post: _live(post.plays),
    "total_video_complete_views": lambda post: post.plays_15s,
    "total_video_complete_views_organic": lambda post: post.plays_15s - _paid(post.plays_15s),
    "total_video_complete_views_paid": lambda post: _paid(post.plays_15s),
    "total_video_complete_views_autoplayed": lambda post: post.plays_15s - _clicked(post.plays_15s),
    "total_video_complete_views_clicked_to_play": lambda post: _clicked(post.plays_15s),
    "total_video_complete_views_unique": lambda post: _unique(post.plays_15s),
    "total_video_30s_views": lambda post: post.plays_30s,
    "total_video_30s_views_organic": lambda post: post.plays_30s - _paid(post.plays_30s),
    "total_video_30s_views_paid": lambda post: _paid(post.plays_30s),
    "total_video_30s_views_autoplayed": lambda post: post.plays_30s - _clicked(post.plays_30s),
    "total_video_30s_views_clicked_to_play": lambda post: _clicked(post.plays_30s),
    "total_video_30s_views_unique": lambda post: _unique(post.plays_30s),
    "total_video_15s_views": lambda post: post.plays_15s,
    "total_video_60s_excludes_shorter_views": lambda post: post.plays_60s,
    "total_video_avg_time_watched": lambda post: post.average_ms,
    "total_video_view_total_time": lambda post: post.view_time_ms,
    "total_video_view_total_time_organic": lambda post: post.view_time_ms - _paid(post.view_time_ms),
    "total_video_view_total_time_paid": lambda post: _paid(post.view_time_ms),
    "total_video_view_total_time_live": lambda post: _live(post.view_time_ms),
    "total_video_consumption_rate": lambda post: round(post.plays_30s / post.plays, 4) if post.plays else 0.0,
    "total_video_retention_graph": lambda post: _retention(post, 40, 0.06),
    "total_video_retention_graph_autoplayed": lambda post: _retention(post, 40, 0.08),
    "total_video_retention_graph_clicked_to_play": lambda post: _retention(post, 40, 0.03),
    "total_video_view_time_by_age_bucket_and_gender": lambda post: _by_age_and_gender(post.view_time_ms),
    "total_video_view_time_by_region_id": lambda post: _by_region(post.view_time_ms, ("Lisboa", "Ontario", "Sachsen")),
    "total_video_views_by_country_id": lambda post: _by_region(post.plays, ("PT", "CA", "DE")),
    "total_video_views_by_distribution_type": lambda post: _by_distribution(post.plays),
    "total_video_view_time_by_distribution_type": lambda post: _by_distribution(post.view_time_ms),
    "total_video_reactions_by_type_total": _reactions,
    "total_video_stories_by_action_type": lambda post: _without_zero(
        share=post.shares, like=post.reactions, comment=post.comments
    ),
    "total_video_ad_break_ad_cpm": lambda _: 0,
    "total_video_ad_break_ad_impressions": lambda post: _viral(post.plays_60s),
    "total_video_ad_break_earnings": lambda post: round(post.plays_60s * 0.0007, 2),
    "total_video_views_unique": lambda post: _unique(post.plays),
    "total_video_views_organic_unique": lambda post: _unique(post.plays - _paid(post.plays)),
    "total_video_views_paid_unique": lambda post: _unique(_paid(post.plays)),
}
# Retired in June 2026; a clock before it still gets them.
_IMPRESSION_SHARES = {"": 1.0, "_paid": 0.07, "_organic": 0.93, "_viral": 0.17, "_fan": 0.52, "_fan_paid": 0.03}


def _impressions(share: float, factor: float) -> Recipe:
    return lambda post: int(post.views * share * factor)


for _suffix, _share in _IMPRESSION_SHARES.items():
    VIDEO_RECIPES[f"total_video_impressions{_suffix}"] = _impressions(_share, 1.0)
    VIDEO_RECIPES[f"total_video_impressions{_suffix}_unique"] = _impressions(_share, 0.5)

# Metrics of a Page story, as shares of its views.
_STORY_SHARES = {
    "STORY_MEDIA_VIEW": 1.0,
    "STORY_TOTAL_MEDIA_VIEW_UNIQUE": 0.86,
    "STORY_INTERACTION": 0.05,
    "PAGES_FB_STORY_REPLIES": 0.01,
    "PAGES_FB_STORY_SHARES": 0.006,
    "PAGES_FB_STORY_STICKER_INTERACTIONS": 0.012,
    "PAGES_FB_STORY_THREAD_LIGHTWEIGHT_REACTIONS": 0.022,
    "PAGE_STORY_IMPRESSIONS_BY_STORY_ID": 1.0,
    "PAGE_STORY_IMPRESSIONS_BY_STORY_ID_UNIQUE": 0.86,
}


# A story gains views and reach of the Page; its other counters are no part of the Page's.
STORY_RATES = (1.0, 0.86, *[0.0] * (len(_RATES) + len(_PLAY_RATES)))


def story_number(metric: str, views: float) -> int:
    """Return the lifetime counter of a Page story. KeyError for an unknown metric."""
    return int(views * _STORY_SHARES[metric])
