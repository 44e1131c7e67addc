"""How fast pages are: `python -m benchmarks.pages [readings, default 10000000] [demo|large] [--store FILE]`.

The demo: first paint in Chromium and bytes of every page, with an empty cache. A filled store: first response and first
paint; twenty people on Portfolio while answers of Meta are stored; how long drawing charts blocks other requests. With
`--store` an existing store of that many readings is copied instead of filled; `demo` or `large` measures one part only. Everything runs on this machine, Chromium
too. SOPHIA_CHROMIUM names the browser.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from benchmarks.filled_store import NOW
from benchmarks.machine import machine, percentile, table
from benchmarks.stores import filled, kept
from sophia.database.engine import Database
from sophia.migrations import upgrade

SIGN_IN = re.compile(r"http://127\.0\.0\.1:\d+/sign-in/[\w-]+")
CLIENT_PAGES = (
    "", "/report", "/posts", "/campaigns", "/conversions", "/benchmarks", "/comments", "/audience", "/timing",
    "/decisions", "/goals", "/share",
)  # fmt: skip
OTHER_PAGES = ("/portfolio", "/collection", "/drafts", "/definitions", "/settings", "/account")
DEMO_MS, DEMO_KB, LARGE_MS, PEOPLE_MS = 500, 150, 1000, 1000
TIMES = 3
# The server draws a first chart and makes the portfolio's brief before its first reader.
STARTING_SECONDS = 10
PEOPLE, SECONDS, THINKING_SECONDS = 20, 40, 4.0
# Browsers repeat a request whose connection the server had just closed; this client would fail.
NO_REUSE = httpx.Limits(max_keepalive_connections=0)
# The filled store has no posts in its last weeks.
WEEK = "start_date=2026-10-26&end_date=2026-11-01"
# The pages' policy forbids what Playwright's own waiting does, so the page waits for its paint itself.
MEASURE = """async () => {
  await new Promise((painted) => {
    new PerformanceObserver((list) => {
      if (list.getEntriesByName("first-contentful-paint").length) painted();
    }).observe({ type: "paint", buffered: true });
  });
  const entries = [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")];
  const loaded = entries.filter((entry) => entry.initiatorType !== "img");
  return {
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    response: entries[0].responseStart,
    sent: loaded.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    plain: loaded.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
  };
}"""


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


@contextmanager
def demo(folder: str) -> Iterator[str]:
    """Run the demo, and yield the address that signs in."""
    command = (sys.executable, "-m", "sophia", "demo", "--port", "0", "--dir", f"{folder}/demo")
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)) as process:
        matches = map(SIGN_IN.search, process.stdout or ())
        yield next(match.group() for match in matches if match is not None)


@contextmanager
def page_server(store: Path) -> Iterator[tuple[str, str]]:
    """Serve a store in a process of its own, and yield its address and a cookie."""
    command = (sys.executable, "-m", "benchmarks.page_server", str(store), NOW.isoformat())
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None
        port, token = process.stdout.readline().split()
        yield f"http://127.0.0.1:{port}", token


def sign_in(browser: Browser, address: str) -> str:
    """Use an address that signs in up, and return the cookie."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portfolio")
    value = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "sophia_session")
    context.close()
    return str(value)


