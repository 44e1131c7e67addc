"""The navigation between the pages of one client."""

from fastapi import Request

from sophia.access.web import RequestContext
from sophia.dashboard.layout.windows import page_address, shared_query
from sophia.display.values import Link

SECTIONS = (
    ("Overview", ""),
    ("Report", "/report"),
    ("Posts", "/posts"),
    ("Campaigns", "/campaigns"),
    ("Links and conversions", "/conversions"),
    ("Benchmarks", "/benchmarks"),
    ("Comments", "/comments"),
    ("Audience", "/audience"),
    ("Timing", "/timing"),
    ("Decisions", "/decisions"),
    ("Forecast", "/forecast"),
    ("Goals", "/goals"),
    ("Share", "/share"),
)


def client_sections(request: Request, context: RequestContext, client_id: int) -> tuple[Link, ...]:
    """Return links to the pages of a client; they keep the window of the address."""
    query = shared_query(request)
    base, here = f"{context.settings.path_prefix}/clients/{client_id}", page_address(request).rstrip("/")
    return tuple(Link(label, f"{base}{path}{query}", here == f"{base}{path}") for label, path in SECTIONS)
