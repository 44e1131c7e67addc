"""How much attention an account gets: season, trend, campaigns, a viral day and the algorithm change."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp

from sophia.demo.meta.world.feed import publishes_half, response_on
from sophia.demo.meta.world.noise import lognormal, seed_of, unit
from sophia.demo.meta.world.objects import Account, Business
from sophia.demo.meta.world.pacific import day_close, day_start
from sophia.demo.meta.world.world import World

# Monday to Sunday.
_WEEK = (0.96, 1.02, 1.05, 1.08, 1.1, 0.98, 0.81)

# Meta restates a day until two days after it closed. Before, it serves these shares of the final value.
RESTATED_AFTER = timedelta(hours=48)
_FIRST_SHARE, _SECOND_SHARE = 0.94, 0.98

# Half as many posts get more than half of the views, since each gets a larger part. How much more differs between clients:
# views follow the number of posts with an exponent between these.
_LEAST_EXPONENT, _MOST_EXPONENT = 0.2, 0.8


def final_share(day: date, now: datetime) -> float:
    """Return the share of a day's final value that Meta serves at `now`: part of a running day, 0.94, 0.98, then 1."""
    closed_for = now - day_close(day)
    if closed_for < timedelta(0):
        running_for = (now - day_start(day)) / timedelta(days=1)
        return max(0.0, min(0.9, running_for))
    if closed_for < timedelta(hours=24):
        return _FIRST_SHARE
    return _SECOND_SHARE if closed_for < RESTATED_AFTER else 1.0


@dataclass(frozen=True, slots=True)
class DayAttention:
    """Factors around 1: `sought` for what people look for, `distributed` for what the platform shows, `response` for
    how people react to it.
    """

    sought: float
    distributed: float
    response: float


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """The planted causes for one account and day, without the day's random factor: factors around 1.

    `sought` holds the client's own causes: weekday, growth, campaigns, the viral day.
    """

    sought: float
    published: float
    platform: float
    response: float


def posting_exponent(world: World, account: Account) -> float:
    """Return the exponent with which the account's views follow the number of its posts."""
    seed = seed_of(world.seed, "attention", account.id)
    return _LEAST_EXPONENT + (_MOST_EXPONENT - _LEAST_EXPONENT) * unit(seed, 3)


def attention(world: World, business: Business, account: Account, day: date) -> DayAttention:
    """Return the factors for one account on one Pacific day."""
    planned = planned_day(world, business, account, day)
    sought = planned.sought * lognormal(seed_of(world.seed, "attention", account.id), 16 * day.toordinal(), 0.11)
    return DayAttention(sought, sought * planned.published * planned.platform, planned.response)


def planned_day(world: World, business: Business, account: Account, day: date) -> PlannedDay:
    """Return the causes for one account on one Pacific day."""
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
    published = 0.5 ** posting_exponent(world, account) if publishes_half(world.plan, business, day) else 1.0
    change = world.algorithm_change
    distributed = change.factor if day >= change.day else 1.0
    return PlannedDay(sought, published, distributed, response_on(world.plan, business, day))
