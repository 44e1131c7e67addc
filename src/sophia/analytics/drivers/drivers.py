"""Splits a change of engagement into drivers: the platform, the client's distribution and posting, or the audience.

Engagements are the posts' potential × their distribution × the audience's response. The change of each factor between
two periods is a part, and the parts add up on the log scale (docs/drivers.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import expm1
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, computed_field

from sophia.analytics.drivers.confidence import chances, discoveries
from sophia.analytics.drivers.draws import PartDraws, part_draws
from sophia.analytics.drivers.series import ClientDays, Panel, Periods, panel_of
from sophia.analytics.figures.statistics import Floats
from sophia.errors import InvalidInputError

Driver = Literal["platform", "distribution", "posting", "people"]
Verdict = Literal["up", "down", "not enough evidence"]
DRIVERS: tuple[Driver, ...] = ("platform", "distribution", "posting", "people")

ENOUGH_OTHERS = 5
# The main driver is the largest part with at least this probability.
MAIN_CHANCE = 0.9
# With fewer days in a period their scatter cannot be estimated.
_ENOUGH_DAYS = 3
_TAILS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a change on the log scale with its 95 % interval; `low` and `high` are None without an estimate of scatter.

    `is_confident` tells whether the part differs from zero by more than chance explains among all parts of all clients.
    """

    log: float
    low: float | None
    high: float | None
    is_confident: bool = False

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
        if not self.is_confident:
            return "not enough evidence"
        return "up" if self.log > 0.0 else "down"


@dataclass(frozen=True, slots=True)
class DriverSplit:
    """The change of a client's engagements on one platform between two periods, and its parts.

    `platform` is the change of the algorithm for all clients, `people` the response of the audience. A part that cannot
    be computed is None and has its reason in `reasons`. A missing `platform` or `posting` part is then inside
    `distribution`; a missing `people` or `whole` part is in no other part. `main_driver` is the largest part with a
    probability of at least 90 %, if it has the sign of the change and is more than chance explains, or None.
    """

    client_id: Annotated[int, Field(exclude=True)]
    whole: Part | None
    platform: Part | None
    distribution: Part | None
    posting: Part | None
    people: Part | None
    main_driver: Driver | None
    others: Annotated[int, Field(description="The number of clients with which this one was compared.")]
    others_alike: Annotated[
        int, Field(description="The number of them whose exposure moved in the direction of the platform part.")
    ]
    units: Annotated[tuple[int, int], Field(description="Days used in the previous and in this period.")]
    reasons: Mapping[str, str]
    is_organic: Annotated[
        bool, Field(description="Whether views from advertisements and the engagements that they brought are left out.")
    ] = False

    def part(self, driver: Driver) -> Part | None:
        part: Part | None = getattr(self, driver)
        return part

    @property
    def inseparable(self) -> tuple[Driver, ...]:
        """The parts that are unknown and therefore inside the distribution."""
        names: tuple[Driver, ...] = ("platform", "posting")
        return tuple(name for name in names if self.part(name) is None)

    def confident_part(self, driver: Driver) -> Part | None:
        """Return the part if it may be stated as a cause: it is confident, and contains no other part."""
        part = self.part(driver)
        contains_others = driver == "distribution" and self.inseparable
        return None if part is None or not part.is_confident or contains_others else part

    @property
    def certain_driver(self) -> Driver | None:
        """The largest confident part in the direction of the whole change, or None."""
        if self.whole is None or self.whole.log == 0.0:
            return None
        sizes = {
            driver: abs(part.log)
            for driver in DRIVERS
            if (part := self.confident_part(driver)) is not None and (part.log > 0) == (self.whole.log > 0)
        }
        return max(sizes, key=lambda driver: sizes[driver], default=None)


_NAMES = (*DRIVERS, "whole")


def split_drivers(
    clients: Sequence[ClientDays], periods: Periods, *, seed: int = 0, draws: int = 600
) -> dict[int, DriverSplit]:
    """Split the change of every client of a portfolio, on one platform, between two periods of equal length.

    Each client is compared with all the others. Days before the periods show how each client's exposure follows its posts,
    and how much it scatters. Intervals hold 95 % of `draws` simulations of the fitted model. The same input and seed give
    the same result, whatever the order of clients and posts.
    Raises InvalidInputError when clients have different days, hold impossible numbers, or come twice.
    """
    if len({client.client_id for client in clients}) < len(clients):
        raise InvalidInputError("A client came twice: give each client once, with one account per platform.")
    if not clients:
        return {}
    ordered = sorted(clients, key=lambda client: client.client_id)
    panel = panel_of(ordered, periods)
    drawn = part_draws(panel, seed=seed, draws=draws)
    others = int(drawn.comparable.sum()) - drawn.comparable
    rows = _rows(drawn, others)
    parts = _parts(rows, panel)
    main = _main_drivers(rows, parts)
    return {
        client.client_id: _split(client, index, parts, main[index], drawn, panel)
        for index, client in enumerate(ordered)
    }


def _rows(drawn: PartDraws, others: NDArray[np.int_]) -> dict[str, Floats]:
    """Return the estimate and the draws of each part, with a missing part inside the distribution."""
    platform = np.where(others >= ENOUGH_OTHERS, drawn.platform, np.nan)
    combined = drawn.distribution + np.nan_to_num(drawn.platform)
    distribution = combined - np.nan_to_num(platform)
    exposed = np.isfinite(distribution[0])
    return {
        "platform": np.where(exposed, platform, np.nan),
        "distribution": distribution,
        "posting": np.where(exposed, drawn.posting, np.nan),
        "people": drawn.people,
        "whole": drawn.whole,
    }


