"""Faults that only tests use."""

from typing import Any

from sophia.demo.meta.faults.faults import Fault, fault_of


def redirect(pattern: str, url: str) -> Fault:
    """Return a fault that sends the caller to `url`, such as that of a `ForeignHost`."""
    return Fault(pattern, None, 302, "", {"Location": url})


def graph_fault(
    pattern: str,
    code: int,
    message: str = "Simulated",
    *,
    subcode: int | None = None,
    is_transient: bool | None = None,
    status: int = 400,
    times: int | None = None,
) -> Fault:
    """Return a fault that answers with one of Meta's error bodies."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AFault"}
    if subcode is not None:
        error["error_subcode"] = subcode
    if is_transient is not None:
        error["is_transient"] = is_transient
    return Fault(pattern, times, status, {"error": error})


def listing_fault(name: str, edge: str, *, pages: int = 1, times: int | None = None) -> Fault:
    """Return a fault that answers lists of this edge with the row `name` of META_ERRORS after `pages` good pages.

    It counts the pages of all lists of the edge. The first page of each list is always good.
    """
    return fault_of(name, rf"/{edge}\?.*\b(?:after|__paging_token)=", times=times, after=pages - 1)
