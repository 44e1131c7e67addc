"""Writes about collections: leases, results of runs, watermarks, unlisted and unanswered posts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from sophia.analytics.readings.models import Fetch
from sophia.analytics.readings.run_models import IMPORT, CollectionRun, Lease, RefusedObject, Watermark
from sophia.analytics.readings.writer import Saved
from sophia.database.columns import day_number, shortened
from sophia.database.engine import Database
from sophia.database.statements import among, put_rows
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.models import Account, Post
from sophia.vault import redact_secrets

# How long a post whose insights fail is due in every run; after that it is requested rarely.
UNANSWERED_FOR = timedelta(days=14)
UNANSWERED_AGAIN_AFTER = timedelta(days=30)

# Bounds of the stored problems of one run: characters in total, objects per problem, characters per object.
MOST_CHARACTERS = 200_000
MOST_OBJECTS = 1_000
LONGEST_OBJECT_NAME = 100


@dataclass(slots=True)
class RunOutcome:
    """The result of a run."""

    status: str = "ok"
    saved: Saved = field(default_factory=Saved)
    calls: int = 0
    calls_counted_by_meta: int = 0
    retries: int = 0
    percent_used: float = 0.0
    families: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    action_needed: str | None = None
    resume_at: datetime | None = None


def take_lease(
    session: Session,
    name: str,
    holder: str,
    now: datetime,
    lasting: timedelta,
    *,
    is_dead: Callable[[str], bool] = lambda _: False,
) -> bool:
    """Take or renew the right to do `name` alone. Return False while another holder has a valid lease (E2).

    `is_dead` tells whether a holder was killed, so that nobody waits until its lease expires.
    """
    put_rows(session, Lease, ("name", "holder", "expires_at"), [(name, holder, now + lasting)])
    current = session.scalar(select(Lease.holder).where(Lease.name == name))
    free = or_(Lease.holder == holder, Lease.expires_at <= now)
    if current is not None and current != holder and is_dead(current):
        free = or_(free, Lease.holder == current)
    session.execute(update(Lease).where(Lease.name == name, free).values(holder=holder, expires_at=now + lasting))
    return session.scalar(select(Lease.holder).where(Lease.name == name)) == holder


def release_lease(session: Session, name: str, holder: str) -> None:
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def start_run(session: Session, account_id: int, trigger: str, api_version: str, now: datetime) -> int:
    """Open the record of a run. Runs of this account that never ended were killed, and are closed as failed."""
    died = {"code": "killed", "message": "The program ended during the run; the next run collects what is missing."}
    session.execute(
        update(CollectionRun)
        .where(CollectionRun.account_id == account_id, CollectionRun.status == "running")
        .values(status="failed", finished_at=now, problems=[died])
    )
    run = CollectionRun(
        account_id=account_id, trigger=trigger, status="running", started_at=now, api_version=api_version, problems=[]
    )
    session.add(run)
    session.flush()
    return run.id


def finish_run(session: Session, run_id: int, outcome: RunOutcome, now: datetime) -> None:
    run = session.get_one(CollectionRun, run_id)
    run.status, run.finished_at = outcome.status, now
    run.calls, run.calls_counted_by_meta = outcome.calls, outcome.calls_counted_by_meta
    run.readings_new, run.readings_changed = outcome.saved.new, outcome.saved.changed
    run.readings_same, run.posts_new = outcome.saved.same, outcome.saved.posts_new
    run.quarantined, run.problems = outcome.saved.quarantined, bounded_problems(outcome.problems)
    run.action_needed, run.resume_at = outcome.action_needed, outcome.resume_at
    run.retries, run.percent_used, run.families = outcome.retries, outcome.percent_used, outcome.families
    account = session.get_one(Account, run.account_id)
    if outcome.status == "needs_reconnect":
        account.status, account.status_reason = "needs_reconnect", outcome.action_needed
    elif account.status == "needs_reconnect" and outcome.status in ("ok", "partial") and run.trigger != IMPORT:
        account.status, account.status_reason = "active", None


def bounded_problems(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return problems as they are stored: at most MOST_CHARACTERS in total, with readable texts.

    Meta's messages may have any length, and one message may come back for every family and object.
    """
    kept: list[dict[str, Any]] = []
    characters = 0
    for problem in problems:
        short = {name: _bounded_value(value) for name, value in problem.items()}
        characters += sum(len(str(value)) for value in short.values())
        if kept and characters > MOST_CHARACTERS:
            more = f"{len(problems) - len(kept):,} more problems of this run are not kept."
            return [*kept, {"family": "run", "code": "more", "message": more, "what_to_do": "Solve the others first."}]
        kept.append(short)
    return kept


