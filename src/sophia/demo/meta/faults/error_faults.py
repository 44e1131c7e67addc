"""Faults that answer with a known error of Meta."""

from typing import Any

from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.meta_errors import META_ERRORS


def fault_of(
    name: str, pattern: str, *, times: int | None = None, status: int | None = None, after: int = 0, **more: Any
) -> Fault:
    """A fault that answers with the row `name`; `status` replaces the row's own, `more` are further fields of Fault.

    An error that hides in a success is `status=200`. KeyError for a name that the table does not have.
    """
    row = META_ERRORS[name]
    body = row.as_error().body("AFault")
    return Fault(pattern, times, row.status if status is None else status, body, after=after, **more)


def listing_fault(name: str, edge: str, *, pages: int = 1, times: int | None = None) -> Fault:
    """A fault that ends lists of this edge early: after `pages` good pages the row `name` of META_ERRORS answers.

    Counted over all lists of the edge; a list that begins anew is good up to its first `next`.
    """
    return fault_of(name, rf"/{edge}\?.*\b(?:after|__paging_token)=", times=times, after=pages - 1)
