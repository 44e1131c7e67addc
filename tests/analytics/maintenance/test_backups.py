"""A store put into a file, also while it is written to, and taken out of it again."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import func, select
from tests.analytics.maintenance.test_purging import contents, furnish, picture
from tests.conftest import NOW, Filling
from tests.portfolio.conftest import Agency

from sophia.access.sessions import UserSession
from sophia.access.users import UserRole, create_user
from sophia.analytics.maintenance.backups import restore_backup, write_backup
from sophia.analytics.maintenance.exporting import MANIFEST
from sophia.analytics.maintenance.tables import PASSING_TABLES
from sophia.analytics.maintenance.verifying import verify_store
from sophia.analytics.readings.models import EngagementMetric
from sophia.database.engine import Database
from sophia.errors import ConfigurationError, ConflictError, InvalidInputError, StoreError
from sophia.jobs.collecting import collect_daily
from sophia.portfolio.models import Account, Client
from sophia.portfolio.pictures import picture_folder
from sophia.portfolio.service import create_client
from sophia.vault import KEY_FILE, Vault

TOKEN = "EAAsecretofthebakery"


@pytest.fixture
def other(filling: Filling, request: pytest.FixtureRequest) -> Database:
    """An empty store of the other kind."""
    store: Database = request.getfixturevalue("postgres_database" if filling.database.is_sqlite else "sqlite_database")
    return store


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(path=tmp_path / "data" / KEY_FILE)


@pytest.fixture
def full(filling: Filling, vault: Vault, tmp_path: Path) -> Database:
    """A row in every table, a picture, and an encrypted token."""
    client = filling.client("First")
    picture(filling, tmp_path / "data", filling.account(client, token_encrypted=vault.encrypt(SecretStr(TOKEN))), b"x")
    with filling.database.write() as session:
        create_user(session, "Bo", UserRole.VIEWER, [client], NOW, "hash")
    furnish(filling, tmp_path / "data")
    return filling.database


def kept(database: Database) -> dict[str, object]:
    return {name: rows for name, rows in contents(database).items() if name not in PASSING_TABLES}


def test_a_backup_restores_every_row_into_either_database(
    full: Database, other: Database, vault: Vault, tmp_path: Path
) -> None:
    """K8: rows, pictures, and the key when it was asked for; new rows get new numbers."""
    file, elsewhere = tmp_path / "backup.zip", tmp_path / "elsewhere"
    made = write_backup(full, file, NOW, pictures_of=tmp_path / "data", vault=vault)
    assert (made.pictures, made.has_key, made.size) == (3, True, file.stat().st_size)
    assert file.stat().st_mode & 0o077 == 0
    target = Vault(path=elsewhere / KEY_FILE)
    restored = restore_backup(other, file, elsewhere, target)
    assert (restored.pictures, restored.has_key) == (3, True)
    assert sum(restored.tables.values()) == made.rows
    assert kept(other) == kept(full)
    assert sorted(p.name for p in picture_folder(elsewhere).iterdir()) == sorted(
        p.name for p in picture_folder(tmp_path / "data").iterdir()
    )
    with other.write() as session:
        token = session.scalars(select(Account.token_encrypted).where(Account.token_encrypted.is_not(None))).one()
        assert target.decrypt(str(token)).get_secret_value() == TOKEN
        assert session.scalar(select(func.count()).select_from(UserSession)) == 0
        newest = session.scalar(select(func.max(Client.id)))
        assert create_client(session, "New", "UTC", NOW).id > (newest or 0)


def test_a_backup_without_the_key_reveals_no_token(
    full: Database, other: Database, vault: Vault, tmp_path: Path
) -> None:
    """D5: neither the key nor a token; pictures that it lacks are fetched again."""
    file = tmp_path / "backup.zip"
    write_backup(full, file, NOW)
    with zipfile.ZipFile(file) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert TOKEN.encode() not in everything
    assert (vault.path or file).read_bytes().strip() not in everything
    restored = restore_backup(other, file, tmp_path / "elsewhere", Vault(path=tmp_path / "elsewhere" / KEY_FILE))
    assert (restored.pictures, restored.has_key) == (0, False)
    assert not (tmp_path / "elsewhere").exists()
    assert contents(other)["post_pictures"] == {}
    with pytest.raises(ConfigurationError):
        write_backup(full, tmp_path / "second.zip", NOW, vault=Vault([Fernet.generate_key().decode()]))
    assert not (tmp_path / "second.zip").exists()


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def changed(file: Path) -> None:
    content = file.read_bytes()
    middle = content.index(b"engagement_metrics.csv") + 50
    file.write_bytes(
        content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 8]) + content[middle + 8 :]
    )


def rewritten(file: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Replace a file of the archive."""
    copy = file.with_suffix(".copy")
    shutil.copy(file, copy)
    with zipfile.ZipFile(copy) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)


