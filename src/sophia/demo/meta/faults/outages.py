"""Outages of Meta as a whole, each lasting until it is switched off."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sophia.demo.meta.faults.bodies import HTML_TYPE
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.graph.meta_errors import META_ERRORS, MetaError

_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_UNKNOWN = MetaError("1 unknown error", "app", 1, None, "An unknown error occurred", 500)


def _code_1(pattern: str) -> Fault:
    return Fault(pattern, status=_UNKNOWN.status, body=_UNKNOWN.as_error().body("AOutage"))


def _code_4(pattern: str) -> Fault:
    row = META_ERRORS["4 app rate limit"]
    return Fault(pattern, status=row.status, body=row.as_error().body("AOutage"), hides_usage=True)


def _html_503(pattern: str) -> Fault:
    return Fault(pattern, status=503, body=_HTML.format("503 Service Unavailable"), headers=HTML_TYPE)


def _status_429(pattern: str) -> Fault:
    headers = {**HTML_TYPE, "Retry-After": "3"}
    return Fault(pattern, status=429, body=_HTML.format("429 Too Many Requests"), headers=headers)


# Each replaces the answer, so that Meta reads or publishes nothing.
OUTAGES: Mapping[str, Callable[[str], Fault]] = MappingProxyType(
    {
        "code 2": lambda pattern: fault_of("2 service down", pattern),
        "code 1": _code_1,
        "code 4 without headers": _code_4,
        "html 503": _html_503,
        "empty body": lambda pattern: Fault(pattern, status=200, body=""),
        "connection reset": lambda pattern: Fault(pattern, status=200, body="", kind="reset"),
        "429 with Retry-After": _status_429,
    }
)


def outage(name: str, pattern: str = ".") -> Fault:
    """Return the fault that answers every request whose text matches `pattern`. ValueError for an unknown name.

    A batch whose own text matches fails as a whole. If the pattern matches single items of a batch, these fail alone,
    except for "connection reset": an item has no connection of its own.
    """
    if name not in OUTAGES:
        raise ValueError(f"{name!r} is no outage. Known: {', '.join(OUTAGES)}")
    return OUTAGES[name](pattern)
