"""What a file does not say of itself, as the user says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo

from sophia.analytics.conversions.files.values import DecimalMark


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read. `file_zone` is that of moments without an offset.

    `source` is where all rows come from: a shop, or an analytics property; its numbers are unique. `columns` is
    {field: heading} for headings that are not known, `count_column` the heading of the column that counts events,
    `ignored_columns` are headings of columns with money or counts that are not wanted.
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
