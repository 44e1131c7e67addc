"""Estimates what a client's engagements would have been without its campaign, from the other clients of the portfolio.

Abadie, Diamond and Hainmueller (2010), with the levels of the clients removed (Ferman and Pinto 2021): the weighted mean of
the others that followed the client best before the campaign is its synthetic control. Placebos show how far such a
forecast is off where there is no campaign: other clients, and earlier weeks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEK = 7
# The weeks before the campaign that the weights are fitted to, and the fewest that are enough.
FITTED_WEEKS, FEWEST_WEEKS = 12, 8
# A week or a campaign counts with this share of its days.
KNOWN_SHARE = 0.7
# A rank among so many placebos can be below 5 %.
FEWEST_PLACEBOS = 19
FEWEST_OTHERS = 5
# A week counts for placebos if so many of the clients have figures.
MOST_CLIENTS = 0.8
# Before the campaign the control may miss the client by this much (root mean square of the logarithm, about 50 %).
MOST_MISFIT = 0.4
LEVEL = 0.05
# More equal weights cost little fit and predict better; chosen once, in no way by the benchmark.
_RIDGE = 0.02
_STEPS = 300
_CONVERGED = 1e-5
_LEAST_MISFIT = 0.02


@dataclass(frozen=True, slots=True)
class LiftEstimate:
    """The campaign's effect on ln(engagements a day): the estimate, its 95 % interval, and the rank of the placebos.

    `p_value` is the share of placebos, the campaign included, whose effect is at least as far from 0, in units of their
    misfit, of which half the variance is that of the portfolio.
    `misfit` is the root mean square of the control's error in the `weeks` before.
    """

    log: float
    low: float
    high: float
    p_value: float
    misfit: float
    placebos: int
    others: int
    weeks: int


@dataclass(frozen=True, slots=True)
class NoLift:
    """The reason why there is no estimate."""

    reason: str


def estimate_lift(
    days: Floats, client: int, start: int, length: int, own_campaigns: NDArray[np.bool_]
) -> LiftEstimate | NoLift:
    """Estimate the lift of a campaign.

    `days` are engagements [client, day], NaN where unknown; the campaign of the row `client` has the columns from `start` to
    before `start + length`. `own_campaigns` [client, day] are days of other campaigns: their weeks count for no client.
    """
    usable = np.where(own_campaigns, np.nan, days)
    usable[client, start : start + length] = days[client, start : start + length]
    trial = _campaign_trial(_levels(usable, start, length), client)
    if isinstance(trial, NoLift):
        return trial
    if trial.misfit > MOST_MISFIT:
        return NoLift("the other clients did not move like this client before the campaign")
    usable[client, start : start + length] = np.nan
    logs, misfits = _placebos(usable, start, length)
    if len(logs) < FEWEST_PLACEBOS:
        return NoLift(f"{len(logs)} placebo campaigns are too few; {FEWEST_PLACEBOS} are needed")
    # Twelve weeks tell little about a client's misfit, so half of its variance comes from the portfolio.
    usual = np.median([trial.misfit, *misfits])
    scale, *scales = np.sqrt((np.array([trial.misfit, *misfits]) ** 2 + usual**2) / 2)
    ratios = np.abs(logs) / scales
    rank = int((ratios >= abs(trial.log) / scale).sum())
    margin = _upper(ratios) * float(scale)
    return LiftEstimate(
        log=trial.log,
        low=trial.log - margin,
        high=trial.log + margin,
        p_value=(1 + rank) / (1 + len(ratios)),
        misfit=trial.misfit,
        placebos=len(ratios),
        others=trial.others,
        weeks=trial.weeks,
    )


def _upper(ratios: Floats) -> float:
    """Return the order statistic below which a new placebo lies with at least 95 %."""
    ordered = np.sort(ratios)
    place = int(np.ceil((len(ordered) + 1) * (1 - LEVEL))) - 1
    return float(ordered[min(place, len(ordered) - 1)])


@dataclass(frozen=True, slots=True)
class _Trial:
    log: float
    misfit: float
    others: int
    weeks: int


def _campaign_trial(levels: Floats, client: int) -> _Trial | NoLift:
    """Compare the client with its control, fitted on the weeks in which the client has figures."""
    if not np.isfinite(levels[client, -1]):
        return NoLift("most days of the campaign have no figures")
    fitted = np.flatnonzero(np.isfinite(levels[client, :-1]))
    if len(fitted) < FEWEST_WEEKS:
        return NoLift(f"{len(fitted)} weeks before the campaign have figures; {FEWEST_WEEKS} are needed")
    levels = levels[:, [*fitted, -1]]
    complete: NDArray[np.bool_] = np.array(np.isfinite(levels).all(axis=1))
    others = int(complete.sum()) - 1
    if others < FEWEST_OTHERS:
        return NoLift(f"{others} other clients have figures in these weeks; {FEWEST_OTHERS} are needed")
    target = int(complete[:client].sum())
    logs, misfits = _trials(levels[complete], np.array([target]))
    return _Trial(float(logs[0]), float(misfits[0]), others, len(fitted))


def _placebos(days: Floats, start: int, length: int) -> tuple[Floats, Floats]:
    """Return effects and misfits where there was no campaign: at its time, and in earlier weeks that do not overlap.

    Each client is tried at each time. The client of the campaign is no control during it, because its days there are
    unknown here. A week that is unknown for many clients is left out.
    """
    logs, misfits = [], []
    step = -(-length // WEEK) * WEEK
    for begin in range(start, FEWEST_WEEKS * WEEK - 1, -step):
        levels = _levels(days, begin, length)
        levels = levels[np.isfinite(levels[:, -1])]
        if len(levels) <= FEWEST_OTHERS:
            continue
        weeks = np.flatnonzero(np.isfinite(levels[:, :-1]).mean(axis=0) >= MOST_CLIENTS)
        levels = levels[:, [*weeks, -1]]
        levels = levels[np.isfinite(levels).all(axis=1)]
        if len(weeks) >= FEWEST_WEEKS and len(levels) > FEWEST_OTHERS:
            trials = _trials(levels, np.arange(len(levels)))
            logs.append(trials[0])
            misfits.append(trials[1])
    return (np.concatenate(logs), np.concatenate(misfits)) if logs else (np.empty(0), np.empty(0))


def _levels(days: Floats, start: int, length: int) -> Floats:
    """Return ln(engagements a day) [client, week before and, last, campaign]."""
    weeks = min(FITTED_WEEKS, start // WEEK)
    before = days[:, start - weeks * WEEK : start].reshape(len(days), weeks, WEEK)
    campaign = days[:, None, start : start + length]
    return np.column_stack([_mean_logs(before, before), _mean_logs(campaign, before)])


def _trials(levels: Floats, targets: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the effect and the misfit of each target row, each against a control of all other rows."""
    centred = levels - levels[:, :-1].mean(axis=1, keepdims=True)
    errors = centred[targets] - control_weights(centred[:, :-1], targets) @ centred
    misfits = np.sqrt(np.mean(errors[:, :-1] ** 2, axis=1))
    return errors[:, -1], np.maximum(misfits, _LEAST_MISFIT)


