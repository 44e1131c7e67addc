"""Splits a change of engagement into drivers: the platform, the client's distribution and posting, or the audience.

Engagements are the posts' potential × their distribution × the audience's response. The change of each factor between
two windows is a part, and the parts add up on the log scale (docs/drivers.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import expm1
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, computed_field

from sophia.analytics.drivers.draws import Changes, changes_of
from sophia.analytics.drivers.units import ClientWindows, Units, units_of
from sophia.analytics.figures.statistics import Floats
from sophia.errors import InvalidInputError

Driver = Literal["platform", "distribution", "posting", "people"]
Verdict = Literal["up", "down", "not enough evidence"]
DRIVERS: tuple[Driver, ...] = ("platform", "distribution", "posting", "people")

ENOUGH_OTHERS = 5
# The main driver made at least this share of the change.
_MAIN_SHARE = 0.5
# With fewer units in a window their scatter cannot be estimated.
_ENOUGH_UNITS = 3
_TAILS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a change on the log scale with its 95 % interval; `low` and `high` are None without an estimate of scatter."""

    log: float
    low: float | None
    high: float | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def percent(self) -> float:
        """The change in percent that this part alone would have made."""
        return 100.0 * expm1(self.log)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def percent_interval(self) -> tuple[float, float] | None:
        return None if self.low is None or self.high is None else (100 * expm1(self.low), 100 * expm1(self.high))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        if self.low is None or self.high is None or self.low <= 0.0 <= self.high:
            return "not enough evidence"
        return "up" if self.low > 0.0 else "down"


@dataclass(frozen=True, slots=True)
class DriverSplit:
    """The change of a client's engagements on one platform between two windows, and its parts.

    `platform` is the change of the algorithm for all clients, `people` the response of the audience. A part that cannot
    be computed is None and has its reason in `reasons`. A missing `platform` or `posting` part is then inside
    `distribution`; a missing `people` or `whole` part is in no other part.
    """

    client_id: Annotated[int, Field(exclude=True)]
    whole: Part | None
    platform: Part | None
    distribution: Part | None
    posting: Part | None
    people: Part | None
    others: Annotated[int, Field(description="The number of clients with which this one was compared.")]
    others_alike: Annotated[
        int, Field(description="The number of them whose exposure moved in the direction of the platform part.")
    ]
    units: Annotated[tuple[int, int], Field(description="Days or posts used in the previous and in this period.")]
    reasons: Mapping[str, str]

    def part(self, driver: Driver) -> Part | None:
        part: Part | None = getattr(self, driver)
        return part

    @computed_field  # type: ignore[prop-decorator]
    @property
    def main_driver(self) -> Driver | None:
        """The certain driver that made at least half of the change, or None."""
        driver = self.certain_driver
        part = None if driver is None else self.part(driver)
        if self.whole is None or part is None or abs(part.log) < _MAIN_SHARE * abs(self.whole.log):
            return None
        return driver

    @property
    def certain_driver(self) -> Driver | None:
        """The largest part in the direction of the whole change whose interval excludes zero, or None."""
        if self.whole is None or self.whole.log == 0.0:
            return None
        sizes = {
            driver: abs(part.log)
            for driver in DRIVERS
            if (part := self.part(driver)) is not None
            and part.verdict != "not enough evidence"
            and (part.log > 0) == (self.whole.log > 0)
        }
        return max(sizes, key=lambda driver: sizes[driver], default=None)


