"""Repeatable random numbers: equal arguments give equal numbers on every machine and in every process."""

from hashlib import blake2b
from math import exp

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


def seed_of(*parts: object) -> int:
    """Return a 64-bit seed made of the text of `parts`."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def unit(seed: int, index: int = 0) -> float:
    """Return a number in [0, 1) for the `index`-th draw from `seed` (the finisher of splitmix64)."""
    mixed = (seed + (index + 1) * _STEP) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) >> 11) / 9007199254740992.0


def around_one(seed: int, index: int, spread: float) -> float:
    """Return a factor between 1 - spread and 1 + spread."""
    return 1.0 + spread * (2.0 * unit(seed, index) - 1.0)


def lognormal(seed: int, index: int, sigma: float) -> float:
    """Return a factor whose logarithm is roughly normal with standard deviation `sigma` (sum of four uniforms)."""
    total = unit(seed, index) + unit(seed, index + 1) + unit(seed, index + 2) + unit(seed, index + 3)
    return exp(sigma * (total - 2.0) * 1.7320508)


def split(total: int, weights: tuple[float, ...]) -> list[int]:
    """Return whole parts of `total` in proportion to `weights` (which add up to 1); their sum is exactly `total`."""
    parts: list[int] = []
    done, cumulative = 0, 0.0
    for weight in weights[:-1]:
        cumulative += weight
        upto = min(total, int(total * cumulative))
        parts.append(upto - done)
        done = upto
    parts.append(total - done)
    return parts


def weights_of(seed: int, count: int, decline: float = 0.6) -> tuple[float, ...]:
    """Return `count` weights that add up to 1, each roughly `decline` of the one before."""
    raw = [decline**index * (0.6 + 0.8 * unit(seed, index)) for index in range(count)]
    total = sum(raw)
    return tuple(value / total for value in raw)
