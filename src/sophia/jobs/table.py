"""The table of jobs: what they do, when, and how long one process keeps others from the same job."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio.to_thread
import structlog

from sophia.analytics.anomalies.daily import keep_anomalies
from sophia.analytics.campaigns.store import group_drafts
from sophia.analytics.comments.rescoring import rescore_comments
from sophia.analytics.comments.store import forget_comments
from sophia.analytics.decisions.scoring import attribute_outcomes, keep_scores
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.links.checking import check_links
from sophia.analytics.readings.runs_store import forget_raw_answers
from sophia.analytics.reports.brief_cache import brief_cache
from sophia.database.engine import Database
from sophia.jobs.alerts import beat, look_for_alerts, send_due_alerts, then_alerts
from sophia.jobs.collecting import catch_up, collect_comments, collect_daily, collect_fresh
from sophia.jobs.context import JobContext
from sophia.jobs.pictures import fetch_pictures
from sophia.jobs.reports import send_reports
from sophia.jobs.run_times import Schedule
from sophia.link_checks import LinkChecker
from sophia.portfolio.checking import check_tokens
from sophia.portfolio.service import list_clients
from sophia.publishing.sending import Publisher

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Counts = Mapping[str, int]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job. After one process has begun it, no other does for `alone_for`, which is shorter than the schedule's
    interval; None if the job computes what is due. `is_quiet`: its runs are logged at debug level only.
    """

    name: str
    run: Callable[[JobContext], Awaitable[Counts]]
    schedule: Schedule
    alone_for: timedelta | None = None
    is_quiet: bool = False


async def check_all_tokens(context: JobContext) -> dict[str, int]:
    """Check every token with Meta, and log what a person should do."""
    check = await check_tokens(context.database, context.vault, context.client, context.settings, context.clock)
    for warning in check.warnings:
        log.warning("action_needed", code=warning.code, message=warning.message, account=warning.account)
    return {"checked": check.checked, "warnings": len(check.warnings)}


async def publish_due(context: JobContext) -> dict[str, int]:
    """Publish what is due in the publishing queue, and find out the result of what was sent."""
    publisher = Publisher(context.database, context.vault, context.client, context.settings, context.clock)
    return await publisher.publish_due()


async def forget_old_answers(context: JobContext) -> dict[str, int]:
    """Delete raw answers that are older than the settings keep them."""
    before = context.clock() - timedelta(days=context.settings.raw_answer_days)
    return {"forgotten": await anyio.to_thread.run_sync(forget_raw_answers, context.database, before)}


async def forget_old_comments(context: JobContext) -> dict[str, int]:
    """Delete comments that are older than the settings keep them."""
    before = context.clock() - timedelta(days=context.settings.comment_days)
    return {"forgotten": await anyio.to_thread.run_sync(forget_comments, context.database, before)}


async def rescore_old_comments(context: JobContext) -> dict[str, int]:
    """Score comments again that an earlier model scored."""
    now = context.clock()
    keep_since = now - timedelta(days=context.settings.comment_days)
    scored = await anyio.to_thread.run_sync(rescore_comments, context.database, now, keep_since)
    return {"scored": scored}


async def group_campaigns(context: JobContext) -> dict[str, int]:
    """Put the drafts of every active client into the campaigns of their content pillars and months."""
    return {"grouped": await anyio.to_thread.run_sync(_group_campaigns, context)}


def _group_campaigns(context: JobContext) -> int:
    with context.database.read() as session:
        clients = [client.id for client in list_clients(session) if client.status == "active"]
    grouped = 0
    for client_id in clients:
        with context.database.write() as session:
            grouped += group_drafts(session, client_id, context.clock()).drafts
    return grouped


async def renew_briefs(context: JobContext) -> dict[str, int]:
    """Make the briefs that readers usually open from what the morning has stored, so that the first need not wait."""
    refresh = brief_cache(context.database).refresh
    return {"renewed": await anyio.to_thread.run_sync(refresh, context.database, context.clock())}


async def check_all_links(context: JobContext) -> dict[str, int]:
    """Follow the published links, and record which are broken or lose their tags."""
    async with LinkChecker(allow_loopback=context.settings.link_check_loopback) as checker:
        return await check_links(context.database, checker, context.clock)


def counting(work: Callable[[Database, datetime], "DataclassInstance"]) -> Callable[[JobContext], Awaitable[Counts]]:
    """Return a job that does the work in a thread and returns its counts."""

    async def run(context: JobContext) -> Counts:
        return asdict(await anyio.to_thread.run_sync(work, context.database, context.clock()))

    return run


JOBS = (
    Job("collect_daily", then_alerts(collect_daily, beats=True), Schedule("day")),
    Job("catch_up", then_alerts(catch_up), Schedule("hour", minute=35), alone_for=timedelta(minutes=30)),
    Job("collect_fresh", collect_fresh, Schedule("hour", minute=10), alone_for=timedelta(minutes=30)),
    Job("collect_comments", collect_comments, Schedule("day", minute=50, hours_after=2), alone_for=timedelta(hours=6)),
    Job("fetch_pictures", fetch_pictures, Schedule("hour", minute=50), alone_for=timedelta(minutes=30)),
    Job("publish_due", publish_due, Schedule("minute", jitter=timedelta(0)), is_quiet=True),
    Job("look_for_alerts", look_for_alerts, Schedule("hour", minute=20), alone_for=timedelta(minutes=30)),
    Job("send_alerts", send_due_alerts, Schedule("minute", jitter=timedelta(0)), is_quiet=True),
    Job("heartbeat", beat, Schedule("hour"), is_quiet=True),
    Job("send_reports", send_reports, Schedule("minute", jitter=timedelta(0)), is_quiet=True),
    # Every day: a week closes on Monday in Meta's zone, and Meta restates its last days until Wednesday.
    Job("keep_weeks", counting(keep_weeks), Schedule("day", hours_after=2), alone_for=timedelta(hours=6)),
    Job(
        "keep_anomalies",
        then_alerts(counting(keep_anomalies)),
        Schedule("day", minute=15, hours_after=2),
        alone_for=timedelta(hours=6),
    ),
    # After the anomalies. Every process keeps its own briefs.
    Job("renew_briefs", renew_briefs, Schedule("day", minute=25, hours_after=2)),
    Job(
        "attribute_decisions",
        counting(attribute_outcomes),
        Schedule("day", minute=30, hours_after=2),
        alone_for=timedelta(hours=6),
    ),
    # On Mondays, when the week that closed has its snapshots and its outcomes.
    Job("score_decisions", counting(keep_scores), Schedule("week", hours_after=3), alone_for=timedelta(hours=12)),
    Job("check_tokens", then_alerts(check_all_tokens), Schedule("day", minute=30), alone_for=timedelta(hours=6)),
    Job("group_campaigns", group_campaigns, Schedule("day", minute=45), alone_for=timedelta(hours=6)),
    Job("check_links", check_all_links, Schedule("week", hours_after=2), alone_for=timedelta(hours=12)),
    Job("forget_raw_answers", forget_old_answers, Schedule("day", hours_after=1), alone_for=timedelta(hours=6)),
    Job(
        "forget_comments", forget_old_comments, Schedule("day", minute=10, hours_after=1), alone_for=timedelta(hours=6)
    ),
    Job(
        "rescore_comments",
        rescore_old_comments,
        Schedule("day", minute=20, hours_after=1),
        alone_for=timedelta(hours=6),
    ),
)
