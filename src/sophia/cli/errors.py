"""What a user sees when a command does not end well: one line that says what to do, and an exit code. No traceback."""

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
    """SIGTERM ended the command; everything was put in order before this was raised."""


class SophiaGroup(TyperGroup):
    """Turns what is raised inside a command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SophiaError as error:
            complain(str(error))
            raise typer.Exit(ERROR) from None
        except typer.BadParameter as error:
            error.message = escape_controls(error.message)  # it may repeat what stands in a file
            raise
        except KeyboardInterrupt:
            stopped(INTERRUPTED)
        except Terminated:
            stopped(TERMINATED)
        except BrokenPipeError:
            raise  # whoever read our output went away, which is no error of ours
        except Exception as error:
            message = of_system(error) if isinstance(error, OSError) else of_database(error)
            if message is None:
                raise
            complain(message)
            raise typer.Exit(ERROR) from None


def complain(message: str) -> None:
    """One red line on standard error, without anything that looks like a secret."""
    echo_message("Error", message, "red")


def warn(message: str) -> None:
    """One yellow line on standard error, without anything that looks like a secret."""
    echo_message("Warning", message, "yellow")


def stopped(code: int) -> NoReturn:
    echo_message("", "Stopped. What was stored is kept; the next run goes on from there.", "yellow")
    raise typer.Exit(code) from None


def of_system(error: OSError) -> str | None:
    """What to say about a file or an address that the operating system refuses; None when it does not say which."""
    if error.filename is None or error.strerror is None:
        return None
    return f"{error.filename}: {error.strerror}."


# By the result codes of SQLite, whose lowest byte is the kind of error. `database.engine` words faults of the machine
# (a full disk, a store that may only be read), for commands and for the API alike.
SQLITE_SAYS = {
    5: "it is locked by another program. Wait until that has ended, then try again",
    6: "it is locked by another program. Wait until that has ended, then try again",
    11: "the file is damaged. Put a backup in its place",
    26: "the file is no SQLite database. Check SOPHIA_DATABASE_URL and SOPHIA_DATA_DIR, or move the file away",
}
# By the beginnings of PostgreSQL's states, the longer ones first.
POSTGRES_SAYS = {
    "42P01": "tables are missing. Run `sophia db upgrade`",
    "42703": "columns are missing. Run `sophia db upgrade`",
    "42501": "this user may not do that. Grant it the rights on the database",
    "28": "the user or the password is wrong. Check SOPHIA_DATABASE_URL",
    "3D": "the server has no database of this name. Create it, or check SOPHIA_DATABASE_URL",
    "53": "the server has no room for another connection. Try again later",
    "57": "the server is stopping or starting. Try again in a moment",
    "55P03": "it is locked by another program. Wait until that has ended, then try again",
}

# A connection that fails has words and no state.
POSTGRES_WORDS = {
    r'database ".*" does not exist': "3D",
    r'role ".*" does not exist|authentication failed|no password supplied|no pg_hba.conf entry': "28",
    r"too many (connections|clients)|remaining connection slots": "53",
    r"is (starting up|shutting down|not yet accepting)": "57",
}


def of_database(error: Exception) -> str | None:
    """What to say about a database that cannot be reached or used; None for any other error.

    Never the statement, whose parameters are none of the reader's business.
    """
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError, OperationalError  # noqa: PLC0415 - imported already, see above

    if not isinstance(error, DBAPIError):
        return None
    original, known = error.orig, None
    code, state = getattr(original, "sqlite_errorcode", None), getattr(original, "sqlstate", None)
    if code is not None:
        known = SQLITE_SAYS.get(code & 0xFF)
        if known is None and str(original).startswith("no such "):
            known = f"{original}. Run `sophia db upgrade`"
    else:
        state = state or next(
            (state for words, state in POSTGRES_WORDS.items() if re.search(words, str(original))), "none"
        )
        known = next((said for start, said in POSTGRES_SAYS.items() if state.startswith(start)), None)
    if known is not None:
        return f"The database cannot be used: {known}."
    if isinstance(error, OperationalError):
        first = (str(original).strip().splitlines() or ["no reason given"])[0]
        return f"The database cannot be used: {first}. Check SOPHIA_DATABASE_URL, and that the server runs."
    return f"The database refused: {type(error).__name__}"
