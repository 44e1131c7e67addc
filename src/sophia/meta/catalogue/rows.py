"""Short notation for rows: what the rows of an edge share is written once, and a family of names is one line."""

from dataclasses import dataclass, replace
from datetime import date

from sophia.meta.catalogue.canonical import CANONICAL, Counting, Unit
from sophia.meta.catalogue.terms import Asked, Key, Level, Metric, MetricType, ObjectKind, Period, Platform, Source

DAY = (Period.DAY,)
LIFETIME = (Period.LIFETIME,)
ROLLING = (Period.DAY, Period.WEEK, Period.DAYS_28)
LIFETIME_AND_DAY = (Period.LIFETIME, Period.DAY)


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge with metrics: the kinds of object, the source of their numbers, and the usual periods."""

    platform: Platform
    kinds: frozenset[ObjectKind]
    source: Source
    periods: tuple[Period, ...]
    metric_type: MetricType | None = None

    @property
    def level(self) -> Level:
        """The level of its kinds, which all share one."""
        return next(iter(self.kinds)).level

    def metric(
        self,
        name: str,
        canonical: str,
        *,
        primary: bool = False,
        unique: bool = False,
        unit: Unit | None = None,
        counting: Counting | None = None,
        kinds: frozenset[ObjectKind] | None = None,
        periods: tuple[Period, ...] | None = None,
        metric_type: MetricType | None = None,
        breakdowns: tuple[str, ...] = (),
        breakdown_canonicals: tuple[tuple[str, str], ...] = (),
        timeframe: str = "",
        keys: tuple[Key, ...] = (),
        dimension: str = "",
        absent_is_zero: bool = False,
        on_request: bool = False,
        alone: str = "",
        sure: str = "B",
        note: str = "",
    ) -> Metric:
        """Return a row; unit and counting are those of the canonical metric unless said, people if `unique`."""
        meaning = CANONICAL[canonical]
        return Metric(
            platform=self.platform,
            level=self.level,
            kinds=kinds or self.kinds,
            name=name,
            canonical=canonical,
            primary=primary,
            unit=unit or (Unit.PEOPLE if unique else meaning.unit),
            counting=counting or (Counting.UNIQUE if unique else meaning.counting),
            source=self.source,
            periods=periods or self.periods,
            metric_type=metric_type or self.metric_type,
            breakdowns=breakdowns,
            breakdown_canonicals=breakdown_canonicals,
            timeframe=timeframe,
            keys=tuple(key._replace(canonical=key.canonical or canonical) for key in keys),
            dimension=dimension,
            absent_is_zero=absent_is_zero or bool(keys),
            asked=Asked.ON_REQUEST if on_request else Asked.ALWAYS,
            alone=alone,
            sure=sure,
            note=note,
        )

    def retired(
        self,
        on: date,
        canonical: str,
        *names: str,
        successor: str | None = None,
        unique: bool = False,
        dimension: str = "",
        kinds: frozenset[ObjectKind] | None = None,
        last_version: str | None = None,
        sure: str = "B",
        note: str = "",
    ) -> tuple[Metric, ...]:
        """Return rows for names that Meta no longer knows: kept so that old readings stay readable, never asked."""
        row = self.metric(
            names[0], canonical, unique=unique, dimension=dimension, kinds=kinds, on_request=True, sure=sure, note=note
        )
        row = replace(row, retired_on=on, successor=successor, last_version=last_version)
        return tuple(replace(row, name=name) for name in names)


def family(base: Metric, *suffixes: str, on_request: bool = False) -> tuple[Metric, ...]:
    """Return `base` and the same metric under longer names; only `base` can be primary.

    `_unique` names count people. Plays that began with a click are a person's act, whatever the rest of the family is.
    `on_request` concerns the longer names only.
    """
    return (base, *(_variant(base, suffix, on_request=on_request) for suffix in suffixes))


def _variant(base: Metric, suffix: str, *, on_request: bool) -> Metric:
    row = replace(base, name=base.name + suffix, primary=False)
    if on_request:
        row = replace(row, asked=Asked.ON_REQUEST)
    if suffix.endswith("_unique"):
        row = replace(row, unit=Unit.PEOPLE, counting=Counting.UNIQUE)
    if suffix.endswith(("_click_to_play", "_clicked_to_play")) and base.canonical != "retention":
        row = replace(row, canonical="clicked_plays")
    return row
