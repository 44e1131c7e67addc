"""Log lines: one per event, for people or for machines, on standard error, with every secret struck out.

Uvicorn, APScheduler and Sophia's own structured events pass through one handler, so nothing goes around the striking
out (D2). Paths, names and messages come from outside: control characters in them are escaped and long ones are cut, so
that no request and no answer of Meta's can control the terminal or forge a line. What httpx says about each request,
whose address may hold parameters, is not logged at all.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from io import StringIO
from typing import Any, Literal, TextIO

import structlog

from sophia.config import Settings
from sophia.escaping import escape_controls, shorten
from sophia.vault import redact_secrets

# Characters of one value and of one traceback, of which the end says what happened.
LONGEST_VALUE, LONGEST_TRACEBACK = 2_000, 20_000
TRACEBACKS = ("exception", "stack", "traceback")
TALKATIVE = ("httpx", "httpcore", "apscheduler", "alembic", "asyncio")


class StandardError(logging.Handler):
    """Writes to whatever standard error is at that moment: a progress bar or a test may have put itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


class Discreet(structlog.stdlib.ProcessorFormatter):
    """Strikes secrets out of the finished line, wherever in it they were: the event, its values, or a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_secrets(super().format(record))


def configure(settings: Settings, *, least: Literal["debug", "info", "warning", "error"] | None = None) -> None:
    """Set logging up for this process. `least` overrides SOPHIA_LOG_LEVEL. May be called again."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = StandardError()
    last = as_json() if settings.log_format == "json" else for_people()
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(Discreet(foreign_pre_chain=shared, processors=[drop_meta, *last]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel((least or settings.log_level).upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def as_json() -> list[structlog.typing.Processor]:
    return [structlog.processors.format_exc_info, escape_values, structlog.processors.JSONRenderer(default=str)]


def for_people() -> list[structlog.typing.Processor]:
    """Plain tracebacks: the colourful ones print local variables, and those hold tokens."""
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_traceback)
    return [without_logger, escape_values, console]


def write_traceback(out: TextIO, exc_info: Any) -> None:
    """A plain traceback whose messages cannot control the terminal."""
    written = StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    out.write(safe_traceback(written.getvalue()))


def escape_values(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape and shorten every value of an event, in lists and mappings too."""
    for name, value in event.items():
        if name in TRACEBACKS and isinstance(value, str):
            event[name] = safe_traceback(value)
        elif name != "exc_info":
            event[name] = safe_value(value)
    return event


def safe_value(value: Any) -> Any:
    """The value with its texts escaped and shortened. Secrets go first: half a token would look like none."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {safe_value(str(key)): safe_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [safe_value(part) for part in value]
    return shorten(escape_controls(redact_secrets(str(value))), LONGEST_VALUE)


def safe_traceback(text: str) -> str:
    return escape_controls(redact_secrets(text), keep_lines=True)[-LONGEST_TRACEBACK:]


def without_logger(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("logger", None)
    return event
