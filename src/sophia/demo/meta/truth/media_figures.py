"""The exact counters of an Instagram post, reel or story, and the metrics made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from sophia.demo.meta.truth.values import Number
from sophia.demo.meta.world.noise import around_one, split, unit
from sophia.demo.meta.world.objects import Media

# Per view: views, reach, likes, comments, saved, shares, reposts, follows, profile visits, bio link clicks, other
# actions.
_RATES = (1.0, 0.45, 0.055, 0.004, 0.008, 0.006, 0.0015, 0.0012, 0.009, 0.0016, 0.0024)
_STORY_RATES = (0.4, 0.05, 0.09, 0.12, 0.003, 0.007)
# Meta refuses the insights of a story with fewer viewers with code 10.
ENOUGH_VIEWERS = 5
# The views of a story that never gets so many viewers.
FEW_VIEWS = 6.0


@dataclass(frozen=True, slots=True)
class MediaFigures:
    """Lifetime counters of one medium at one hour, which never fall. Times in milliseconds."""

    views: int
    reach: int
    likes: int
    comments: int
    saved: int
    shares: int
    reposts: int
    follows: int
    profile_visits: int
    bio_link_clicks: int
    other_actions: int
    tap_forward: int
    tap_back: int
    tap_exit: int
    swipe_forward: int
    replies: int
    link_clicks: int
    watch_time_ms: int

    @property
    def interactions(self) -> int:
        return self.likes + self.comments + self.saved + self.shares + self.reposts + self.replies

    @property
    def activity(self) -> int:
        return self.bio_link_clicks + self.other_actions

    @property
    def navigation(self) -> int:
        return self.tap_forward + self.tap_back + self.tap_exit + self.swipe_forward


def rates_per_view(seed: int, medium: Media) -> tuple[float, ...]:
    """Return what the counters of `medium` gain per view, in the order of `MediaFigures`."""
    rates = [rate * around_one(seed, 200 + index, 0.2 if index else 0.0) for index, rate in enumerate(_RATES)]
    rates[2:] = [rate * medium.response for rate in rates[2:]]
    if medium.is_story:
        rates[2] = rates[3] = rates[4] = 0.0
        steps = [rate * around_one(seed, 230 + index, 0.2) for index, rate in enumerate(_STORY_RATES)]
        return (*rates, *steps, 0.0)
    watched_ms = 1000.0 * medium.length_seconds * (0.3 + 0.3 * unit(seed, 240))
    return (*rates, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, watched_ms if medium.product_type == "REELS" else 0.0)


def _skip_rate(medium: MediaFigures) -> Number:
    """Return the fraction of viewers that left within three seconds."""
    return round(0.2 + 0.3 * (medium.views % 97) / 97, 4) if medium.views else 0.0


_FIGURES_SERVED_AS_METRICS = (
    *("views", "reach", "likes", "comments", "saved", "shares", "reposts", "follows", "profile_visits"),
    *("navigation", "replies", "link_clicks"),
)
MEDIA_RECIPES: dict[str, Callable[[MediaFigures], Number]] = {
    **{name: attrgetter(name) for name in _FIGURES_SERVED_AS_METRICS},
    "total_interactions": lambda medium: medium.interactions,
    "profile_activity": lambda medium: medium.activity,
    "ig_reels_avg_watch_time": lambda medium: medium.watch_time_ms // medium.views if medium.views else 0,
    "ig_reels_video_view_total_time": lambda medium: medium.watch_time_ms,
    "reels_skip_rate": _skip_rate,
    "crossposted_views": lambda medium: medium.views + medium.views // 6,
    "facebook_views": lambda medium: medium.views // 6,
    "total_views": lambda medium: medium.views + medium.views // 11,
    "total_likes": lambda medium: medium.likes + medium.likes // 13,
    "total_comments": lambda medium: medium.comments + medium.comments // 13,
}


def media_parts(metric: str, medium: MediaFigures) -> dict[str, int]:
    """`profile_activity` by action_type, `navigation` by story_navigation_action_type; without zeros."""
    if metric == "navigation":
        steps = ("tap_forward", "tap_back", "tap_exit", "swipe_forward")
        return {step: count for step in steps if (count := int(getattr(medium, step))) > 0}
    kinds = ("call", "direction", "email", "text", "other")
    others = split(medium.other_actions, (0.3, 0.3, 0.15, 0.1, 0.15))
    parts = {"bio_link_clicked": medium.bio_link_clicks, **dict(zip(kinds, others, strict=True))}
    return {kind: count for kind, count in parts.items() if count > 0}
