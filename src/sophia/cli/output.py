"""The one place that prints. Names and messages come from Meta, files and requests, so control characters are escaped.

No other module of the commands prints by itself: a test looks for it.
"""

import sys
import traceback
from functools import cache
from types import TracebackType
from typing import Any

import typer

from sophia.escaping import escape_controls, shorten

# Characters of an error or a warning. A longer one pushes everything else off the screen.
LONGEST_MESSAGE = 2_000


class Painted(str):
    """Text that is escaped already and carries the sequences of its own style."""

    __slots__ = ()


def echo(*parts: str, err: bool = False) -> None:
    """Print the parts as one line, or as several where a part has line feeds; on standard error with `err`."""
    typer.echo("".join(map(_printable, parts)), err=err)


def paint(text: str, style: str) -> Painted:
    """The text, escaped, in a style of rich's on a terminal; plain elsewhere."""
    escaped = escape_controls(text, keep_lines=True)
    return Painted(_rendered(escaped, style) if sys.stdout.isatty() else escaped)


def echo_message(kind: str, message: str, colour: str) -> None:
    """One line on standard error, such as "Error: …", without anything that looks like a secret."""
    from sophia.vault import redact_secrets  # noqa: PLC0415 - brings cryptography along, which --help does not need

    line = shorten(escape_controls(" ".join(redact_secrets(message).split())), LONGEST_MESSAGE)
    typer.secho(f"{kind}: {line}" if kind else line, fg=colour, err=True)


def ask(question: str, default: str) -> str:
    """What a person types after the question; `default` when that is nothing."""
    return str(typer.prompt(escape_controls(question), default=escape_controls(default), err=True)).strip()


def ask_hidden(question: str) -> str:
    """What a person types after the question, which the terminal does not show."""
    return str(typer.prompt(escape_controls(question), hide_input=True, err=True))


def confirm(question: str, *, abort: bool = False) -> bool:
    """Whether a person says yes. With `abort` a no ends the command."""
    return bool(typer.confirm(escape_controls(question), abort=abort, err=True))


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """A table for a terminal."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*headings, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(escape_controls(cell)) for cell in row))
    _console().print(table)


def show_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The traceback of a fault of ours on standard error: its message may hold a secret, or a text from outside."""
    from sophia.logs import safe_traceback  # noqa: PLC0415 - needed once, at the very end

    sys.stderr.write(safe_traceback("".join(traceback.format_exception(kind, error, trace))))


def _printable(part: str) -> str:
    return part if isinstance(part, Painted) else escape_controls(part, keep_lines=True)


def _rendered(text: str, style: str) -> str:
    console = _console()
    with console.capture() as captured:
        console.print(text, style=style, end="", markup=False, highlight=False, soft_wrap=True)
    found: str = captured.get()
    return found


@cache
def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415

    return Console()
