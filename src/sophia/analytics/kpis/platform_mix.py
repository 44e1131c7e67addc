"""Rates of clients on several platforms: changes are compared with the mix of platforms of the earlier window.

Platforms differ in their rates. Without this, a client with more posts on the weaker platform would seem to fall although
its rate rose on each platform.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from sophia.analytics.figures.facts import ClientWindow, of_accounts
from sophia.analytics.figures.figures import Figure, missing
from sophia.analytics.kpis.equal_ages import Compute
from sophia.analytics.kpis.post_kpis import Base
from sophia.meta.catalogue.terms import Platform

SAME_MIX = "with the previous period's mix of platforms"
NO_SHARED_PLATFORM = "No platform has this rate in both periods."
PLATFORM_NAMES = {Platform.FACEBOOK: "Facebook", Platform.INSTAGRAM: "Instagram"}


def on_platform(now: ClientWindow, platform: Platform) -> ClientWindow:
    """Return the part of a window that belongs to the accounts of one platform."""
    return of_accounts(now, {account: platform for account, on in now.accounts.items() if on is platform})


def platforms_of(now: ClientWindow) -> list[Platform]:
    return sorted(set(now.accounts.values()))


def at_equal_mix(compute: Compute, base: Base, earlier: ClientWindow, later: ClientWindow) -> tuple[Figure, Figure]:
    """Return a rate of both windows over the platforms that have it in both, weighted by the earlier `base` of each.

    `base` returns the denominator of the rate in a window. With one platform both are the plain rates.
    """
    plain = compute(earlier), compute(later)
    rates = {
        platform: (compute(on_platform(earlier, platform)), compute(on_platform(later, platform)))
        for platform in platforms_of(earlier)
    }
    used = {platform for platform, sides in rates.items() for side in sides if side.value is not None}
    if len(used) < 2:  # noqa: PLR2004 - one platform has no mix
        return plain
    shared = {
        platform: float(weight)
        for platform, sides in rates.items()
        if all(side.value is not None for side in sides) and (weight := base(on_platform(earlier, platform)))
    }
    if not shared:
        none = missing(plain[0].unit, NO_SHARED_PLATFORM)
        return replace(none, age_hours=plain[0].age_hours), replace(none, age_hours=plain[1].age_hours)
    words = SAME_MIX if len(shared) == len(used) else f"on {_named(shared)} only"
    return tuple(_weighted(plain[side], {on: rates[on][side] for on in shared}, shared, words) for side in (0, 1))  # type: ignore[return-value]


def _weighted(plain: Figure, rates: Mapping[Platform, Figure], weights: Mapping[Platform, float], words: str) -> Figure:
    whole = math.fsum(weights.values())
    value = math.fsum(float(rate.value or 0) * weights[platform] for platform, rate in rates.items()) / whole
    first = next(iter(rates.values()))
    small = next((rate.small_base for rate in rates.values() if rate.small_base is not None), None)
    doubt = next((rate.doubt for rate in rates.values() if rate.doubt is not None), None)
    template = first if plain.value is None else plain
    return replace(
        template,
        value=value,
        reason=None,
        n=sum(rate.n or 0 for rate in rates.values()),
        small_base=small,
        doubt=doubt,
        mix=words,
    )


def _named(platforms: Mapping[Platform, float]) -> str:
    return " and ".join(PLATFORM_NAMES[platform] for platform in sorted(platforms))