def split_drivers(clients: Sequence[ClientWindows], *, seed: int = 0, draws: int = 600) -> dict[int, DriverSplit]:
    """Split the change of every client of a portfolio, on one platform, between two windows of equal length.

    All windows hold days, or all hold posts; each client is compared with all the others. Intervals hold 95 % of `draws`
    bootstrap draws. The same input and seed give the same result, whatever the order of clients and posts.
    Raises InvalidInputError when windows differ in type or length, hold impossible numbers, or a client comes twice.
    """
    if len({client.client_id for client in clients}) < len(clients):
        raise InvalidInputError("A client came twice: give each client once, with one account per platform.")
    if not clients:
        return {}
    ordered = sorted(clients, key=lambda client: client.client_id)
    units = units_of(ordered)
    changes = changes_of(units, seed=seed, draws=draws)
    parts = _parts(changes, units)
    return {
        client.client_id: _split(client.client_id, index, parts, changes, units) for index, client in enumerate(ordered)
    }


def _parts(changes: Changes, units: Units) -> dict[str, list[Part | None]]:
    """Return every part of every client, None for one that cannot be computed."""
    others = int(changes.comparable.sum()) - changes.comparable
    platform = np.where(others >= ENOUGH_OTHERS, changes.centre, np.nan)
    exposed = np.isfinite(changes.exposure[0])
    own = np.where(np.isfinite(platform), changes.exposure - platform, changes.exposure)
    total = changes.exposure + np.where(np.isfinite(changes.posting), changes.posting, 0.0) + changes.people
    scattered = units.count.min(axis=0) >= _ENOUGH_UNITS
    always = np.ones_like(scattered)
    return {
        "platform": _with_ends(np.where(exposed, platform, np.nan), always),
        "distribution": _with_ends(own, scattered),
        "posting": _with_ends(np.where(exposed, changes.posting, np.nan), always),
        "people": _with_ends(changes.people, scattered),
        "whole": _with_ends(total, scattered),
    }


def _with_ends(rows: Floats, scattered: NDArray[np.bool_]) -> list[Part | None]:
    finite = np.isfinite(rows[0])
    # n draws separate n + 1 equal chances; with few draws, ends at the plain quantiles would hold less than 95 %.
    low, high = np.quantile(np.where(np.isfinite(rows[1:]), rows[1:], 0.0), _TAILS, axis=0, method="weibull")
    return [
        None if not finite[index] else Part(float(rows[0, index]), *ends)
        for index, ends in enumerate(
            (float(low[index]), float(high[index])) if scattered[index] else (None, None)
            for index in range(rows.shape[1])
        )
    ]


def _split(
    client_id: int, index: int, parts: dict[str, list[Part | None]], changes: Changes, units: Units
) -> DriverSplit:
    others = int(changes.comparable.sum()) - int(changes.comparable[index])
    alike = changes.comparable & (np.sign(changes.exposure[0]) == np.sign(changes.centre[0, index]))
    before, after = units.count[:, index]
    return DriverSplit(
        client_id=client_id,
        **{name: column[index] for name, column in parts.items()},
        others=others,
        others_alike=int(alike.sum()) - int(alike[index]),
        units=(int(before), int(after)),
        reasons=_reasons(index, {name for name, column in parts.items() if column[index] is None}, others, units),
    )


def _reasons(index: int, missing: set[str], others: int, units: Units) -> dict[str, str]:
    """Return the reason for each missing part."""
    if not missing:
        return {}
    exposure, engagements = (column[:, index].sum(axis=1) for column in (units.exposure, units.engagements))
    if units.count[:, index].min() == 0:
        return dict.fromkeys(missing, "there are no readings in one of the periods")
    if exposure.min() <= 0:
        return dict.fromkeys(missing, "there were no views in one of the periods")
    reason_by_part: dict[str, str] = {}
    if engagements.min() <= 0:
        reason_by_part |= dict.fromkeys(("people", "whole"), "there were no engagements in one of the periods")
    reason_by_part["platform"] = f"there are {others} other clients to compare with, and {ENOUGH_OTHERS} are needed"
    unknown = bool(np.isnan(units.posts[:, index]).any())
    reason_by_part["posting"] = (
        f"{'the number of posts is unknown' if unknown else 'there were no posts'} in one of the periods"
    )
    return {name: reason_by_part[name] for name in sorted(missing)}
