"""How much an account is looked at: season, trend, campaigns, a viral day, the algorithm change, and how posts age."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import exp

from sophia.demo.meta.world.feed import publishes_half, response_on
from sophia.demo.meta.world.noise import lognormal, seed_of, unit
from sophia.demo.meta.world.objects import Account, Business
from sophia.demo.meta.world.pacific import day_close, day_start
from sophia.demo.meta.world.world import World

# Monday to Sunday.
_WEEK = (0.96, 1.02, 1.05, 1.08, 1.1, 0.98, 0.81)

# Meta restates a day until two days after it closed: what it serves before, as a share of the final value.
RESTATED_AFTER = timedelta(hours=48)
_FIRST_SHARE, _SECOND_SHARE = 0.94, 0.98

# Half the posts are seen not half as often, for those that are left have more room.
_HALF_AS_BUSY = 0.5**0.5


def final_share(day: date, now: datetime) -> float:
    """The share of a day's final value that Meta knows at `now`: part of a running day, 0.94, 0.98, then 1."""
    closed_for = now - day_close(day)
    if closed_for < timedelta(0):
        running_for = (now - day_start(day)) / timedelta(days=1)
        return max(0.0, min(0.9, running_for))
    if closed_for < timedelta(hours=24):
        return _FIRST_SHARE
    return _SECOND_SHARE if closed_for < RESTATED_AFTER else 1.0


@dataclass(frozen=True, slots=True)
class DayAttention:
    """Factors around 1: `free` concerns what people seek out, `shown` what the platform decides to show, `response` how
    people react to what they see.
    """

    free: float
    shown: float
    response: float


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """What was planted for one account and day, before the day's chance: factors around 1, each a cause of its own.

    `sought` is what belongs to the client alone: weekday, growth, campaigns, the viral day.
    """

    sought: float
    published: float
    platform: float
    response: float


def attention(world: World, business: Business, account: Account, day: date) -> DayAttention:
    """The factors for one account on one Pacific day."""
    planned = planned_day(world, business, account, day)
    free = planned.sought * lognormal(seed_of(world.seed, "attention", account.id), 16 * day.toordinal(), 0.11)
    return DayAttention(free, free * planned.published * planned.platform, planned.response)


def planned_day(world: World, business: Business, account: Account, day: date) -> PlannedDay:
    """The causes for one account on one Pacific day."""
    seed = seed_of(world.seed, "attention", account.id)
    swing = 0.7 + 0.6 * unit(seed, 1)
    season = 1.0 + (_WEEK[day.weekday()] - 1.0) * swing
    yearly_growth = -0.1 + 0.45 * unit(seed, 2)
    years = (day.toordinal() - world.built_at.toordinal()) / 365.0
    sought = season * exp(yearly_growth * years)
    for campaign in world.campaigns:
        if campaign.business_number == business.number and campaign.covers(day):
            sought *= campaign.uplift
    viral = world.viral_day
    if viral.business_number == business.number and viral.day == day:
        sought *= viral.factor
    published = _HALF_AS_BUSY if publishes_half(world.plan, business, day) else 1.0
    change = world.algorithm_change
    shown = change.factor if day >= change.day else 1.0
    return PlannedDay(sought, published, shown, response_on(world.plan, business, day))


def whole_hour(moment: datetime) -> datetime:
    """Lifetime counters move once an hour."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Ageing:
    """How the views of one post arrive: most in its first days, the rest over weeks; closed form, never decreasing."""

    created_at: datetime
    fast_hours: float
    slow_hours: float
    change_at: datetime
    change_factor: float

    def progress(self, moment: datetime) -> float:
        """Share of the final number that has arrived at `moment`; what comes after the algorithm change is smaller."""
        hours = (whole_hour(moment) - self.created_at).total_seconds() / 3600.0
        if hours <= 0:
            return 0.0
        before = min(hours, (self.change_at - self.created_at).total_seconds() / 3600.0)
        if before <= 0:
            return self.change_factor * self._arrived(hours)
        seen = self._arrived(before)
        return seen + self.change_factor * (self._arrived(hours) - seen)

    def _arrived(self, hours: float) -> float:
        return 0.82 * (1.0 - exp(-hours / self.fast_hours)) + 0.18 * (1.0 - exp(-hours / self.slow_hours))


def ageing(world: World, seed: int, created_at: datetime, *, is_story: bool = False) -> Ageing:
    """The ageing of the post, medium or story with this `seed`."""
    fast = 4.0 if is_story else 9.0 + 12.0 * unit(seed, 11)
    change = world.algorithm_change
    return Ageing(created_at, fast, 240.0, day_start(change.day), change.factor)
