"""Predictions of what a draft will do: checked when they are made, compared with what came, scored by stage."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sophia.analytics.decisions.scores import Quantiles
from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import Number, percent
from sophia.analytics.figures.statistics import median
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, Platform

STAGES = ("research", "angle", "persona", "format", "voice", "gate", "approval", "performance")
# Computed from what Meta reports when an outcome is taken, in percent (G4, I6).
RATES = ("engagement_rate_on_reached", "save_rate", "share_rate")
# What happens to a draft in this house; they happen or they do not, and so are predicted by a probability.
EVENTS = ("approved", "approved_without_edits")
AGES: Mapping[str, timedelta] = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "28d": timedelta(days=28)}
# How much older than the age itself the newest reading before it may be: posts of a week are read once a day, and one
# day's run can come later than another's.
TOLERANCES: Mapping[str, timedelta] = {
    "24h": timedelta(hours=6),
    "7d": timedelta(hours=36),
    "28d": timedelta(hours=48),
}
MOST_PREDICTIONS = 20
LARGEST = 2.0**63  # what the store can hold
BASELINE_NEWEST = 20
BASELINE_ENOUGH = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One number was predicted."""

    value: float


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability was predicted: that the metric comes to `at_least`, or (None) that the event happens."""

    probability: float
    at_least: float | None


Prediction = Point | Quantiles | Chance


def predictable() -> frozenset[str]:
    """The canonical metrics that some post can have, less levels, and the rates computed from them."""
    served = {
        name
        for name, canonical in CANONICAL.items()
        if canonical.metric_class is not MetricClass.LEVEL
        and any(reads(platform, Level.POST, name) for platform in Platform)
    }
    return frozenset(served | set(RATES))


def validate_prediction(predicted: Mapping[str, Any]) -> dict[str, Prediction]:
    """What was predicted, by canonical metric or event (I5, I8).

    `{"reach": 900}` is a point, `{"reach": {"q10": 500, "q50": 900, "q90": 1500}}` a distribution,
    `{"reach": {"at_least": 1000, "probability": 0.4}}` and `{"approved": {"probability": 0.8}}` are chances. Rates are
    percent. Raises InvalidInputError, naming the entry, for anything else: it could never be compared with an outcome.
    """
    if len(predicted) > MOST_PREDICTIONS:
        raise InvalidInputError(f"A decision predicts at most {MOST_PREDICTIONS} things; these are {len(predicted)}.")
    known = predictable()
    found: dict[str, Prediction] = {}
    for name, given in predicted.items():
        if name not in known and name not in EVENTS:
            raise InvalidInputError(
                f"Nobody measures {str(name)[:60]!r}, so it cannot be predicted. Name a canonical metric of a post, such "
                f"as reach or saved, one of the rates {', '.join(RATES)}, or {' or '.join(EVENTS)}."
            )
        found[name] = _prediction(name, given)
    return found


def readable_predictions(stored: Mapping[str, Any]) -> dict[str, Prediction]:
    """What was predicted and can still be judged: an entry that no longer can be never stops the others (I8)."""
    found: dict[str, Prediction] = {}
    for name, given in stored.items():
        with suppress(InvalidInputError):
            found |= validate_prediction({name: given})
    return found


def validate_confidence(confidence: Any) -> float | None:
    """A probability from 0 to 1, or None where none was given (I8). Raises InvalidInputError."""
    return None if confidence is None else _probability("confidence", confidence)


def _prediction(name: str, given: Any) -> Prediction:
    if name in EVENTS:
        if not isinstance(given, Mapping) or set(given) != {"probability"}:
            raise InvalidInputError(f'{name} is predicted as {{"probability": 0.8}}.')
        return Chance(_probability(name, given["probability"]), None)
    if not isinstance(given, Mapping):
        return Point(_number(name, given))
    if set(given) == {"q10", "q50", "q90"}:
        low, middle, high = (_number(name, given[key]) for key in ("q10", "q50", "q90"))
        if not low <= middle <= high:
            raise InvalidInputError(f"The quantiles of {name} must ascend: q10 ≤ q50 ≤ q90.")
        return Quantiles(low, middle, high)
    if set(given) == {"at_least", "probability"}:
        return Chance(_probability(name, given["probability"]), _number(name, given["at_least"]))
    raise InvalidInputError(
        f"{name} is predicted as a number, as q10, q50 and q90, or as at_least and probability; not as "
        f"{', '.join(sorted(str(key)[:20] for key in given)[:5]) or 'nothing'}."
    )


def _number(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise InvalidInputError(f"{name} is predicted by a number, not by {type(given).__name__}.")
    if not 0 <= given < LARGEST:
        raise InvalidInputError(f"{name} is predicted by a number that is not below 0, and that something can come to.")
    if name in RATES and given > 100:  # noqa: PLR2004
        raise InvalidInputError(f"{name} is percent, so it cannot be predicted to be {given:g}.")
    return float(given)


def _probability(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise InvalidInputError(f"The probability of {name} must be a number between 0 and 1.")
    return float(given)


@dataclass(frozen=True, slots=True)
class PostReading:
    """A lifetime counter of one post, by canonical metric, as it was read at an aware moment."""

    metric: str
    read_at: datetime
    value: Number


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a post had at a fixed age, and when that was read; for a rate, when the oldest part of it was."""

    value: float
    read_at: datetime


