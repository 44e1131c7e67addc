"""Turns errors into one line with the action to take and an exit code, without a traceback."""

import re
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from sophia.cli.output import echo_message
from sophia.errors import SophiaError
from sophia.escaping import escape_controls

ERROR, USAGE, PARTLY, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143


class Terminated(BaseException):
    """SIGTERM ended the command, after its cleanup."""


class SophiaGroup(TyperGroup):
    """The root command. It turns exceptions of commands into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SophiaError as error:
            show_error(str(error))
            raise typer.Exit(ERROR) from None
        except typer.BadParameter as error:
            error.message = escape_controls(error.message)  # it may quote a file
            raise
        except KeyboardInterrupt:
            exit_stopped(INTERRUPTED)
        except Terminated:
            exit_stopped(TERMINATED)
        except BrokenPipeError:
            raise  # the reader of our output ended, which is not an error of ours
        except Exception as error:
            message = os_error_message(error) if isinstance(error, OSError) else database_error_message(error)
            if message is None:
                raise
            show_error(message)
            raise typer.Exit(ERROR) from None


def show_error(message: str) -> None:
    """Print one red line on standard error. Redact whatever looks like a secret."""
    echo_message("Error", message, "red")


def warn(message: str) -> None:
    """Print one yellow line on standard error. Redact whatever looks like a secret."""
    echo_message("Warning", message, "yellow")


def exit_stopped(code: int) -> NoReturn:
    echo_message("", "Stopped. The stored data is kept, and the next run continues from there.", "yellow")
    raise typer.Exit(code) from None


def os_error_message(error: OSError) -> str | None:
    """Return a message about a file that the operating system refuses, or None when the error names no file."""
    if error.filename is None or error.strerror is None:
        return None
    return f"{error.filename}: {error.strerror}."


LOCKED = "another program has locked it. Wait until that program ends, then try again"
# By SQLite's result code, whose lowest byte is the kind of error. `Database` reports faults of the machine itself, such as a
# full disk or a read-only file.
SQLITE_MESSAGES = {
    5: LOCKED,
    6: LOCKED,
    11: "the file is damaged. Restore a backup",
    26: "the file is not an SQLite database. Check SOPHIA_DATABASE_URL and SOPHIA_DATA_DIR, or move the file away",
}
# By the first characters of PostgreSQL's SQLSTATE.
POSTGRES_MESSAGES = {
    "42P01": "tables are missing. Run `sophia db upgrade`",
    "42703": "columns are missing. Run `sophia db upgrade`",
    "42501": "the database user lacks a privilege. Grant it the privileges on the database",
    "28": "the user or the password is wrong. Check SOPHIA_DATABASE_URL",
    "3D": "the server has no database of this name. Create it, or check SOPHIA_DATABASE_URL",
    "53": "the server has too many connections. Try again later",
    "57": "the server is stopping or starting. Try again in a moment",
    "55P03": LOCKED,
}
# A failed connection has a text but no SQLSTATE.
POSTGRES_STATES = {
    r'database ".*" does not exist': "3D",
    r'role ".*" does not exist|authentication failed|no password supplied|no pg_hba.conf entry': "28",
    r"too many (connections|clients)|remaining connection slots": "53",
    r"is (starting up|shutting down|not yet accepting)": "57",
}


def database_error_message(error: Exception) -> str | None:
    """Return a message about a database that cannot be reached or used, or None for any other error.

    The message never contains the statement, because its parameters may be private.
    """
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError, OperationalError  # imported already, see above

    if not isinstance(error, DBAPIError):
        return None
    original, reason = error.orig, None
    code, state = getattr(original, "sqlite_errorcode", None), getattr(original, "sqlstate", None)
    if code is not None:
        reason = SQLITE_MESSAGES.get(code & 0xFF)
        if reason is None and str(original).startswith("no such "):
            reason = f"{original}. Run `sophia db upgrade`"
    else:
        state = state or next(
            (state for pattern, state in POSTGRES_STATES.items() if re.search(pattern, str(original))), "none"
        )
        reason = next((text for start, text in POSTGRES_MESSAGES.items() if state.startswith(start)), None)
    if reason is not None:
        return f"The database cannot be used: {reason}."
    if isinstance(error, OperationalError):
        first = (str(original).strip().splitlines() or ["no reason given"])[0]
        return f"The database cannot be used: {first}. Check SOPHIA_DATABASE_URL, and that the server is running."
    return f"The database refused the operation: {type(error).__name__}"
