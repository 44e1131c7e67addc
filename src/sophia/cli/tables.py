"""How answers are shown: JSON for programs, a table for people, plain columns for a pipe."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from sophia.cli.output import echo, print_table
from sophia.escaping import escape_controls, shorten

LONGEST_CELL = 1_000  # characters; a longer text would leave no room for its neighbours
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, and nothing else.")]


def show_json(value: Any) -> None:
    echo(json.dumps(value, default=plain, indent=2, ensure_ascii=False))


def plain(value: Any) -> Any:
    """What JSON has no word for. Moments in RFC 3339 with Z, money as text."""
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


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as the operator's clock shows it, to the minute."""
    return "never" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def show_table(rows: Sequence[Mapping[str, str]], *, empty: str) -> None:
    """Rows as a table on a terminal, else in plain columns that a line tool can read. `empty` when there are none."""
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
