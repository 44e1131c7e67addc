"""Describes an anomaly in a sentence whose figures are references into the document."""

from collections.abc import Mapping
from typing import Any

from sophia.analytics.anomalies.shared_events import P, SharedEvent
from sophia.analytics.figures.sentences import (
    MEASURED,
    METRIC_NAMES,
    PLATFORM_NAMES,
    Form,
    Reference,
    Sentence,
    resolve,
    say,
)

# The templates for an open and for an ended anomaly.
ANOMALIES = {
    "spike": (
        "{metric} on {platform} were unusually high from {since} on",
        "{metric} on {platform} were unusually high",
    ),
    "drop": ("{metric} on {platform} were unusually low from {since} on", "{metric} on {platform} were unusually low"),
    "outage": ("{metric} on {platform} stopped on {since}", "There were no {metric_small} on {platform}"),
    "rise": (
        "{metric} on {platform} have moved to a higher level since {since}",
        "{metric} on {platform} moved to a higher level",
    ),
    "fall": (
        "{metric} on {platform} have moved to a lower level since {since}",
        "{metric} on {platform} moved to a lower level",
    ),
    "gap": (
        "Readings of {metric_small} on {platform} are missing since {since}",
        "Readings of {metric_small} on {platform} were missing",
    ),
}
# A new level ends when it counts as usual or the series moves again; its values do not return to the old level.
LEVELS = ("rise", "fall")


def say_anomaly(document: Any, kind: str, metric: str, platform: str, path: str = "") -> Sentence:
    """Return the sentence of an anomaly, with its most unusual day and the 95 % range expected for it.

    An ended anomaly is in the past tense. `path` leads to the anomaly in the document and ends with a dot.
    """
    lasts, ended = ANOMALIES[kind]
    since, until = (resolve(document, f"{path}{name}") for name in ("since", "until"))
    template = lasts if until is None else ended + _ended(kind, is_one_day=since == until)
    if all(resolve(document, f"{path}{name}") is not None for name in MEASURED):
        template += ": {value} on {worst}, and {low} to {high} expected"
    name = METRIC_NAMES[metric]
    template = template.replace("{metric_small}", name.lower()).replace("{metric}", name)
    template = template.replace("{platform}", PLATFORM_NAMES[platform]) + "."
    forms: Mapping[str, Form] = {"since": "text", "until": "text", **MEASURED}
    references = {field: Reference(f"{path}{field}", form) for field, form in forms.items()}
    return say(document, template, **references)


def say_event(document: Any, event: SharedEvent[P], path: str = "") -> Sentence:
    """Return the sentence of an event of the portfolio. `path` leads to the event in the document and ends with a dot."""
    word = "higher" if event.kind in ("spike", "rise") else "lower"
    where = ", ".join(f"{METRIC_NAMES[part.metric].lower()} on {PLATFORM_NAMES[part.platform]}" for part in event.parts)
    return say(
        document,
        f"Since {{since}}, {{alike}} of {{series}} series were {word} than expected ({where}). This is one event of the "
        "portfolio, not a problem of a single client.",
        alike=f"{path}alike",
        series=f"{path}series",
        since=Reference(f"{path}since", "text"),
    )


def _ended(kind: str, *, is_one_day: bool) -> str:
    if kind in LEVELS:
        return " on {since} and stayed there until {until} at least"
    return " on {since}" if is_one_day else " from {since} to {until}"
