"""Exports with the largest values that there are, exports that were damaged or forged, and imports that are killed."""

import csv
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, LargeBinary, Table, Text, func, select, update
from tests.models.conftest import store
from tests.models.rows import (
    NOW,
    alert,
    alert_delivery,
    alert_route,
    annotation,
    benchmark,
    comment,
    competitor,
    conversion,
    delivery,
    edition,
    ideal,
    link,
    note,
    queued,
    recipient,
    report_settings,
    schedule,
    scheduled,
    score,
    snapshot,
    status,
    trace,
    watched,
)

from sophia.analytics.anomalies.models import MonitoredSeries
from sophia.analytics.conversions.models import ConversionEvent, ConversionEventRevision
from sophia.analytics.kpis.models import KPISnapshotRevision
from sophia.analytics.maintenance.exporting import MANIFEST, export_store
from sophia.analytics.maintenance.importing import import_store
from sophia.analytics.maintenance.tables import SECRET_COLUMNS, exported_tables
from sophia.analytics.readings.models import Fetch, QuarantinedItem
from sophia.analytics.readings.run_models import CollectionRun, RefusedObject
from sophia.database.columns import Message
from sophia.database.engine import Database
from sophia.errors import InvalidInputError, StoreError
from sophia.portfolio.models import ApprovalEvent, Client

__all__ = ["store"]
MEGABYTE = 1_000_000
# Quotes, commas, both ends of lines, a backslash at the beginning, letters of three and four bytes.
LARGE_TEXT = "\\" + "a\"b,c\r\n\\N 花🎉'" * 25_000
LARGE_JSON = {"a": [LARGE_TEXT, None, 1.5, -1, True], 'b"': {"half": "\ud800", "nul": "\x00"}}


def large_value(kind: Any) -> object:
    if isinstance(kind, JSON):
        return LARGE_JSON
    return os.urandom(MEGABYTE) if isinstance(kind, LargeBinary) else LARGE_TEXT


@pytest.fixture
def largest(store: Database) -> Database:
    """A store in which every column for texts, documents and bytes has a value of hundreds of kilobytes."""
    approval = ApprovalEvent(draft_id=1, kind="approved", version=1, actor="Ann", happened_at=NOW)
    kept = {"kpis": {}, "computed_at": NOW, "replaced_at": NOW}
    details = {"run_id": 1, "fetched_at": NOW, "stored_at": NOW, "subject": "x", "api_version": "v22.0"}
    with store.write() as session:
        session.add_all([annotation(), benchmark(), comment(), *competitor(), conversion(), ideal(), link(), queued()])
        session.add_all([score(), snapshot(), status(), trace(), watched(), approval])
        session.add(MonitoredSeries(account_id=1, metric="views", remembered={}))
        session.add(Fetch(**details, request="x", sha256=b"\0" * 32, body=b""))
        session.add(RefusedObject(account_id=1, object_id="1", code=1, reason="x", since=NOW, ask_again_at=NOW))
        item = {"object_id": "1", "metric_name": "x", "excerpt": "x", "recorded_at": NOW}
        session.add(QuarantinedItem(run_id=1, reason="x", **item))
        session.flush()
        session.add_all([edition(number=2, reason="x"), note(), report_settings(), schedule(), alert_route(), alert()])
        session.flush()
        session.add_all(
            [recipient(), scheduled(), delivery(), alert_delivery(), KPISnapshotRevision(snapshot_id=1, **kept)]
        )
        event = session.scalars(select(ConversionEvent)).one()
        shared = set(ConversionEvent.__table__.columns.keys()) & set(ConversionEventRevision.__table__.columns.keys())
        before = {name: getattr(event, name) for name in shared - {"id"}}
        session.add(ConversionEventRevision(conversion_id=event.id, replaced_at=NOW, **before))
        session.flush()
        for table in exported_tables(store):
            values = {
                column.name: large_value(column.type)
                for column in table.columns
                if isinstance(column.type, Text | JSON | LargeBinary | Message)
                and (table.name, column.name) not in SECRET_COLUMNS
                and column.name != "sha256"
            }
            if values:
                changed: Any = session.execute(update(table).values(values))
                assert changed.rowcount > 0, table.name
    return store


