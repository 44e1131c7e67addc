"""Log lines on standard error, one per event, for people or for machines, with every secret redacted.

Events of uvicorn, APScheduler and Sophia pass through one handler, so that all are redacted (D2). Paths, names and messages
come from outside: control characters are escaped and long texts are cut, so that neither a request nor an answer of Meta
can control the terminal or forge a line. The request lines of httpx contain parameters and are not logged.
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

# The most characters of a value, and of a traceback, whose last lines are kept.
LONGEST_VALUE, LONGEST_TRACEBACK = 2_000, 20_000
TRACEBACKS = ("exception", "stack", "traceback")
# Their warnings name the addresses of alert routes, which are secrets.
SILENT_LOGGERS = ("apprise", "urllib3", "requests")
QUIET_LOGGERS = ("httpx", "httpcore", "apscheduler", "alembic", "asyncio")


class StandardError(logging.Handler):
    """Writes to the current standard error, which a progress bar or a test may have replaced."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Redacts secrets in the complete line: in the event, its values and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_secrets(super().format(record))


def configure(settings: Settings, *, least: Literal["debug", "info", "warning", "error"] | None = None) -> None:
    """Configure logging for this process. `least` overrides SOPHIA_LOG_LEVEL. May be called again."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = StandardError()
    renderers = json_renderers() if settings.log_format == "json" else console_renderers()
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(RedactingFormatter(foreign_pre_chain=shared, processors=[drop_meta, *renderers]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel((least or settings.log_level).upper())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
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


def json_renderers() -> list[structlog.typing.Processor]:
    return [structlog.processors.format_exc_info, escape_values, structlog.processors.JSONRenderer(default=str)]


def console_renderers() -> list[structlog.typing.Processor]:
    """Return renderers with plain tracebacks; the coloured ones print local variables, which may hold tokens."""
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_traceback)
    return [without_logger, escape_values, console]


def write_traceback(out: TextIO, exc_info: Any) -> None:
    """Write a plain traceback without control characters."""
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
    """Return the value with its texts redacted, escaped and shortened. Redaction comes first: half a token is not recognised."""
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
