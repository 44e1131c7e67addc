"""What stored readings mean: the canonical metric of each of Meta's names, and the kinds that are read from it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.readings.models import StoredMetric
from sophia.meta.catalogue.canonical import Counting
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, ObjectKind, Period, Platform

_CACHE_KEY = "meanings of stored metrics"
# Lengths, in days, of the windows for which Meta returns its own numbers.
OWN_DAYS: Mapping[str, int] = {Period.WEEK.value: 7, Period.DAYS_28.value: 28}


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """The meaning of one stored metric. `metric` is canonical, or Meta's own name if the catalogue does not know it."""

    metric: str
    platform: Platform
    level: Level
    name: str
    period: str
    is_known: bool

    @property
    def is_read(self) -> bool:
        """Whether a canonical metric is read from this name; some names are only listed beside it."""
        kinds: Iterable[ObjectKind | None] = ObjectKind if self.level is Level.POST else (None,)
        return any(self.describes(kind) for kind in kinds)

    def describes(self, kind: ObjectKind | None) -> bool:
        """Return whether the canonical metric is read from this name, for posts of this kind or for accounts."""
        return not self.is_known or self.name in _names(self.platform, self.level, self.metric, kind)


@cache
def _names(platform: Platform, level: Level, metric: str, kind: ObjectKind | None) -> frozenset[str]:
    return frozenset(reads(platform, level, metric, kind))


def metric_definitions(session: Session, metrics: Collection[str] | None = None) -> dict[int, MetricDefinition]:
    """Return {stored metric: definition} of the metrics without breakdown that windows are made of; only `metrics` if
    given.

    They are read once per session, because a report needs them half a dozen times.
    """
    definitions: dict[int, MetricDefinition] | None = session.info.get(_CACHE_KEY)
    if definitions is None:
        definitions = session.info[_CACHE_KEY] = dict(_read_definitions(session))
    if metrics is None:
        return dict(definitions)
    return {
        number: definition
        for number, definition in definitions.items()
        if definition.is_known and definition.metric in metrics
    }


def _read_definitions(session: Session) -> Iterator[tuple[int, MetricDefinition]]:
    rows = session.execute(
        select(
            StoredMetric.id,
            StoredMetric.platform,
            StoredMetric.level,
            StoredMetric.metric_name,
            StoredMetric.period,
            StoredMetric.canonical,
            StoredMetric.counting,
        ).where(StoredMetric.breakdown == "")
    )
    for number, platform, level, name, period, canonical, counting in rows:
        usual = Period.DAY if level == Level.ACCOUNT.value else Period.LIFETIME
        own = level == Level.ACCOUNT.value and counting == Counting.UNIQUE.value and period in OWN_DAYS
        if period == usual.value or own:
            definition = MetricDefinition(
                canonical or name, Platform(platform), Level(level), name, period, canonical is not None
            )
            if definition.is_read:
                yield number, definition
