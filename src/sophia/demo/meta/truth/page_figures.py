"""The exact figures of a Facebook Page for one Pacific day, and the metrics made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sophia.demo.meta.truth.attention import DayAttention
from sophia.demo.meta.truth.post_figures import PostFigures
from sophia.demo.meta.truth.values import Parts, Value, distributed_numbers
from sophia.demo.meta.world.noise import around_one, seed_of, split, weights_of
from sophia.demo.meta.world.objects import REACTIONS, Page

_COUNTRIES = ("US", "PT", "CA", "DE", "MX", "BR", "FR", "IN")
_CITIES = ("Lima, Peru", "Lisbon, Portugal", "Toronto, ON, Canada", "Leipzig, Germany", "Lyon, France", "Pune, India")


@dataclass(frozen=True, slots=True)
class PageFigures:
    """Whole numbers of one day as Meta serves them at some moment; times in milliseconds."""

    views: int
    reach: int
    clicks: int
    like: int
    love: int
    wow: int
    haha: int
    sorry: int
    anger: int
    comments: int
    shares: int
    plays: int
    complete_plays: int
    view_time_ms: int
    visits: int
    actions: int
    follows: int
    unfollows: int

    @property
    def reactions(self) -> int:
        return self.like + self.love + self.wow + self.haha + self.sorry + self.anger


# Per follower and day. The first fourteen depend on what the platform shows, the others on what people seek out.
_SHOWN_RATES = (0.31, 0.2, 0.011, 0.016, 0.004, 0.0008, 0.0012, 0.0004, 0.0005, 0.0035, 0.0022, 0.12, 0.021, 2000.0)
_SOUGHT_RATES = (0.024, 0.003, 0.0021, 0.0013)
# The people's reactions among them: clicks, reactions, comments, shares.
_REACTIONS = range(2, 11)
# Meta counts follows at once; a restatement would contradict the number of followers.
_NEVER_RESTATED = 2


def page_views(seed: int, page: Page, day: date, attention: DayAttention) -> float:
    """Return the views of `day` before they are rounded."""
    return page.followers * attention.distributed * _SHOWN_RATES[0] * around_one(seed, 24 * day.toordinal(), 0.1)


def page_figures(
    seed: int, page: Page, day: date, attention: DayAttention, share: float, posts: PostFigures
) -> PageFigures:
    """Return the figures of `day`, of which Meta serves `share` so far, and never less than the day's gains of its
    `posts`.
    """
    base = 24 * day.toordinal()
    distributed, sought = page.followers * attention.distributed * share, page.followers * attention.sought
    numbers = distributed_numbers(seed, base, distributed, _SHOWN_RATES, attention.response, _REACTIONS)
    reactions = [getattr(posts, kind) for kind in REACTIONS]
    gains = (posts.views, posts.reach, posts.clicks, *reactions, posts.comments, posts.shares)
    gains += (posts.plays, posts.plays_30s, posts.view_time_ms)
    numbers = [max(pair) for pair in zip(numbers, gains, strict=True)]
    restated = len(_SOUGHT_RATES) - _NEVER_RESTATED
    for index, rate in enumerate(_SOUGHT_RATES):
        total = sought * share if index < restated else sought
        numbers.append(
            int(
                total * rate * around_one(seed, base + 14 + index, 0.15 if index < restated else 0.5)
                + 0.4 * (index >= restated)
            )
        )
    return PageFigures(*numbers)


_PARTS = Parts(paid=0.08, clicked=0.22, viral=0.19, unique=0.83)
_PLAY_PARTS = ("", "_paid", "_organic", "_autoplayed", "_click_to_play", "_unique")
_IMPRESSION_PARTS = ("", "_paid", "_viral", "_nonviral")
Recipe = Callable[[PageFigures], Value]

PAGE_RECIPES: dict[str, Recipe] = {
    "page_media_view": lambda day: day.views,
    "page_total_media_view_unique": lambda day: day.reach,
    "page_views_total": lambda day: day.visits,
    "page_post_engagements": lambda day: day.reactions + day.comments + day.shares + day.clicks,
    "page_total_actions": lambda day: day.actions,
    "page_daily_follows": lambda day: day.follows,
    "page_daily_follows_unique": lambda day: day.follows,
    "page_daily_unfollows": lambda day: day.unfollows,
    "page_daily_unfollows_unique": lambda day: day.unfollows,
    "page_fan_adds_by_paid_non_paid_unique": lambda day: {
        "total": day.follows,
        "paid": _PARTS.paid(day.follows),
        "unpaid": day.follows - _PARTS.paid(day.follows),
    },
    "page_actions_post_reactions_total": lambda day: {
        kind: count for kind in REACTIONS if (count := getattr(day, kind)) > 0
    },
    **_PARTS.recipes("page_video_views{}", lambda day: day.plays, *_PLAY_PARTS),
    **_PARTS.recipes("page_video_complete_views_30s{}", lambda day: day.complete_plays, *_PLAY_PARTS, "_repeat_views"),
    "page_video_view_time": lambda day: day.view_time_ms,
    "content_monetization_earnings": lambda day: round(day.plays * 0.0031, 2),
    "monetization_approximate_earnings": lambda day: round(day.plays * 0.0029, 2),
    "page_daily_video_ad_break_ad_impressions_by_crosspost_status": lambda day: {"owned": _PARTS.viral(day.plays)},
    "page_daily_video_ad_break_cpm_by_crosspost_status": lambda day: {"owned": 2.35} if day.plays else {},
    "page_daily_video_ad_break_earnings_by_crosspost_status": lambda day: {"owned": round(day.plays * 0.0004, 2)},
    # Retired names; a clock before their end still gets them.
    "page_fan_adds": lambda day: day.follows,
    "page_fan_adds_unique": lambda day: day.follows,
    "page_fan_removes": lambda day: day.unfollows,
    "page_fan_removes_unique": lambda day: day.unfollows,
    **_PARTS.recipes("page_impressions{}", lambda day: day.views, *_IMPRESSION_PARTS),
    **_PARTS.recipes("page_impressions{}_unique", lambda day: day.reach, *_IMPRESSION_PARTS),
    "page_posts_served_impressions_organic_unique": lambda day: _PARTS.unique(day.reach),
    "page_posts_impressions": lambda day: _PARTS.unique(day.views),
    "page_posts_impressions_unique": lambda day: _PARTS.unique(day.reach),
    "page_posts_impressions_paid": lambda day: _PARTS.paid(day.views),
    "page_posts_impressions_paid_unique": lambda day: _PARTS.paid(day.reach),
    "page_posts_impressions_organic_unique": lambda day: _PARTS.unique(day.reach) - _PARTS.paid(day.reach),
    "page_posts_impressions_viral": lambda day: _PARTS.viral(day.views),
    "page_posts_impressions_viral_unique": lambda day: _PARTS.viral(day.reach),
    "page_posts_impressions_nonviral": lambda day: _PARTS.unique(day.views) - _PARTS.viral(day.views),
    "page_posts_impressions_nonviral_unique": lambda day: _PARTS.unique(day.reach) - _PARTS.viral(day.reach),
}


def _reaction(kind: str) -> Recipe:
    return lambda day: int(getattr(day, kind))


PAGE_RECIPES.update((f"page_actions_post_reactions_{kind}_total", _reaction(kind)) for kind in REACTIONS)


def _places(names: tuple[str, ...], share: float) -> Callable[[Page, int], Value]:
    def recipe(page: Page, followers: int) -> Value:
        parts = split(int(followers * share), weights_of(seed_of("places", page.id), len(names)))
        return {name: part for name, part in zip(names, parts, strict=True) if part > 0}

    return recipe


# Levels: made of the Page and its followers at the end of the day.
PAGE_LEVELS: dict[str, Callable[[Page, int], Value]] = {
    "page_follows": lambda _, followers: followers,
    "page_follows_country": _places(_COUNTRIES, 0.96),
    "page_follows_city": _places(_CITIES, 0.71),
    "page_fans": lambda _, followers: int(followers * 0.97),
    "page_fans_country": _places(_COUNTRIES, 0.93),
    "page_fans_city": _places(_CITIES, 0.69),
    "page_fans_locale": _places(("en_US", "pt_PT", "de_DE", "es_LA"), 0.97),
    "page_lifetime_engaged_followers_unique": lambda _, followers: int(followers * 0.58),
}


def part_share(page: Page, dimension: str) -> float:
    """Return the share of views that carries the tag "1" for `is_from_ads` or `is_from_followers`."""
    middle, spread = (0.08, 0.06) if dimension == "is_from_ads" else (0.55, 0.2)
    return middle + spread * (around_one(seed_of("part", page.id, dimension), 0, 1.0) - 1.0)
