"""Sentences whose figures are references to computed values, so that text and numbers cannot differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sophia.analytics.figures.ages import ONE_HOUR, written_age
from sophia.analytics.figures.figures import change_ratio
from sophia.meta.catalogue.terms import Platform

Form = Literal[
    "number", "percent", "signed_percent", "size_percent", "change_size", "range_percent", "factor", "age", "text"
]
_MINUS = "−"
# A rate below this is written with three decimals, below the next with two.
_SMALL = 1
_LARGE = 10
# Numbers from here on are written without decimals.
_MANY = 100


@dataclass(frozen=True, slots=True)
class Reference:
    """The path of a value in the document, with steps joined by dots, and the form in which it is written."""

    path: str
    form: Form = "number"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template with named placeholders, the references that fill them, and the resulting text."""

    template: str
    references: Mapping[str, Reference] = field(default_factory=dict)
    text: str = ""


def say(document: Any, template: str, **references: Reference | str) -> Sentence:
    """Fill the template from the document; a plain path is written as a number, and unused references are dropped.

    Raises LookupError for a path without a value, and for a placeholder without a reference.
    """
    named = {
        name: Reference(reference) if isinstance(reference, str) else reference
        for name, reference in references.items()
        if f"{{{name}}}" in template
    }
    values = {name: written(resolve(document, reference.path), reference.form) for name, reference in named.items()}
    return Sentence(template, named, template.format(**values))


def resolve(document: Any, path: str) -> Any:
    """Return the value at a path in a record or in its JSON document."""
    value = document
    for step in path.split("."):
        if isinstance(value, Mapping):
            keys = {str(key): key for key in value}
            value = value[keys[step]]
        elif isinstance(value, list | tuple) and step.isdigit():
            value = value[int(step)]
        elif step.startswith("_") or not hasattr(value, step):
            raise LookupError(f"{path}: there is no {step}")
        else:
            value = getattr(value, step)
    return value


def written(value: Any, form: Form) -> str:
    """Return a value as text. Raises LookupError for an absent value."""
    if value is None:
        raise LookupError("a sentence refers to a value that is absent")
    return _WRITERS[form](value)


def _number(value: Any) -> str:
    decimals = 0 if value == int(value) or abs(value) >= _MANY else 1
    return f"{value:,.{decimals}f}".replace("-", _MINUS)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _percent(value: Any) -> str:
    return f"{float(value):.{_decimals(float(value))}f} %".replace("-", _MINUS)


def _decimals(number: float) -> int:
    size = abs(number)
    return 3 if size < _SMALL else 2 if size < _LARGE else 1


def _change_size(percent: float) -> str:
    """Return how much a value rose or fell, such as `12 %`, or `a factor of 3.3` for a large rise."""
    ratio = change_ratio(percent)
    return f"{abs(percent):.0f} %" if ratio is None else f"a factor of {ratio:,.1f}"


def _signed_percent(percent: float) -> str:
    ratio = change_ratio(percent)
    return f"{_signed(percent)} %" if ratio is None else _signed(percent)


def _signed(number: float) -> str:
    """Return a whole percentage with a sign (a true minus), without one for 0; a large rise is a ratio, such as `3.3 ×`."""
    ratio = change_ratio(number)
    if ratio is not None:
        return f"{ratio:,.1f} ×"
    size = f"{abs(number):.0f}"
    if size == "0":
        return size
    return f"{'+' if number > 0 else _MINUS}{size}"


_WRITERS: Mapping[Form, Callable[[Any], str]] = {
    "number": _number,
    "percent": _percent,
    "signed_percent": lambda value: _signed_percent(float(value)),
    "size_percent": lambda value: f"{abs(float(value)):.0f} %",
    "change_size": lambda value: _change_size(float(value)),
    "range_percent": lambda value: f"{_signed(value[0])} … {_signed(value[1])}",
    "factor": lambda value: f"{float(value):.2f}",
    "age": lambda value: written_age(int(value) * ONE_HOUR),
    "text": _text,
}
PLATFORM_NAMES = {Platform.FACEBOOK.value: "Facebook", Platform.INSTAGRAM.value: "Instagram"}
METRIC_NAMES = {"views": "Views", "total_interactions": "Account interactions"}
MEASURED: Mapping[str, Form] = {"value": "number", "worst": "text", "low": "number", "high": "number"}
