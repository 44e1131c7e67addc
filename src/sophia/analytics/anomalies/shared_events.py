"""What most of a portfolio did on one day, seen in several metrics on several platforms: one event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, Protocol, TypeVar

from sophia.analytics.anomalies.journal import LONGEST
from sophia.analytics.anomalies.records import EventKind

# The same change may show in one metric a day before the other.
_NEAR = timedelta(days=1)
# On which of so many days a new level began, two metrics may see differently.
_BEGINS = timedelta(days=LONGEST - 1)
# A new level says more than a day.
_LASTING = ("rise", "fall", "spike", "drop")


class Part(Protocol):
    """The event as one metric on one platform shows it."""

    @property
    def platform(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def kind(self) -> EventKind: ...

    @property
    def since(self) -> date: ...

    @property
    def until(self) -> date | None: ...

    @property
    def series(self) -> int: ...

    @property
    def alike(self) -> int: ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class SharedEvent(Generic[P]):
    """One event. `series` were judged and `alike` of them moved that way, each metric of a platform counted once; None in
    `until`: it goes on.
    """

    kind: EventKind
    since: date
    until: date | None
    series: int
    alike: int
    parts: tuple[P, ...]


def shared_events(parts: Iterable[P]) -> tuple[SharedEvent[P], ...]:
    """Put together what went the same way on overlapping or neighbouring days; in the order of their days.

    Its day is the one that most of its parts name, of several the first.
    """
    groups: list[list[P]] = []
    for part in sorted(parts, key=lambda part: part.since):
        near = (group for group in groups if part.since - _NEAR <= _reach(group) and _up(group[-1]) == _up(part))
        group = next(near, None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    return tuple(sorted((_together(group) for group in groups), key=lambda event: event.since))


def _reach(parts: Sequence[Part]) -> date:
    """The last day of these parts, of a new level the last on which it may have begun."""
    return max(part.since + _BEGINS if part.kind in ("rise", "fall") else (part.until or date.max) for part in parts)


def _up(part: Part) -> bool:
    return part.kind in ("rise", "spike")


def _together(parts: Sequence[P]) -> SharedEvent[P]:
    largest = {(part.platform, part.metric): part for part in sorted(parts, key=lambda part: part.alike)}.values()
    days = [part.since for part in parts]
    ends = [part.until for part in parts]
    return SharedEvent(
        kind=min((part.kind for part in parts), key=_LASTING.index),
        since=max(sorted(set(days)), key=days.count),
        until=None if None in ends else max(end for end in ends if end is not None),
        series=sum(part.series for part in largest),
        alike=sum(part.alike for part in largest),
        parts=tuple(parts),
    )
