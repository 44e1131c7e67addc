"""Draws Vega-Lite specifications as SVG in a process of its own, and keeps what was drawn.

The drawing library holds Python's lock for 50 to 90 ms a chart; in this process it would stop all other requests.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from threading import Lock

from sophia.dashboard.charts.specifications import VARIABLES, Specification
from sophia.dashboard.charts.worker import draw, exit_with_parent

MOST_DRAWINGS = 500
DRAWING_SECONDS = 20


class ChartDrawer:
    """Draws charts in worker processes. Starts them at the first chart, and keeps the newest drawings in memory."""

    def __init__(self, processes: int = 2) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._drawings: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def draw(self, specifications: Sequence[Specification]) -> list[str]:
        """Return one SVG for each specification; those not kept yet are drawn at the same time.

        Raises TimeoutError when a drawing takes longer than 20 seconds.
        """
        texts = [json.dumps(specification, sort_keys=True) for specification in specifications]
        keys = [sha256(text.encode()).hexdigest() for text in texts]
        with self._lock:
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._drawings}
            futures = {key: self._workers().submit(draw, text) for key, text in missing.items()}
        drawn = {key: coloured(future.result(DRAWING_SECONDS)) for key, future in futures.items()}
        with self._lock:
            self._drawings |= drawn
            svgs = [drawn.get(key) or self._drawings[key] for key in keys]
            while len(self._drawings) > MOST_DRAWINGS:
                self._drawings.popitem(last=False)
        return svgs

    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
                self._pool = None

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # A forked process would inherit locks that other threads hold.
            self._pool = ProcessPoolExecutor(
                self._processes, mp_context=get_context("spawn"), initializer=exit_with_parent
            )
        return self._pool


def coloured(svg: str) -> str:
    """Return a drawing whose colours are those of the stylesheet, without inline styles, which the pages forbid."""
    svg = re.sub(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>", r'<svg xmlns="http://www.w3.org/2000/svg" \1>', svg, count=1)
    # The page describes the whole drawing in one sentence; roles inside it would be read out one by one.
    svg = re.sub(r"\s(?:style|role|aria-[a-z]+)=\"[^\"]*\"", "", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(f'"{colour}"', f'"{variable}"')
    return svg
