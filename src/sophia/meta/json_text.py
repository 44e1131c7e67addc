"""JSON as Meta sends it: read fast where it is clean, and patiently where it is not."""

import json
from typing import Any

from pydantic_core import from_json

# Longer numbers than this are none that anybody counted; reading one of a million digits takes minutes.
MOST_DIGITS = 30


def read_json(body: bytes) -> Any:
    """The value. A caption that was cut inside an emoji, or an endless number, must not cost the page it stands on.

    Raises ValueError when it is no JSON at all.
    """
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        return repair_texts(json.loads(body, parse_int=bounded))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def bounded(digits: str) -> int | float:
    """The number; infinity, which nobody stores, for one that is too long."""
    return int(digits) if len(digits) <= MOST_DIGITS else float("inf")


def repair_texts(value: Any) -> Any:
    """The same value, with the halves of characters in its texts replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [repair_texts(item) for item in value]
    if isinstance(value, dict):
        return {repair_texts(key): repair_texts(item) for key, item in value.items()}
    return value
