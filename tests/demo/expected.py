"""Every value that Meta would serve for an account, in Meta's own names: what a complete store must equal.

Written from the truth, not from the answers, so that a mistake in writing an answer shows.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Literal

from sophia.demo.meta.answers.nodes import MEDIA_COUNTERS, hides_likes
from sophia.demo.meta.facebook.insights import STORY_COMPUTED_AFTER
from sophia.demo.meta.graph.rules import TABLES, Kind, Rule, fits
from sophia.demo.meta.graph.windows import FACEBOOK_KEPT_DAYS, INSTAGRAM_KEPT_DAYS
from sophia.demo.meta.instagram.insights import RECENT_DAYS
from sophia.demo.meta.truth.instagram_figures import Parts
from sophia.demo.meta.truth.media_figures import media_parts
from sophia.demo.meta.truth.truth import PERIOD_DAYS, Truth
from sophia.demo.meta.truth.values import Number, Value
from sophia.demo.meta.world.objects import (
    DEMOGRAPHIC_DIMENSIONS,
    DEMOGRAPHICS,
    InstagramAccount,
    Media,
    Page,
    PageStory,
    Post,
)
from sophia.demo.meta.world.pacific import ONE_DAY, days_between, pacific_day
from sophia.demo.meta.world.world import World, is_alive

Breakdown = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """One number: of an account (`post_id` None) or of a post, medium or story.

    `day` is the Pacific day that a dated value covers, None for lifetime ones. A dictionary of Meta's becomes one of
    these for each key.
    """

    platform: Literal["facebook", "instagram"]
    account_id: str
    post_id: str | None
    metric: str
    dict_key: str | None
    breakdown: Breakdown
    period: str
    day: date | None
    value: Number


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Who is asked about, when, and on which version."""

    world: World
    truth: Truth
    account: Page | InstagramAccount
    since: date
    until: date
    now: datetime
    version: int
    retired: Collection[str]

    @property
    def today(self) -> date:
        return pacific_day(self.now)

    def rules(self, kind: Kind) -> list[Rule]:
        alive = (rule for rule in TABLES[kind].values() if rule.is_alive(self.version, self.today))
        return [rule for rule in alive if rule.name not in self.retired and not rule.is_silent(self.today)]

    def days(self, kept: int, first: date | None = None) -> list[date]:
        """The closed days from `since` (included) to `until` (excluded) that Meta keeps."""
        earliest = max(self.since, self.today - kept * ONE_DAY, first or self.since)
        return days_between(earliest, min(self.until, self.today) - ONE_DAY)

    def entries(
        self,
        metric: str,
        period: str,
        value: Value,
        *,
        post_id: str | None = None,
        day: date | None = None,
        breakdown: Breakdown = (),
    ) -> Iterator[Expected]:
        values: list[tuple[str | None, Number]] = [*value.items()] if isinstance(value, Mapping) else [(None, value)]
        platform: Literal["facebook", "instagram"] = "facebook" if isinstance(self.account, Page) else "instagram"
        for key, number in values:
            yield Expected(platform, self.account.id, post_id, metric, key, breakdown, period, day, number)


def expected_readings(
    world: World,
    truth: Truth,
    account_id: str,
    since: date,
    until: date,
    now: datetime,
    version: int,
    *,
    retired: Collection[str] = (),
) -> Iterator[Expected]:
    """All insights of an account at `now` (aware), dated ones for the Pacific days from `since` to before `until`.

    Instagram totals are those of one-day windows, which is how a day's value is asked for; for other windows see
    `Truth.instagram_window`. Metrics of a video stand under the id of its post. `retired` are names that a test retired.
    """
    account = world.account(account_id)
    ledger = _Ledger(world, truth, account, since, until, now, version, retired)
    if isinstance(account, Page):
        yield from _page(ledger, account)
        for post in world.posts(account.id):
            if post.created_at <= now:
                yield from _post(ledger, account, post)
        for story in world.page_stories(account.id):
            if is_alive(story, now) and now - story.created_at >= STORY_COMPUTED_AFTER:
                yield from _page_story(ledger, story)
    else:
        yield from _instagram(ledger, account)
        for medium in (*world.media(account.id), *world.stories(account.id)):
            if medium.created_at <= now and (not medium.is_story or is_alive(medium, now)):
                yield from _medium(ledger, medium)


