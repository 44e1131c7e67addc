"""The true figures that the simulated Meta serves: exact, repeatable, and equal for the server and for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta

from sophia.demo.meta.truth import instagram_figures as instagram_numbers
from sophia.demo.meta.truth.attention import attention, final_share
from sophia.demo.meta.truth.instagram_figures import INSTAGRAM_RECIPES, InstagramFigures, Parts
from sophia.demo.meta.truth.media_figures import ENOUGH_VIEWERS, MEDIA_RECIPES, MediaFigures
from sophia.demo.meta.truth.page_figures import (
    PAGE_LEVELS,
    PAGE_RECIPES,
    PageFigures,
    page_figures,
    page_views,
    part_share,
)
from sophia.demo.meta.truth.post_figures import POST_RECIPES, STORY_RATES, VIDEO_RECIPES, PostFigures, story_number
from sophia.demo.meta.truth.post_views import PostViews, sharing_post
from sophia.demo.meta.truth.values import Number, Value
from sophia.demo.meta.world.noise import seed_of
from sophia.demo.meta.world.objects import Account, InstagramAccount, Media, Page, PageStory, Post
from sophia.demo.meta.world.pacific import ONE_DAY, day_close, day_start, last_closed_day
from sophia.demo.meta.world.world import World

# Days in the rolling periods; Meta does not say what `month` covers, here it is 30 days.
PERIOD_DAYS = {"day": 1, "week": 7, "days_28": 28, "month": 30}
# Beyond the largest day, this share of the daily counts are new people. With one share for all periods
# largest day <= week <= 28 days <= sum of days; four weeks are about 62 % of the sum.
_NEW_PEOPLE = 0.6


def distinct(values: Sequence[Number]) -> int:
    """Return the number of different people over several days from the numbers of the days."""
    largest = max(values)
    return int(largest + _NEW_PEOPLE * (sum(values) - largest))


class Truth:
    """Every value that Meta could serve for `world`. Values depend on their arguments, `overrides` and published posts.

    `overrides` holds the values of `restate`: (object id, metric, day or None for lifetime) → value. The other
    dictionaries are caches.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.overrides: dict[tuple[str, str, date | None], Value] = {}
        self._page_days: dict[tuple[str, date, float], PageFigures] = {}
        self._instagram_days: dict[tuple[str, date, float], InstagramFigures] = {}
        self._levels: dict[tuple[str, date], int] = {}
        self._level_ends: dict[str, tuple[date, date]] = {}
        self._post_views: dict[str, PostViews] = {}
        # Several fields of one post are answered one after the other.
        self._latest: tuple[str, datetime, PostFigures] | None = None

    def restate(self, object_id: str, metric: str, day: date | None, value: Value) -> None:
        """Set the value of a metric of this object on `day` (None: the lifetime value)."""
        self.overrides[object_id, metric, day] = value

    # How an account's views are shared among its posts.

    def _posts_of(self, account: Account) -> PostViews:
        views, published = self._post_views.get(account.id), self.world.published(account.id)
        if views is None:
            later = {post.id for post in published}
            planned = [post for post in self.world.everything_of(account) if post.id not in later]
            counter_count = len(STORY_RATES if isinstance(account, Page) else fields(MediaFigures))
            sharing = [sharing_post(self.world.seed, post) for post in planned]
            views = PostViews(lambda day: self._account_views(account, day), sharing, counter_count)
            self._post_views[account.id] = views
        for post in published:
            if post.id not in views:
                views.add(sharing_post(self.world.seed, post))
                self._page_days.clear()
                self._instagram_days.clear()
        return views

    def _account_views(self, account: Account, day: date) -> float:
        day_attention = attention(self.world, self.world.business_of(account.id), account, day)
        if isinstance(account, Page):
            return page_views(seed_of(self.world.seed, "page", account.id), account, day, day_attention)
        seed = seed_of(self.world.seed, "instagram", account.id)
        return instagram_numbers.instagram_views(seed, account, day, day_attention)

    # Facebook Pages.

    def page_figures(self, page: Page, day: date, now: datetime) -> PageFigures:
        share = final_share(day, now)
        key = (page.id, day, share)
        figures = self._page_days.get(key)
        if figures is None:
            seed = seed_of(self.world.seed, "page", page.id)
            day_attention = attention(self.world, self.world.business_of(page.id), page, day)
            gains = PostFigures(*[*self._posts_of(page).gains(day, now), 0])
            figures = page_figures(seed, page, day, day_attention, share, gains)
            if day_close(day) <= now:
                self._page_days[key] = figures
        return figures

    def page_day(self, page: Page, metric: str, day: date, now: datetime) -> Value:
        """Return the metric's value for one Pacific day at `now`. Raise KeyError for an unknown metric."""
        override = self.overrides.get((page.id, metric, day)) if self.overrides else None
        if override is not None:
            return override
        level = PAGE_LEVELS.get(metric)
        if level is not None:
            return level(page, self.followers_on(page, day))
        return PAGE_RECIPES[metric](self.page_figures(page, day, now))

    def page_series(self, page: Page, metric: str, period: str, days: Sequence[date], now: datetime) -> list[Value]:
        """Return for each of the consecutive `days` its value, or the rolling total that ends with it."""
        length = PERIOD_DAYS[period]
        if length == 1 or not days:
            return [self.page_day(page, metric, day, now) for day in days]
        before = [days[0] - offset * ONE_DAY for offset in range(length - 1, 0, -1)]
        daily = [self._whole(self.page_day(page, metric, day, now)) for day in (*before, *days)]
        combine = distinct if "_unique" in metric else sum
        return [combine(daily[index : index + length]) for index in range(len(days))]

    @staticmethod
    def _whole(value: Value) -> int:
        """Return the value, which must be a whole number to have rolling periods."""
        if not isinstance(value, int):
            raise TypeError(f"{value!r} cannot be added up over days")
        return value

    def is_valueless(self, page: Page, metric: str, period: str, day: date) -> bool:
        """Return whether the entry of this day comes without a `value`."""
        return period == "day" and (page.id, metric, day) in self.world.valueless_days

    @staticmethod
    def tagged_parts(page: Page, dimension: str, total: int) -> dict[str, int]:
        """Return `total` views by `is_from_ads` or `is_from_followers`: tag "0" or "1" → views."""
        tagged = int(total * part_share(page, dimension))
        return {"0": total - tagged, "1": tagged}

    def page_lifetime(self, page: Page, metric: str, now: datetime) -> Value:
        override = self.overrides.get((page.id, metric, None))
        return self.page_day(page, metric, last_closed_day(now), now) if override is None else override

    # Followers: a level at the end of each day, consistent with the follows and unfollows of the days.

    def followers_on(self, account: Account, day: date) -> int:
        """Followers of a Page or Instagram account at the end of the Pacific `day`."""
        level = self._levels.get((account.id, day))
        return self._reckon_level(account, day) if level is None else level

    def followers_now(self, account: Account, now: datetime) -> int:
        """Return the profile's number: the followers at the end of the last closed day."""
        return self.followers_on(account, last_closed_day(now))

    def fans_now(self, page: Page, now: datetime) -> int:
        """Return `fan_count`: the followers that also like the Page."""
        return int(self.followers_now(page, now) * 0.97)

    def _reckon_level(self, account: Account, target_day: date) -> int:
        anchor = last_closed_day(self.world.built_at)
        first, last = self._level_ends.get(account.id, (anchor, anchor))
        self._levels.setdefault((account.id, anchor), account.followers)
        while target_day < first:
            before = self._levels[account.id, first] - self._net_follows(account, first)
            first -= ONE_DAY
            self._levels[account.id, first] = before
        while target_day > last:
            after = self._levels[account.id, last] + self._net_follows(account, last + ONE_DAY)
            last += ONE_DAY
            self._levels[account.id, last] = after
        self._level_ends[account.id] = (first, last)
        return self._levels[account.id, target_day]

    def _net_follows(self, account: Account, day: date) -> int:
        final = day_close(day) + timedelta(days=3)
        if isinstance(account, Page):
            figures: PageFigures | InstagramFigures = self.page_figures(account, day, final)
        else:
            figures = self.instagram_figures(account, day, final)
        return figures.follows - figures.unfollows

    # Facebook posts, videos and stories.

    def post_figures(self, post: Post, now: datetime) -> PostFigures:
        """Return the counters of a post at the last whole hour before `now`."""
        latest = self._latest
        if latest is not None and latest[0] == post.id and latest[1] == now:
            return latest[2]
        counters = self._posts_of(self.world.account(post.page_id)).counters(post.id, now)
        figures = PostFigures(*[*counters, int(post.length_seconds * 1000)])
        self._latest = (post.id, now, figures)
        return figures

    def post_value(self, post: Post, metric: str, figures: PostFigures) -> Value:
        """Return a lifetime metric of a post or of its video, from its counters."""
        override = self.overrides.get((post.id, metric, None)) if self.overrides else None
        if override is not None:
            return override
        recipe = POST_RECIPES.get(metric) or VIDEO_RECIPES[metric]
        return recipe(figures)

    def post_lifetime(self, post: Post, metric: str, now: datetime) -> Value:
        """Return a lifetime metric of a post or of its video at `now`. KeyError for an unknown metric."""
        return self.post_value(post, metric, self.post_figures(post, now))

    def post_day(self, post: Post, metric: str, day: date) -> Number:
        """Return what a lifetime counter gained on one Pacific day."""
        override = self.overrides.get((post.id, metric, day))
        opened = self.post_lifetime(post, metric, day_start(day))
        closed = self.post_lifetime(post, metric, day_close(day)) if override is None else override
        if isinstance(opened, Mapping) or isinstance(closed, Mapping):
            raise TypeError(f"{metric} has no daily value")
        if override is not None:
            return closed
        return round(closed - opened, 2) if isinstance(closed, float) else closed - opened

    @staticmethod
    def post_counts(figures: PostFigures) -> dict[str, int]:
        """Return the counts on the post object, whose reactions exclude those on reshares."""
        reactions = figures.reactions - figures.reactions // 20
        return {"reactions": reactions, "comments": figures.comments, "shares": figures.shares}

    def page_story_lifetime(self, story: PageStory, metric: str, now: datetime) -> Value:
        override = self.overrides.get((story.id, metric, None))
        if override is not None:
            return override
        views = self._posts_of(self.world.account(story.page_id)).views(story.id, now)
        return story_number(metric, views)

    # Instagram accounts.

    def instagram_figures(self, account: InstagramAccount, day: date, now: datetime) -> InstagramFigures:
        share = final_share(day, now)
        key = (account.id, day, share)
        figures = self._instagram_days.get(key)
        if figures is None:
            seed = seed_of(self.world.seed, "instagram", account.id)
            day_attention = attention(self.world, self.world.business_of(account.id), account, day)
            gains = MediaFigures(*self._posts_of(account).gains(day, now))
            figures = instagram_numbers.instagram_figures(seed, account, day, day_attention, share, gains)
            if day_close(day) <= now:
                self._instagram_days[key] = figures
        return figures

    def is_empty_day(self, account: InstagramAccount, day: date) -> bool:
        """Return whether Meta has no data for this day."""
        return (account.id, day) in self.world.empty_instagram_days

    def instagram_day(self, account: InstagramAccount, metric: str, day: date, now: datetime) -> int:
        """Return the metric's value for one Pacific day at `now`. Raise KeyError for an unknown metric."""
        override = self.overrides.get((account.id, metric, day)) if self.overrides else None
        if override is not None:
            return self._whole(override)
        return INSTAGRAM_RECIPES[metric](self.instagram_figures(account, day, now))

    def instagram_reach(self, account: InstagramAccount, period: str, day: date, now: datetime) -> int:
        """Return the different people reached in the rolling period that ends with `day`."""
        days = [day - offset * ONE_DAY for offset in range(PERIOD_DAYS[period])]
        return distinct([self.instagram_day(account, "reach", period_day, now) for period_day in days])

    def instagram_window(
        self, account: InstagramAccount, metric: str, days: Sequence[date], now: datetime
    ) -> int | None:
        """Return the total over the `days` with data, or None if there are none."""
        daily = [self.instagram_day(account, metric, day, now) for day in days if not self.is_empty_day(account, day)]
        if not daily:
            return None
        return distinct(daily) if metric in instagram_numbers.UNIQUE else sum(daily)

    def instagram_window_parts(
        self, account: InstagramAccount, metric: str, days: Sequence[date], dimensions: tuple[str, ...], now: datetime
    ) -> Parts:
        """Return the total over `days` by `dimensions`, where follow_type and follower_type are synonyms."""
        served = [day for day in days if not self.is_empty_day(account, day)]
        if metric == "follows_and_unfollows":
            return instagram_numbers.follow_parts([self.instagram_figures(account, day, now) for day in served])
        if metric in instagram_numbers.UNIQUE:
            total = self.instagram_window(account, metric, served, now) or 0
            return instagram_numbers.day_parts(account, total, dimensions)
        parts: Parts = {}
        for day in served:
            total = self.instagram_day(account, metric, day, now)
            for key, part in instagram_numbers.day_parts(account, total, dimensions).items():
                parts[key] = parts.get(key, 0) + part
        return parts

    def demographics(self, account: InstagramAccount, metric: str, dimensions: tuple[str, ...], now: datetime) -> Parts:
        """Return the audience by `dimensions` (age, gender, country, city) at `now`."""
        return instagram_numbers.demographics(account, metric, self.followers_now(account, now), dimensions)

    def online_followers(self, account: InstagramAccount, day: date) -> dict[str, int]:
        """Followers online in each hour of `day`; empty for a day without data."""
        if self.is_empty_day(account, day):
            return {}
        return instagram_numbers.online_followers(account, day, self.followers_on(account, day))

    # Instagram media and stories.

    def media_figures(self, medium: Media, now: datetime) -> MediaFigures:
        """Return the counters of a medium at the last whole hour before `now`."""
        return MediaFigures(*self._posts_of(self.world.account(medium.account_id)).counters(medium.id, now))

    def media_value(self, medium: Media, metric: str, figures: MediaFigures) -> Number:
        """Return a lifetime metric from its counters."""
        override = self.overrides.get((medium.id, metric, None)) if self.overrides else None
        if override is not None and not isinstance(override, Mapping):
            return override
        return MEDIA_RECIPES[metric](figures)

    def media_lifetime(self, medium: Media, metric: str, now: datetime) -> Number:
        """Return a lifetime metric of a medium at `now`. KeyError for an unknown metric."""
        return self.media_value(medium, metric, self.media_figures(medium, now))

    def has_too_few_viewers(self, medium: Media, now: datetime) -> bool:
        """Return whether Meta refuses the insights of this story with code 10."""
        return medium.is_story and self.media_figures(medium, now).reach < ENOUGH_VIEWERS
