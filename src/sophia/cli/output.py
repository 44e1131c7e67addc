"""Prints for all commands. Names and messages come from Meta, files and requests, so it escapes control characters.

No other module of the commands prints; a test checks this.
"""

import sys
import traceback
from functools import cache
from types import TracebackType
from typing import Any

import typer

from sophia.escaping import escape_controls, shorten

# Characters of an error or a warning. A longer text pushes everything else off the screen.
LONGEST_MESSAGE = 2_000


class StyledText(str):
    """Text that is escaped already and contains the escape sequences of its style."""

    __slots__ = ()


def echo(*parts: str, err: bool = False) -> None:
    """Print the parts without spaces between them, on standard error with `err`."""
    typer.echo("".join(map(_printable, parts)), err=err)


def paint(text: str, style: str) -> StyledText:
    """Return the escaped text, on a terminal in one of rich's styles."""
    escaped = escape_controls(text, keep_lines=True)
    return StyledText(_rendered(escaped, style) if sys.stdout.isatty() else escaped)


def echo_message(kind: str, message: str, colour: str) -> None:
    """Print one line such as "Error: …" on standard error. Redact whatever looks like a secret."""
    from sophia.vault import redact_secrets  # imports cryptography, which --help does not need

    line = shorten(escape_controls(" ".join(redact_secrets(message).split())), LONGEST_MESSAGE)
    typer.secho(f"{kind}: {line}" if kind else line, fg=colour, err=True)


def ask(question: str, default: str) -> str:
    """Return what the user types after the question, or `default` for an empty line."""
    return str(typer.prompt(escape_controls(question), default=escape_controls(default), err=True)).strip()


def ask_hidden(question: str) -> str:
    """Return what the user types after the question. The terminal does not show it."""
    return str(typer.prompt(escape_controls(question), hide_input=True, err=True))


def confirm(question: str, *, abort: bool = False) -> bool:
    """Return whether the user says yes. With `abort`, a no ends the command."""
    return bool(typer.confirm(escape_controls(question), abort=abort, err=True))


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """Print a table on a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")  # a long word goes on in the next line instead of being cut off
    for row in rows:
        table.add_row(*(Text(escape_controls(cell)) for cell in row))
    _console().print(table)


def show_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback of a bug on standard error, redacted and escaped."""
    from sophia.logs import safe_traceback

    sys.stderr.write(safe_traceback("".join(traceback.format_exception(kind, error, trace))))


def echo_heading(text: str) -> None:
    echo(paint(text, "bold"))


def _printable(part: str) -> str:
    return part if isinstance(part, StyledText) else escape_controls(part, keep_lines=True)


def _rendered(text: str, style: str) -> str:
    console = _console()
    with console.capture() as captured:
        console.print(text, style=style, end="", markup=False, highlight=False, soft_wrap=True)
    rendered: str = captured.get()
    return rendered


@cache
def _console() -> Any:
    from rich.console import Console

    return Console()
