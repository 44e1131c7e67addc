"""Care of the store: export, import, verify, recompute, delete (K5, K8)."""

from collections.abc import Callable

# Told (what is being worked on, how much of it is done, how much there is).
Told = Callable[[str, int, int], None]


def tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""
