"""Starts processes for work that would hold Python's lock for long. It imports nothing of Sophia, so that they start quickly."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def worker_pool(processes: int) -> ProcessPoolExecutor:
    """Return a pool of so many processes, which start with the first work and end with this process.

    They are spawned and not forked: a forked process would inherit locks that other threads hold.
    """
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=follow_parent)


def follow_parent() -> None:
    """Leave Ctrl-C to the server, which ends this process in order, and end with the server if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    exit_with_parent()


def exit_with_parent() -> None:
    """End this process as soon as the server ends, also when the server is killed and cannot stop its workers."""
    Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
