"""What a metric's value can be, and how the numbers and metrics of a day or a post are made."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sophia.demo.meta.world.noise import around_one

Number = int | float
Value = Number | Mapping[str, Number]
Figures = TypeVar("Figures")


class Parts:
    """The parts of a total that metrics have, by the end of their names; each holds the given share of the total."""

    def __init__(self, *, paid: float, clicked: float, viral: float, unique: float) -> None:
        self.paid, self.clicked, self.viral, self.unique = map(_part_of, (paid, clicked, viral, unique))
        self._by_suffix: dict[str, Callable[[int], int]] = {
            "": lambda total: total,
            "_paid": self.paid,
            "_paid_unique": lambda total: self.unique(self.paid(total)),
            "_organic": lambda total: total - self.paid(total),
            "_organic_unique": lambda total: self.unique(total - self.paid(total)),
            "_clicked_to_play": self.clicked,
            "_click_to_play": self.clicked,
            "_autoplayed": lambda total: total - self.clicked(total),
            "_viral": self.viral,
            "_nonviral": lambda total: total - self.viral(total),
            "_sound_on": self.viral,
            "_unique": self.unique,
            "_fan": self.unique,
            "_repeat_views": lambda total: total - self.unique(total),
            "_live": lambda _: 0,
        }

    def recipes(
        self, name: str, total: Callable[[Figures], int], *suffixes: str
    ) -> dict[str, Callable[[Figures], Value]]:
        """Return the metrics for parts of a total: `name` with each suffix instead of its braces."""
        return {name.format(suffix): _recipe(total, self._by_suffix[suffix]) for suffix in suffixes}


def _part_of(share: float) -> Callable[[int], int]:
    """Return a function for the whole part of a total that has this share."""
    return lambda total: int(total * share)


def _recipe(total: Callable[[Figures], int], part: Callable[[int], int]) -> Callable[[Figures], Value]:
    return lambda figures: part(total(figures))


def distributed_numbers(
    seed: int, base: int, distributed: float, rates: Sequence[float], response: float, reactions: range
) -> list[int]:
    """Return the day's numbers that depend on what the platform shows. `reactions` are the indexes of those that
    depend on how people respond as well.
    """
    return [
        int(distributed * rate * (response if index in reactions else 1.0) * around_one(seed, base + index, 0.1))
        for index, rate in enumerate(rates)
    ]