def _page(ledger: _Ledger, page: Page) -> Iterator[Expected]:
    truth, now = ledger.truth, ledger.now
    for rule in ledger.rules("page"):
        if (rule.alone and not page.monetised) or (rule.refused_when_small and page.is_small):
            continue
        for period in rule.periods:
            if period == "lifetime":
                yield from ledger.entries(rule.name, period, truth.page_lifetime(page, rule.name, now))
                continue
            if period not in PERIOD_DAYS:
                continue
            days = ledger.days(FACEBOOK_KEPT_DAYS)
            for day, value in zip(days, truth.page_series(page, rule.name, period, days, now), strict=True):
                if not truth.is_valueless(page, rule.name, period, day):
                    yield from ledger.entries(rule.name, period, value, day=day)
                    yield from _tagged(ledger, page, rule, period, value, day=day)


def _tagged(
    ledger: _Ledger,
    page: Page,
    rule: Rule,
    period: str,
    value: Value,
    *,
    post: Post | None = None,
    day: date | None = None,
) -> Iterator[Expected]:
    """The two parts of each Facebook breakdown."""
    if not isinstance(value, int):
        return
    for dimension in rule.breakdowns:
        for tag, part in ledger.truth.tagged_parts(page, dimension, value).items():
            post_id = None if post is None else post.id
            yield from ledger.entries(rule.name, period, part, post_id=post_id, day=day, breakdown=((dimension, tag),))


def _post(ledger: _Ledger, page: Page, post: Post) -> Iterator[Expected]:
    truth = ledger.truth
    figures = truth.post_figures(post, ledger.now)
    kinds: tuple[Kind, ...] = ("post", "video") if post.is_video else ("post",)
    told: set[tuple[str, str]] = set()
    for kind in kinds:
        for rule in ledger.rules(kind):
            if (rule.reels_only and post.kind != "reel") or (rule.refused_when_small and page.is_small):
                continue
            for period in rule.periods:
                if (rule.name, period) in told:
                    continue
                told.add((rule.name, period))
                if period == "day":
                    for day in ledger.days(FACEBOOK_KEPT_DAYS, pacific_day(post.created_at)):
                        value = truth.post_day(post, rule.name, day)
                        yield from ledger.entries(rule.name, period, value, post_id=post.id, day=day)
                else:
                    total = truth.post_value(post, rule.name, figures)
                    yield from ledger.entries(rule.name, period, total, post_id=post.id)
                    yield from _tagged(ledger, page, rule, period, total, post=post)


def _page_story(ledger: _Ledger, story: PageStory) -> Iterator[Expected]:
    for rule in ledger.rules("page_story"):
        value = ledger.truth.page_story_lifetime(story, rule.name, ledger.now)
        yield from ledger.entries(rule.name, "lifetime", value, post_id=story.id)


def _instagram(ledger: _Ledger, account: InstagramAccount) -> Iterator[Expected]:
    for rule in ledger.rules("instagram"):
        if rule.empty_when_small and account.is_small:
            continue
        if rule.name in DEMOGRAPHICS:
            yield from _demographics(ledger, account, rule.name)
        elif rule.name == "online_followers":
            yield from _online_followers(ledger, account)
        else:
            yield from _instagram_days(ledger, account, rule)


def _instagram_days(ledger: _Ledger, account: InstagramAccount, rule: Rule) -> Iterator[Expected]:
    truth, now = ledger.truth, ledger.now
    for day in ledger.days(INSTAGRAM_KEPT_DAYS):
        too_old = rule.name == "follower_count" and day < ledger.today - timedelta(days=RECENT_DAYS)
        if truth.is_empty_day(account, day) or too_old:
            continue
        for period in rule.periods:
            if period == "day":
                value = truth.instagram_day(account, rule.name, day, now)
            else:
                value = truth.instagram_reach(account, period, day, now)
            yield from ledger.entries(rule.name, period, value, day=day)
        # A one-day window is refused for follows_and_unfollows with its breakdown.
        if rule.name != "follows_and_unfollows":
            yield from _day_parts(ledger, account, rule, day)


