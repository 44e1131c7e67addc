"""The numbers that the simulated Meta serves: exact, repeatable, the same for the server and for the tests."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sophia.demo.meta.truth import instagram_figures as instagram_numbers
from sophia.demo.meta.truth import media_figures as media_numbers
from sophia.demo.meta.truth import post_figures as post_numbers
from sophia.demo.meta.truth.attention import Ageing, ageing, attention, final_share
from sophia.demo.meta.truth.instagram_figures import INSTAGRAM_RECIPES, InstagramFigures, Parts
from sophia.demo.meta.truth.media_figures import MEDIA_RECIPES, MediaFigures
from sophia.demo.meta.truth.page_figures import (
    PAGE_LEVELS,
    PAGE_RECIPES,
    Number,
    PageFigures,
    Value,
    page_figures,
    part_share,
)
from sophia.demo.meta.truth.post_figures import POST_RECIPES, VIDEO_RECIPES, PostFigures
from sophia.demo.meta.world.noise import seed_of
from sophia.demo.meta.world.objects import Account, InstagramAccount, Media, Page, PageStory, Post
from sophia.demo.meta.world.pacific import ONE_DAY, day_close, day_start, last_closed_day
from sophia.demo.meta.world.world import World

# Days in the rolling periods; Meta does not say what `month` covers, here it is 30 days.
PERIOD_DAYS = {"day": 1, "week": 7, "days_28": 28, "month": 30}
# Of the visits beyond the largest day, the share that are other people. One share for all periods keeps
# largest day <= week <= 28 days <= sum of days; for four weeks it gives about 62 % of the sum.
_NEW_PEOPLE = 0.6


def distinct(values: Sequence[Number]) -> int:
    """Different people over several days, given each day's different people."""
    largest = max(values)
    return int(largest + _NEW_PEOPLE * (sum(values) - largest))