def other_rows(file: Path) -> None:
    rewritten(file, "clients.csv", lambda content: content.replace(b"First", b"Fiirst"))


def other_format(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\x00" * 100)


@pytest.mark.parametrize("damage", [truncated, changed, other_rows, other_format])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_damaged_backup_restores_nothing(
    full: Database, other: Database, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """K8: every table is compared with its SHA-256 before the first row is stored."""
    file, before = tmp_path / "backup.zip", contents(other)
    write_backup(full, file, NOW)
    damage(file)
    with pytest.raises(InvalidInputError):
        restore_backup(other, file, tmp_path / "elsewhere", Vault(path=tmp_path / "elsewhere" / KEY_FILE))
    assert contents(other) == before
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_restore_needs_an_empty_store_of_the_same_schema_and_no_other_key(
    full: Database, other: Database, vault: Vault, tmp_path: Path
) -> None:
    """K4, K8: nothing is mixed, and no key is overwritten."""
    file, before = tmp_path / "backup.zip", contents(full)
    write_backup(full, file, NOW, vault=vault)
    with pytest.raises(ConflictError, match="not empty"):
        restore_backup(full, file, tmp_path / "data", vault)
    assert contents(full) == before
    with pytest.raises(ConflictError, match="exists already"):
        write_backup(full, file, NOW)
    own = Vault(path=tmp_path / "elsewhere" / KEY_FILE)
    own.encrypt(SecretStr("x"))
    key = (tmp_path / "elsewhere" / KEY_FILE).read_bytes()
    with pytest.raises(ConflictError, match="another key"):
        restore_backup(other, file, tmp_path / "elsewhere", own)
    assert (tmp_path / "elsewhere" / KEY_FILE).read_bytes() == key
    rewritten(file, MANIFEST, lambda content: content.replace(b'"schema": "00', b'"schema": "99'))
    with pytest.raises(StoreError, match="made by a newer Sophia"):
        restore_backup(other, file, tmp_path / "third", Vault(path=tmp_path / "third" / KEY_FILE))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_backup_that_fails_leaves_no_file(full: Database, tmp_path: Path) -> None:
    """K8: the file appears complete or not at all."""

    def fail(table: str, _done: int, _total: int) -> None:
        if table == "engagement_metrics":
            raise KeyboardInterrupt

    folder = tmp_path / "backups"
    with pytest.raises(KeyboardInterrupt):
        write_backup(full, folder / "backup.zip", NOW, fail)
    assert list(folder.iterdir()) == []


def test_backups_during_a_collection_are_consistent(
    agency: Agency, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """K8: each is one state of the store: totals equal counts, and no row lacks its parent."""
    agency.connect(2)
    collection = Thread(target=lambda: agency.run(collect_daily))
    collection.start()
    files = list[Path]()
    while collection.is_alive():
        files.append(tmp_path / f"{len(files)}.zip")
        write_backup(agency.database, files[-1], NOW)
    collection.join()
    complete = readings_of(agency.database)
    counts = []
    for number, file in enumerate(files):
        copy = tmp_path / f"{number}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        store = Database(f"sqlite:///{copy}")
        restore_backup(store, file, tmp_path / "elsewhere", agency.vault)
        assert [check for check in verify_store(store) if check.wrong] == []
        counts.append(readings_of(store))
        store.close()
    assert counts == sorted(counts)
    assert [count for count in counts if 0 < count < complete], "no backup was made in the middle"


def readings_of(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(EngagementMetric)) or 0