def load(browser: Browser, origin: str, token: str, path: str) -> dict[str, float]:
    """Open a page with an empty cache, and return its milliseconds and bytes."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "sophia_session", "value": token, "url": origin}])
    page = context.new_page()
    answer = page.goto(f"{origin}{path}")
    assert answer is not None
    assert answer.status == 200, path
    measured: dict[str, float] = page.evaluate(MEASURE)
    context.close()
    return measured


def paint_rows(browser: Browser, origin: str, token: str, paths: Sequence[str]) -> list[list[object]]:
    """Return for each page: first response and paint of the first visit, the median paint of later ones, and kilobytes."""
    rows: list[list[object]] = []
    for path in paths:
        first = load(browser, origin, token, path)
        began = cpu_seconds(origin)
        later = [load(browser, origin, token, path) for _ in range(TIMES)]
        # With the stylesheet and the script, which an empty cache requests too.
        cpu = "" if began is None else f"{1000 * ((cpu_seconds(origin) or 0) - began) / TIMES:.0f}"
        paint = median(measured["paint"] for measured in later)
        sizes = (f"{first['sent'] / 1000:.0f}", f"{first['plain'] / 1000:.0f}")
        rows.append([label_of(path), f"{first['response']:.0f}", f"{first['paint']:.0f}", f"{paint:.0f}", cpu, *sizes])
    return rows


def cpu_seconds(origin: str) -> float | None:
    """Return the processor seconds of the server; None for the demo, which does not tell."""
    answer = httpx.get(f"{origin}/bench/cpu")
    return float(answer.text) if answer.is_success else None


def label_of(path: str) -> str:
    return path if "?" not in path else f"{path.partition('?')[0]}, an earlier week"


async def people(origin: str, token: str) -> tuple[list[float], Counter[int]]:
    """Let twenty people open Portfolio at once and again after a few seconds each; (milliseconds, statuses)."""
    times: list[float] = []
    statuses: Counter[int] = Counter()

    async def person(number: int, client: httpx.AsyncClient) -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            answer = await client.get(f"{origin}/portfolio?{WEEK}")
            times.append(1000 * (time.perf_counter() - began))
            statuses[answer.status_code] += 1
            await asyncio.sleep(THINKING_SECONDS * (0.75 + number / PEOPLE / 2))

    async with AsyncExitStack() as stack:
        # Each client reads the certificates of this machine, which would count as time of the first answers.
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(cookies={"sophia_session": token}, timeout=60, limits=NO_REUSE)
            )
            for _ in range(PEOPLE)
        ]
        until = time.perf_counter() + SECONDS
        await asyncio.gather(*(person(number, client) for number, client in enumerate(clients)))
    return times, statuses


def lag_while_drawing(origin: str, token: str) -> tuple[dict[str, float], int]:
    """Open client pages whose charts were never drawn; (lag of the event loop in milliseconds, charts)."""
    with httpx.Client(cookies={"sophia_session": token}, timeout=60) as client:
        client.get(f"{origin}/clients/1?{WEEK}")
        client.get(f"{origin}/bench/lag")
        paths = [f"/clients/{number}?{WEEK}" for number in range(20, 32)]
        for path in paths:
            client.get(f"{origin}{path}").raise_for_status()
        lag: dict[str, float] = client.get(f"{origin}/bench/lag").json()
    return lag, 2 * len(paths)


def large(browser: Browser, folder: Path, readings: int, existing: Path | None) -> list[str]:
    """Measure a filled store, and return the bounds that it misses."""
    store = folder / "pages.db"
    if existing is None:
        database = Database(f"sqlite:///{store}")
        upgrade(database)
        filled(database, readings)
        kept(database, NOW)
        database.close()
    else:
        shutil.copyfile(existing, store)
    columns = ("page", "first response ms", "first paint ms", "later paint ms", "CPU ms", "kB sent", "kB unpacked")
    with page_server(store) as (origin, token):
        time.sleep(STARTING_SECONDS)
        paths = ["/portfolio", f"/portfolio?{WEEK}", f"/clients/7?{WEEK}", f"/clients/7/report?{WEEK}", f"/clients/7/posts?{WEEK}",
                 "/collection", "/drafts", "/settings"]  # fmt: skip
        rows = paint_rows(browser, origin, token, paths)
        table(f"Pages at {readings:,} readings", columns, rows)
        lag, charts = lag_while_drawing(origin, token)
        httpx.get(f"{origin}/bench/collect?on=1")
        # Playwright keeps an event loop in this thread.
        with ThreadPoolExecutor(1) as thread:
            times, statuses = thread.submit(asyncio.run, people(origin, token)).result()
        answers = httpx.get(f"{origin}/bench/collect?on=0").json()["answers"]
    p95 = percentile(times, 0.95)
    results: list[list[Any]] = [
        ["requests of 20 people", len(times)],
        ["p50 ms", f"{percentile(times, 0.5):.0f}"],
        ["p95 ms", f"{p95:.0f}"],
        ["slowest ms", f"{max(times):.0f}"],
        ["statuses", ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))],
        ["answers of Meta stored meanwhile", answers],
        [f"event loop's lag while {charts} charts are drawn, p99 ms", f"{lag['p99']:.0f}"],
        ["its longest lag, ms", f"{lag['most']:.0f}"],
    ]
    table(f"Twenty people on Portfolio, {readings:,} readings", ("measured", "result"), results)
    missed = [f"{row[0]}: {row[2]} ms" for row in rows if float(str(row[2])) >= LARGE_MS]
    missed += [f"20 people: p95 {p95:.0f} ms"] if p95 >= PEOPLE_MS else []
    return missed + [f"status {status}" for status in statuses if status >= 500]


def small(browser: Browser, folder: Path) -> list[str]:
    """Measure every page of the demo, and return the bounds that it misses."""
    with demo(str(folder)) as address:
        origin = address.partition("/sign-in/")[0]
        token = sign_in(browser, address)
        paths = [*OTHER_PAGES, *(f"/clients/1{path}" for path in CLIENT_PAGES), "/posts/1", "/drafts/1"]
        rows = paint_rows(browser, origin, token, paths)
    columns = ("page", "first response ms", "first paint ms", "later paint ms", "CPU ms", "kB sent", "kB unpacked")
    table("Pages of the demo", columns, rows)
    return [f"{row[0]}: {row[3]} ms, {row[5]} kB" for row in rows if int(row[3]) >= DEMO_MS or int(row[5]) >= DEMO_KB]  # type: ignore[call-overload]


def main() -> None:
    arguments = sys.argv[1:]
    existing = Path(arguments.pop(arguments.index("--store") + 1)) if "--store" in arguments else None
    readings = next((int(argument) for argument in arguments if argument.isdigit()), 10_000_000)
    path = os.environ.get("SOPHIA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("No Chromium was found. Install Debian's: apt-get install chromium")
    load_average = os.getloadavg()
    print(f"Machine: {machine()}, load average {load_average[0]:.1f} before")
    with TemporaryDirectory(prefix="sophia-bench-", ignore_cleanup_errors=True) as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        missed = [] if "large" in arguments else small(browser, Path(folder))
        missed += [] if "demo" in arguments else large(browser, Path(folder), readings, existing)
        browser.close()
    print(f"\nload average {os.getloadavg()[0]:.1f} after")
    print("All bounds are met." if not missed else "Missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
