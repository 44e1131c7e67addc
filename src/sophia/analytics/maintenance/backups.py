"""Backs up the store while it is used, into one file, and restores it into an empty store of either database.

The file is a ZIP archive with a CSV file per table, a manifest with their SHA-256, and on request the pictures of posts and
the key of the tokens. Tokens stay encrypted.
"""

import hashlib
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from io import BufferedRandom
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sophia.analytics.maintenance import ReportProgress, report_nothing
from sophia.analytics.maintenance.export_files import cells_of_any_length
from sophia.analytics.maintenance.exporting import FORMAT, MANIFEST, write_tables
from sophia.analytics.maintenance.importing import fill_tables
from sophia.analytics.maintenance.tables import PASSING_TABLES, backup_tables, schema_revision
from sophia.database.engine import Database
from sophia.errors import ConfigurationError, ConflictError, InvalidInputError
from sophia.portfolio.models import PostPicture
from sophia.portfolio.pictures import FOLDER, file_of, picture_folder, write_file
from sophia.vault import Vault, fernets, read_key_file, write_key_file

KEY = "key"
# The fastest level: a fifth larger than the default, in a third of its time.
LEVEL = 1
LARGEST_PICTURE = 10_000_000
LARGEST_KEY = 10_000
# What the standard library raises for an archive that is damaged, encrypted, or not an archive.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its file's SHA-256 and size in bytes, the schema, and what is in it."""

    sha256: str
    size: int
    revision: str
    rows: int
    pictures: int
    has_key: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup brought. `has_key`: the key of its tokens came with it."""

    tables: dict[str, int]
    pictures: int
    has_key: bool


def write_backup(
    database: Database,
    path: Path,
    now: datetime,
    report: ReportProgress = report_nothing,
    *,
    pictures_of: Path | None = None,
    vault: Vault | None = None,
) -> Backup:
    """Write one consistent state of the store into a new file, readable by its owner only.

    `pictures_of`: the data folder whose pictures are included. `vault`: the keys to be included. The file appears when it
    is complete and has reached the disk. Raises ConflictError when there is a file already, ConfigurationError when the
    keys are not in a file.
    """
    if path.exists():
        raise ConflictError(f"{path} exists already. Name a new file.")
    with _new_file(path) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            contents = _write_contents(database, archive, now, report, pictures_of, vault)
        file.seek(0)
        sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
    rows = sum(table["rows"] for table in contents["tables"].values())
    return Backup(sha256, size, contents["schema"], rows, contents["pictures"], contents["has_key"])


@contextmanager
def _new_file(path: Path) -> Iterator[BufferedRandom]:
    """Yield a file that gets its name when the block has ended without an error and the disk has stored it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    partial = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Let the disk store the names of the folder's files, which Windows does itself."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_contents(
    database: Database,
    archive: zipfile.ZipFile,
    now: datetime,
    report: ReportProgress,
    pictures_of: Path | None,
    vault: Vault | None,
) -> dict[str, Any]:
    """Write all files of the archive, the manifest last, and return the manifest."""
    # A rotation during the backup drops the key of the tokens as they were at its start.
    keys = [] if vault is None else _keys_of(vault)
    tables = backup_tables(database)
    with database.scan() as session:
        revision = schema_revision(session)
        described = write_tables(
            session,
            tables,
            lambda name: archive.open(name, "w", force_zip64=True),
            report,
            with_secrets=True,
        )
        pictures = 0 if pictures_of is None else _write_pictures(session, archive, picture_folder(pictures_of))
    if vault is not None:
        archive.writestr(KEY, "\n".join(dict.fromkeys([*_keys_of(vault), *keys])) + "\n")
    manifest = {
        "format": FORMAT,
        "sophia": version("sophia"),
        "schema": revision,
        "backed_up_at": now.isoformat(),
        "left_out": sorted(PASSING_TABLES),
        "pictures": pictures,
        "has_key": vault is not None,
        "tables": described,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return manifest


def _keys_of(vault: Vault) -> list[str]:
    if vault.path is None:
        raise ConfigurationError("The keys are in SOPHIA_ENCRYPTION_KEY. Keep them where you set it.")
    return read_key_file(vault.path) if vault.path.exists() else []


def _write_pictures(session: Session, archive: zipfile.ZipFile, folder: Path) -> int:
    stored = select(PostPicture.sha256).where(PostPicture.sha256.is_not(None)).distinct().order_by(PostPicture.sha256)
    pictures = 0
    for sha256 in session.scalars(stored):
        try:
            content = file_of(folder, str(sha256)).read_bytes()
        except FileNotFoundError:
            continue  # it was removed to make space, or another machine has it
        archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{sha256}.jpg"), content)
        pictures += 1
    return pictures


def restore_backup(
    database: Database, path: Path, data_dir: Path, vault: Vault, report: ReportProgress = report_nothing
) -> Restored:
    """Fill an empty store from a backup, completely or not at all. Pictures without a file are fetched again by later runs.

    Raises InvalidInputError for a damaged file, StoreError when its schema is not that of this store, ConflictError when
    the store is not empty, or the backup has another key than this machine.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return _restore(database, archive, data_dir, vault, report)
    except DAMAGE as error:
        raise InvalidInputError(f"{path} is not a complete backup of Sophia: {str(error)[:200]}.") from error


def _restore(
    database: Database, archive: zipfile.ZipFile, data_dir: Path, vault: Vault, report: ReportProgress
) -> Restored:
    names = set(archive.namelist())
    keys = _read_keys(archive, vault) if KEY in names else []
    with cells_of_any_length(), database.write() as session:
        tables = fill_tables(session, zipfile.Path(archive), backup_tables(database), report, with_secrets=True)
        pictures = _restore_pictures(session, archive, names, picture_folder(data_dir))
        if keys and vault.path is not None and not vault.path.exists():
            write_key_file(vault.path, keys)
    database.sync()
    return Restored(tables, pictures, bool(keys))


def _read_keys(archive: zipfile.ZipFile, vault: Vault) -> list[str]:
    """Return the keys of the backup. Raises ConflictError when this machine has others, which stay."""
    keys = _read_member(archive, KEY, LARGEST_KEY).decode("ascii", "replace").split()
    if keys:
        fernets(keys, "The key of the backup")
    if vault.path is None:
        raise ConflictError("The backup has a key, but this machine takes keys from SOPHIA_ENCRYPTION_KEY. Unset it.")
    if vault.path.exists() and read_key_file(vault.path) != keys:
        raise ConflictError(f"The backup has another key than {vault.path}. Move that file away, then restore again.")
    return keys


def _restore_pictures(session: Session, archive: zipfile.ZipFile, names: set[str], folder: Path) -> int:
    """Write the pictures whose content has the SHA-256 of their name, and delete the rows of all others."""
    stored = set(session.scalars(select(PostPicture.sha256).where(PostPicture.sha256.is_not(None))))
    pictures = 0
    for sha256 in sorted(str(name) for name in stored):
        member = f"{FOLDER}/{sha256}.jpg"
        content = _read_member(archive, member, LARGEST_PICTURE) if member in names else b""
        if hashlib.sha256(content).hexdigest() == sha256:
            write_file(folder, content)
            pictures += 1
        else:
            session.execute(delete(PostPicture).where(PostPicture.sha256 == sha256))
    return pictures


def _read_member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    with archive.open(name) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise InvalidInputError(f"{name} in the backup is too large.")
    return content