def _day_parts(ledger: _Ledger, account: InstagramAccount, rule: Rule, day: date) -> Iterator[Expected]:
    names = [name for name in rule.breakdowns if name != "follower_type"]
    for count in range(1, len(names) + 1):
        for dimensions in combinations(names, count):
            parts = ledger.truth.instagram_window_parts(account, rule.name, [day], dimensions, ledger.now)
            yield from _parts(ledger, rule.name, "day", dimensions, parts, day)


def _parts(
    ledger: _Ledger, metric: str, period: str, dimensions: tuple[str, ...], parts: Parts, day: date | None
) -> Iterator[Expected]:
    for key, part in parts.items():
        breakdown = tuple(zip(dimensions, key, strict=True))
        yield from ledger.entries(metric, period, part, day=day, breakdown=breakdown)


def _demographics(ledger: _Ledger, account: InstagramAccount, metric: str) -> Iterator[Expected]:
    """By each dimension alone, and by age and gender together."""
    wanted: list[tuple[str, ...]] = [(name,) for name in DEMOGRAPHIC_DIMENSIONS]
    for dimensions in (*wanted, ("age", "gender")):
        parts = ledger.truth.demographics(account, metric, dimensions, ledger.now)
        yield from _parts(ledger, metric, "lifetime", dimensions, parts, None)


def _online_followers(ledger: _Ledger, account: InstagramAccount) -> Iterator[Expected]:
    for day in ledger.days(RECENT_DAYS):
        hours = ledger.truth.online_followers(account, day)
        yield from ledger.entries("online_followers", "lifetime", hours, day=day)


def _medium(ledger: _Ledger, medium: Media) -> Iterator[Expected]:
    truth = ledger.truth
    if medium.before_professional or truth.has_too_few_viewers(medium, ledger.now):
        return
    figures = truth.media_figures(medium, ledger.now)
    for rule in ledger.rules("media"):
        if not fits(rule, medium):
            continue
        value = truth.media_value(medium, rule.name, figures)
        yield from ledger.entries(rule.name, "lifetime", value, post_id=medium.id)
        for dimension in rule.breakdowns:
            for key, part in media_parts(rule.name, figures).items():
                breakdown = ((dimension, key),)
                yield from ledger.entries(rule.name, "lifetime", part, post_id=medium.id, breakdown=breakdown)


def expected_counts(world: World, truth: Truth, account_id: str, now: datetime) -> Iterator[Expected]:
    """The numbers that objects show in their own fields at `now`, under the fields' names, as lifetime values.

    Accounts: followers_count, fan_count, follows_count, media_count. Posts: shares, comments and reactions (their
    total_count; `shares` is absent in the answer when 0, and absent here). Media: like_count and so on.
    """
    account = world.account(account_id)
    ledger = _Ledger(world, truth, account, date.min, date.min, now, 0, ())
    yield from ledger.entries("followers_count", "lifetime", truth.followers_now(account, now))
    if isinstance(account, Page):
        yield from ledger.entries("fan_count", "lifetime", truth.fans_now(account, now))
        for post in world.posts(account.id):
            if post.created_at <= now:
                for name, count in truth.post_counts(truth.post_figures(post, now)).items():
                    if count or name != "shares":
                        yield from ledger.entries(name, "lifetime", count, post_id=post.id)
        return
    mediums = [medium for medium in world.media(account.id) if medium.created_at <= now]
    yield from ledger.entries("follows_count", "lifetime", account.follows)
    yield from ledger.entries("media_count", "lifetime", len(mediums))
    for medium in mediums:
        for name, metric in MEDIA_COUNTERS.items():
            if name != "like_count" or not hides_likes(medium):
                value = truth.media_lifetime(medium, metric, now)
                yield from ledger.entries(name, "lifetime", value, post_id=medium.id)
