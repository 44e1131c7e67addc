"""How many requests one key may make."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from pyrate_limiter import GCRA, Duration, Rate

# More names than this are forgotten, oldest first: nobody fills the memory by trying addresses.
MOST_NAMES = 10_000


class RateLimits:
    """Counts requests by name, in the memory of this process. A whole minute's worth may come at once, then evenly."""

    def __init__(self, per_minute: int, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is a clock that never goes back; where it begins does not matter."""
        self._rates = [Rate(per_minute, Duration.MINUTE)]
        self._seconds = seconds
        self._states: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        self._algorithm = GCRA()
        self._lock = Lock()

    def wait_seconds(self, name: str) -> int:
        """0 when the request may be made, and it counts; else the whole seconds after which to ask again."""
        with self._lock:
            state = self._states.get(name, self._algorithm.initial(self._rates))
            now = round(self._seconds() * 1000)
            state, decision = self._algorithm.step(self._rates, state, now, 1)
            self._states[name] = state
            self._states.move_to_end(name)
            if len(self._states) > MOST_NAMES:
                self._states.popitem(last=False)
        return 0 if decision.allowed else max(1, math.ceil((decision.retry_after_ms or 1000) / 1000))
