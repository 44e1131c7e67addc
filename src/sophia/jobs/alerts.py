"""Finds alerts after each collection and hourly, sends them every minute, and tells an outside watchdog that all is well."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

import anyio.to_thread

from sophia.alerts.sending import find_alerts, send_alerts
from sophia.database.engine import Database
from sophia.heartbeat import send_heartbeat
from sophia.jobs.context import JobContext

Work = Callable[[JobContext], Awaitable[Mapping[str, int]]]


async def look_for_alerts(context: JobContext) -> dict[str, int]:
    """Store which alerts began and ended; the job of the next minute sends them."""
    return asdict(await anyio.to_thread.run_sync(find_alerts, context.database, context.settings, context.clock()))


async def send_due_alerts(context: JobContext) -> dict[str, int]:
    """Send the alerts that are due now on each route."""
    return await send_alerts(context.database, context.vault, context.settings, context.clock)


async def beat(context: JobContext) -> dict[str, int]:
    """Request the address of the watchdog, if the settings have one. A store that cannot be read ends the job before."""
    address = context.settings.heartbeat_url
    if address is None:
        return {"accepted": 0}
    await anyio.to_thread.run_sync(_read_store, context.database)
    return {"accepted": int(await send_heartbeat(address))}


def _read_store(database: Database) -> None:
    with database.read() as session:
        session.connection()


def then_alerts(work: Work, *, beats: bool = False) -> Work:
    """Return a job that looks for alerts after its work; with `beats`, it then tells the watchdog."""

    async def run(context: JobContext) -> Mapping[str, int]:
        counts = await work(context)
        await look_for_alerts(context)
        if beats:
            await beat(context)
        return counts

    return run
