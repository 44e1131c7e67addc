"""Sentences in which every figure is a reference to a computed value, so that none can differ from what was computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sophia.meta.catalogue.terms import Platform

Form = Literal["number", "percent", "signed_percent", "size_percent", "range_percent", "factor", "text"]
_MINUS = "−"
# A rate of less than this needs more decimals to say anything.
_SMALL = 1
_LARGE = 10
# Of a number from here on nobody reads decimals.
_MANY = 100


@dataclass(frozen=True, slots=True)
class Reference:
    """Where in the document a value stands, its steps joined by dots, and how it is written."""

    path: str
    form: Form = "number"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with named places, and the values of the document that stand there."""

    template: str
    references: Mapping[str, Reference] = field(default_factory=dict)
    text: str = ""


def say(document: Any, template: str, **references: Reference | str) -> Sentence:
    """Fill the places of the template from the document; a bare path is written as a number.

    Raises LookupError for a path that leads nowhere, and for a place without a reference.
    """
    named = {
        name: Reference(reference) if isinstance(reference, str) else reference
        for name, reference in references.items()
    }
    values = {name: written(resolve(document, one.path), one.form) for name, one in named.items()}
    return Sentence(template, named, template.format(**values))


def resolve(document: Any, path: str) -> Any:
    """What stands at a path, in the values that a report is made of and in the JSON that is made of it alike."""
    found = document
    for step in path.split("."):
        if isinstance(found, Mapping):
            keys = {str(key): key for key in found}
            found = found[keys[step]]
        elif isinstance(found, list | tuple) and step.isdigit():
            found = found[int(step)]
        elif step.startswith("_") or not hasattr(found, step):
            raise LookupError(f"{path}: there is no {step}")
        else:
            found = getattr(found, step)
    return found


def written(value: Any, form: Form) -> str:
    """A value as it stands in a sentence. Raises LookupError for one that is absent: nothing can be said of it."""
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


def _signed(number: float) -> str:
    """A true minus, and no sign on what is rounded to nothing."""
    size = f"{abs(number):.0f}"
    if size == "0":
        return size
    return f"{'+' if number > 0 else _MINUS}{size}"


_WRITERS: Mapping[Form, Callable[[Any], str]] = {
    "number": _number,
    "percent": _percent,
    "signed_percent": lambda value: f"{_signed(float(value))} %",
    "size_percent": lambda value: f"{abs(float(value)):.0f} %",
    "range_percent": lambda value: f"{_signed(value[0])} … {_signed(value[1])}",
    "factor": lambda value: f"{float(value):.2f}",
    "text": _text,
}
PLATFORM_NAMES = {Platform.FACEBOOK.value: "Facebook", Platform.INSTAGRAM.value: "Instagram"}
METRIC_NAMES = {"views": "Views", "total_interactions": "Interactions"}
MEASURED: Mapping[str, Form] = {"value": "number", "worst": "text", "low": "number", "high": "number"}
