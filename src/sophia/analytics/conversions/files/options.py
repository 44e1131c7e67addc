"""The options of an import, which the user gives for what a file does not contain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo

from sophia.analytics.conversions.files.values import DecimalMark


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read a file. `file_zone` applies to times without an offset.

    `source` is the shop or analytics property of all rows, in which their numbers are unique. `columns` is
    {field: heading} for unknown headings, `count_column` the heading of the column that counts events, and
    `ignored_columns` are the headings of columns with money or counts to leave out.
    """

    client_zone: tzinfo
    today: date
    file_zone: tzinfo | None = None
    event_type: str | None = None
    source: str | None = None
    currency: str | None = None
    decimal_mark: DecimalMark | None = None
    count_column: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
