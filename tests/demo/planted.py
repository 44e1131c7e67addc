"""The true causes of a change in the simulated portfolio, which a split into drivers has to find."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log

from sophia.demo.meta.truth.attention import PlannedDay, planned_day
from sophia.demo.meta.world.objects import Account
from sophia.demo.meta.world.world import World


@dataclass(frozen=True, slots=True)
class PlantedParts:
    """The causes of one account's change between two windows, on the log scale; their sum is the planted change."""

    platform: float
    distribution: float
    posting: float
    people: float


def planted_parts(world: World, account: Account, before: Sequence[date], after: Sequence[date]) -> PlantedParts:
    """Return the true parts of the change from the Pacific days `before` to the days `after`.

    Platform is the effect of the algorithm change, posting that of publishing half as much, people that of better
    content, and distribution that of the client's own causes: campaigns, its viral day, growth, and weekdays if the
    windows hold different ones. The random factor of a day is no part; intervals have to cover it.
    """
    parts = (_parts(world, account, days) for days in (before, after))
    return PlantedParts(*(last - first for first, last in zip(*parts, strict=True)))


def _parts(world: World, account: Account, days: Sequence[date]) -> tuple[float, float, float, float]:
    """Return for each cause the logarithm of its effect on the sum over the days, given the causes before it."""
    business = world.business_of(account.id)
    planned = [planned_day(world, business, account, day) for day in days]
    sought = sum(day.sought for day in planned)
    posted = sum(day.sought * day.published for day in planned)
    distributed = sum(_distributed(day) for day in planned)
    reacted = sum(_distributed(day) * day.response for day in planned)
    return log(distributed / posted), log(sought), log(posted / sought), log(reacted / distributed)


def _distributed(day: PlannedDay) -> float:
    return day.sought * day.published * day.platform
