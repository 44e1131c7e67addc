"""Calculates the conversion funnel: it follows customers from step to step, or compares counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sophia.analytics.conversions.commerce import distinct_events
from sophia.analytics.conversions.event_types import CLICK, CONVERSION, INQUIRY, EventType
from sophia.analytics.figures.facts import ConversionFact
from sophia.analytics.figures.figures import Figure, FigureUnit, missing, percent
from sophia.analytics.figures.statistics import wilson_percent
from sophia.meta.reporting_zone import DateRange

STEPS: tuple[EventType, ...] = (CLICK, INQUIRY, CONVERSION)
FIRST_STEP = "This is the first step."
NOBODY_BEFORE = "The previous step has no events."
RATIO = "A ratio of counts, not a share: not every event of this step follows one of the previous step."


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step of a funnel. `people` is null if events do not identify customers.

    `of_previous` and `of_first` are shares of people in a linked funnel. Otherwise they are ratios of counts, and `doubt`
    says so.
    """

    name: EventType
    events: int
    people: int | None
    of_previous: Figure
    of_first: Figure


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel. `is_linked`: it follows the same people, so shares never exceed 100 % (G16)."""

    is_linked: bool
    steps: tuple[FunnelStep, ...]


def funnel(events: Iterable[ConversionFact], window: DateRange, names: Sequence[EventType] = STEPS) -> Funnel:
    """Return the funnel of a window. It follows people if every event of these steps identifies its customer.

    A person counts at a step after all earlier steps, in their order and inside the window.
    """
    step_events = [event for event in distinct_events(events) if event.event_type in names and event.day in window]
    counts = [sum(event.event_type == name for event in step_events) for name in names]
    linked = bool(step_events) and all(event.customer is not None for event in step_events)
    people = _people_by_step(step_events, names) if linked else None
    sizes = counts if people is None else people
    steps = tuple(
        FunnelStep(
            name=name,
            events=counts[index],
            people=None if people is None else people[index],
            of_previous=_percent_of(sizes, index, index - 1, linked=linked),
            of_first=_percent_of(sizes, index, 0, linked=linked),
        )
        for index, name in enumerate(names)
    )
    return Funnel(linked, steps)


def _people_by_step(events: Sequence[ConversionFact], names: Sequence[str]) -> list[int]:
    """Count the people who took each step after all earlier steps; `events` are in order of time."""
    steps_taken: dict[str, int] = {}
    for event in events:
        if event.customer is None:
            continue
        count = steps_taken.get(event.customer, 0)
        if count < len(names) and event.event_type == names[count]:
            steps_taken[event.customer] = count + 1
    return [sum(count > index for count in steps_taken.values()) for index in range(len(names))]


def _percent_of(sizes: Sequence[int], index: int, base: int, *, linked: bool) -> Figure:
    if index == 0:
        return missing(FigureUnit.PERCENT, FIRST_STEP)
    size, base_size = sizes[index], sizes[base]
    interval = wilson_percent(size, base_size) if linked else None
    share = percent(size, base_size, n=base_size, interval=interval, of_zero=NOBODY_BEFORE)
    return share if linked or share.value is None else replace(share, doubt=RATIO)
