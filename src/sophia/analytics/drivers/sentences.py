"""Describes a split into drivers in sentences whose figures are references into the document."""

from collections.abc import Iterator, Mapping
from typing import Any

from sophia.analytics.drivers.drivers import DRIVERS, Driver, DriverSplit, Part
from sophia.analytics.figures.sentences import Reference, Sentence, say

# A smaller change counts as none.
_NOTHING_PERCENT = 0.5

_CERTAIN: Mapping[Driver, tuple[str, str]] = {
    "platform": (
        "The algorithm increased the distribution of all clients ({platform}, {alike} of {others} other clients).",
        "The algorithm reduced the distribution of all clients ({platform}, {alike} of {others} other clients).",
    ),
    "distribution": (
        "This client had higher distribution than the other clients ({distribution}, 95 % interval {distribution_range}).",
        "This client had lower distribution than the other clients ({distribution}, 95 % interval {distribution_range}).",
    ),
    "posting": (
        "The number and formats of its posts increased account interactions ({posting}).",
        "The number and formats of its posts reduced account interactions ({posting}).",
    ),
    "people": (
        "The audience responded more ({people}, 95 % interval {people_range}).",
        "The audience responded less ({people}, 95 % interval {people_range}).",
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


def say_drivers(document: Any, split: DriverSplit, path: str = "", start: str = "") -> Sentence:
    """Describe the change and what drove it: the algorithm or the audience; name the drivers without enough evidence once.

    `path` leads to the split in the document and ends with a dot. The text begins with `start`.
    """
    template = start + " ".join(_sentences(split))
    references = {
        "change": Reference(f"{path}whole.percent", "change_size"),
        "others": Reference(f"{path}others"),
        "alike": Reference(f"{path}others_alike"),
    }
    for name in (*DRIVERS, "whole"):
        references[name] = Reference(f"{path}{name}.percent", "signed_percent")
        references[f"{name}_range"] = Reference(f"{path}{name}.percent_interval", "range_percent")
        references[f"why_{name}"] = Reference(f"{path}reasons.{name}", "text")
    return say(document, template, **references)


def _sentences(split: DriverSplit) -> Iterator[str]:
    if split.distribution is None:
        yield "The drivers are unknown: {why_distribution}."
        return
    yield _headline(split.whole, "Organic account interactions" if split.is_organic else "Account interactions")
    parts = {
        driver: part
        for driver in DRIVERS
        if (part := split.part(driver)) is not None and not (split.inseparable and driver == "distribution")
    }
    unsure = {driver: part for driver, part in parts.items() if _is_unsure(driver, part)}
    for driver, part in parts.items():
        if driver not in unsure:
            yield _about(driver, part)
    if unsure:
        effects = "; ".join(f"{_SUBJECTS[driver]} ({_range(driver, part)})" for driver, part in unsure.items())
        yield f"Not enough evidence for an effect of {effects}."
    if split.inseparable:
        subjects = ", ".join(_SUBJECTS[driver] for driver in split.inseparable)
        reasons = "; ".join(f"{{why_{driver}}}" for driver in split.inseparable)
        yield (
            f"The effects of {subjects} and {_SUBJECTS['distribution']} (together {_range('distribution', split.distribution)}) "
            f"cannot be separated: {reasons}."
        )
    if split.people is None:
        yield f"The effect of {_SUBJECTS['people']} is unknown: {{why_people}}."


def _range(driver: Driver, part: Part) -> str:
    """Return the template of a part with its interval."""
    interval = "too few days for an interval" if part.low is None else f"95 % interval {{{driver}_range}}"
    return f"{{{driver}}}, {interval}"


def _headline(change: Part | None, engagement: str) -> str:
    if change is None:
        return f"The change of {engagement.lower()} is unknown: {{why_whole}}."
    if abs(change.percent) < _NOTHING_PERCENT:
        return f"{engagement} did not change."
    return f"{engagement} {'rose' if change.log > 0 else 'fell'} by {{change}}."


def _is_unsure(driver: Driver, part: Part) -> bool:
    if driver == "posting" and part.log == 0.0:
        return False
    ends = part.percent_interval
    is_negligible = ends is not None and all(abs(percent) < _NOTHING_PERCENT for percent in ends)
    return part.verdict == "not enough evidence" and not is_negligible


def _about(driver: Driver, part: Part) -> str:
    if driver == "posting" and part.log == 0.0:
        return "The number of posts did not change."
    if abs(part.percent) < _NOTHING_PERCENT:
        return _UNCHANGED[driver]
    return _CERTAIN[driver][0 if part.verdict == "up" else 1]
