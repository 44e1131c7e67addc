"""Invented daily engagements with planted events, to judge who finds them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["spike", "drop", "outage", "rise", "fall"]
Floats = NDArray[np.float64]
# Events of each kind in a year of a series.
A_YEAR: dict[Kind, float] = {"spike": 2.0, "drop": 1.2, "outage": 0.6, "rise": 0.5, "fall": 0.5}
# A shift is news for this long; then it is the level.
NEW_FOR_DAYS = 14


@dataclass(frozen=True)
class Event:
    """What was planted: its days, both included. A rise or fall lasts from its first day on."""

    kind: Kind
    first: int
    last: int

    @property
    def is_shift(self) -> bool:
        return self.kind in {"rise", "fall"}

    @property
    def sign(self) -> int:
        return 1 if self.kind in {"spike", "rise"} else -1


@dataclass(frozen=True)
class Series:
    """Counts of each day (NaN: missing), posts published, and the mean without what is news."""

    values: Floats
    posts: Floats
    means: Floats
    dispersion: float
    events: tuple[Event, ...]


def holidays(random: np.random.Generator, days: int) -> Floats:
    """Factors around 1 for days that are unlike their weekday for everybody, eight a year."""
    factors = np.ones(days)
    for day in random.choice(days, size=max(1, round(8 * days / 365)), replace=False):
        factors[day] = random.choice([0.75, 0.85, 1.15, 1.25])
    return factors


def invent(random: np.random.Generator, days: int, calendar: Floats, *, quiet: int = 60) -> Series:
    """A series of `days` days; nothing is planted in the first `quiet`."""
    when = np.arange(days)
    level = float(np.clip(random.lognormal(4.4, 1.2), 3, 20000))
    season = np.exp(random.normal(0, 0.18, 7))[when % 7]
    trend = np.exp(random.normal(0, 0.3) * when / 365)
    usual = random.choice([0.15, 0.3, 0.5, 0.8, 1.3])
    posts = random.poisson(usual * np.where(when % 7 >= 5, 0.5, 1.2)).astype(float)
    burst = np.zeros(days)
    strength = random.uniform(0.05, 0.5)
    for day in np.flatnonzero(posts):
        for lag, share in enumerate((1.0, 0.5, 0.25, 0.1)[: days - day]):
            burst[day + lag] += posts[day] * strength * share * random.lognormal(0, 0.25)
    slow = np.zeros(days)
    persistence, wobble = random.uniform(0.2, 0.7), random.uniform(0.03, 0.12)
    for day in when[1:]:
        slow[day] = persistence * slow[day - 1] + random.normal(0, wobble)
    means = level * season * trend * (1 + burst) * np.exp(slow) * calendar
    events = plant(random, days, quiet)
    actual, known = means.copy(), means.copy()
    for event in events:
        factors = factors_of(random, event)
        actual[event.first : event.last + 1] *= factors
        if event.is_shift:
            known[event.first + NEW_FOR_DAYS :] *= factors[0]
    dispersion = random.uniform(0.01, 0.08)
    values = random.poisson(actual * random.gamma(1 / dispersion, dispersion, days)).astype(float)
    planted = [day for event in events if not event.is_shift for day in range(event.first, event.last + 1)]
    values[(random.random(days) < 0.02) & ~np.isin(when, planted)] = np.nan
    return Series(values, posts, known, dispersion, events)


def plant(random: np.random.Generator, days: int, quiet: int) -> tuple[Event, ...]:
    """Events that leave each other alone: after a shift nothing else for five weeks, after others for ten days."""
    found: list[Event] = []
    free = np.zeros(days, dtype=bool)
    free[quiet : days - 7] = True
    kinds = [kind for kind, rate in A_YEAR.items() for _ in range(random.poisson(rate * max(days - quiet, 0) / 365))]
    for kind in random.permutation(kinds):
        if not free.any():
            break
        first = int(random.choice(np.flatnonzero(free)))
        lasts = {"spike": random.integers(1, 3), "drop": random.integers(1, 4), "outage": random.integers(2, 6)}
        last = min(days - 1, first + int(lasts[kind]) - 1) if kind in lasts else days - 1
        found.append(Event(kind, first, last))
        free[max(0, first - 14) : (first + 35 if kind not in lasts else last + 10)] = False
    return tuple(sorted(found, key=lambda event: event.first))


def factors_of(random: np.random.Generator, event: Event) -> Floats:
    """What the mean is multiplied by on each day of the event."""
    length = event.last - event.first + 1
    if event.kind == "spike":
        return random.uniform(1.8, 5.0) * np.power(0.7, np.arange(length, dtype=np.float64))
    if event.kind == "drop":
        return np.full(length, random.uniform(0.1, 0.5))
    if event.kind == "outage":
        return np.full(length, random.choice([0.0, 0.0, 0.03]))
    factor = random.uniform(1.4, 2.2)
    return np.full(length, factor if event.kind == "rise" else 1 / factor)