def outcomes(post: PostFacts, readings: Iterable[PostReading], as_of: datetime) -> dict[str, dict[str, Outcome]]:
    """What a post had 24 hours, 7 days and 28 days after it was published; each age is kept once it has passed (I2).

    For each metric the newest reading up to that moment counts, unless it is too old to stand for it (I3). So an outcome does not change when more is read later. `post.values` is not looked at; the rates are computed
    from the same readings (I6). `as_of` is the present moment.
    """
    in_order = sorted(readings, key=lambda reading: (reading.read_at, float(reading.value)))
    found: dict[str, dict[str, Outcome]] = {}
    for age, after in AGES.items():
        until = post.published_at + after
        if as_of < until:
            continue
        at_age = {
            reading.metric: Outcome(float(reading.value), reading.read_at)
            for reading in in_order
            if until - TOLERANCES[age] <= reading.read_at <= until and math.isfinite(reading.value)
        }
        found[age] = at_age | _rates(post, at_age)
    return found


def _rates(post: PostFacts, at_age: Mapping[str, Outcome]) -> dict[str, Outcome]:
    known = replace(post, values={name: outcome.value for name, outcome in at_age.items()})
    parts = {"engagement_rate_on_reached": known.engagements}
    parts |= {"save_rate": known.values.get("saved"), "share_rate": known.values.get("shares")}
    found = {}
    for name, part in parts.items():
        rate = percent(part, known.values.get("reach")).value
        if rate is not None:
            found[name] = Outcome(float(rate), min(outcome.read_at for outcome in at_age.values()))
    return found


def trailing_median(history: Iterable[tuple[datetime, float]], before: datetime) -> float | None:
    """What the account's latest posts of the same format usually had at the same age: the baseline of a prediction.

    `history` holds the moment at which each outcome was known, and the outcome; those not known before the decision are
    left out. None for fewer than five.
    """
    known = sorted((moment, value) for moment, value in history if moment < before)
    values = [value for _, value in known[-BASELINE_NEWEST:]]
    return median(values) if len(values) >= BASELINE_ENOUGH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One prediction and what became of it: `actual` at one age, and the baseline that was known when it was made.

    For an event, `actual` is 1 when it happened and 0 when it did not.
    """

    post_id: int
    stage: str
    metric: str
    prediction: Prediction
    actual: float | None
    baseline: float | None = None


def comparable(cases: Sequence[Case]) -> list[tuple[Case, Quantiles, float, float]]:
    """The cases that can be scored against the baseline, as (case, distribution, actual, baseline); each once (I4)."""
    found: dict[tuple[int, str, str], tuple[Case, Quantiles, float, float]] = {}
    for case in sorted(cases, key=lambda case: (case.post_id, case.stage, case.metric, str(case))):
        if isinstance(case.prediction, Chance) or case.actual is None or case.baseline is None:
            continue
        # A value below 0, which Meta can give when it takes counts back, has no logarithm and no baseline.
        if not (0 <= case.actual < math.inf and 0 <= case.baseline < math.inf):
            continue
        given = case.prediction
        spread = Quantiles(given.value, given.value, given.value) if isinstance(given, Point) else given
        found[case.post_id, case.stage, case.metric] = case, spread, case.actual, case.baseline
    return list(found.values())


def chances(cases: Sequence[Case]) -> tuple[list[float], list[bool]]:
    """Predicted probabilities, and whether it came about; cases without an outcome are left out."""
    probabilities, happened = [], []
    for case in sorted(set(cases), key=str):
        if isinstance(case.prediction, Chance) and case.actual is not None and math.isfinite(case.actual):
            threshold = 1.0 if case.prediction.at_least is None else case.prediction.at_least
            probabilities.append(case.prediction.probability)
            happened.append(case.actual >= threshold)
    return probabilities, happened
