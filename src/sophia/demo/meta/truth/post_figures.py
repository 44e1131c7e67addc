"""The exact counters of a Facebook post, video or Page story, and the metrics made of them."""

from collections.abc import Callable
from dataclasses import dataclass

from sophia.demo.meta.truth.values import Number, Parts, Value
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


_PARTS = Parts(paid=0.07, clicked=0.24, viral=0.17, unique=0.81)
Recipe = Callable[[PostFigures], Value]


def _without_zero(**counts: int) -> dict[str, Number]:
    return {key.replace("__", " "): count for key, count in counts.items() if count > 0}


def _reactions(post: PostFigures) -> Value:
    return _without_zero(**{kind: getattr(post, kind) for kind in REACTIONS})


def _actions(post: PostFigures) -> Value:
    return _without_zero(share=post.shares, like=post.reactions, comment=post.comments)


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


_VIEWS_PARTS = ("", "_unique", "_organic", "_organic_unique", "_paid", "_paid_unique")
_IMPRESSION_PARTS = ("", "_paid", "_fan", "_organic", "_viral", "_nonviral")
_PLAY_PARTS = ("_autoplayed", "_clicked_to_play")


def _video_recipes(prefix: str) -> dict[str, Recipe]:
    """Return the metrics that posts and `video_insights` have with different prefixes."""
    retention = f"{prefix}_retention_graph"
    recipes: dict[str, Recipe] = {
        f"{prefix}_avg_time_watched": lambda post: post.average_ms,
        f"{prefix}_views_by_distribution_type": lambda post: _by_distribution(post.plays),
        f"{prefix}_view_time_by_distribution_type": lambda post: _by_distribution(post.view_time_ms),
        f"{prefix}_view_time_by_age_bucket_and_gender": lambda post: _by_age_and_gender(post.view_time_ms),
        f"{prefix}_view_time_by_region_id": lambda post: _by_region(
            post.view_time_ms, ("Lisboa", "Ontario", "Sachsen")
        ),
        retention: lambda post: _retention(post, 40, 0.06),
        f"{retention}_autoplayed": lambda post: _retention(post, 40, 0.08),
        f"{retention}_clicked_to_play": lambda post: _retention(post, 40, 0.03),
        f"{prefix}_ad_break_ad_impressions": lambda post: _PARTS.viral(post.plays_60s),
        f"{prefix}_ad_break_ad_cpm": lambda _: 0,
        f"{prefix}_ad_break_earnings": lambda post: round(post.plays_60s * 0.0007, 2),
    }
    parts: dict[str, Recipe] = _PARTS.recipes(
        f"{prefix}_views{{}}", lambda post: post.plays, *_VIEWS_PARTS, *_PLAY_PARTS, "_sound_on", "_live"
    )
    return recipes | parts


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
    "post_activity_by_action_type": _actions,
    "post_activity_by_action_type_unique": lambda post: _without_zero(
        share=_PARTS.unique(post.shares), like=post.reactions, comment=_PARTS.unique(post.comments)
    ),
    **_video_recipes("post_video"),
    **_PARTS.recipes("post_video_view_time{}", lambda post: post.view_time_ms, "", "_organic"),
    **_PARTS.recipes("post_video_complete_views{}", lambda post: post.plays_15s, *_VIEWS_PARTS[2:]),
    **_PARTS.recipes(
        "post_video_complete_views_30s{}", lambda post: post.plays_30s, "", "_unique", "_organic", "_paid", *_PLAY_PARTS
    ),
    "post_video_views_15s": lambda post: post.plays_15s,
    "post_video_views_60s_excludes_shorter": lambda post: post.plays_60s,
    "post_video_view_time_by_country_id": lambda post: _by_region(post.view_time_ms, ("PT", "CA", "DE")),
    "post_video_social_actions_count_unique": lambda post: (
        _PARTS.unique(post.comments + post.shares) if post.plays else 0
    ),
    "post_video_length": lambda post: post.length_ms,
    "creator_monetization_qualified_views": lambda post: _PARTS.viral(post.plays_30s),
    # Retired names; a clock before their end still gets them.
    **_PARTS.recipes("post_impressions{}", lambda post: post.views, *_IMPRESSION_PARTS),
    **_PARTS.recipes("post_impressions{}_unique", lambda post: post.reach, *_IMPRESSION_PARTS),
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
    **_video_recipes("total_video"),
    **_PARTS.recipes("total_video_view_total_time{}", lambda post: post.view_time_ms, "", "_organic", "_paid", "_live"),
    **_PARTS.recipes(
        "total_video_complete_views{}", lambda post: post.plays_15s, "", "_unique", "_organic", "_paid", *_PLAY_PARTS
    ),
    **_PARTS.recipes(
        "total_video_30s_views{}", lambda post: post.plays_30s, "", "_unique", "_organic", "_paid", *_PLAY_PARTS
    ),
    "total_video_15s_views": lambda post: post.plays_15s,
    "total_video_60s_excludes_shorter_views": lambda post: post.plays_60s,
    "total_video_consumption_rate": lambda post: round(post.plays_30s / post.plays, 4) if post.plays else 0.0,
    "total_video_views_by_country_id": lambda post: _by_region(post.plays, ("PT", "CA", "DE")),
    "total_video_reactions_by_type_total": _reactions,
    "total_video_stories_by_action_type": _actions,
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
