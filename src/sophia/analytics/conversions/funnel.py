"""From a click to a sale: the same people followed step by step, or else ratios that are called so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sophia.analytics.conversions.commerce import each_event
from sophia.analytics.figures.facts import ConversionFact
from sophia.analytics.figures.figures import Figure, FigureUnit, missing, percent
from sophia.analytics.figures.statistics import wilson_percent
from sophia.meta.reporting_zone import DateRange

STEPS = ("utm_click", "inquiry", "conversion")
FIRST_STEP = "This is the first step."
NOBODY_BEFORE = "Nobody was counted at the step before."
RATIO = "A ratio of counts, not a share: not everybody at this step was counted at the step before."


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step: events, people who came this far (None when they are not known), and how many of the step before."""

    name: str
    events: int
    people: int | None
    of_previous: Figure
    of_first: Figure


@dataclass(frozen=True, slots=True)
class Funnel:
    """`is_linked` says whether the same people were followed; shares of a linked funnel never exceed 100 % (G16)."""

    is_linked: bool
    steps: tuple[FunnelStep, ...]


def funnel(events: Iterable[ConversionFact], window: DateRange, names: Sequence[str] = STEPS) -> Funnel:
    """The steps of one window. People are followed when every event of these steps names its customer.

    Whoever is counted at a step has taken all steps before it, in their order, inside the window.
    """
    mine = [one for one in each_event(events) if one.event_type in names and one.day in window]
    counts = [sum(one.event_type == name for one in mine) for name in names]
    linked = bool(mine) and all(one.customer is not None for one in mine)
    people = _followed(mine, names) if linked else None
    sizes = counts if people is None else people
    steps = tuple(
        FunnelStep(
            name=name,
            events=counts[index],
            people=None if people is None else people[index],
            of_previous=_part(sizes, index, index - 1, linked=linked),
            of_first=_part(sizes, index, 0, linked=linked),
        )
        for index, name in enumerate(names)
    )
    return Funnel(linked, steps)


def _followed(conversion_facts: Sequence[ConversionFact], names: Sequence[str]) -> list[int]:
    """How many people took each step after all steps before it; `mine` is in the order in which things happened."""
    reached: dict[str, int] = {}
    for conversion_fact in conversion_facts:
        if conversion_fact.customer is None:
            continue
        done = reached.get(conversion_fact.customer, 0)
        if done < len(names) and conversion_fact.event_type == names[done]:
            reached[conversion_fact.customer] = done + 1
    return [sum(done > index for done in reached.values()) for index in range(len(names))]


def _part(sizes: Sequence[int], index: int, base: int, *, linked: bool) -> Figure:
    if index == 0:
        return missing(FigureUnit.PERCENT, FIRST_STEP)
    some, before = sizes[index], sizes[base]
    interval = wilson_percent(some, before) if linked else None
    found = percent(some, before, n=before, interval=interval, of_zero=NOBODY_BEFORE)
    return found if linked or found.value is None else replace(found, doubt=RATIO)
