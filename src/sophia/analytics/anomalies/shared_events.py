"""Groups portfolio events of several metrics and platforms into one event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from sophia.analytics.anomalies.detector import LONGEST
from sophia.analytics.anomalies.records import CommonMovement, MetricEvent

# The same change may show in one metric a day before the other.
_NEAR = timedelta(days=1)
# Two metrics may date the beginning of a new level differently within so many days.
_BEGINS = timedelta(days=LONGEST - 1)
# A new level is more important than a single day.
_BY_IMPORTANCE = ("rise", "fall", "spike", "drop")

P = TypeVar("P", bound=MetricEvent)


@dataclass(frozen=True, slots=True)
class SharedEvent(CommonMovement, Generic[P]):
    """Days on which most accounts moved alike: one event for the portfolio, not news of any single client.

    `series` and `alike` are sums over the parts; each metric of a platform counts once.
    """

    parts: tuple[P, ...]


def shared_events(parts: Iterable[P]) -> tuple[SharedEvent[P], ...]:
    """Group events that go the same way on overlapping or neighbouring days, in the order of their days.

    The event begins on the day that most of its parts name, of several such days on the first.
    """
    groups: list[list[P]] = []
    for part in sorted(parts, key=lambda part: part.since):
        near = (
            group for group in groups if part.since - _NEAR <= _last_day(group) and _is_up(group[-1]) == _is_up(part)
        )
        group = next(near, None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    return tuple(sorted((_shared_event(group) for group in groups), key=lambda event: event.since))


def _last_day(parts: Sequence[MetricEvent]) -> date:
    """Return the last day of these parts; for a new level, the last day on which it may have begun."""
    return max(part.since + _BEGINS if part.is_level else (part.until or date.max) for part in parts)


def _is_up(part: MetricEvent) -> bool:
    return part.kind in ("rise", "spike")


def _shared_event(parts: Sequence[P]) -> SharedEvent[P]:
    largest = {(part.platform, part.metric): part for part in sorted(parts, key=lambda part: part.alike)}.values()
    days = [part.since for part in parts]
    ends = [part.until for part in parts]
    return SharedEvent(
        kind=min((part.kind for part in parts), key=_BY_IMPORTANCE.index),
        since=max(sorted(set(days)), key=days.count),
        until=None if None in ends else max(end for end in ends if end is not None),
        series=sum(part.series for part in largest),
        alike=sum(part.alike for part in largest),
        parts=tuple(parts),
    )
