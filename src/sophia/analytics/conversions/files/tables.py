"""Parses a CSV file: encoding, separator, headings, and rows with their line numbers."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sophia.analytics.conversions.files.columns import FileFormat, find_columns, format_of
from sophia.errors import InvalidInputError

SEPARATORS = (",", ";", "\t")
MOST_BYTES = 50_000_000
MOST_COLUMNS = 1_000
MOST_LINES = 1_000_000
# Of a cell; a line may be ten times as long.
MOST_CHARACTERS = 100_000
# With the space, because the number of an order of Shopify is #1001.
_COMMENT = "# "
_BOM = "\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_PACKED = {b"PK\x03\x04": "a spreadsheet or zip file", b"\x1f\x8b": "a gzip file", b"\xd0\xcf\x11\xe0": "an Excel file"}


@dataclass(frozen=True, slots=True)
class Table:
    """A file's headings, the columns of its known fields, and its text, with the first row at `first_row`."""

    format: FileFormat
    headings: tuple[str, ...]
    columns: dict[str, int]
    separator: str
    text: str
    first_row: int
    lines_before: int

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield every row with its first line number; skip blank lines and comments.

        Raises InvalidInputError for a missing quotation mark, and for a cell or row that is too long.
        """
        lines = io.StringIO(self.text, newline="")
        lines.seek(self.first_row)
        reader = csv.reader(_short_lines(lines, self.lines_before), delimiter=self.separator)
        line = self.lines_before + 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InvalidInputError(f"The file cannot be read from line {line} on: {error}.") from None
            if any(len(cell) > MOST_CHARACTERS for cell in cells):
                raise InvalidInputError(f"A cell in line {line} has more than {MOST_CHARACTERS:,} characters.")
            if any(cell.strip() for cell in cells) and not cells[0].startswith(_COMMENT):
                cells[0] = cells[0].lstrip(_BOM)
                yield line, [cell.strip() for cell in cells]
            line = self.lines_before + reader.line_num + 1


def read_table(raw: bytes, named: Mapping[str, str] | None = None) -> Table:
    """Parse a file; `named` is {field: heading} for columns with unknown headings.

    Memory is limited to a few times the size of the file, which is at most 50 MB. Raises InvalidInputError for a file
    without text, without headings, or without a known heading.
    """
    lines = io.StringIO(decoded_text(raw), newline="")
    named_separator, before = None, 0
    for before, line in enumerate(_short_lines(lines, 0), 1):  # noqa: B007 - used after the loop
        bare = line.strip(_BOM).strip("\r\n")
        if bare.lower().startswith("sep=") and len(bare) == len("sep=x"):
            named_separator = bare[-1]
        elif bare.strip() and not bare.startswith("#"):
            break
    else:
        raise InvalidInputError("The file has no headings.")
    if "\x00" in bare:
        raise InvalidInputError("The headings contain NUL characters. Save the file again as CSV UTF-8.")
    separators = (named_separator,) if named_separator in SEPARATORS else SEPARATORS
    if max(bare.count(separator) for separator in separators if separator) >= MOST_COLUMNS:
        raise InvalidInputError(f"The file has more than {MOST_COLUMNS:,} columns. Delete those that are not needed.")
    candidates = [(separator, _headings(bare, separator)) for separator in separators if separator]
    separator, headings = max(candidates, key=lambda candidate: (len(find_columns(candidate[1])), len(candidate[1])))
    columns = find_columns(headings, named)
    if "event_date" not in columns:
        raise InvalidInputError(
            f"No column of the file contains a known date. Its columns: {', '.join(headings)[:500]}. Name the columns:"
            " --column event_date=HEADING, and likewise event_type, source, revenue_amount, purchases and others of"
            " docs/conversions.md."
        )
    return Table(
        format_of(headings, named or ()), tuple(headings), columns, separator, lines.getvalue(), lines.tell(), before
    )


def decoded_text(raw: bytes) -> str:
    """Return the text of a file in UTF-8 or UTF-16. Raises InvalidInputError for a larger file, and for one of another kind."""
    if len(raw) > MOST_BYTES:
        raise InvalidInputError(f"The file has more than {MOST_BYTES:,} bytes. Split it.")
    for beginning, kind in _PACKED.items():
        if raw.startswith(beginning):
            raise InvalidInputError(f"This is {kind}, not a CSV file. Save it as CSV UTF-8.")
    try:
        return raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"The file is not encoded in UTF-8 (byte {error.start:,}). Save it again as CSV UTF-8."
        ) from None


def _short_lines(lines: io.StringIO, before: int) -> Iterator[str]:
    """Yield the lines. Raises InvalidInputError for a line that is too long, before copying all of it."""
    number = before
    while line := lines.readline(10 * MOST_CHARACTERS + 1):
        number += 1
        if number > MOST_LINES:
            raise InvalidInputError(f"The file has more than {MOST_LINES:,} lines. Split it.")
        if len(line) > 10 * MOST_CHARACTERS:
            raise InvalidInputError(f"Line {number:,} has more than {10 * MOST_CHARACTERS:,} characters.")
        yield line


def _headings(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise InvalidInputError(f"The headings cannot be read: {error}.") from None
