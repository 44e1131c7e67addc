"""Who really decided a change in the simulated portfolio: the parts that a split into drivers has to find."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log

from sophia.demo.meta.truth.attention import PlannedDay, planned_day
from sophia.demo.meta.world.objects import Account
from sophia.demo.meta.world.world import World


@dataclass(frozen=True, slots=True)
class PlantedParts:
    """The causes of one account's change between two windows, on the log scale; together they are all that was planted."""

    platform: float
    distribution: float
    posting: float
    people: float


def planted_parts(world: World, account: Account, before: Sequence[date], after: Sequence[date]) -> PlantedParts:
    """The true parts of the change from the Pacific days `before` to the days `after`.

    Platform is what the algorithm change did, posting what publishing half as much did, people what better content did,
    and distribution what is the client's own: campaigns, its viral day, growth, and weekdays where the windows hold
    different ones. The chance of a day is no part: nobody decided it, and it is what the intervals are there for.
    """
    parts = (_parts(world, account, days) for days in (before, after))
    return PlantedParts(*(last - first for first, last in zip(*parts, strict=True)))


def _parts(world: World, account: Account, days: Sequence[date]) -> tuple[float, float, float, float]:
    """Ln of what each cause made of the sum over the days, those before it in the order of the causes included."""
    business = world.business_of(account.id)
    planned = [planned_day(world, business, account, day) for day in days]
    sought = sum(day.sought for day in planned)
    posted = sum(day.sought * day.published for day in planned)
    shown = sum(_shown(day) for day in planned)
    reacted = sum(_shown(day) * day.response for day in planned)
    return log(shown / posted), log(sought), log(posted / sought), log(reacted / shown)


def _shown(day: PlannedDay) -> float:
    return day.sought * day.published * day.platform