def rows(database: Database, table: Table) -> list[tuple[object, ...]]:
    """All rows but for what an import resets: tokens, and the state of accounts."""
    reset = {"token_encrypted", "status", "status_reason"} if table.name == "accounts" else set()
    columns = [column for column in table.columns if column.name not in reset]
    with database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*table.primary_key))]


def expect_same(one: Database, other: Database) -> None:
    for table in exported_tables(one):
        if not rows(one, table) == rows(other, table):  # noqa: SIM201 - a diff of megabytes helps nobody
            pytest.fail(f"{table.name} differs")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_the_largest_values_come_back(largest: Database, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """L19: a store with 300 kB in every text and document, and megabytes in answers, moves to the other database with
    identical rows; the limit of the csv module is as it was.
    """
    if largest.is_sqlite:
        other: Database = request.getfixturevalue("postgres_database")
    else:
        other = request.getfixturevalue("sqlite_database")
    before = csv.field_size_limit()
    export_store(largest, tmp_path / "out", NOW)
    import_store(other, tmp_path / "out")
    assert csv.field_size_limit() == before
    expect_same(largest, other)


def test_messages_of_any_length_are_cut(store: Database) -> None:
    """L19: what Meta or a database says is stored as far as a person reads it, in columns and in a run's problems."""
    from sophia.analytics.readings.runs_store import RunOutcome, finish_run  # noqa: PLC0415

    said = "x" * 100_000
    problem = {"family": "posts", "code": 1, "message": said, "objects": ["9" * 5_000] * 5_000, "what_to_do": said}
    with store.write() as session:
        finish_run(session, 1, RunOutcome(problems=[problem] * 500, action_needed=said), NOW)
        session.add(RefusedObject(account_id=1, object_id="1", code=1, reason=said, since=NOW, ask_again_at=NOW))
    with store.read() as session:
        run = session.get_one(CollectionRun, 1)
        assert len(json.dumps(run.problems)) < 220_000
        assert f"{500 - len(run.problems) + 1} more problems" in run.problems[-1]["message"]
        assert run.problems[0]["message"] == "x" * 1_999 + "…"
        assert len(run.problems[0]["objects"]) == 1_000
        assert run.action_needed == session.scalars(select(RefusedObject.reason)).one() == "x" * 1_999 + "…"


# -- damaged and forged exports -----------------------------------------------------------------------------------------


@pytest.fixture
def export(sqlite_database: Database, tmp_path: Path) -> Path:
    """An export of one client."""
    with sqlite_database.write() as session:
        session.add(Client(name="Bakery", slug="bakery", timezone="UTC", created_at=NOW))
    export_store(sqlite_database, tmp_path / "out", NOW)
    return tmp_path / "out"


@pytest.fixture
def empty(sqlite_template: Path, tmp_path: Path) -> Any:
    path = tmp_path / "empty.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def forge(folder: Path, table: str, content: bytes, rows_of_table: int | None = None) -> None:
    """Replace a table's file, and its hash in the manifest, as somebody would who makes an export by hand."""
    (folder / f"{table}.csv").write_bytes(content)
    change_manifest(
        folder, lambda manifest: manifest["tables"][table].update(sha256=hashlib.sha256(content).hexdigest())
    )
    if rows_of_table is not None:
        change_manifest(folder, lambda manifest: manifest["tables"][table].update(rows=rows_of_table))


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def replaced(old: bytes, new: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = (folder / "clients.csv").read_bytes()
        assert old in content
        forge(folder, "clients", content.replace(old, new))

    return damage


def link_to(target: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "clients.csv").unlink()
        (folder / "clients.csv").symlink_to(target)

    return damage


def pipe(folder: Path) -> None:
    (folder / "clients.csv").unlink()
    os.mkfifo(folder / "clients.csv")


def manifest_of(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda folder: change_manifest(folder, change)


def raw_manifest(content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / MANIFEST).write_text(content)


def heading(folder: Path) -> bytes:
    return (folder / "clients.csv").read_bytes().splitlines(keepends=True)[0]


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "table missing": (manifest_of(lambda m: m["tables"].pop("posts")), "lacks the tables posts"),
    "table of elsewhere": (
        manifest_of(lambda m: m["tables"].update({"../../etc/passwd": m["tables"]["posts"]})),
        "does not know: '../../etc/passwd'",
    ),
    "file missing": (lambda folder: (folder / "posts.csv").unlink(), "posts.csv cannot be read"),
    "link to elsewhere": (link_to("/etc/passwd"), "not a regular file"),
    "link without end": (link_to("/dev/zero"), "not a regular file"),
    "pipe": (pipe, "not a regular file"),
    "manifest is a list": (raw_manifest("[]"), "missing or damaged"),
    "manifest is nested": (raw_manifest("[" * 100_000), "missing or damaged"),
    "manifest is huge": (raw_manifest("9" * 2_000_000), "too large"),
    "manifest counts backwards": (manifest_of(lambda m: m["tables"]["posts"].update(rows=-1)), "damaged"),
    "manifest of a newer program": (manifest_of(lambda m: m.update(schema="9999")), "made by a newer Sophia"),
    "newer format": (manifest_of(lambda m: m.update(format=2)), "format 2"),
    "rows missing": (manifest_of(lambda m: m["tables"]["clients"].update(rows=2)), "2 rows were exported, 1 read"),
    "not UTF-8": (replaced(b"Bakery", b"Bak\xe9ry"), "utf-8"),
    "UTF-16": (lambda folder: forge(folder, "clients", "id,name\n".encode("utf-16")), "utf-8"),
    "empty file": (lambda folder: forge(folder, "clients", b""), "1 rows were exported, 0 read"),
    "another heading": (replaced(b"id,name", b"id,nom"), "columns"),
    "cells missing": (replaced(b",Bakery,", b",Bakery"), "cells"),
    "a quote without end": (replaced(b"Bakery", b'"Bakery'), "cannot be imported"),
    "no number": (replaced(b"\n1,Bakery", b"\nx,Bakery"), "invalid literal"),
    "a number of 5,000 digits": (replaced(b"\n1,Bakery", b"\n" + b"9" * 5_000 + b",Bakery"), "cannot be imported"),
    "a number too large to store": (replaced(b"\n1,Bakery", b"\n" + b"9" * 30 + b",Bakery"), "too large"),
    "nothing where something must be": (replaced(b"Bakery", b"\\N"), "NOT NULL"),
    "nested JSON": (replaced(b"[]", b"[" * 100_000), "cannot be imported"),
    "a bomb of cells": (
        lambda folder: forge(folder, "clients", heading(folder) + b"," * 50 * MEGABYTE),
        "50,000,001 cells",
    ),
    "a bomb in one cell": (
        lambda folder: forge(folder, "clients", heading(folder) + b'1,"' + b"x" * 140 * MEGABYTE),
        "more than 134,217,728 characters",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_and_forged_exports_are_refused(name: str, export: Path, empty: Database) -> None:
    """L19: a clear error, nothing half-written, and no more memory than the largest row may take."""
    damage, reason = DAMAGES[name]
    damage(export)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((InvalidInputError, StoreError)) as refused:
        import_store(empty, export)
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 1_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 800_000
    with empty.read() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 0


def test_a_nul_in_a_text_is_refused_by_postgresql(export: Path, postgres_database: Database) -> None:
    """L19: SQLite keeps a NUL, PostgreSQL does not; the error says where it is."""
    replaced(b"Bakery", b"Bak\x00ry")(export)
    with pytest.raises(InvalidInputError, match=r"clients.*rows 1 and 1.*NUL"):
        import_store(postgres_database, export)
    with postgres_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 0


# -- kills --------------------------------------------------------------------------------------------------------------

KILLED = """
import sys
from pathlib import Path
from sophia.analytics.maintenance.importing import import_store
from sophia.database.engine import Database

def told(table, done, total):
    if table == "posts" and done:
        print("posts are in", flush=True)
        sys.stdin.read()

import_store(Database(sys.argv[1]), Path(sys.argv[2]), told)
"""


def test_a_killed_import_leaves_nothing(store: Database, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """L19: after `kill -9` in the middle, the store is as empty as before, and the same import then succeeds."""
    name = "postgres_database" if store.is_sqlite else "sqlite_database"
    other: Database = request.getfixturevalue(name)
    export_store(store, tmp_path / "out", NOW)
    url = other.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, url, str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "posts are in\n"
        child.send_signal(signal.SIGKILL)
    with other.read() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 0
    import_store(other, tmp_path / "out")
    expect_same(store, other)