class Truth:
    """Every value that Meta could serve for `world`. Values depend on their arguments and on `overrides`, on nothing else.

    `overrides` holds what `restate` put there: (object id, metric, day or None for lifetime) → value. It is the only
    thing here that changes; the other dictionaries remember what was computed.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.overrides: dict[tuple[str, str, date | None], Value] = {}
        self._page_days: dict[tuple[str, date, float], PageFigures] = {}
        self._instagram_days: dict[tuple[str, date, float], InstagramFigures] = {}
        self._levels: dict[tuple[str, date], int] = {}
        self._level_ends: dict[str, tuple[date, date]] = {}
        self._posts: dict[str, tuple[tuple[float, ...], Ageing]] = {}
        self._media: dict[str, tuple[tuple[float, ...], Ageing]] = {}
        # Several fields of one post are answered one after the other.
        self._latest: tuple[str, datetime, PostFigures] | None = None

    def restate(self, object_id: str, metric: str, day: date | None, value: Value) -> None:
        """From now on the metric of this object has `value` on `day` (None: the lifetime value)."""
        self.overrides[object_id, metric, day] = value

    # Facebook Pages.

    def page_figures(self, page: Page, day: date, now: datetime) -> PageFigures:
        share = final_share(day, now)
        key = (page.id, day, share)
        figures = self._page_days.get(key)
        if figures is None:
            seed = seed_of(self.world.seed, "page", page.id)
            business = self.world.business_of(page.id)
            figures = page_figures(seed, page, day, attention(self.world, business, page, day), share)
            if day_close(day) <= now:
                self._page_days[key] = figures
        return figures

    def page_day(self, page: Page, metric: str, day: date, now: datetime) -> Value:
        """The metric's value for one Pacific day, as Meta knows it at `now`. KeyError for an unknown metric."""
        override = self.overrides.get((page.id, metric, day)) if self.overrides else None
        if override is not None:
            return override
        level = PAGE_LEVELS.get(metric)
        if level is not None:
            return level(page, self.followers_on(page, day))
        return PAGE_RECIPES[metric](self.page_figures(page, day, now))

    def page_series(self, page: Page, metric: str, period: str, days: Sequence[date], now: datetime) -> list[Value]:
        """One value for each of the consecutive `days`: that day's, or the rolling total that ends with it."""
        length = PERIOD_DAYS[period]
        if length == 1 or not days:
            return [self.page_day(page, metric, day, now) for day in days]
        before = [days[0] - offset * ONE_DAY for offset in range(length - 1, 0, -1)]
        daily = [self._whole(self.page_day(page, metric, day, now)) for day in (*before, *days)]
        combine = distinct if "_unique" in metric else sum
        return [combine(daily[place : place + length]) for place in range(len(days))]

    @staticmethod
    def _whole(value: Value) -> int:
        """Only whole numbers have rolling periods."""
        if not isinstance(value, int):
            raise TypeError(f"{value!r} cannot be added up over days")
        return value

    def is_valueless(self, page: Page, metric: str, period: str, day: date) -> bool:
        """Whether the entry of this day comes without a `value`."""
        return period == "day" and (page.id, metric, day) in self.world.valueless_days

    @staticmethod
    def tagged_parts(page: Page, dimension: str, total: int) -> dict[str, int]:
        """`total` views by `is_from_ads` or `is_from_followers`: tag "0" or "1" → views."""
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
        """What the profile says: the level at the end of the last closed day."""
        return self.followers_on(account, last_closed_day(now))

    def fans_now(self, page: Page, now: datetime) -> int:
        """`fan_count`: the followers who also like the Page."""
        return int(self.followers_now(page, now) * 0.97)

    def _reckon_level(self, account: Account, wanted: date) -> int:
        anchor = last_closed_day(self.world.built_at)
        first, last = self._level_ends.get(account.id, (anchor, anchor))
        self._levels.setdefault((account.id, anchor), account.followers)
        while wanted < first:
            before = self._levels[account.id, first] - self._net_follows(account, first)
            first -= ONE_DAY
            self._levels[account.id, first] = before
        while wanted > last:
            after = self._levels[account.id, last] + self._net_follows(account, last + ONE_DAY)
            last += ONE_DAY
            self._levels[account.id, last] = after
        self._level_ends[account.id] = (first, last)
        return self._levels[account.id, wanted]

    def _net_follows(self, account: Account, day: date) -> int:
        final = day_close(day) + timedelta(days=3)
        if isinstance(account, Page):
            figures: PageFigures | InstagramFigures = self.page_figures(account, day, final)
        else:
            figures = self.instagram_figures(account, day, final)
        return figures.follows - figures.unfollows

    # Facebook posts, videos and stories.

    def post_figures(self, post: Post, now: datetime) -> PostFigures:
        """The counters of a post at the last whole hour before `now`."""
        latest = self._latest
        if latest is not None and latest[0] == post.id and latest[1] == now:
            return latest[2]
        known = self._posts.get(post.id)
        if known is None:
            seed = seed_of(self.world.seed, "post", post.id)
            followers = self.world.business_of(post.page_id).page.followers
            finals = post_numbers.final_counts(seed, post, followers)
            known = self._posts[post.id] = (finals, ageing(self.world, seed, post.created_at))
        finals, curve = known
        figures = post_numbers.post_figures(finals, curve.progress(now), post.length_seconds)
        self._latest = (post.id, now, figures)
        return figures

    def post_value(self, post: Post, metric: str, figures: PostFigures) -> Value:
        """A lifetime metric of a post or of its video, from counters that were already worked out."""
        override = self.overrides.get((post.id, metric, None)) if self.overrides else None
        if override is not None:
            return override
        recipe = POST_RECIPES.get(metric) or VIDEO_RECIPES[metric]
        return recipe(figures)

    def post_lifetime(self, post: Post, metric: str, now: datetime) -> Value:
        """A lifetime metric of a post or of its video at `now`. KeyError for an unknown metric."""
        return self.post_value(post, metric, self.post_figures(post, now))

    def post_day(self, post: Post, metric: str, day: date) -> Number:
        """What a lifetime counter gained on one Pacific day."""
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
        """What the post object itself shows; its reactions leave out those on reshares."""
        reactions = figures.reactions - figures.reactions // 20
        return {"reactions": reactions, "comments": figures.comments, "shares": figures.shares}

    def page_story_lifetime(self, story: PageStory, metric: str, now: datetime) -> Value:
        override = self.overrides.get((story.id, metric, None))
        if override is not None:
            return override
        curve = ageing(self.world, seed_of(self.world.seed, "page-story", story.id), story.created_at, is_story=True)
        page = self.world.business_of(story.page_id).page
        return post_numbers.story_number(story, metric, page.followers, curve.progress(now))

    # Instagram accounts.

    def instagram_figures(self, account: InstagramAccount, day: date, now: datetime) -> InstagramFigures:
        share = final_share(day, now)
        key = (account.id, day, share)
        figures = self._instagram_days.get(key)
        if figures is None:
            seed = seed_of(self.world.seed, "instagram", account.id)
            looked_at = attention(self.world, self.world.business_of(account.id), account, day)
            figures = instagram_numbers.instagram_figures(seed, account, day, looked_at, share)
            if day_close(day) <= now:
                self._instagram_days[key] = figures
        return figures

    def is_empty_day(self, account: InstagramAccount, day: date) -> bool:
        """Whether Meta has nothing to show for this day."""
        return (account.id, day) in self.world.empty_instagram_days

    def instagram_day(self, account: InstagramAccount, metric: str, day: date, now: datetime) -> int:
        """The metric's value for one Pacific day, as Meta knows it at `now`. KeyError for an unknown metric."""
        override = self.overrides.get((account.id, metric, day)) if self.overrides else None
        if override is not None:
            return self._whole(override)
        return INSTAGRAM_RECIPES[metric](self.instagram_figures(account, day, now))

    def instagram_reach(self, account: InstagramAccount, period: str, day: date, now: datetime) -> int:
        """Different people reached in the rolling period that ends with `day`."""
        days = [day - offset * ONE_DAY for offset in range(PERIOD_DAYS[period])]
        return distinct([self.instagram_day(account, "reach", each, now) for each in days])

    def instagram_window(
        self, account: InstagramAccount, metric: str, days: Sequence[date], now: datetime
    ) -> int | None:
        """The total over `days`; days without data do not count, and None when there is no other day."""
        daily = [self.instagram_day(account, metric, day, now) for day in days if not self.is_empty_day(account, day)]
        if not daily:
            return None
        return distinct(daily) if metric in instagram_numbers.UNIQUE else sum(daily)

    def instagram_window_parts(
        self, account: InstagramAccount, metric: str, days: Sequence[date], dimensions: tuple[str, ...], now: datetime
    ) -> Parts:
        """The total over `days` by `dimensions`, which Meta may call follow_type or follower_type alike."""
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
        """The audience by `dimensions` (age, gender, country, city) at `now`."""
        return instagram_numbers.demographics(account, metric, self.followers_now(account, now), dimensions)

    def online_followers(self, account: InstagramAccount, day: date) -> dict[str, int]:
        """Followers online in each hour of `day`; empty for a day without data."""
        if self.is_empty_day(account, day):
            return {}
        return instagram_numbers.online_followers(account, day, self.followers_on(account, day))

    # Instagram media and stories.

    def media_figures(self, medium: Media, now: datetime) -> MediaFigures:
        """The counters of a medium at the last whole hour before `now`."""
        known = self._media.get(medium.id)
        if known is None:
            seed = seed_of(self.world.seed, "medium", medium.id)
            followers = self.world.business_of(medium.account_id).instagram.followers
            finals = media_numbers.final_counts(seed, medium, followers)
            known = (finals, ageing(self.world, seed, medium.created_at, is_story=medium.is_story))
            self._media[medium.id] = known
        finals, curve = known
        return media_numbers.media_figures(finals, curve.progress(now))

    def media_value(self, medium: Media, metric: str, figures: MediaFigures) -> Number:
        """A lifetime metric from counters that were already worked out."""
        override = self.overrides.get((medium.id, metric, None)) if self.overrides else None
        if override is not None and not isinstance(override, Mapping):
            return override
        return MEDIA_RECIPES[metric](figures)

    def media_lifetime(self, medium: Media, metric: str, now: datetime) -> Number:
        """A lifetime metric of a medium at `now`. KeyError for an unknown metric."""
        return self.media_value(medium, metric, self.media_figures(medium, now))

    def has_too_few_viewers(self, medium: Media, now: datetime) -> bool:
        """Whether Meta refuses the insights of this story with code 10."""
        return medium.is_story and self.media_figures(medium, now).reach < media_numbers.ENOUGH_VIEWERS