def _parts(rows: Mapping[str, Floats], panel: Panel) -> dict[str, list[Part | None]]:
    """Return every part of every client, None for one that cannot be computed."""
    scattered = panel.used.sum(axis=1) >= _ENOUGH_DAYS
    logs, lows, highs = (np.full((len(_NAMES), len(scattered)), np.nan) for _ in range(3))
    for index, name in enumerate(_NAMES):
        column = rows[name]
        known = np.isfinite(column[0])
        logs[index, known] = column[0, known]
        # n draws separate n + 1 equal chances; with few draws, ends at the plain quantiles would hold less than 95 %.
        ends = np.quantile(np.where(np.isfinite(column[1:]), column[1:], 0.0), _TAILS, axis=0, method="weibull")
        has_ends = known & (scattered | (name in {"platform", "posting"}))
        lows[index, has_ends] = np.minimum(ends[0], column[0])[has_ends]
        highs[index, has_ends] = np.maximum(ends[1], column[0])[has_ends]
    confident = _confident(logs, lows, highs)
    return {
        name: [_part(*values) for values in zip(logs[index], lows[index], highs[index], confident[index], strict=True)]
        for index, name in enumerate(_NAMES)
    }


def _confident(logs: Floats, lows: Floats, highs: Floats) -> NDArray[np.bool_]:
    """Return which parts chance does not explain.

    The platform's change is one statement about all clients, and weighs as much as all others together.
    """
    by_part = chances(logs, lows, highs)
    platform = float(np.median(by_part[0]))
    others = by_part[1:].ravel()
    weights = np.append(np.ones(len(others)), len(others))
    discovered = discoveries(np.append(others, platform), weights)
    of_clients = discovered[:-1].reshape(by_part[1:].shape)
    of_platform = np.broadcast_to(discovered[-1], (1, logs.shape[1]))
    confident = np.concatenate([of_platform, of_clients])
    return confident & ((lows > 0) | (highs < 0))


def _part(log: float, low: float, high: float, is_confident: bool) -> Part | None:
    if np.isnan(log):
        return None
    if np.isnan(low):
        return Part(float(log), None, None)
    return Part(float(log), float(low), float(high), bool(is_confident))


def _main_drivers(rows: Mapping[str, Floats], parts: Mapping[str, list[Part | None]]) -> list[Driver | None]:
    """Return each client's largest part where that is certain: with all parts known, in the direction of the change."""
    drawn = np.abs(np.stack([rows[driver][1:] for driver in DRIVERS]))
    known: NDArray[np.bool_] = np.array(np.isfinite(drawn.sum(axis=(0, 1))))
    largest = np.where(known, np.nan_to_num(drawn), 0.0).argmax(axis=0)
    names: list[Driver | None] = []
    for index, is_known in enumerate(known):
        counts = np.bincount(largest[:, index], minlength=len(DRIVERS))
        driver = DRIVERS[int(counts.argmax())]
        part, whole = parts[driver][index], parts["whole"][index]
        certain = is_known and counts.max() >= MAIN_CHANCE * len(largest) and part is not None and part.is_confident
        same = part is not None and whole is not None and part.log * whole.log > 0
        names.append(driver if certain and same else None)
    return names


def _split(
    client: ClientDays,
    index: int,
    parts: Mapping[str, list[Part | None]],
    main: Driver | None,
    drawn: PartDraws,
    panel: Panel,
) -> DriverSplit:
    others = int(drawn.comparable.sum()) - int(drawn.comparable[index])
    alike = drawn.comparable & (np.sign(drawn.ordinary) == np.sign(drawn.platform[0, index]))
    days = int(panel.used[index].sum())
    return DriverSplit(
        client_id=client.client_id,
        **{name: column[index] for name, column in parts.items()},
        main_driver=main,
        others=others,
        others_alike=int(alike.sum()) - int(alike[index]),
        units=(days, days),
        is_organic=client.is_organic,
        reasons=_reasons(index, {name for name, column in parts.items() if column[index] is None}, others, panel),
    )


def _reasons(index: int, missing: set[str], others: int, panel: Panel) -> dict[str, str]:
    """Return the reason for each missing part."""
    if not missing:
        return {}
    used = panel.used[index]
    exposure, engagements = (
        min(float(column[index, panel.periods.of(side)][used].sum()) for side in (0, 1))
        for column in (panel.exposure, panel.engagements)
    )
    if not used.any():
        return dict.fromkeys(sorted(missing), "there are no readings in one of the periods")
    if exposure <= 0:
        return dict.fromkeys(sorted(missing), "there were no views in one of the periods")
    reason_by_part: dict[str, str] = {}
    if engagements <= 0:
        reason_by_part |= dict.fromkeys(("people", "whole"), "there were no engagements in one of the periods")
    compared = "is 1 other client" if others == 1 else f"are {others} other clients"
    reason_by_part["platform"] = f"there {compared} to compare with, and {ENOUGH_OTHERS} are needed"
    reason_by_part["posting"] = "the posts of one of the periods are not completely known"
    return {name: reason_by_part[name] for name in sorted(missing)}
