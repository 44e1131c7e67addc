"""Makes briefs in a process of its own, so that no other request waits meanwhile."""

import gc
import os
import signal
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from datetime import datetime
from functools import cache, partial
from threading import Lock

from sqlalchemy import URL

from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_records import Brief
from sophia.database.engine import Database
from sophia.meta.reporting_zone import DateRange
from sophia.worker_processes import worker_pool

# No query of a brief takes longer; the brief of 5,000 clients has a dozen.
QUERY_SECONDS = 60.0


class BriefWorker:
    """One process, which starts with the first brief."""

    def __init__(self, url: URL) -> None:
        self._url = url.render_as_string(hide_password=False)
        self._pool: ProcessPoolExecutor | None = None
        self._reported_id: Future[int] | None = None
        self._lock = Lock()

    def submit(self, now: datetime, window: DateRange, comparison: Comparison) -> Future[Brief]:
        """Return the future brief of all clients. It raises BrokenProcessPool if the process is killed meanwhile."""
        work = partial(make_in_worker, self._url, now, window, comparison)
        with self._lock:
            try:
                return self._started().submit(work)
            except BrokenProcessPool:
                self._pool = None
                return self._started().submit(work)

    def close(self) -> None:
        """End the process at once, also while it works; the next brief starts another."""
        with self._lock:
            if self._pool is None:
                return
            process_id = self.process_id
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            if process_id is not None:
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGTERM)

    @property
    def is_running(self) -> bool:
        """Return whether the process was started, though perhaps a moment ago."""
        return self._pool is not None

    @property
    def process_id(self) -> int | None:
        """Return the number of the process, or None before it runs."""
        reported = self._reported_id
        return reported.result() if reported is not None and reported.done() and not reported.exception() else None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = worker_pool(1)
            self._reported_id = self._pool.submit(os.getpid)
        return self._pool


def make_in_worker(url: str, now: datetime, window: DateRange, comparison: Comparison) -> Brief:
    """Return the brief of all clients, with stored anomalies. It runs in the process of the worker."""
    return make_brief(
        opened_store(url).within(QUERY_SECONDS), None, now, window, comparison=comparison, use_stored=True
    )


@cache
def opened_store(url: str) -> Database:
    """Return the store of this process, which is opened once."""
    # As in the server: a brief makes a million objects, and looking for circles among them took a tenth of its time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    return Database(url)
