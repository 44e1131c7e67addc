"""Runs asynchronous work from a command, and stops it cleanly on Ctrl-C or SIGTERM."""

import asyncio
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from sophia.cli.errors import Terminated

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of the work.

    Ctrl-C and SIGTERM cancel the work, wait for its cleanup, and raise KeyboardInterrupt or Terminated.
    """
    terminated = False

    async def guarded() -> T:
        task = asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        # Windows has no such handlers, and only the main thread may set them.
        if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await work

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        if terminated:
            raise Terminated from None
        raise
