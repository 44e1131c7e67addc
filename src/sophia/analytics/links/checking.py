"""Follows published links and stores which of them are dead or lose their tags in a redirect."""

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

# The job runs weekly with jitter. With a full week here, every second run would find no link due.
RECHECK_AFTER = timedelta(days=6)
MOST_LINKS_PER_RUN = 2_000
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
    include_recent: bool = False,
) -> dict[str, int]:
    """Check the links without a check in six days, or all; return {status: number of addresses}.

    Each result is stored at once, and no transaction is open during a request. Links are independent: a result that the
    database does not store is logged and counted as `not_stored`, and its link stays due. Raises the database error when no
    result could be stored.
    """
    before = clock() if include_recent else clock() - RECHECK_AFTER
    due = await anyio.to_thread.run_sync(_due, database, before, client_id)
    counts: Counter[str] = Counter()

    async def check(link: DueLink) -> None:
        status, problem = link_status(link.tagged, await checker.follow(link.tagged))
        await anyio.to_thread.run_sync(_record, database, link, status, problem, clock())
        counts[status] += 1

    # A task group would cancel all checks when one fails.
    results = await asyncio.gather(*(check(link) for link in due), return_exceptions=True)
    failures = [(link, error) for link, error in zip(due, results, strict=True) if error is not None]
    for link, error in failures:
        log.warning("link_check_not_stored", links=link.link_ids, error=type(error).__name__)
    if failures and not counts:
        raise failures[0][1]
    if failures:
        counts[NOT_STORED] = len(failures)
    return dict(counts)


def link_status(sent: str, journey: Journey) -> tuple[str, str | None]:
    """Return (status, problem) of a link. A link that works may still lose its tags."""
    if journey.outcome != "ok":
        return journey.outcome, journey.problem
    lost = lost_tags(sent, journey.arrived_at)
    if lost:
        return "loses_tags", f"It redirects to {_shortened(journey.arrived_at)} without {', '.join(lost)}."
    return "ok", None


def _shortened(address: str) -> str:
    """Shorten an address for storage: a server may redirect to one of any length."""
    return address if len(address) <= LONGEST_ADDRESS_SHOWN else f"{address[:LONGEST_ADDRESS_SHOWN]}…"


def _due(database: Database, before: datetime, client_id: int | None) -> list[DueLink]:
    with database.read() as session:
        return due_links(session, before, MOST_LINKS_PER_RUN, client_id)


def _record(database: Database, link: DueLink, status: str, problem: str | None, now: datetime) -> None:
    with database.write() as session:
        record_check(session, link.link_ids, status, problem and problem[:LONGEST_PROBLEM], now)
