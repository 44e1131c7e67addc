"""Reads JSON as Meta sends it: fast if it is clean, else with repairs."""

import json
from typing import Any

from pydantic_core import from_json

# Longer numbers are not counts; reading one of a million digits takes minutes.
MOST_DIGITS = 30


def read_json(body: bytes) -> Any:
    """Return the value. A caption that was cut inside an emoji, or an endless number, does not invalidate its page.

    Raises ValueError if the text is not JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        return repair_texts(json.loads(body, parse_int=bounded_number))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def bounded_number(digits: str) -> int | float:
    """Return the number, or infinity, which is never stored, if it is too long."""
    return int(digits) if len(digits) <= MOST_DIGITS else float("inf")


def repair_texts(value: Any) -> Any:
    """Return the value with halves of characters in its texts replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [repair_texts(item) for item in value]
    if isinstance(value, dict):
        return {repair_texts(key): repair_texts(item) for key, item in value.items()}
    return value
