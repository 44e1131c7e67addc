"""Writes the sentences of a split into drivers; every figure is a reference to a computed value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sophia.analytics.drivers.drivers import DRIVERS, Driver, DriverSplit, Part

# A smaller change counts as none.
_NOTHING_PERCENT = 0.5

_CERTAIN: Mapping[Driver, tuple[str, str]] = {
    "platform": (
        (
            "The algorithm increased the distribution of all clients ({platform:signed}, "
            "{others_alike} of {others} other clients)."
        ),
        (
            "The algorithm reduced the distribution of all clients ({platform:signed}, "
            "{others_alike} of {others} other clients)."
        ),
    ),
    "distribution": (
        (
            "This client had higher distribution than the other clients "
            "({distribution:signed}, 95 % interval {distribution_range})."
        ),
        (
            "This client had lower distribution than the other clients "
            "({distribution:signed}, 95 % interval {distribution_range})."
        ),
    ),
    "posting": (
        "The number and formats of its posts increased engagement ({posting:signed}).",
        "The number and formats of its posts reduced engagement ({posting:signed}).",
    ),
    "people": (
        "The audience responded more ({people:signed}, 95 % interval {people_range}).",
        "The audience responded less ({people:signed}, 95 % interval {people_range}).",
    ),
}
# The effect is certain and too small to matter.
_UNCHANGED: Mapping[Driver, str] = {
    "platform": "The algorithm did not change the distribution of all clients.",
    "distribution": "This client's distribution changed as that of the other clients.",
    "posting": "The number and formats of its posts had no effect.",
    "people": "The audience's response did not change.",
}
_SUBJECTS: Mapping[Driver, str] = {
    "platform": "the algorithm",
    "distribution": "this client's own distribution",
    "posting": "the number and formats of its posts",
    "people": "the audience's response",
}


class Percent(float):
    """A change in percent. The format `signed` gives "−19 %", `size` gives "19 %"."""

    def __format__(self, form: str) -> str:
        size = f"{abs(self):.0f}"
        if form == "size":
            return f"{size} %"
        return f"{_sign(self)}{size} %"


@dataclass(frozen=True, slots=True)
class PercentRange:
    """The ends of an interval in percent."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{_sign(self.low)}{abs(self.low):.0f} … {_sign(self.high)}{abs(self.high):.0f}"


Value = Percent | PercentRange | int


@dataclass(frozen=True, slots=True)
class Statement:
    """A template with named placeholders, and the computed values that fill them."""

    template: str
    values: Mapping[str, Value]

    @property
    def text(self) -> str:
        return self.template.format(**self.values)


def say(split: DriverSplit) -> Statement:
    """Describe the change and what drove it: the algorithm or the audience; name the drivers without enough evidence once."""
    parts: dict[Driver, Part | None] = {driver: split.part(driver) for driver in DRIVERS}
    if split.distribution is None:
        return Statement(f"The drivers are unknown: {split.reasons['distribution']}.", {})
    sentences = [
        _headline(split),
        *(_about(driver, part) for driver, part in parts.items() if part is not None and not _is_unsure(driver, part)),
        *_unsure([(driver, part) for driver, part in parts.items() if part is not None and _is_unsure(driver, part)]),
        *(_missing(driver, split.reasons) for driver, part in parts.items() if part is None),
    ]
    values: dict[str, Value] = {"others": split.others, "others_alike": split.others_alike}
    for name, part in (("whole", split.whole), *parts.items()):
        if part is not None:
            values[name] = Percent(part.percent)
            if part.percent_interval is not None:
                values[f"{name}_range"] = PercentRange(*part.percent_interval)
    return Statement(" ".join(sentences), values)


def _headline(split: DriverSplit) -> str:
    if split.whole is None:
        return f"The change of engagement is unknown: {split.reasons['whole']}."
    if abs(split.whole.percent) < _NOTHING_PERCENT:
        return "Engagement did not change."
    return f"Engagement {'rose' if split.whole.log > 0 else 'fell'} by {{whole:size}}."


def _is_unsure(driver: Driver, part: Part) -> bool:
    if driver == "posting" and part.log == 0.0:
        return False
    ends = part.percent_interval
    is_negligible = ends is not None and all(abs(percent) < _NOTHING_PERCENT for percent in ends)
    return part.verdict == "cannot tell" and not is_negligible


def _about(driver: Driver, part: Part) -> str:
    if driver == "posting" and part.log == 0.0:
        return "The number of posts did not change."
    if abs(part.percent) < _NOTHING_PERCENT:
        return _UNCHANGED[driver]
    return _CERTAIN[driver][0 if part.verdict == "up" else 1]


def _unsure(parts: Sequence[tuple[Driver, Part]]) -> Iterator[str]:
    """Name all drivers without enough evidence in one sentence."""
    if parts:
        texts = [
            f"{_SUBJECTS[driver]} ({{{driver}:signed}}, "
            + ("too few days or posts for an interval)" if part.low is None else f"95 % interval {{{driver}_range}})")
            for driver, part in parts
        ]
        yield f"Not enough evidence for an effect of {'; '.join(texts)}."


def _missing(driver: Driver, reasons: Mapping[str, str]) -> str:
    inside = "" if driver == "people" else "; it is part of the client's own distribution"
    return f"The effect of {_SUBJECTS[driver]} is unknown: {reasons[driver]}{inside}."


def _sign(number: float) -> str:
    """Return the sign as a true minus or a plus, or none for a number that rounds to 0."""
    if abs(number) < _NOTHING_PERCENT:
        return ""
    return "+" if number > 0 else "−"
