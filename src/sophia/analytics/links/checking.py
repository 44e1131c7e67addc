"""Follows the links that are out, and stores which lead nowhere or lose their tags on the way."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import anyio.to_thread
import structlog

from sophia.analytics.links.queries import DueLink, due_links
from sophia.analytics.links.store import record_check
from sophia.analytics.utm.reading import lost_tags
from sophia.database.engine import Database
from sophia.link_checks import Journey, LinkChecker

# Shorter than a week by more than the job's jitter, or every second turn would find nothing due.
CHECKED_FOR = timedelta(days=6)
MOST_AT_ONCE = 2_000
NOT_STORED = "not_stored"
LONGEST_ADDRESS_SHOWN = 500
LONGEST_PROBLEM = 1_000

log = structlog.get_logger(__name__)


async def check_links(
    database: Database,
    checker: LinkChecker,
    clock: Callable[[], datetime],
    *,
    client_id: int | None = None,
    all_of_them: bool = False,
) -> dict[str, int]:
    """Check the links that were not checked for six days, or all; return how many places ended in which status.

    Each result is stored as it comes, and no transaction is open while a site is asked. Links are checked independently: a
    result that cannot be stored is logged and counted as `not_stored`, and that link is due again. Raises the store's error
    when no result at all could be stored.
    """
    before = clock() if all_of_them else clock() - CHECKED_FOR
    due = await anyio.to_thread.run_sync(_due, database, before, client_id)
    counts: Counter[str] = Counter()

    async def check(link: DueLink) -> None:
        status, problem = judge(link.tagged, await checker.follow(link.tagged))
        await anyio.to_thread.run_sync(_record, database, link, status, problem, clock())
        counts[status] += 1

    # A task group would cancel all other checks when one of them fails.
    results = await asyncio.gather(*(check(link) for link in due), return_exceptions=True)
    failures = [(link, error) for link, error in zip(due, results, strict=True) if error is not None]
    for link, error in failures:
        log.warning("link_check_not_stored", links=link.link_ids, error=type(error).__name__)
    if failures and not counts:
        raise failures[0][1]
    if failures:
        counts[NOT_STORED] = len(failures)
    return dict(counts)


def judge(sent: str, journey: Journey) -> tuple[str, str | None]:
    """The status of a link that was followed, and what a person should know: also one that lives may lose its tags."""
    if journey.outcome != "ok":
        return journey.outcome, journey.problem
    lost = lost_tags(sent, journey.arrived_at)
    if lost:
        return "loses_tags", f"It leads on to {_shortened(journey.arrived_at)} without {', '.join(lost)}."
    return "ok", None


def _shortened(address: str) -> str:
    """A redirect may be as long as a server likes; what is stored and shown may not."""
    return address if len(address) <= LONGEST_ADDRESS_SHOWN else f"{address[:LONGEST_ADDRESS_SHOWN]}…"


def _due(database: Database, before: datetime, client_id: int | None) -> list[DueLink]:
    with database.read() as session:
        return due_links(session, before, MOST_AT_ONCE, client_id)


def _record(database: Database, link: DueLink, status: str, problem: str | None, now: datetime) -> None:
    with database.write() as session:
        record_check(session, link.link_ids, status, problem and problem[:LONGEST_PROBLEM], now)
