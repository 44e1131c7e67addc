"""Changes between earlier periods of each client: what a change looks like in ordinary times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.drivers.series import BASE_SHARE, Panel, Periods
from sophia.analytics.figures.statistics import Floats

WEEK = 7
# With fewer clients their median is mostly the client itself.
_ENOUGH_FOR_COMMON = 6


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes on the log scale between two periods, in shape (client, pair of periods); NaN where unknown.

    `posting` has shape (mean age, client, pair): the change of the posts' potential. `mix` is the change of the response
    that the formats explain, in the same shape.
    """

    exposure: Floats
    response: Floats
    posting: Floats
    mix: Floats


def earlier_changes(panel: Panel, length: int, end: int) -> Changes:
    """Return the changes between pairs of periods of `length` days that end before the day `end`, a week apart.

    The periods of a pair lie as far apart as whole weeks allow without overlap. Pairs with unequal numbers of special days
    are unknown, since they do not show ordinary times.
    """
    gap = -(-length // WEEK) * WEEK
    last = end - length - gap
    starts = np.arange(last % WEEK, last + 1, WEEK) if last >= 0 else np.arange(0)
    exposure, engagements = filled(panel.exposure), filled(panel.engagements)
    special = _sums(panel.special.astype(float), starts, length) - _sums(
        panel.special.astype(float), starts + gap, length
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (
            tuple(np.log(_sums(values, starts + shift, length)) for values in (exposure, engagements))
            for shift in (0, gap)
        )
        exposed = second[0] - first[0]
        response = second[1] - first[1] - exposed
    ordinary = special == 0
    posting, mix = _posting_changes(panel, starts, starts + gap, length)
    return Changes(_finite(exposed, ordinary), _finite(response, ordinary), posting, mix)


def current_posting(panel: Panel) -> tuple[Floats, Floats]:
    """Return the change of the posts' potential and of the response to their formats between the periods, in shape (mean age, client)."""
    periods = panel.periods
    posting, mix = _posting_changes(panel, np.array([periods.before]), np.array([periods.after]), periods.days)
    return posting[:, :, 0], mix[:, :, 0]


def schedule_difference(panel: Panel) -> Floats:
    """Return how far the days of both periods differ in their posts, in shape (mean age, client): 0 if equal, 1 if nothing is shared."""
    before, after = (np.nan_to_num(panel.potential[:, :, panel.periods.of(side)]) for side in (0, 1))
    total = (before + after).sum(axis=2)
    difference: Floats = np.abs(after - before).sum(axis=2) / np.where(total > 0, total, 1.0)
    return difference


def common_changes(changes: Floats) -> Floats:
    """Return the clients' median of each pair, in shape (pair,): what moves all clients; 0 with too few clients."""
    count = np.isfinite(changes).sum(axis=0)
    enough = count >= _ENOUGH_FOR_COMMON
    common = np.zeros(changes.shape[1])
    if enough.any():
        common[enough] = np.nanmedian(changes[:, enough], axis=0)
    return common


def without_common(changes: Floats) -> Floats:
    """Return the changes minus what moves all clients, scaled up, since the median contains the client itself."""
    count = np.isfinite(changes).sum(axis=0)
    factors = np.where(count >= _ENOUGH_FOR_COMMON, (count / np.maximum(count - 1.0, 1.0)) ** 0.5, 1.0)
    residuals: Floats = (changes - common_changes(changes)) * factors
    return residuals


def filled(values: Floats) -> Floats:
    """Return the days with each unknown day filled by the same weekdays next to it, as far as these are known."""
    result = values.copy()
    known = np.isfinite(values)
    total, count = np.zeros_like(values), np.zeros_like(values)
    for shift in (WEEK, -WEEK):
        shifted = np.full_like(values, np.nan)
        if shift < values.shape[1]:
            if shift > 0:
                shifted[:, shift:] = values[:, :-shift]
            else:
                shifted[:, :shift] = values[:, -shift:]
        usable = np.isfinite(shifted)
        total += np.where(usable, shifted, 0.0)
        count += usable
    fill = ~known & (count > 0)
    result[fill] = total[fill] / count[fill]
    return result


def _posting_changes(
    panel: Panel, first: NDArray[np.intp], second: NDArray[np.intp], length: int
) -> tuple[Floats, Floats]:
    """Return ln of the quotients of potentials, and of the mean responses to the formats, of periods with these first days."""
    with np.errstate(invalid="ignore", divide="ignore"):
        listed = np.isfinite(panel.potential)
        usual = np.where(listed, panel.potential, 0.0).sum(axis=2) / np.maximum(listed.sum(axis=2), 1)
        base = (BASE_SHARE * length * np.maximum(usual, 1e-9))[:, :, None]
        sums = [
            [_sums(values, starts, length) + base for values in (panel.potential, panel.responding)]
            for starts in (first, second)
        ]
        posting: Floats = np.log(sums[1][0] / sums[0][0])
        mix: Floats = np.log(sums[1][1] / sums[1][0]) - np.log(sums[0][1] / sums[0][0])
    return posting, mix


def _sums(values: Floats, starts: NDArray[np.intp], length: int) -> Floats:
    """Return the sums over `length` days from each of `starts`; the last axis of `values` is the days."""
    if not len(starts):
        return np.zeros((*values.shape[:-1], 0))
    windows = np.lib.stride_tricks.sliding_window_view(values, length, axis=-1)
    sums: Floats = windows[..., starts, :].sum(axis=-1)
    return sums


def _finite(changes: Floats, ordinary: NDArray[np.bool_]) -> Floats:
    return np.where(np.isfinite(changes) & ordinary, changes, np.nan)


def weekly_end(periods: Periods) -> int:
    """Return the day before which periods contain nothing of the current change."""
    return periods.before + periods.days
