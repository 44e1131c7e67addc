"""Plays every row of the matrix and writes docs/reliability.md: `python -m tests.reliability [--only WORDS]`."""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import structlog
from sqlalchemy import URL
from tests.reliability.known_errors import KNOWN
from tests.reliability.machine_faults import MACHINE
from tests.reliability.meta_faults import META
from tests.reliability.page import PAGE, write_page
from tests.reliability.scenarios import Row, Scenario, play
from tests.reliability.stores import postgresql_store, running_postgresql, sqlite_store

from sophia.database.engine import Database


@contextmanager
def store_for(scenario: Scenario, folder: Path, server: URL | None) -> Iterator[Database]:
    with postgresql_store(server) if server and scenario.backend == "postgresql" else sqlite_store(folder) as database:
        yield database


def play_all(scenarios: list[Scenario]) -> list[Row]:
    """Every row in order, with a line each. PostgreSQL is started when a row wants it."""
    rows = []
    with ExitStack() as stack:
        wants_server = any(one.backend == "postgresql" for one in scenarios)
        server = stack.enter_context(running_postgresql()) if wants_server else None
        for number, scenario in enumerate(scenarios, 1):
            began = time.monotonic()
            with (
                tempfile.TemporaryDirectory(prefix="sophia-row-", ignore_cleanup_errors=True) as folder,
                store_for(scenario, Path(folder), server) as database,
            ):
                row = play(scenario, database, Path(folder))
            rows.append(row)
            state = "WRONG" if row.wrong else "ok"
            seconds = time.monotonic() - began
            print(
                f"{number:3}/{len(scenarios)} {state:5} {seconds:5.1f} s  {scenario.name}: {row.statuses}", flush=True
            )
            for reason in row.wrong:
                print(f"              {reason}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--only", default="", help="only rows whose name holds these words; the page stays as it is")
    given = parser.parse_args()
    # What goes wrong here is arranged; the log of the commands that run as children is compared all the same.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    parts = {"Meta": META + KNOWN, "The machine": MACHINE}
    rows = play_all([one for part in parts.values() for one in part if given.only.lower() in one.name.lower()])
    if not given.only:
        write_page({name: [row for row in rows if row.scenario in part] for name, part in parts.items()})
        print(f"Wrote {PAGE}")
    wrong = [row.scenario.name for row in rows if row.wrong]
    print(f"{len(rows) - len(wrong)} of {len(rows)} rows are as they should be.")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
