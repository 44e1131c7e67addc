"""The table of jobs: what they do, when, and how long one process keeps others from the same job."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import anyio.to_thread
import structlog

from sophia.analytics.anomalies.daily import keep_anomalies
from sophia.analytics.campaigns.store import group_drafts
from sophia.analytics.comments.store import forget_comments
from sophia.analytics.decisions.scoring import attribute_outcomes, keep_scores
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.links.checking import check_links
from sophia.analytics.readings.runs_store import forget_raw_answers
from sophia.jobs.collecting import catch_up, collect_comments, collect_daily, collect_fresh
from sophia.jobs.context import JobContext
from sophia.jobs.run_times import Schedule
from sophia.link_checks import LinkChecker
from sophia.portfolio.checking import check_tokens
from sophia.portfolio.service import list_clients
from sophia.publishing.sending import Publisher

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job. After one process has begun it, no other does for `alone_for`, which is shorter than the schedule's
    interval; None if the job computes what is due. `is_quiet`: its runs are logged at debug level only.
    """

    name: str
    run: Callable[[JobContext], Awaitable[Mapping[str, int]]]
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


async def check_all_links(context: JobContext) -> dict[str, int]:
    """Follow the published links, and record which are broken or lose their tags."""
    async with LinkChecker(allow_loopback=context.settings.link_check_loopback) as checker:
        return await check_links(context.database, checker, context.clock)


async def keep_closed_weeks(context: JobContext) -> dict[str, int]:
    """Compute the KPIs of weeks that closed, and recompute weeks whose readings came late or were restated."""
    saved = await anyio.to_thread.run_sync(keep_weeks, context.database, context.clock())
    return {"new": saved.new, "changed": saved.changed, "same": saved.same}


async def watch_series(context: JobContext) -> dict[str, int]:
    """Detect anomalies in the new days of every series of the portfolio, and store them."""
    saved = await anyio.to_thread.run_sync(keep_anomalies, context.database, context.clock())
    return {"new": saved.new, "changed": saved.changed, "withdrawn": saved.withdrawn}


async def attribute_decisions(context: JobContext) -> dict[str, int]:
    """Record the outcomes of decisions: the values of their posts at each age that has passed."""
    saved = await anyio.to_thread.run_sync(attribute_outcomes, context.database, context.clock())
    return {"new": saved.new, "changed": saved.changed, "same": saved.same}


async def score_decisions(context: JobContext) -> dict[str, int]:
    """Score the decisions of the weeks that closed, by stage."""
    saved = await anyio.to_thread.run_sync(keep_scores, context.database, context.clock())
    return {"new": saved.new, "changed": saved.changed, "same": saved.same}


JOBS = (
    Job("collect_daily", collect_daily, Schedule("day")),
    Job("catch_up", catch_up, Schedule("hour", minute=35), alone_for=timedelta(minutes=30)),
    Job("collect_fresh", collect_fresh, Schedule("hour", minute=10), alone_for=timedelta(minutes=30)),
    Job("collect_comments", collect_comments, Schedule("day", minute=50, hours_after=2), alone_for=timedelta(hours=6)),
    Job("publish_due", publish_due, Schedule("minute", jitter=timedelta(0)), is_quiet=True),
    # Every day: a week closes on Monday in Meta's zone, and Meta restates its last days until Wednesday.
    Job("keep_weeks", keep_closed_weeks, Schedule("day", hours_after=2), alone_for=timedelta(hours=6)),
    Job("keep_anomalies", watch_series, Schedule("day", minute=15, hours_after=2), alone_for=timedelta(hours=6)),
    Job(
        "attribute_decisions",
        attribute_decisions,
        Schedule("day", minute=30, hours_after=2),
        alone_for=timedelta(hours=6),
    ),
    # On Mondays, when the week that closed has its snapshots and its outcomes.
    Job("score_decisions", score_decisions, Schedule("week", hours_after=3), alone_for=timedelta(hours=12)),
    Job("check_tokens", check_all_tokens, Schedule("day", minute=30), alone_for=timedelta(hours=6)),
    Job("group_campaigns", group_campaigns, Schedule("day", minute=45), alone_for=timedelta(hours=6)),
    Job("check_links", check_all_links, Schedule("week", hours_after=2), alone_for=timedelta(hours=12)),
    Job("forget_raw_answers", forget_old_answers, Schedule("day", hours_after=1), alone_for=timedelta(hours=6)),
    Job(
        "forget_comments", forget_old_comments, Schedule("day", minute=10, hours_after=1), alone_for=timedelta(hours=6)
    ),
)
