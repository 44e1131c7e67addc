"""Ends the server when its event loop is blocked, so that a supervisor such as systemd restarts it.

A blocked loop answers no request, runs no job and ignores SIGTERM.
"""

import asyncio
import faulthandler
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

log = structlog.get_logger(__name__)

# EX_SOFTWARE of sysexits.h: an error of the program itself.
EXIT_CODE = 70
# Writing the log may be what blocks the loop, when no program reads standard error. So the report has a time limit.
REPORT_SECONDS = 5.0
LONGEST_CHECK_SECONDS = 1.0


@contextmanager
def watch_event_loop(seconds: float) -> Iterator[None]:
    """End this process with exit code 70 when the running event loop is blocked for `seconds` inside the block.

    0 turns the watchdog off.
    """
    if not seconds:
        yield
        return
    watchdog = Watchdog(asyncio.get_running_loop(), seconds)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()


class Watchdog(threading.Thread):
    """A thread that schedules a callback in the loop at each check, and counts the checks without a reply.

    It counts its own checks instead of reading a clock. While the machine is suspended, or the whole process is stopped or
    gets no processor, this thread does not run either and counts nothing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._loop = loop
        self._seconds = seconds
        self._check_seconds = min(LONGEST_CHECK_SECONDS, seconds / 4)
        self._timer = ProcessorTimer(seconds)
        self._replied = threading.Event()
        self._stopped = threading.Event()

    def run(self) -> None:
        silent_seconds = 0.0
        self._send()
        while not self._stopped.wait(self._check_seconds):
            self._timer.restart()
            if self._replied.is_set():
                silent_seconds = 0.0
                self._send()
                continue
            silent_seconds += self._check_seconds
            if silent_seconds >= self._seconds:
                self._end()

    def stop(self) -> None:
        """Stop the watchdog. Call this in the loop, which then cannot be blocked."""
        self._stopped.set()
        self.join()
        self._timer.stop()

    def _send(self) -> None:
        self._replied.clear()
        with suppress(RuntimeError):  # the loop is closed: nothing is left to watch
            self._loop.call_soon_threadsafe(self._replied.set)

    def _end(self) -> None:
        reporting = threading.Thread(target=self._report, daemon=True)
        reporting.start()
        reporting.join(REPORT_SECONDS)
        os._exit(EXIT_CODE)

    def _report(self) -> None:
        log.critical(
            "event_loop_blocked",
            seconds=self._seconds,
            what_to_do="The server ends so that its supervisor restarts it. Report this line.",
            stacks=all_stacks(),
        )


def all_stacks() -> str:
    """Return the stack of every thread: files, lines and names, but no values."""
    # Write to a file: faulthandler holds the interpreter's lock while it writes, and a full pipe would block it.
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()


class ProcessorTimer:
    """A timer that ends the process with SIGPROF and writes the stacks to standard error, unless it is restarted in time.

    A call in C, such as a search with a regular expression, keeps the interpreter's lock, so the watchdog does not run
    either. The operating system counts the processor time of the process; it does not count while the process is stopped.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds if hasattr(signal, "setitimer") else 0.0  # Windows has no timer
        if self._seconds:
            # Chain to the default handler, which ends the process.
            faulthandler.register(signal.SIGPROF, sys.__stderr__ or sys.stderr, all_threads=True, chain=True)
        self.restart()

    def restart(self) -> None:
        if self._seconds:
            signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def stop(self) -> None:
        if self._seconds:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(signal.SIGPROF)
