"""Reads Meta Business Suite's CSV exports: daily values of an account, or counters of its posts."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sophia.analytics.conversions.files.tables import decoded_text
from sophia.analytics.imports.headings import (
    CAROUSEL_WORDS,
    DAILY_HEADINGS,
    FIELDS,
    IGNORED,
    KINDS_BY_ADDRESS,
)
from sophia.errors import InvalidInputError

DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00:00:00)?")
PLAIN = re.compile(r"[0-9]{1,15}")
# 1,250 and 1.250 and 1 250; counters have no decimals.
GROUPED = re.compile(r"[0-9]{1,3}([,.\u00a0\u202f ][0-9]{3})+")
MOMENT = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4}),? ([0-9]{1,2}):([0-9]{2})")
ANY_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}.*")
MONTHS = 12
COUNTERS = tuple(FIELDS)[list(FIELDS).index("views") :]


@dataclass(frozen=True, slots=True)
class DailyFile:
    """The daily values of one metric of one account, and the title of the metric."""

    title: str
    values: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class ExportedPost:
    """A post of a file, with its counters since publication; `published_at` has no zone, because the file names none."""

    post_id: str
    published_at: datetime | None
    permalink: str | None
    kind: str
    text: str | None
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PostFile:
    """The posts of one account."""

    posts: tuple[ExportedPost, ...]


def read_file(
    raw: bytes, columns: Mapping[str, str] | None = None, ignored: Collection[str] = ()
) -> DailyFile | PostFile:
    """Return the content of a file in UTF-16 or UTF-8.

    `columns` is {field: heading} and `ignored` the headings to ignore, for headings that are not known. Raises
    InvalidInputError for a file, heading or cell that cannot be understood, with its name and line.
    """
    rows = list(_rows(decoded_text(raw)))
    if len(rows) > 1 and len(rows[0][1]) == 1 and tuple(rows[1][1]) == DAILY_HEADINGS:
        return _daily_file(rows)
    if not rows:
        raise InvalidInputError("The file has no headings.")
    return _post_file(rows, columns or {}, {_plain(heading) for heading in ignored})


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank with their line numbers, without the line `sep=,` for spreadsheets."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not (line == 1 and stripped[0].startswith("sep=")):
                yield line, stripped
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInputError(f"The file cannot be read from line {line} on: {error}.") from None


def _daily_file(rows: Sequence[tuple[int, list[str]]]) -> DailyFile:
    values: dict[date, int] = {}
    for line, cells in rows[2:]:
        match = DAY.fullmatch(cells[0]) if len(cells) == len(DAILY_HEADINGS) else None
        if match is None:
            raise InvalidInputError(
                f"Line {line} is not a day and a value. Export one metric of one account in one file."
            )
        try:
            day = date.fromisoformat(match[1])
        except ValueError:
            raise InvalidInputError(f"Line {line}: {cells[0]} is not a day.") from None
        if day in values:
            raise InvalidInputError(f"Line {line}: {day} occurs twice. Export one metric of one account in one file.")
        number = _number(cells[1], line, DAILY_HEADINGS[1])
        if number is not None:
            values[day] = number
    return DailyFile(rows[0][1][0], values)


def _post_file(rows: Sequence[tuple[int, list[str]]], columns: Mapping[str, str], ignored: Collection[str]) -> PostFile:
    headings = rows[0][1]
    places = _places(headings, columns, ignored)
    body = [(line, dict(zip(places, cells, strict=False))) for line, cells in rows[1:]]
    cells_by_line = [(line, {field: cells[name] for name, field in places.items() if field and name in cells}) for line, cells in body]  # fmt: skip
    _expect_lifetime(cells_by_line)
    month_first = _is_month_first([cells.get("published_at", "") for _, cells in cells_by_line])
    posts: dict[str, ExportedPost] = {}
    for line, cells in cells_by_line:
        post_id = cells["post_id"]
        if not post_id.isascii() or not post_id.replace("_", "").isdigit():
            raise InvalidInputError(
                f"Line {line}: {post_id[:40]!r} is not the id of a post. Do not open the file in Excel."
            )
        if post_id in posts:
            raise InvalidInputError(
                f"Line {line}: the post {post_id} occurs twice, as in an export by day. Export lifetime values instead."
            )
        counters = {name: _number(cells[name], line, name) for name in COUNTERS if name in cells}
        posts[post_id] = ExportedPost(
            post_id,
            _moment(cells.get("published_at", ""), line, month_first=month_first),
            cells.get("permalink") or None,
            _kind(cells.get("permalink", ""), cells.get("kind", "")),
            cells.get("text") or None,
            {name: number for name, number in counters.items() if number is not None},
        )
    return PostFile(tuple(posts.values()))


def _places(headings: Sequence[str], columns: Mapping[str, str], ignored: Collection[str]) -> dict[int, str]:
    """Return {column: its field, or an empty text for a column that is ignored}."""
    unknown_fields = sorted(columns.keys() - FIELDS.keys())
    if unknown_fields:
        raise InvalidInputError(f"There is no field {unknown_fields[0]!r}. There are: {', '.join(FIELDS)}.")
    fields = {_plain(heading): field for field, names in FIELDS.items() for heading in names}
    fields |= {_plain(heading): field for field, heading in columns.items()}
    without = {_plain(heading) for heading in IGNORED} | set(ignored)
    unknown = [heading for heading in headings if _plain(heading) not in fields.keys() | without]
    if unknown:
        raise InvalidInputError(
            f"The file has headings that are not known: {', '.join(map(repr, unknown))}. Name those that are needed with "
            f"--column FIELD=HEADING ({', '.join(FIELDS)}), and the others with --ignore HEADING."
        )
    places = {
        index: "" if _plain(name) in ignored else fields.get(_plain(name), "") for index, name in enumerate(headings)
    }
    chosen = [field for field in places.values() if field]
    twice = sorted({field for field in chosen if chosen.count(field) > 1})
    if "post_id" not in chosen or twice:
        raise InvalidInputError(
            f"Several columns are {twice[0]}. Name one with --column." if twice else "No column is the id of the post."
        )
    return places


def _plain(heading: str) -> str:
    return " ".join(heading.casefold().split())


def _expect_lifetime(rows: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    """Raise InvalidInputError for values of single days, which look like counters and are much smaller."""
    for line, cells in rows:
        if ANY_DAY.fullmatch(cells.get("period", "")):
            raise InvalidInputError(
                f"Line {line} has the values of {cells['period']} only. Export lifetime values instead of values by day."
            )


def _number(cell: str, line: int, name: str) -> int | None:
    """Return a count, or None for an empty cell, which is missing and not zero."""
    if not cell:
        return None
    if not PLAIN.fullmatch(cell) and not GROUPED.fullmatch(cell):
        raise InvalidInputError(f"Line {line}: {cell[:40]!r} is not a count ({name}).")
    return int(re.sub(r"[^0-9]", "", cell))


def _is_month_first(cells: Sequence[str]) -> bool | None:
    """Return whether days are written 09/28/2026 rather than 28/09/2026; None if they can be both."""
    pairs = [(int(match[1]), int(match[2])) for cell in cells if (match := MOMENT.fullmatch(cell))]
    if any(second > MONTHS for _, second in pairs):
        return True
    return False if any(first > MONTHS for first, _ in pairs) else None


def _moment(cell: str, line: int, *, month_first: bool | None) -> datetime | None:
    """Return the moment of a post; None without one, and if day and month cannot be told apart."""
    if not cell:
        return None
    match = MOMENT.fullmatch(cell)
    if match is None:
        raise InvalidInputError(f"Line {line}: {cell[:40]!r} is not a time such as 09/28/2026 18:30.")
    first, second, year, hour, minute = (int(part) for part in match.groups())
    if month_first is None and first != second:
        return None
    month, day = (first, second) if month_first else (second, first)
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the file names no zone
    except ValueError:
        raise InvalidInputError(f"Line {line}: {cell[:40]!r} is not a time.") from None


def _kind(address: str, words: str) -> str:
    """Return the kind of an Instagram post."""
    if any(word in words.casefold() for word in CAROUSEL_WORDS):
        return "carousel"
    return next((kind for part, kind in KINDS_BY_ADDRESS.items() if part in address), "other")
