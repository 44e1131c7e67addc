"""Checks predictions about drafts, computes the outcomes of posts, and pairs predictions with outcomes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sophia.analytics.decisions.scores import Quantiles
from sophia.analytics.figures.ages import AGES, Age
from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import Number, percent
from sophia.analytics.figures.statistics import median
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, Platform

Stage = Literal["research", "angle", "persona", "format", "voice", "gate", "approval", "performance"]
STAGES: tuple[Stage, ...] = get_args(Stage)
# In percent, computed from Meta's readings when an outcome is measured (G4, I6).
RATES = ("engagement_rate_on_reached", "save_rate", "share_rate")
# Events of a draft in Sophia. They happen or do not happen, so a prediction is a probability.
EVENTS = ("approved", "approved_without_edits")
# How much older than the age the newest reading may be: posts of a week are read once a day, and daily runs can be late.
TOLERANCES: Mapping[Age, timedelta] = {
    "24h": timedelta(hours=6),
    "7d": timedelta(hours=36),
    "28d": timedelta(hours=48),
}
MOST_PREDICTIONS = 20
LARGEST = 2.0**63  # the largest value that the database can store
BASELINE_NEWEST = 20
BASELINE_ENOUGH = 5


@dataclass(frozen=True, slots=True)
class Point:
    """A predicted number."""

    value: float


@dataclass(frozen=True, slots=True)
class Chance:
    """A predicted probability: that the metric reaches `at_least`, or (None) that the event happens."""

    probability: float
    at_least: float | None


Prediction = Point | Quantiles | Chance


def predictable() -> frozenset[str]:
    """Return the canonical metrics that a post can have, without levels, and the rates computed from them."""
    served = {
        name
        for name, canonical in CANONICAL.items()
        if canonical.metric_class is not MetricClass.LEVEL
        and any(reads(platform, Level.POST, name) for platform in Platform)
    }
    return frozenset(served | set(RATES))


def validate_prediction(predicted: Mapping[str, Any]) -> dict[str, Prediction]:
    """Return the predictions by canonical metric or event (I5, I8).

    `{"reach": 900}` is a point, `{"reach": {"q10": 500, "q50": 900, "q90": 1500}}` a distribution,
    `{"reach": {"at_least": 1000, "probability": 0.4}}` and `{"approved": {"probability": 0.8}}` are chances. Rates are
    percent. Raises InvalidInputError, naming the entry, for any other form: it could never be compared with an outcome.
    """
    if len(predicted) > MOST_PREDICTIONS:
        raise InvalidInputError(f"A decision predicts at most {MOST_PREDICTIONS} things; these are {len(predicted)}.")
    names = predictable()
    predictions: dict[str, Prediction] = {}
    for name, value in predicted.items():
        if name not in names and name not in EVENTS:
            raise InvalidInputError(
                f"{str(name)[:60]!r} is not measured, so it cannot be predicted. Name a canonical metric of a post, such "
                f"as reach or saved, one of the rates {', '.join(RATES)}, or {' or '.join(EVENTS)}."
            )
        predictions[name] = _prediction(name, value)
    return predictions


def readable_predictions(stored: Mapping[str, Any]) -> dict[str, Prediction]:
    """Return the predictions that can still be judged, and skip the other entries (I8)."""
    predictions: dict[str, Prediction] = {}
    for name, value in stored.items():
        with suppress(InvalidInputError):
            predictions |= validate_prediction({name: value})
    return predictions


def validate_confidence(confidence: Any) -> float | None:
    """Return a probability from 0 to 1, or None for None (I8). Raises InvalidInputError."""
    return None if confidence is None else _probability("confidence", confidence)


def _prediction(name: str, value: Any) -> Prediction:
    if name in EVENTS:
        if not isinstance(value, Mapping) or set(value) != {"probability"}:
            raise InvalidInputError(f'{name} is predicted as {{"probability": 0.8}}.')
        return Chance(_probability(name, value["probability"]), None)
    if not isinstance(value, Mapping):
        return Point(_number(name, value))
    if set(value) == {"q10", "q50", "q90"}:
        low, q50, high = (_number(name, value[key]) for key in ("q10", "q50", "q90"))
        if not low <= q50 <= high:
            raise InvalidInputError(f"The quantiles of {name} must ascend: q10 ≤ q50 ≤ q90.")
        return Quantiles(low, q50, high)
    if set(value) == {"at_least", "probability"}:
        return Chance(_probability(name, value["probability"]), _number(name, value["at_least"]))
    raise InvalidInputError(
        f"{name} is predicted as a number, as q10, q50 and q90, or as at_least and probability; not as "
        f"{', '.join(sorted(str(key)[:20] for key in value)[:5]) or 'nothing'}."
    )


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInputError(f"{name} is predicted by a number, not by {type(value).__name__}.")
    if not 0 <= value < LARGEST:
        raise InvalidInputError(f"{name} is predicted by a number from 0 to the largest that can be stored.")
    if name in RATES and value > 100:  # noqa: PLR2004
        raise InvalidInputError(f"{name} is in percent, so {value:g} is not possible.")
    return float(value)


def _probability(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInputError(f"The probability of {name} must be a number between 0 and 1.")
    return float(value)


@dataclass(frozen=True, slots=True)
class PostReading:
    """A reading of a lifetime counter of one post, by canonical metric; `read_at` is aware."""

    metric: str
    read_at: datetime
    value: Number


@dataclass(frozen=True, slots=True)
class Outcome:
    """A post's value at a fixed age and the moment of its reading; for a rate, that of its oldest part."""

    value: float
    read_at: datetime


