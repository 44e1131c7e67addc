"""Log lines: one per event, for people or for machines, on standard error, with every secret struck out.

Uvicorn, APScheduler and Sophia's own structured events pass through one handler, so nothing goes around the striking
out (D2). What httpx says about each request, whose address may hold parameters, is not logged at all.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from sophia.config import Settings
from sophia.vault import strike_out

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
        return strike_out(super().format(record))


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
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


def for_people() -> list[structlog.typing.Processor]:
    """Plain tracebacks: the colourful ones print local variables, and those hold tokens."""
    plain = structlog.dev.plain_traceback
    return [without_logger, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def without_logger(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("logger", None)
    return event