def _bounded_value(value: Any) -> Any:
    if isinstance(value, str):
        return shortened(value)
    if isinstance(value, list):
        return [str(item)[:LONGEST_OBJECT_NAME] for item in value[:MOST_OBJECTS]]
    return value


def cover_days(
    session: Session, account_id: int, family: str, days: DateRange, now: datetime, *, restart: bool = False
) -> None:
    """Record that Meta answered these days and that its values are stored.

    Raises ValueError if this would leave a hole between these days and those recorded before, because a watermark with
    a hole would hide a gap permanently (A13). `restart` replaces the earlier days, if Meta no longer keeps the days
    between.
    """
    first, last = days.start, days.end - ONE_DAY
    mark = session.get(Watermark, (account_id, family))
    if mark is None:
        session.add(Watermark(account_id=account_id, family=family, from_day=first, through_day=last, updated_at=now))
        return
    if restart:
        mark.from_day, mark.through_day, mark.updated_at = first, last, now
        return
    if first > mark.through_day + ONE_DAY or last < mark.from_day - ONE_DAY:
        raise ValueError(f"{family}: {first}…{last} does not touch {mark.from_day}…{mark.through_day}")
    mark.from_day, mark.through_day = min(first, mark.from_day), max(last, mark.through_day)
    mark.updated_at = now


def note_asked(session: Session, account_id: int, families: Collection[str], today: date, now: datetime) -> None:
    """Record that these families, which describe no days of their own, were requested in full just now."""
    columns = ("account_id", "family", "from_day", "through_day", "updated_at")
    day = day_number(today)
    rows = [(account_id, family, day, day, now) for family in families]
    put_rows(session, Watermark, columns, rows, replace=columns[2:])


def mark_unlisted_posts(
    session: Session, account_id: int, listed: Collection[str], since: datetime, now: datetime
) -> int:
    """Mark posts since then that Meta no longer lists as gone; they keep their readings (B7)."""
    rows = session.execute(
        select(Post.id, Post.platform_post_id).where(
            Post.account_id == account_id,
            Post.published_at >= since,
            Post.gone_at.is_(None),
            Post.kind != ObjectKind.STORY.value,
        )
    )
    unlisted = [post_id for post_id, external_id in rows if external_id not in listed]
    if unlisted:
        gone = {"gone_at": now, "gone_reason": "Meta no longer lists it: deleted, hidden or archived."}
        session.execute(update(Post).where(among(Post.id, unlisted)).values(gone))
    return len(unlisted)


def record_unanswered_posts(session: Session, account_id: int, posts: Mapping[str, str], now: datetime) -> None:
    """Record posts without an answer ({Meta's id: reason}), so that the next run requests them whatever their age.

    They are refused objects with 0 tries, which no run leaves alone. One that never answers rests after UNANSWERED_FOR.
    """
    columns = ("account_id", "object_id", "code", "reason", "since", "tries", "ask_again_at")
    rows = [(account_id, name, 0, redact_secrets(why), now, 0, now) for name, why in sorted(posts.items())]
    put_rows(session, RefusedObject, columns, rows)
    session.execute(
        update(RefusedObject)
        .where(
            RefusedObject.account_id == account_id,
            RefusedObject.tries == 0,
            RefusedObject.since <= now - UNANSWERED_FOR,
        )
        .values(tries=1, ask_again_at=now + UNANSWERED_AGAIN_AFTER)
    )


# Few enough to be written in a moment, so that other writers wait no longer.
AT_ONCE = 1000


def forget_raw_answers(database: Database, before: datetime) -> int:
    """Delete the bodies of answers fetched before this moment, a few per transaction. Return their number."""
    forgotten = 0
    while True:
        with database.write() as session:
            old = select(Fetch.id).where(Fetch.body.is_not(None), Fetch.fetched_at < before).limit(AT_ONCE)
            ids = list(session.scalars(old))
            if ids:
                session.execute(update(Fetch).where(among(Fetch.id, ids)).values(body=None))
        forgotten += len(ids)
        if len(ids) < AT_ONCE:
            return forgotten
