"""Takes a CSV file apart: encoding, separator, headings, and rows with the lines on which they stand."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sophia.analytics.conversion_files.columns import FileFormat, find_columns, format_of
from sophia.errors import InvalidInputError

SEPARATORS = (",", ";", "\t")
MOST_BYTES = 50_000_000
# An order of Shopify is #1001.
_REMARK = "# "
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Table:
    """A file's headings, where its known fields stand, and its text from the first row on."""

    format: FileFormat
    headings: tuple[str, ...]
    columns: dict[str, int]
    separator: str
    text: str
    lines_before: int

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headings that mean nothing here."""
        known = set(self.columns.values())
        return tuple(heading for index, heading in enumerate(self.headings) if index not in known)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row with the line on which it begins; blank lines and remarks are passed over."""
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.separator)
        line = self.lines_before + 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InvalidInputError(f"The file cannot be read from line {line} on: {error}.") from None
            if any(cell.strip() for cell in cells) and not cells[0].startswith(_REMARK):
                yield line, [cell.strip() for cell in cells]
            line = self.lines_before + reader.line_num + 1


def read_table(raw: bytes) -> Table:
    """Raises InvalidInputError when it is no text, has no headings, or none that is known."""
    if len(raw) > MOST_BYTES:
        raise InvalidInputError(f"The file has {len(raw):,} bytes; {MOST_BYTES:,} are allowed. Divide it.")
    try:
        text = raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"The file is not written in UTF-8 (byte {error.start:,}). Save it again as CSV UTF-8."
        ) from None
    lines = text.splitlines(keepends=True)
    # Google Analytics begins with lines about the report.
    first = next((index for index, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if first is None:
        raise InvalidInputError("The file has no headings.")
    found = [(separator, _headings(lines[first], separator)) for separator in SEPARATORS]
    separator, headings = max(found, key=lambda one: len(find_columns(one[1])))
    columns = find_columns(headings)
    if "event_date" not in columns:
        raise InvalidInputError(
            f"No column of the file says when: {', '.join(headings)[:200]}. docs/conversions.md lists what is understood."
        )
    return Table(
        format=format_of(headings),
        headings=tuple(headings),
        columns=columns,
        separator=separator,
        text="".join(lines[first + 1 :]),
        lines_before=first + 1,
    )


def _headings(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise InvalidInputError(f"The headings cannot be read: {error}.") from None
