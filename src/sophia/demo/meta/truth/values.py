"""What a metric's value can be."""

from collections.abc import Callable, Mapping

Number = int | float
Value = Number | Mapping[str, Number]


def part_of(share: float) -> Callable[[int], int]:
    """Return a function for the whole part of a total that has this share."""
    return lambda total: int(total * share)
