"""The limit of requests per key and minute."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from pyrate_limiter import GCRA, Duration, Rate

# The oldest names beyond this number are dropped, so that requests from many addresses cannot fill the memory.
MOST_NAMES = 10_000


class RateLimits:
    """Counts requests by name in the memory of this process. The requests of one minute may come at once, later ones evenly."""

    def __init__(self, per_minute: int, seconds: Callable[[], float] = time.monotonic) -> None:
        """Count against a monotonic clock, `seconds`."""
        self._rates = [Rate(per_minute, Duration.MINUTE)]
        self._seconds = seconds
        self._states: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        self._algorithm = GCRA()
        self._lock = Lock()

    def wait_seconds(self, name: str) -> int:
        """Count a request and return 0, or return the seconds after which the next request is allowed."""
        with self._lock:
            state = self._states.get(name, self._algorithm.initial(self._rates))
            now = round(self._seconds() * 1000)
            state, decision = self._algorithm.step(self._rates, state, now, 1)
            self._states[name] = state
            self._states.move_to_end(name)
            if len(self._states) > MOST_NAMES:
                self._states.popitem(last=False)
        return 0 if decision.allowed else max(1, math.ceil((decision.retry_after_ms or 1000) / 1000))
