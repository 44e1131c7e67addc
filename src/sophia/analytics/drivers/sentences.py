"""What a split into drivers says, in words in which every figure is a reference to a computed value."""

from collections.abc import Mapping
from dataclasses import dataclass

from sophia.analytics.drivers.drivers import DRIVERS, Driver, DriverSplit, Part

# Below this a change is called none.
_NOTHING_PERCENT = 0.5

_KNOWN: Mapping[Driver, tuple[str, str]] = {
    "platform": (
        "The platform showed everybody's posts more ({platform:signed}, {others_alike} of {others} other clients).",
        "The platform showed everybody's posts less ({platform:signed}, {others_alike} of {others} other clients).",
    ),
    "distribution": (
        "Beyond that, this client's posts were shown more ({distribution:signed}, 95 % interval {distribution_range}).",
        "Beyond that, this client's posts were shown less ({distribution:signed}, 95 % interval {distribution_range}).",
    ),
    "posting": (
        "The number and formats of its posts made for more ({posting:signed}).",
        "The number and formats of its posts made for less ({posting:signed}).",
    ),
    "people": (
        "People reacted more to what they saw ({people:signed}, 95 % interval {people_range}).",
        "People reacted less to what they saw ({people:signed}, 95 % interval {people_range}).",
    ),
}
# Certain, and too small for anybody to care.
_AS_BEFORE: Mapping[Driver, str] = {
    "platform": "The platform showed everybody's posts as before.",
    "distribution": "Beyond that, this client's posts were shown as before.",
    "posting": "The number and formats of its posts made no difference.",
    "people": "People reacted as before to what they saw.",
}
_UNSURE: Mapping[Driver, str] = {
    "platform": "Whether the platform changed for everybody, the figures cannot tell",
    "distribution": "Whether this client's posts were shown differently beyond that, the figures cannot tell",
    "posting": "Whether the number and formats of its posts mattered, the figures cannot tell",
    "people": "Whether people reacted differently, the figures cannot tell",
}
_MISSING: Mapping[str, str] = {
    "platform": "What the platform did to everybody",
    "posting": "What the number of posts did",
    "people": "How people reacted",
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
    """A text with named places, and the computed values that stand there."""

    template: str
    values: Mapping[str, Value]

    @property
    def text(self) -> str:
        return self.template.format(**self.values)


def say(split: DriverSplit) -> Statement:
    """Say in plain sentences what changed and who decided it; where an interval covers zero, that it cannot be told."""
    parts: dict[Driver, Part | None] = {driver: split.part(driver) for driver in DRIVERS}
    if split.distribution is None:
        return Statement(f"What decided the change cannot be said: {split.reasons['distribution']}.", {})
    sentences = [_headline(split), *(_about(driver, part, split.reasons) for driver, part in parts.items())]
    values: dict[str, Value] = {"others": split.others, "others_alike": split.others_alike}
    for name, part in (("whole", split.whole), *parts.items()):
        if part is not None:
            values[name] = Percent(part.percent)
            if part.percent_interval is not None:
                values[f"{name}_range"] = PercentRange(*part.percent_interval)
    return Statement(" ".join(sentences), values)


def _headline(split: DriverSplit) -> str:
    if split.whole is None:
        return f"How engagement changed cannot be said: {split.reasons['whole']}."
    if abs(split.whole.percent) < _NOTHING_PERCENT:
        return "Engagement stayed as it was."
    return f"Engagement {'rose' if split.whole.log > 0 else 'fell'} {{whole:size}}."


def _about(driver: Driver, part: Part | None, reasons: Mapping[str, str]) -> str:
    if part is None:
        inside = "" if driver == "people" else "; it is inside the client's own distribution"
        return f"{_MISSING[driver]} cannot be told apart: {reasons[driver]}{inside}."
    if driver == "posting" and part.log == 0.0:
        return "It posted as much as before."
    if part.verdict != "cannot tell" and abs(part.percent) < _NOTHING_PERCENT:
        return _AS_BEFORE[driver]
    if part.verdict != "cannot tell":
        return _KNOWN[driver][0 if part.verdict == "up" else 1]
    if part.percent_interval is None:
        return f"{_UNSURE[driver]} ({{{driver}:signed}}, too few days or posts for an interval)."
    return f"{_UNSURE[driver]} ({{{driver}:signed}}, 95 % interval {{{driver}_range}})."


def _sign(number: float) -> str:
    """A true minus, and no sign on what is rounded to nothing."""
    if abs(number) < _NOTHING_PERCENT:
        return ""
    return "+" if number > 0 else "−"