def _mean_logs(blocks: Floats, before: Floats) -> Floats:
    """Return ln(mean day) [client, block]; NaN for a block with too few days.

    Each day is divided by the usual share of its place in the week, so that a campaign of five days is compared with seven.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        counts = np.isfinite(before).sum(axis=1)
        usual = np.nansum(before, axis=1) / np.maximum(counts, 1) + 0.5
        factors = usual / usual.mean(axis=1, keepdims=True)
        places = np.arange(blocks.shape[2]) % WEEK
        adjusted = blocks / factors[:, None, places]
        known = np.isfinite(adjusted).sum(axis=2)
        means = np.nansum(adjusted, axis=2) / np.maximum(known, 1)
        enough = known >= KNOWN_SHARE * blocks.shape[2]
        return np.asarray(np.where(enough, np.log(means + 0.5), np.nan), dtype=np.float64)


def control_weights(levels: Floats, targets: NDArray[np.intp]) -> Floats:
    """Return weights [target, client], not negative and adding up to 1, whose mean of `levels` [client, week] is nearest.

    A target has no weight in its own control. Accelerated projected gradients, with a small penalty on the distance from
    equal weights.
    """
    count = len(levels)
    allowed = np.ones((len(targets), count), dtype=np.bool_)
    allowed[np.arange(len(targets)), targets] = False
    equal = allowed / (count - 1)
    penalty = _RIDGE * float(np.sum(levels**2))
    step = 1 / (float(np.linalg.norm(levels, 2)) ** 2 + penalty + 1e-12)
    products, aims = levels @ levels.T, levels[targets] @ levels.T
    weights, ahead, momentum = equal, equal, 1.0
    for _ in range(_STEPS):
        gradient = ahead @ products - aims + penalty * (ahead - equal)
        moved = _onto_simplex(ahead - step * gradient, allowed)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - weights)
        is_converged = float(np.abs(moved - weights).max()) < _CONVERGED
        weights, momentum = moved, following
        if is_converged:
            break
    return weights


def _onto_simplex(points: Floats, allowed: NDArray[np.bool_]) -> Floats:
    """Return the nearest points [row, client] that are not negative and add up to 1 over `allowed` (Duchi et al. 2008)."""
    points = np.where(allowed, points, -np.inf)
    ordered = -np.sort(-points, axis=1)[:, :-1]
    excess = (np.cumsum(ordered, axis=1) - 1) / np.arange(1, ordered.shape[1] + 1)
    last = (ordered > excess).sum(axis=1, keepdims=True) - 1
    return np.asarray(np.maximum(points - np.take_along_axis(excess, last, axis=1), 0.0), dtype=np.float64)
