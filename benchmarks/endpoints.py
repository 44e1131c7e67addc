"""How fast the API answers: `python -m benchmarks.endpoints [readings, default 10000000] [sqlite|postgresql]`.

Asked through the whole application (key, routing, query, JSON, compression), without a network between.
"""

import asyncio
import sys
from time import perf_counter, process_time

import httpx
import structlog

from benchmarks.filled_store import NOW
from benchmarks.machine import machine, peak_memory_mb, percentile, table
from benchmarks.stores import BACKENDS, filled, kept, size_mb, store
from sophia.access.keys import create_key
from sophia.config import IsolatedSettings
from sophia.database.engine import Database
from sophia.main import create_app

TIMES, WARM = 60, 5
PATHS = {
    "one metric, 90 days": "/{client}/metrics?metric_name=page_media_view&start_date=2026-08-24&limit=1000",
    "one metric of all posts, 90 days, 500 rows": "/{client}/metrics?canonical=likes&level=post&start_date=2026-08-24",
    "newest readings, first page": "/{client}/metrics",
    "one metric, as of a moment": "/{client}/metrics?metric_name=page_media_view&as_of=2026-11-01T00:00:00Z",
    "series by week": "/{client}/series?canonical=views&bucket=week",
    "client summary": "/{client}/summary",
    "portfolio summary": "/portfolio/summary",
    "gaps of a client": "/gaps?client_id={client}",
    "accounts": "/accounts",
    "runs": "/runs?client_id={client}",
}


async def answer_times(database: Database, clients: int) -> dict[str, tuple[float, float, float, int]]:
    """Return {question: (p50, p95, CPU p50, bytes)}, times in milliseconds. Each request names another client."""
    settings = IsolatedSettings(requests_per_minute=1_000_000)
    with database.write() as session:
        key = create_key(session, "bench", None, NOW)
    app = create_app(settings, database, clock=lambda: NOW)
    results = {}
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sophia/api/analytics", headers=headers
    ) as client:
        for name, path in PATHS.items():
            times, cpu_times, size = [], [], 0
            for turn in range(TIMES + WARM):
                began, cpu_began = perf_counter(), process_time()
                answer = await client.get(path.format(client=1 + turn * 7 % clients))
                answer.raise_for_status()
                size = len(answer.content)
                if turn >= WARM:
                    times.append((perf_counter() - began) * 1000)
                    cpu_times.append((process_time() - cpu_began) * 1000)
            results[name] = (percentile(times, 0.5), percentile(times, 0.95), percentile(cpu_times, 0.5), size)
    return results


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    backends = sys.argv[2:] or BACKENDS
    print(f"Machine: {machine()}")
    rows: list[list[object]] = []
    for backend in backends:
        with store(backend) as database:
            stored = filled(database, readings)
            size = size_mb(database)
            print(f"{backend}: {stored:,} readings, {size:,.0f} MB, {size * 1e6 / stored:.1f} bytes a reading")
            kept(database, NOW)
            times = asyncio.run(answer_times(database, max(1, readings // 50_000)))
            rows += [
                [backend, name, f"{p50:.1f}", f"{p95:.1f}", f"{cpu:.1f}", f"{size:,}"]
                for name, (p50, p95, cpu, size) in times.items()
            ]
            rows.append([backend, "peak memory of the process, MB", peak_memory_mb(), "", "", ""])
    table(f"Endpoints at {readings:,} readings", ("store", "question", "p50 ms", "p95 ms", "CPU p50 ms", "bytes"), rows)


if __name__ == "__main__":
    main()
