"""Summaries of every canonical metric of a window, split by whether the algorithm affects it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from sophia.analytics.figures.documents import figures_document
from sophia.analytics.figures.facts import AGED_METRICS, ClientWindow, PostFacts
from sophia.analytics.figures.figures import (
    NO_READINGS,
    NOT_ADDED,
    NOT_AVERAGED,
    Change,
    Figure,
    FigureUnit,
    change,
    figure,
    missing,
    total,
)
from sophia.analytics.figures.statistics import median
from sophia.analytics.kpis.equal_ages import Compute, equal_age, figure_at_age
from sophia.analytics.kpis.kpis import NO_WINDOW, daily_total, people
from sophia.analytics.kpis.late_values import explain_late, late_posts, with_late
from sophia.analytics.kpis.like_for_like import like_for_like, unknown_until_begun
from sophia.meta.catalogue.canonical import CANONICAL, Counting, MetricClass, Unit
from sophia.meta.catalogue.terms import Level

_UNITS = {
    Unit.COUNT: FigureUnit.COUNT,
    Unit.PEOPLE: FigureUnit.PEOPLE,
    Unit.MILLISECONDS: FigureUnit.MILLISECONDS,
    Unit.RATIO: FigureUnit.RATIO,
    Unit.MONEY: FigureUnit.MONEY,
}


class Aggregate(StrEnum):
    """How a figure is computed from many values (G10)."""

    SUM = "sum"
    PEOPLE = "people"
    MEDIAN = "median"


_AGGREGATES = {
    Counting.ADDITIVE: Aggregate.SUM,
    Counting.UNIQUE: Aggregate.PEOPLE,
    Counting.LEVEL: Aggregate.MEDIAN,
    Counting.RATIO: Aggregate.MEDIAN,
}


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One metric at one level; accounts and posts are never mixed (A4)."""

    metric: str
    level: Level
    aggregate: Aggregate
    figure: Annotated[
        Figure,
        Field(
            description="Of the whole window; `change` compares the days that both windows have, and posts at equal ages."
        ),
    ]
    change: Change


def algo_dependent_summary(
    now: ClientWindow, before: ClientWindow | None = None, later: ClientWindow | None = None
) -> tuple[SummaryLine, ...]:
    """Return the metrics that depend on the algorithm; `later` is compared: of an open window the days that are over."""
    return _summary(now, before, later or now, MetricClass.ALGORITHM_DEPENDENT)


def algo_independent_summary(
    now: ClientWindow, before: ClientWindow | None = None, later: ClientWindow | None = None
) -> tuple[SummaryLine, ...]:
    """Return the metrics that count actions of people."""
    return _summary(now, before, later or now, MetricClass.ALGORITHM_INDEPENDENT)


def unclassified(now: ClientWindow) -> tuple[str, ...]:
    """Return the metrics of the window that the catalogue does not contain; they are in neither summary (A7)."""
    return tuple(sorted((_names(now, Level.ACCOUNT) | _names(now, Level.POST)) - set(CANONICAL)))


def _names(now: ClientWindow, level: Level) -> set[str]:
    if level is Level.POST:
        return {name for post in now.newest_posts for name in post.values}
    return {value.metric for value in now.days if value.day in now.window} | {value.metric for value in now.own}


def _summary(
    now: ClientWindow, before: ClientWindow | None, later: ClientWindow, metric_class: MetricClass
) -> tuple[SummaryLine, ...]:
    lines = []
    age = None if before is None else equal_age(later, before)
    later, earlier = (later, None) if before is None else like_for_like(later, before)
    compare = change if later.window.days_ended(later.today) else unknown_until_begun
    for level in (Level.ACCOUNT, Level.POST):
        for name in sorted(_names(now, level) & set(CANONICAL)):
            if CANONICAL[name].metric_class is not metric_class:
                continue
            total_of: Compute = partial(_total, level, name)
            current = total_of(now)
            if age is not None and level is Level.POST and name in AGED_METRICS:
                total_of = partial(figure_at_age, total_of, age=age)
            compared = total_of(later)
            base = missing(compared.unit, NO_WINDOW) if earlier is None else total_of(earlier)
            difference = compare(base, compared)
            if before is not None:
                difference = explain_late(difference, before.window, later.window)
            lines.append(SummaryLine(name, level, _AGGREGATES[CANONICAL[name].counting], current, difference))
    return tuple(lines)


def _total(level: Level, name: str, now: ClientWindow) -> Figure:
    return _of_posts(now, name) if level is Level.POST else _of_accounts(now, name)


def _of_posts(now: ClientWindow, name: str) -> Figure:
    total_of_posts = posts_total(now.newest_posts, name)
    return total_of_posts if total_of_posts.value is None else replace(total_of_posts, at_end=True)


def _of_accounts(now: ClientWindow, name: str) -> Figure:
    canonical = CANONICAL[name]
    if canonical.counting is Counting.UNIQUE:
        return people(now, name)
    if canonical.counting is Counting.ADDITIVE:
        return daily_total(now, name, _UNITS[canonical.unit])
    return missing(_UNITS[canonical.unit], NOT_AVERAGED)


def posts_total(newest_posts: Iterable[PostFacts], name: str) -> Figure:
    """Return a canonical metric of posts, each passed once: their sum, median, or bounds of their people (A5)."""
    canonical = CANONICAL[name]
    unit = _UNITS[canonical.unit]
    posts = [post for post in newest_posts if post.serves(name) or name in post.values]
    values = [post.values[name] for post in posts if name in post.values]
    if not values:
        return missing(unit, NO_READINGS, n=0)
    doubt = None
    if len(values) < len(posts):
        doubt = f"No data for {len(posts) - len(values)} of {len(posts)} posts."
    late = late_posts(post for post in posts if name in post.values)
    if canonical.counting is Counting.ADDITIVE:
        return with_late(figure(total(values), unit, n=len(values), doubt=doubt), late)
    if canonical.counting is Counting.UNIQUE and len(values) > 1:
        return Figure(
            value=None,
            unit=unit,
            n=len(values),
            reason=NOT_ADDED,
            at_least=max(values),
            at_most=total(values) if doubt is None else None,
        )
    return with_late(figure(median([float(value) for value in values]), unit, n=len(values), doubt=doubt), late)


def summary_document(lines: Iterable[SummaryLine]) -> dict[str, Any]:
    """Return {level.metric: the figure of this window as JSON}."""
    return figures_document({f"{line.level.value}.{line.metric}": line.figure for line in lines})
