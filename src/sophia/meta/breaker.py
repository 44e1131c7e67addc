"""Stops asking a host that does not answer, so that a hung server costs seconds and not hours (C9)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sophia.meta.errors import GraphError, Remedy

FAILURES = 8
REST_SECONDS = 60.0


@dataclass(slots=True)
class Breaker:
    """Opens after eight calls in a row to which nobody answered, at two addresses at least: one address that always
    breaks is that address's own trouble. A minute later one call may try; if it is answered, all may.
    """

    seconds: Callable[[], float] = time.monotonic
    _paths: set[str] = field(default_factory=set)
    _failures: int = 0
    _open_until: float | None = None
    _said: str = ""

    def admit(self) -> None:
        """Raise GraphError while nobody answers."""
        if self._open_until is None:
            return
        if self.seconds() < self._open_until:
            raise GraphError(f"Meta's Graph API cannot be reached: {self._said}", remedy=Remedy.UNREACHABLE)
        self._open_until = self.seconds() + REST_SECONDS  # this call tries, the others go on waiting for it

    def answered(self) -> None:
        self._failures, self._open_until = 0, None
        self._paths.clear()

    def unanswered(self, path: str, said: str) -> None:
        """Note that a call to `path` got no answer, and what happened instead."""
        self._failures += 1
        self._paths.add(path)
        self._said = said
        if self._failures >= FAILURES and len(self._paths) > 1:
            self._open_until = self.seconds() + REST_SECONDS
