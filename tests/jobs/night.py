"""Run Sophia's own scheduler from one moment to another on a fast clock; print how often and when each job started.

`python night.py ZONE DAILY_HOUR BEGIN END`, moments in ISO 8601. A program of its own, because a scheduler that hangs
can only be killed.
"""

import asyncio
import json
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import time_machine
from tests.conftest import plain_settings

from sophia.jobs.schedule import build_scheduler

STEP = timedelta(minutes=5)


async def run(zone: str, hour: int, traveller: time_machine.Traveller, end: datetime) -> dict[str, list[str]]:
    started: dict[str, list[str]] = defaultdict(list)

    async def start(name: str) -> None:
        started[name].append(datetime.now(UTC).isoformat())

    scheduler = build_scheduler(plain_settings(operator_timezone=zone, daily_hour=hour), start)
    scheduler.start()
    while datetime.now(UTC) < end:
        traveller.shift(STEP)
        scheduler.wakeup()
        for _ in range(10):  # the wake-up, the start of each job, and its end
            await asyncio.sleep(0)
    scheduler.shutdown(wait=False)
    return started


if __name__ == "__main__":
    zone, hour, begin, end = sys.argv[1:]
    with time_machine.travel(datetime.fromisoformat(begin), tick=False) as traveller:
        json.dump(asyncio.run(run(zone, int(hour), traveller, datetime.fromisoformat(end))), sys.stdout)
