"""Exports 10 million readings to every format, in processes of their own: seconds, memory, and the sums read back.

    python -m benchmarks.exports [READINGS]

Every file is read by another program than the one that wrote it: Python's csv and json modules, pyarrow and SQLite.
"""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.compute
import pyarrow.parquet
from sqlalchemy import text

from benchmarks.machine import measured, table
from benchmarks.stores import filled, store
from sophia.database.engine import Database

READINGS = 10_000_000
Sums = tuple[int, int]  # rows, sum of their values


def sums_of_csv(path: Path) -> Sums:
    return add_up(float(row["metric_value"]) for row in csv.DictReader(path.open(encoding="utf-8", newline="")))


def sums_of_jsonl(path: Path) -> Sums:
    return add_up(json.loads(line)["metric_value"] for line in path.open(encoding="utf-8"))


def sums_of_parquet(path: Path) -> Sums:
    values = pyarrow.parquet.read_table(path, columns=["metric_value"]).column(0)
    return len(values), int(pyarrow.compute.sum(values).as_py())


def sums_of_imported_csv(path: Path) -> Sums:
    """The sums of SQLite over a CSV file that was imported into another SQLite."""
    with closing(sqlite3.connect("")) as other, path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        column = next(rows).index("metric_value")
        other.execute("CREATE TABLE imported (value NUMERIC)")
        other.executemany("INSERT INTO imported VALUES (?)", ((row[column],) for row in rows))
        count, total = other.execute("SELECT count(*), sum(value) FROM imported").fetchone()
    return count, int(total)


def add_up(values: Iterator[float]) -> Sums:
    count = total = 0
    for value in values:
        count += 1
        total += int(value)
    return count, total


def stored_sums(database: Database) -> Sums:
    with database.read() as session:
        count, total = session.execute(text("SELECT count(*), sum(metric_value) FROM engagement_metrics")).one()
    return count, int(total)


# Runs the command, then says how much memory this process held at most; that of a child also counts its parent's.
RUN = """
import re, sys
from pathlib import Path
from sophia.cli import app

app(["export", "readings", sys.argv[1]], prog_name="sophia", standalone_mode=False)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def export(url: str, path: Path) -> tuple[float, int]:
    """(seconds, peak memory in MB) of `sophia export readings`, in a process of its own."""
    environment = {**os.environ, "SOPHIA_DATABASE_URL": url}
    with measured() as time:
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(path)], env=environment, check=True, capture_output=True, text=True
        )
    return time.wall, int(done.stdout.split()[-1]) // 1024


FORMATS: dict[str, tuple[Callable[[Path], Sums], ...]] = {
    "csv": (sums_of_csv, sums_of_imported_csv),
    "jsonl": (sums_of_jsonl,),
    "parquet": (sums_of_parquet,),
}


def main() -> None:
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else READINGS
    rows = []
    with store("sqlite") as database, tempfile.TemporaryDirectory(prefix="sophia-bench-") as folder:
        filled(database, readings)
        expected = stored_sums(database)
        for suffix, readers in FORMATS.items():
            path = Path(folder, f"readings.{suffix}")
            seconds, memory = export(database.engine.url.render_as_string(hide_password=False), path)
            read_back = [reader(path) for reader in readers]
            equal = "yes" if read_back == [expected] * len(readers) else f"NO: {read_back} instead of {expected}"
            rows.append((suffix, f"{seconds:.0f} s", f"{memory} MB", f"{path.stat().st_size / 1e6:,.0f} MB", equal))
            path.unlink()
    table(f"Export of {expected[0]:,} readings", ("format", "time", "peak memory", "file", "read back equal"), rows)


if __name__ == "__main__":
    main()
