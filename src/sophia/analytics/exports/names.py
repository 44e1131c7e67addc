"""The names of what is exported and of the formats. Commands import them, so this module imports nothing slow."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from sophia.errors import InvalidInputError


class DatasetName(StrEnum):
    """What `sophia export` writes."""

    READINGS = "readings"
    POSTS = "posts"
    KPIS = "kpis"
    CAMPAIGNS = "campaigns"
    CONVERSIONS = "conversions"
    ANOMALIES = "anomalies"


class ColumnKind(StrEnum):
    """The type of a column's values in a file."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    DAY = "day"
    MOMENT = "moment"


class FileFormat(StrEnum):
    """A format of files."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


SUFFIXES: Mapping[str, FileFormat] = {
    ".csv": FileFormat.CSV,
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".parquet": FileFormat.PARQUET,
}


def format_of(path: Path) -> FileFormat:
    """Return the format that a file name ends with. Raises InvalidInputError."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInputError(f"{path.name} does not name a format: end it with {', '.join(SUFFIXES)}.")
    return SUFFIXES[path.suffix.lower()]
