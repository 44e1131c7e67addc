"""How fast readings are written: `python -m benchmarks.upserts [readings already there, default 10000000]`.

A batch is a page of a hundred posts with 22 readings each, as an answer of Meta brings them, through the whole writer:
posts, series, comparison, readings, revisions. `new` writes readings of a new day, `same` finds all of them unchanged,
`changed` replaces a tenth of them and keeps the old values.
"""

import sys
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert

from benchmarks.machine import machine, measured, peak_memory_mb, table
from benchmarks.stores import BACKENDS, filled, size_mb, store
from sophia.analytics.readings.run_models import CollectionRun
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.database.engine import Database
from sophia.meta.catalogue.questions import questions
from sophia.meta.catalogue.terms import ObjectKind, Period, Platform
from sophia.meta.catalogue.terms import Source as Edge
from sophia.meta.records import Batch, ObservedPost, Reading, Source
from sophia.portfolio.models import Account, Client

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGES, POSTS, METRICS = 10, 100, 22


def writer(database: Database) -> AccountWriter:
    """A writer for an account that the store does not know yet."""
    with database.write() as session:
        client = Client(name="Measured", slug="measured", timezone="UTC", created_at=NOW)
        session.add(client)
        session.flush()
        account = Account(
            client_id=client.id, platform="facebook", external_id="990099", name="Measured", connected_at=NOW
        )
        session.add(account)
        session.flush()
        run = {
            "account_id": account.id,
            "trigger": "manual",
            "status": "running",
            "started_at": NOW,
            "api_version": "v22.0",
            "problems": [],
        }
        run_id = session.execute(insert(CollectionRun).returning(CollectionRun.id), run).scalar_one()
        return AccountWriter(database, Owner(account.id, client.id, Platform.FACEBOOK), run_id, lambda: NOW, keep=True)


def page(number: int, day: date, names: tuple[str, ...], changed: int) -> Batch:
    """A page of posts; every tenth reading differs with `changed`."""
    posts = [f"990099_{number * POSTS + index}" for index in range(POSTS)]
    readings = [
        Reading(post, name, Period.LIFETIME, "", day, index * 7 + place + (changed if place % 10 == 0 else 0))
        for index, post in enumerate(posts)
        for place, name in enumerate(names)
    ]
    seen = [ObservedPost(post, ObjectKind.POST, NOW) for post in posts]
    source = Source("published_posts", "GET /990099/published_posts?", NOW, "v22.0", b"{}")
    return Batch(readings, seen, [], [], source)


def measure(backend: str, already: int) -> list[list[object]]:
    kinds = (ObjectKind.POST, ObjectKind.VIDEO)
    asked = (questions(Platform.FACEBOOK, kind, Edge.INSIGHTS, "v22.0", NOW.date()) for kind in kinds)
    names = tuple(dict.fromkeys(name for kind in asked for question in kind for name in question.names))[:METRICS]
    rows: list[list[object]] = []
    with store(backend) as database:
        there = filled(database, already) if already else 0
        size = size_mb(database)
        mine = writer(database)
        total = PAGES * POSTS * len(names)
        cases = (("first", 0, 0), ("same", 0, 0), ("changed", 0, 1), ("new", 1, 1))
        for label, later, changed in cases:
            batches = [page(number, NOW.date() + timedelta(days=later), names, changed) for number in range(PAGES)]
            with measured() as time:
                for batch in batches:
                    mine.save([batch])
            rates = (f"{total / time.wall:,.0f}", f"{total / time.cpu:,.0f}")
            rows.append([backend, f"{there:,}", label, f"{total:,}", *rates, f"{size:,.0f}", peak_memory_mb()])
    return rows


def main() -> None:
    already = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    print(f"Machine: {machine()}")
    columns = (
        "store",
        "readings before",
        "case",
        "readings",
        "a second",
        "a CPU second",
        "store before, MB",
        "peak MB",
    )
    rows = [row for backend in BACKENDS for count in (0, already) for row in measure(backend, count)]
    table("Upserts", columns, rows)


if __name__ == "__main__":
    main()
