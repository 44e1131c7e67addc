"""A store copied into the other database and back, also by copies that were stopped again and again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import URL, select
from tests.analytics.maintenance.test_purging import Contents, contents, furnish, picture
from tests.conftest import NOW, Filling, new_postgres
from tests.portfolio.conftest import Agency

from sophia.access.users import UserRole, create_user
from sophia.analytics.maintenance import exporting
from sophia.analytics.maintenance.copying import MARK, copy_store
from sophia.analytics.maintenance.verifying import verify_store
from sophia.analytics.readings.run_models import Lease
from sophia.database.engine import Database
from sophia.errors import ConflictError, StoreError
from sophia.jobs.collecting import collect_comments, collect_daily
from sophia.portfolio.models import Client
from sophia.portfolio.service import create_client
from sophia.vault import KEY_FILE, Vault


@pytest.fixture
def other(database: Database, request: pytest.FixtureRequest) -> Database:
    """An empty store of the other kind."""
    store: Database = request.getfixturevalue("postgres_database" if database.is_sqlite else "sqlite_database")
    return store


@pytest.fixture
def third(database: Database, tmp_path: Path, postgres_server: URL) -> Iterator[Database]:
    """A database of the same kind as the first, without any table."""
    if database.is_sqlite:
        store = Database(f"sqlite:///{tmp_path / 'third' / 'sophia.db'}")
        yield store
        store.close()
        return
    with new_postgres(postgres_server) as url:
        store = Database(url.render_as_string(hide_password=False))
        yield store
        store.close()


@pytest.fixture
def full(filling: Filling, tmp_path: Path) -> Database:
    """A row in every table, and an encrypted token."""
    client = filling.client("First")
    token = Vault(path=tmp_path / KEY_FILE).encrypt(SecretStr("EAAtoken"))
    picture(filling, tmp_path, filling.account(client, token_encrypted=token), b"x")
    with filling.database.write() as session:
        create_user(session, "Bo", UserRole.VIEWER, [client], NOW, "hash")
    furnish(filling, tmp_path)
    return filling.database


def copied(database: Database) -> Contents:
    return {name: rows for name, rows in contents(database).items() if name != "leases"}


def test_there_and_back_gives_an_identical_store(full: Database, other: Database, third: Database) -> None:
    """K8: every row of every table, tokens and sessions included; new rows get new numbers."""
    there = copy_store(full, other, NOW)
    assert copied(other) == copied(full)
    assert copy_store(other, third, NOW) == there
    assert copied(third) == copied(full)
    assert there["accounts"].rows == len(contents(full)["accounts"])
    assert contents(third)["leases"] == {}
    with third.write() as session:
        newest = max(session.scalars(select(Client.id)))
        assert create_client(session, "New", "UTC", NOW).id > newest


def test_a_collected_store_is_copied_by_copies_that_are_stopped(
    agency: Agency, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: stopped after every few batches, the copy continues, and ends with every row once."""
    agency.connect(1)
    agency.run(collect_daily)
    agency.run(collect_comments)
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", 150)
    monkeypatch.setattr(exporting, "WIDE_ROWS_AT_ONCE", 20)
    stops, calls = 0, 0

    def stop_sometimes(_table: str, _done: int, _total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 30 * (stops + 1):
            raise KeyboardInterrupt

    is_complete = False
    while not is_complete:
        calls = 0
        try:
            copy_store(agency.database, other, NOW, stop_sometimes)
            is_complete = True
        except KeyboardInterrupt:
            stops += 1
    assert stops > 2
    assert copied(other) == copied(agency.database)
    assert [check for check in verify_store(other) if check.wrong] == []


def interrupted(source: Database, target: Database, table: str) -> None:
    def stop(name: str, done: int, total: int) -> None:
        if name == table and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(source, target, NOW, stop)


def test_a_source_that_changed_since_is_noticed(full: Database, other: Database) -> None:
    """K8: rows that were copied before a change are compared, not believed; the copy stays marked as unfinished."""
    interrupted(full, other, "clients")
    with full.write() as session:
        session.get_one(Client, 1).name = "Renamed"
    with pytest.raises(StoreError, match="differs in clients"):
        copy_store(full, other, NOW)
    with other.read() as session:
        assert session.get(Lease, MARK) is not None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_an_empty_database_or_the_same_copy_is_a_target(
    full: Database, other: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    """K8: nothing is mixed."""
    with pytest.raises(ConflictError, match="itself"):
        copy_store(full, Database(str(full.engine.url)), NOW)
    shutil.copy(sqlite_template, tmp_path / "another.db")
    another = Database(f"sqlite:///{tmp_path / 'another.db'}")
    interrupted(full, other, "clients")
    before = contents(other)
    with pytest.raises(ConflictError, match="another store"):
        copy_store(another, other, NOW)
    assert contents(other) == before
    Filling(another).client("Here already")
    with pytest.raises(ConflictError, match="not empty"):
        copy_store(full, another, NOW)
    another.close()
