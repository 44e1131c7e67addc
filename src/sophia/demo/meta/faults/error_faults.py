"""Faults that answer with a known error of Meta."""

from typing import Any

from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.meta_errors import META_ERRORS


def fault_of(
    name: str, pattern: str, *, times: int | None = None, status: int | None = None, after: int = 0, **more: Any
) -> Fault:
    """Return a fault that answers with the row `name`, with `status` instead of the row's and `more` fields of Fault.

    `status=200` makes an error that looks like a success. Raise KeyError for an unknown name.
    """
    row = META_ERRORS[name]
    body = row.as_error().body("AFault")
    return Fault(pattern, times, row.status if status is None else status, body, after=after, **more)