def outcomes(post: PostFacts, readings: Iterable[PostReading], as_of: datetime) -> dict[Age, dict[str, Outcome]]:
    """Return a post's outcomes at each age that has passed at `as_of`, the present moment (I2).

    For each metric the newest reading up to the age counts, unless it is older than the tolerance (I3), so later readings
    do not change an outcome. Rates are computed from the same readings (I6); `post.values` is not used.
    """
    in_order = sorted(readings, key=lambda reading: (reading.read_at, float(reading.value)))
    by_age: dict[Age, dict[str, Outcome]] = {}
    for age, after in AGES.items():
        until = post.published_at + after
        if as_of < until:
            continue
        at_age = {
            reading.metric: Outcome(float(reading.value), reading.read_at)
            for reading in in_order
            if until - TOLERANCES[age] <= reading.read_at <= until and math.isfinite(reading.value)
        }
        by_age[age] = at_age | _rates(post, at_age)
    return by_age


def _rates(post: PostFacts, at_age: Mapping[str, Outcome]) -> dict[str, Outcome]:
    facts = replace(post, values={name: outcome.value for name, outcome in at_age.items()})
    parts = (facts.engagements, facts.values.get("saved"), facts.values.get("shares"))
    rates = {}
    for name, part in zip(RATES, parts, strict=True):
        rate = percent(part, facts.values.get("reach")).value
        if rate is not None:
            rates[name] = Outcome(float(rate), min(outcome.read_at for outcome in at_age.values()))
    return rates


def trailing_median(history: Iterable[tuple[datetime, float]], before: datetime) -> float | None:
    """Return the baseline of a prediction: the median of the latest 20 outcomes that were known before the decision.

    `history` has (moment at which the outcome was known, outcome) of posts of the same account, format and age. The median
    of fewer than five is None.
    """
    values = [value for _, value in sorted(item for item in history if item[0] < before)[-BASELINE_NEWEST:]]
    return median(values) if len(values) >= BASELINE_ENOUGH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One prediction, its outcome (`actual`), and the baseline that was known when the prediction was made.

    For an event, `actual` is 1 if it happened and 0 if it did not.
    """

    post_id: int
    stage: Stage
    metric: str
    prediction: Prediction
    actual: float | None
    baseline: float | None = None


def comparable(cases: Sequence[Case]) -> list[tuple[Case, Quantiles, float, float]]:
    """Return the cases that have a baseline, each once, as (case, distribution, actual, baseline) (I4)."""
    rows: dict[tuple[int, str, str], tuple[Case, Quantiles, float, float]] = {}
    for case in sorted(cases, key=lambda case: (case.post_id, case.stage, case.metric, str(case))):
        prediction = case.prediction
        if isinstance(prediction, Chance) or case.actual is None or case.baseline is None:
            continue
        # Meta can correct a counter below 0. Such a value has no logarithm, so it cannot be compared.
        if not (0 <= case.actual < math.inf and 0 <= case.baseline < math.inf):
            continue
        spread = Quantiles(*[prediction.value] * 3) if isinstance(prediction, Point) else prediction
        rows[case.post_id, case.stage, case.metric] = case, spread, case.actual, case.baseline
    return list(rows.values())


def chances(cases: Sequence[Case]) -> tuple[list[float], list[bool]]:
    """Return predicted probabilities, and whether each event happened; cases without an outcome are left out."""
    probabilities, happened = [], []
    for case in sorted(set(cases), key=str):
        if isinstance(case.prediction, Chance) and case.actual is not None and math.isfinite(case.actual):
            threshold = 1.0 if case.prediction.at_least is None else case.prediction.at_least
            probabilities.append(case.prediction.probability)
            happened.append(case.actual >= threshold)
    return probabilities, happened
