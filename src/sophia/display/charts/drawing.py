"""Draws Vega-Lite specifications as SVG in a process of its own, and keeps what was drawn.

The drawing library holds Python's lock for 50 to 90 ms a chart; in this process it would stop all other requests.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from hashlib import sha256
from threading import Lock

import structlog

from sophia.display.charts.specifications import VARIABLES, Specification, bars
from sophia.display.charts.worker import draw
from sophia.worker_processes import worker_pool

log = structlog.get_logger()
MOST_DRAWINGS = 500
DRAWING_SECONDS = 15


class ChartDrawer:
    """Draws charts in worker processes. Starts them at the first chart, and keeps the newest drawings in memory."""

    def __init__(self, processes: int = 2) -> None:
        self._processes = processes
        self.seconds: float = DRAWING_SECONDS
        self._pool: ProcessPoolExecutor | None = None
        self._drawings: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def start(self) -> None:
        """Start the workers without waiting: each takes a second or more, which the first reader would notice."""
        text = json.dumps(bars([], [], colour="portfolio"))
        with self._lock:
            for _ in range(self._processes):
                self._workers().submit(draw, text)

    def draw(self, specifications: Sequence[Specification]) -> list[str]:
        """Return the drawing of each specification as SVG; those not kept yet are drawn at the same time.

        A specification with a size for phones is drawn twice, and the stylesheet shows the one that fits. A drawing without
        values is empty. All are empty
        when a drawing takes longer than 15 seconds: pages then show their tables, and the next request tries again.
        """
        phones = [on_phone(specification) for specification in specifications]
        try:
            svgs = iter(self._draw([*specifications, *(phone for phone in phones if phone is not None)]))
        except TimeoutError:
            log.warning("charts_not_drawn", seconds=self.seconds)
            return [""] * len(specifications)
        wide = [next(svgs) for _ in specifications]
        drawings = []
        for specification, svg, phone in zip(specifications, wide, phones, strict=True):
            narrow = "" if phone is None else of_days(next(svgs), "phone", phone)
            drawing = svg if phone is None else f"{of_days(svg, 'desktop', specification)}{narrow}"
            drawings.append("" if is_empty(specification) else drawing)
        return drawings

    def _draw(self, specifications: Sequence[Specification]) -> list[str]:
        texts = [json.dumps(specification, sort_keys=True) for specification in specifications]
        keys = [sha256(text.encode()).hexdigest() for text in texts]
        with self._lock:
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._drawings}
        try:
            drawn = self._draw_missing(missing)
        except BrokenProcessPool:
            # A worker was killed, for example for its memory. New workers try once more.
            self.close()
            drawn = self._draw_missing(missing)
        with self._lock:
            self._drawings |= drawn
            svgs = [drawn.get(key) or self._drawings[key] for key in keys]
            while len(self._drawings) > MOST_DRAWINGS:
                self._drawings.popitem(last=False)
        return svgs

    def _draw_missing(self, texts_by_key: Mapping[str, str]) -> dict[str, str]:
        with self._lock:
            futures = {key: self._workers().submit(draw, text) for key, text in texts_by_key.items()}
        return {key: coloured(future.result(self.seconds)) for key, future in futures.items()}

    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
                self._pool = None

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = worker_pool(self._processes)
        return self._pool


def is_empty(specification: Specification) -> bool:
    return bool(specification.get("usermeta", {}).get("is_empty", False))


def on_phone(specification: Specification) -> Specification | None:
    """Return the specification in its size for phones, or None if it has no such size."""
    size = specification.get("usermeta", {}).get("phone")
    return None if size is None else {**specification, **size}


def of_days(svg: str, name: str, specification: Specification) -> str:
    """Return a drawing of days with its class, and where its plot begins and how wide it is, for values under the pointer."""
    origin = re.search(r"translate\(([\d.]+),", svg)
    left = "0" if origin is None else origin.group(1)
    return svg.replace("<svg ", f'<svg class="{name}" data-plot="{left} {specification["width"]}" ', 1)


def coloured(svg: str) -> str:
    """Return a drawing whose colours are those of the stylesheet, without inline styles, which the pages forbid."""
    svg = re.sub(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>", r'<svg xmlns="http://www.w3.org/2000/svg" \1>', svg, count=1)
    # The page describes the whole drawing in one sentence; roles inside it would be read out one by one.
    svg = re.sub(r"\s(?:style|role|aria-[a-z]+)=\"[^\"]*\"", "", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(f'"{colour}"', f'"{variable}"')
    return svg
