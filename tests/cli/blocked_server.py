"""A small server, with the watchdog of `sophia serve`: `python blocked_server.py HOW SECONDS`.

It prints "watched", does what HOW says, and prints "ended well" when its loop ends in order.
"""

import asyncio
import os
import re
import signal
import sys
import time

from sophia import logs
from sophia.cli.watchdog import watch_event_loop
from sophia.config import IsolatedSettings


def block_the_loop() -> None:
    """As APScheduler did in the night when the clock goes back: endless, in Python, deaf to SIGTERM."""
    while True:
        sum(range(1000))


def sleep(seconds: float) -> None:
    """Block the loop, on purpose."""
    time.sleep(seconds)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def serve(how: str, seconds: float) -> None:
    with watch_event_loop(seconds):
        say("watched")
        if how == "blocked":
            block_the_loop()
        elif how == "locked":
            re.match(r"(a+)+$", "a" * 60 + "b")  # a call in C that keeps the interpreter's lock for ages
        elif how == "mute":
            # Nobody reads standard error: whoever writes there is blocked, the loop and the watchdog's report too.
            while True:
                sys.stderr.write("x" * 10_000)
        elif how == "busy":
            end = time.monotonic() + 4 * seconds
            while time.monotonic() < end:
                sleep(seconds / 3)
                await asyncio.sleep(0)
        elif how == "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)  # as a suspended machine, or one without time for us
            await asyncio.sleep(2 * seconds)
    sleep(1.5 * seconds)  # the end of a program, when no loop runs any more
    say("ended well")


if __name__ == "__main__":
    logs.configure(IsolatedSettings(log_format="json"))
    asyncio.run(serve(sys.argv[1], float(sys.argv[2])))
