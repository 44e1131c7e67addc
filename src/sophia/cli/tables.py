"""Shows results: JSON for programs, a table on a terminal, plain columns in a pipe."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from sophia.cli.output import echo, print_table
from sophia.escaping import escape_controls, shorten

LONGEST_CELL = 1_000  # characters; a longer text would leave no room for its neighbours
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]
Item = TypeVar("Item")


def show_json(value: Any) -> None:
    echo(json.dumps(value, default=to_json, indent=2, ensure_ascii=False))


def show_record(record: object) -> None:
    """Print a record as JSON, exactly as the API returns it."""
    from sophia.analytics.figures.schemas import response_json

    echo(response_json(record))


def show_list(
    name: str, items: Sequence[Item], row: Callable[[Item], Mapping[str, str]], *, as_json: bool, empty: str
) -> None:
    """Show items as {name: items} in JSON, or as a table with `row` for each item. Print `empty` for an empty table."""
    if as_json:
        show_json({name: items})
    else:
        show_table([row(item) for item in items], empty=empty)


def to_json(value: Any) -> Any:
    """Return what JSON can hold: moments in RFC 3339 with Z, money as text, records as objects."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        # Not asdict: until Python 3.12 it makes a Counter of pairs out of a Counter.
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def local_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment in the operator's zone, to the minute; "never" for None."""
    return "never" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def show_table(rows: Sequence[Mapping[str, str]], *, empty: str) -> None:
    """Print rows as a table on a terminal, else as plain columns for line tools; print `empty` when there are no rows."""
    if not rows:
        echo(empty)
        return
    headings = list(rows[0])
    rows = [{name: shorten(escape_controls(row[name]), LONGEST_CELL) for name in headings} for row in rows]
    if not sys.stdout.isatty():
        widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in headings}
        for row in ({name: name for name in headings}, *rows):
            echo("  ".join(row[name].ljust(widths[name]) for name in headings).rstrip())
        return
    print_table(headings, [[row[name] for name in headings] for row in rows])


def on_one_line(text: str, limit: int) -> str:
    """Return the text with single spaces, cut to `limit` characters with an ellipsis."""
    words = " ".join(text.split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"
