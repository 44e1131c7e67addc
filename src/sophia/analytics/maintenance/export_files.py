"""Reads the files of an export, which may be damaged or forged, in bounded memory."""

import csv
import hashlib
import json
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sophia.analytics.maintenance.exporting import FORMAT, MANIFEST
from sophia.analytics.maintenance.tables import LONGEST_RECORD
from sophia.errors import InvalidInputError

LONGEST_MANIFEST = 1_000_000
# The folder of an export, or the root of a backup.
Source = Path | zipfile.Path


class ExportedTable(BaseModel):
    """The number of rows of an exported file and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, strict=True)

    rows: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """The part of an export's manifest that an import needs."""

    model_config = ConfigDict(frozen=True, strict=True, protected_namespaces=())

    format: int
    revision: str = Field(alias="schema", pattern="^[0-9a-z_]{1,40}$")
    tables: dict[str, ExportedTable]


def read_manifest(folder: Source, table_names: Sequence[str]) -> Manifest:
    """Return the manifest after comparing every file with it.

    Raises InvalidInputError unless the folder is a complete export of exactly these tables with unchanged files.
    """
    try:
        with _open_regular(folder / MANIFEST) as file:
            text = file.read(LONGEST_MANIFEST + 1)
        if len(text) > LONGEST_MANIFEST:
            raise InvalidInputError(f"{folder / MANIFEST} is too large to be the manifest of an export.")
        content = json.loads(text)
        if isinstance(content, dict) and content.get("format") != FORMAT:
            raise InvalidInputError(
                f"{folder} has the format {str(content.get('format'))[:20]}; this Sophia reads {FORMAT}."
            )
        manifest = Manifest.model_validate(content)
    except (OSError, ValueError, RecursionError, ValidationError) as error:
        raise InvalidInputError(
            f"{folder} is not a complete export: {MANIFEST} is missing or damaged. Export the store again."
        ) from error
    _expect_same_tables(folder, manifest, table_names)
    for name in table_names:
        _expect_unchanged(folder, name, manifest.tables[name])
    return manifest


def _expect_same_tables(folder: Source, manifest: Manifest, table_names: Sequence[str]) -> None:
    missing = sorted(set(table_names) - manifest.tables.keys())
    # Unknown names are never used as paths: only files of tables of this version are opened.
    unknown = sorted(manifest.tables.keys() - set(table_names))
    if missing:
        raise InvalidInputError(f"{folder} is not a complete export: it lacks the tables {', '.join(missing)}.")
    if unknown:
        names = ", ".join(repr(name[:40]) for name in unknown[:5])
        raise InvalidInputError(f"{folder} has tables that this Sophia does not know: {names}.")


def _expect_unchanged(folder: Source, name: str, table: ExportedTable) -> None:
    try:
        with _open_regular(file_of(folder, name)) as file:
            digest = hashlib.file_digest(file.buffer, "sha256").hexdigest()  # type: ignore[attr-defined]
    except OSError as error:
        raise InvalidInputError(
            f"{folder} is not a complete export: {name}.csv cannot be read ({error.strerror or error})."
        ) from error
    if digest != table.sha256:
        raise InvalidInputError(f"{file_of(folder, name)} is not the file that was exported.")


def file_of(folder: Source, table_name: str) -> Source:
    return folder / f"{table_name}.csv"


def _open_regular(path: Source) -> IO[str]:
    """Open a regular file of the folder, not a link or a device. Raises OSError."""
    if isinstance(path, zipfile.Path):
        return path.open(encoding="utf-8", newline="")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(0, "it is not a regular file, but for example a link")
    return path.open(encoding="utf-8", newline="")


@dataclass(slots=True)
class _BoundedLines:
    """The lines of a file whose records have at most LONGEST_RECORD characters."""

    file: IO[str]
    fields: int
    length: int = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.file.readline(LONGEST_RECORD + 1):
            # Without quotes every comma separates cells, so that millions of cells are refused before a list holds them.
            if self.length == 0 and '"' not in line and line.count(",") + 1 != self.fields:
                raise ValueError(f"a row has {line.count(',') + 1:,} cells instead of {self.fields}")
            self.length += len(line)
            if self.length > LONGEST_RECORD:
                raise ValueError(f"a row has more than {LONGEST_RECORD:,} characters")
            yield line


def read_records(folder: Source, table_name: str, columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield the rows of a table's file, after its heading, as text.

    Raises InvalidInputError for a file that is not CSV in UTF-8, or has other columns.
    """
    path = file_of(folder, table_name)
    number = 0
    try:
        with _open_regular(path) as file:
            lines = _BoundedLines(file, len(columns))
            for number, record in enumerate(csv.reader(lines, strict=True)):
                lines.length = 0
                _expect_cells(record, columns, is_heading=number == 0)
                if number:
                    yield record
    except (OSError, ValueError, csv.Error) as error:
        raise InvalidInputError(
            f"{path} cannot be imported: {str(error)[:200]} (after row {number:,}). Nothing was imported."
        ) from error


def _expect_cells(record: Sequence[str], columns: Sequence[str], *, is_heading: bool) -> None:
    if is_heading and list(record) != list(columns):
        raise ValueError("its columns are not those of the table")
    if len(record) != len(columns):
        raise ValueError(f"a row has {len(record):,} cells instead of {len(columns)}")


@contextmanager
def cells_of_any_length() -> Iterator[None]:
    """Lift the csv module's limit of 128 KiB per cell, which applies to the process, and restore it afterwards.

    `read_records` has its own limit for rows.
    """
    before = csv.field_size_limit(LONGEST_RECORD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
