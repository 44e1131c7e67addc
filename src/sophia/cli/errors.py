"""What a user sees when a command does not end well: one line that says what to do, and an exit code. No traceback."""

import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from sophia.errors import SophiaError

ERROR, USAGE, PARTLY, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143


class Terminated(BaseException):
    """SIGTERM ended the command; everything was put in order before this was raised."""


class SophiaGroup(TyperGroup):
    """Turns what is raised inside a command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SophiaError as error:
            complain(str(error))
            raise typer.Exit(ERROR) from None
        except KeyboardInterrupt:
            stopped(INTERRUPTED)
        except Terminated:
            stopped(TERMINATED)
        except Exception as error:
            message = of_database(error)
            if message is None:
                raise
            complain(message)
            raise typer.Exit(ERROR) from None


def complain(message: str) -> None:
    """One red line on standard error, without anything that looks like a secret."""
    from sophia.vault import strike_out  # noqa: PLC0415 - brings cryptography along, which --help does not need

    line = " ".join(strike_out(message).split())
    typer.secho(f"Error: {line}", fg="red", err=True)


def warn(message: str) -> None:
    typer.secho(f"Warning: {message}", fg="yellow", err=True)


def stopped(code: int) -> NoReturn:
    typer.secho("Stopped. What was stored is kept; the next run goes on from there.", fg="yellow", err=True)
    raise typer.Exit(code) from None


def of_database(error: Exception) -> str | None:
    """What to say about a database that cannot be reached or used; None for any other error.

    The driver's own words without the statement, whose parameters are none of the reader's business.
    """
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError, OperationalError  # noqa: PLC0415 - imported already, see above

    if isinstance(error, OperationalError):
        first = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason given"
        return f"The database cannot be used: {first}. Check SOPHIA_DATABASE_URL, or run `sophia db upgrade`."
    return f"The database refused: {type(error).__name__}" if isinstance(error, DBAPIError) else None
