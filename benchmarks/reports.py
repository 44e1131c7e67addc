"""How long reports take: `python -m benchmarks.reports [readings, default 10000000] [sqlite|postgresql]`.

A report of each of some clients, the same when the portfolio's windows must be read first, and as of a moment, the brief of all clients, and one week of KPIs of all of them.
The filled store has no posts in its last weeks, so an earlier week is reported.
"""

import gc
import sys
from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import event

from benchmarks.filled_store import NOW, READINGS_PER_CLIENT
from benchmarks.machine import machine, measured, peak_memory_mb, percentile, table
from benchmarks.stores import BACKENDS, filled, kept, size_mb, store
from sophia.analytics.drivers import portfolio_windows
from sophia.analytics.kpis.weekly import compute_week
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.gathering import make_report
from sophia.database.engine import Database
from sophia.meta.reporting_zone import DateRange

WEEK = DateRange(date(2026, 10, 26), date(2026, 11, 2))
REPORTS, BRIEFS, WARM = 20, 3, 2


def timed(work: Callable[[int], object], times: int) -> list[tuple[float, float]]:
    """(wall, CPU) milliseconds of each turn, the first ones left out."""
    found = []
    for turn in range(times + WARM):
        with measured() as time:
            work(turn)
        if turn >= WARM:
            found.append((1000 * time.wall, 1000 * time.cpu))
    return found


def queries_of(database: Database, work: Callable[[int], object]) -> int:
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(database.engine, "before_cursor_execute", counted)
    work(0)
    event.remove(database.engine, "before_cursor_execute", counted)
    return count


def measure(backend: str, readings: int) -> list[list[object]]:
    rows: list[list[object]] = []
    clients = max(1, readings // READINGS_PER_CLIENT)
    with store(backend) as database:
        stored = filled(database, readings)
        print(f"{backend}: {stored:,} readings of {clients} clients, {size_mb(database):,.0f} MB")
        kept(database, NOW)
        gc.freeze()  # as the server does when it has started

        def report(turn: int, **options: object) -> object:
            return make_report(database, 1 + turn * 7 % clients, WEEK, NOW, **options)  # type: ignore[arg-type]

        def week(_: int) -> object:
            with database.read() as session:
                return compute_week(session, WEEK, range(1, clients + 1), NOW)

        def first_report(turn: int) -> object:
            portfolio_windows._CACHES.clear()  # noqa: SLF001 - as if something had been stored
            return report(turn)

        cases: tuple[tuple[str, Callable[[int], object], int], ...] = (
            ("client report", report, REPORTS),
            ("the first report since something was stored", first_report, REPORTS),
            ("client report as of a moment", lambda turn: report(turn, as_of=NOW - timedelta(days=2)), REPORTS),
            ("portfolio brief", lambda _: make_brief(database, None, NOW, WEEK), BRIEFS),
            ("one week of KPIs, all clients", week, BRIEFS),
        )
        for name, work, times in cases:
            walls, cpus = zip(*timed(work, times), strict=True)
            numbers = (percentile(walls, 0.5), percentile(walls, 0.95), percentile(cpus, 0.5))
            rows.append([backend, name, *(f"{number:,.0f}" for number in numbers), queries_of(database, work)])
        rows.append([backend, "peak memory of the process, MB", peak_memory_mb(), "", "", ""])
    return rows


def main() -> None:
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    print(f"Machine: {machine()}")
    rows = [row for backend in sys.argv[2:] or BACKENDS for row in measure(backend, readings)]
    columns = ("store", "what", "p50 ms", "p95 ms", "CPU p50 ms", "queries")
    table(f"Reports at {readings:,} readings", columns, rows)


if __name__ == "__main__":
    main()
