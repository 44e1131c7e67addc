"""Maintenance of the store: export, import, verify, recompute, delete (K5, K8)."""

from collections.abc import Callable

# Reports progress: (name of the part, number done, total).
ReportProgress = Callable[[str, int, int], None]


def report_nothing(_part: str, _done: int, _total: int) -> None:
    """Ignore progress."""
