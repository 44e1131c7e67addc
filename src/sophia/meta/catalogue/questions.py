"""Turns the catalogue into requests: which names may be asked together, and how."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sophia.meta.catalogue.canonical import Counting
from sophia.meta.catalogue.lookup import METRICS, live
from sophia.meta.catalogue.terms import Asked, Level, Metric, MetricType, ObjectKind, Period, Platform, Source

_PERIODS = tuple(Period)
_KINDS = {
    Platform.FACEBOOK: frozenset(
        {ObjectKind.PAGE, ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL, ObjectKind.STORY}
    ),
    Platform.INSTAGRAM: frozenset(
        {
            ObjectKind.ACCOUNT,
            ObjectKind.FEED,
            ObjectKind.CAROUSEL,
            ObjectKind.REEL,
            ObjectKind.STORY,
            ObjectKind.OTHER,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One request to an insights edge, or (for fields) the names to add to one: they share every parameter."""

    period: Period
    metric_type: MetricType | None
    breakdown: str | None
    names: tuple[str, ...]
    timeframe: str = ""

    def label(self, name: str) -> str:
        """Return the name under which a refusal of this question is recorded: Meta may refuse only a breakdown."""
        return refusal_label(name, self.breakdown, self.period)


def refusal_label(name: str, breakdown: str | None = None, period: Period | None = None) -> str:
    """Return a metric's name, with the breakdown or the rolling period if Meta refuses only that."""
    if breakdown:
        return f"{name} by {breakdown}"
    return f"{name} per {period.value}" if period in (Period.WEEK, Period.DAYS_28) else name


def questions(
    platform: Platform,
    kind: ObjectKind,
    source: Source,
    version: str,
    day: date,
    *,
    also: Collection[str] = (),
    refused: Collection[str] = (),
) -> tuple[Question, ...]:
    """Return the requests that read everything known of one object of this kind.

    `day` is the day of asking, which decides what is retired; `also` names metrics that are asked on request only;
    `refused` holds the names (and labels, see `refusal_label`) that Meta refuses for this kind. Plain questions come first. Of an account, metrics of people
    are asked in every period that Meta serves, because they cannot be added up, all others by day; of a post,
    everything by lifetime. Breakdowns of Instagram accounts are `spans`.
    """
    metrics = _asked(platform, kind, source, version, day, also=also, refused=refused)
    return _grouped((_plain(metrics), _split(metric for metric in metrics if not metric.is_span)), refused)


def spans(
    platform: Platform,
    kind: ObjectKind,
    version: str,
    day: date,
    *,
    also: Collection[str] = (),
    refused: Collection[str] = (),
) -> tuple[Question, ...]:
    """Return the requests that describe a window longer than a day by breakdown (Instagram accounts, up to 30 days).

    They answer one value per breakdown for the whole window asked.
    """
    metrics = _asked(platform, kind, Source.INSIGHTS, version, day, also=also, refused=refused)
    return _grouped((_split(metric for metric in metrics if metric.is_span),), refused)


# Two metrics share a request if they share (alone, the question without its names).
_Group = tuple[str, Question]


def _asked(
    platform: Platform,
    kind: ObjectKind,
    source: Source,
    version: str,
    day: date,
    *,
    also: Collection[str],
    refused: Collection[str],
) -> tuple[Metric, ...]:
    if kind not in _KINDS[platform]:
        raise ValueError(f"{platform} has no {kind}.")
    return tuple(
        metric
        for metric in METRICS
        if metric.platform is platform
        and kind in metric.kinds
        and metric.source is source
        and (metric.asked is Asked.ALWAYS or metric.name in also)
        and metric.name not in refused
        and live(metric, version, day)
    )


def _periods(metric: Metric) -> tuple[Period, ...]:
    if metric.level is Level.ACCOUNT and metric.counting is Counting.UNIQUE:
        return metric.periods
    usual = Period.DAY if metric.level is Level.ACCOUNT else Period.LIFETIME
    return (usual if usual in metric.periods else metric.periods[0],)


def _plain(metrics: Iterable[Metric]) -> Iterator[tuple[_Group, str]]:
    pairs = (
        ((metric.alone, Question(period, metric.metric_type, None, ())), metric.name)
        for metric in metrics
        if not metric.timeframe
        for period in _periods(metric)
    )
    yield from sorted(pairs, key=lambda pair: (_PERIODS.index(pair[0][1].period), pair[0][0] != ""))


def _split(metrics: Iterable[Metric]) -> Iterator[tuple[_Group, str]]:
    for metric in metrics:
        account = metric.platform is Platform.INSTAGRAM and metric.level is Level.ACCOUNT
        metric_type: MetricType | None = "total_value" if account else None
        usual = Period.DAY if Period.DAY in metric.periods and metric.level is Level.ACCOUNT else Period.LIFETIME
        for breakdown in metric.breakdowns:
            yield (metric.alone, Question(usual, metric_type, breakdown, (), metric.timeframe)), metric.name


def _grouped(streams: Iterable[Iterable[tuple[_Group, str]]], refused: Collection[str]) -> tuple[Question, ...]:
    groups: dict[_Group, list[str]] = {}
    for stream in streams:
        for group, name in stream:
            if group[1].label(name) in refused:
                continue
            names = groups.setdefault(group, [])
            if name not in names:
                names.append(name)
    return tuple(
        Question(shape.period, shape.metric_type, shape.breakdown, tuple(names), shape.timeframe)
        for (_, shape), names in groups.items()
    )
