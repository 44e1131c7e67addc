"""Interprets Meta's stored answers again with the current code and compares the result with the stored readings (K8).

Several answers may contain the same reading; the last one counts, as it did when they were collected. A reading whose
answer is no longer stored is not compared.
"""

import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.maintenance import ReportProgress, report_nothing
from sophia.analytics.readings.lookups import MetricKey, load_metrics, load_values
from sophia.analytics.readings.models import Fetch, MetricSeries
from sophia.analytics.readings.run_models import CollectionRun
from sophia.analytics.readings.runs_store import RunOutcome, finish_run, release_lease, start_run, take_lease
from sophia.analytics.readings.writer import AccountWriter, Owner, metric_key
from sophia.database.columns import day_number
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.records import Batch, ObservedPost, Reading, Source
from sophia.meta.subjects import interpret
from sophia.portfolio.models import Account, Post

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=30)
BODIES_AT_ONCE = 50
RECOMPUTE = "recompute"
ReadingKey = tuple[int | str | None, MetricKey, int]  # id of the post, or Meta's id if not stored; metric; day number


@dataclass(frozen=True, slots=True)
class Difference:
    """A reading for which the current code computes another value. `stored` is None when there is no stored value."""

    account_id: int
    post: str | None
    metric: str
    breakdown: str
    day: str
    stored: int | float | None
    computed: int | float


@dataclass(slots=True)
class Recomputed:
    """The result of recomputing. `unreadable` counts stored answers that the current code cannot read."""

    answers: int = 0
    readings: int = 0
    unreadable: int = 0
    applied: int = 0
    busy: list[int] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class Answers:
    """The last value of every reading with the id of its answer, and posts in the answers that are not stored."""

    readings: dict[ReadingKey, tuple[Reading, int]] = field(default_factory=dict)
    posts: dict[str, ObservedPost] = field(default_factory=dict)


def recompute(
    database: Database, clock: Callable[[], datetime], *, apply: bool = False, report: ReportProgress = report_nothing
) -> Recomputed:
    """Compare account by account. With `apply`, store differences as a run of its own and the old values as revisions."""
    result = Recomputed()
    with database.read() as session:
        accounts = list(session.scalars(select(Account).order_by(Account.id)))
        session.expunge_all()
    for index, account in enumerate(accounts):
        report(account.name, index, len(accounts))
        if not apply:
            with database.read() as session:
                _compare(session, account, result)
        else:
            _apply_alone(database, account, clock, result)
    report("", len(accounts), len(accounts))
    return result


def _apply_alone(database: Database, account: Account, clock: Callable[[], datetime], result: Recomputed) -> None:
    """Compare and store under the account's lease, so that no collection writes meanwhile."""
    name, holder = f"account:{account.id}", f"recompute:{secrets.token_hex(8)}"
    with database.write() as session:
        if not take_lease(session, name, holder, clock(), LEASE):
            result.busy.append(account.id)
            return
    try:
        with database.read() as session:
            batches = _compare(session, account, result)
        if batches:
            result.applied += _store(database, account, batches, clock)
    finally:
        with database.write() as session:
            release_lease(session, name, holder)


def _compare(session: Session, account: Account, result: Recomputed) -> list[Batch]:
    """Add the differences of an account to the result and return the batches that correct them."""
    posts, answers = _posts(session, account.id), Answers()
    sources: dict[int, Source] = {}
    for number, source in _stored_answers(session, account.id):
        result.answers += 1
        try:
            batch = interpret(source)
        except (ValueError, KeyError, TypeError):
            log.warning("answer_unreadable", fetch=number, subject=source.subject)
            result.unreadable += 1
            continue
        sources[number] = source
        _note(batch, number, posts, answers)
    result.readings += len(answers.readings)
    corrections: dict[int, Batch] = {}
    for key, reading, number, stored in _differing(session, account, answers):
        result.differences.append(_difference(account.id, reading, stored))
        batch = corrections.setdefault(number, Batch([], [], [], [], sources[number]))
        batch.readings.append(reading)
        if isinstance(key[0], str):
            batch.posts.append(answers.posts[key[0]])
    return [corrections[number] for number in sorted(corrections)]


def _posts(session: Session, account_id: int) -> dict[str, int]:
    """Return {Meta's id of a post or its video: id of the stored post}, as the writer finds them."""
    rows = session.execute(select(Post.id, Post.platform_post_id, Post.video_id).where(Post.account_id == account_id))
    posts = rows.all()
    return {video: number for number, _, video in posts if video} | {name: number for number, name, _ in posts}


def _stored_answers(session: Session, account_id: int) -> Iterator[tuple[int, Source]]:
    """Yield the account's raw answers, oldest first."""
    columns = (Fetch.id, Fetch.subject, Fetch.request, Fetch.fetched_at, Fetch.api_version, Fetch.body)
    query = (
        select(*columns)
        .join(CollectionRun, CollectionRun.id == Fetch.run_id)
        .where(CollectionRun.account_id == account_id, Fetch.body.is_not(None))
        .order_by(Fetch.id)
        .execution_options(yield_per=BODIES_AT_ONCE)
    )
    for number, subject, request, fetched_at, version, body in session.execute(query):
        if body is not None:
            yield number, Source(subject, request, fetched_at, version, zlib.decompress(body))


def _note(batch: Batch, number: int, posts: dict[str, int], answers: Answers) -> None:
    """Add the readings and posts of a batch; later answers overwrite earlier ones."""
    for post in batch.posts:
        if post.external_id not in posts:
            answers.posts[post.external_id] = post
    for reading in batch.readings:
        if reading.post is not None and reading.post not in posts and reading.post not in answers.posts:
            continue
        post_id = None if reading.post is None else posts.get(reading.post, reading.post)
        answers.readings[post_id, metric_key(reading), day_number(reading.day)] = (reading, number)


def _differing(
    session: Session, account: Account, answers: Answers
) -> Iterator[tuple[ReadingKey, Reading, int, int | float | None]]:
    """Yield (key, reading, fetch, stored value) where the stored value differs and no later answer wrote it."""
    metrics = load_metrics(session, Platform(account.platform))
    rows = session.execute(
        select(MetricSeries.post_id, MetricSeries.metric_id, MetricSeries.id).where(
            MetricSeries.account_id == account.id
        )
    )
    series = {(post, metric): number for post, metric, number in rows}
    series_by_key = {
        key: None if isinstance(key[0], str) else series.get((key[0], metrics.get(key[1], 0)))
        for key in answers.readings
    }
    origins = _origins(session, account.id)
    requested = {(number, key[2]) for key, number in series_by_key.items() if number is not None}
    values = load_values(session, requested) if requested else {}
    for key, (reading, fetch) in answers.readings.items():
        number = series_by_key[key]
        stored = values.get((number, key[2])) if number is not None else None
        if stored is None:
            yield key, reading, fetch, None
        elif stored[0] != reading.value and origins.get(stored[1], stored[1]) <= fetch:
            yield key, reading, fetch, stored[0]


def _origins(session: Session, account_id: int) -> dict[int, int]:
    """Return {answer of an earlier recomputing: the answer of Meta that it copies}; both have the same hash."""
    rows = session.execute(
        select(Fetch.id, Fetch.sha256, CollectionRun.trigger)
        .join(CollectionRun, CollectionRun.id == Fetch.run_id)
        .where(CollectionRun.account_id == account_id)
        .order_by(Fetch.id)
    ).all()
    first = {digest: number for number, digest, trigger in reversed(rows) if trigger != RECOMPUTE}
    return {number: first.get(digest, number) for number, digest, trigger in rows if trigger == RECOMPUTE}


def _difference(account_id: int, reading: Reading, stored: float | None) -> Difference:
    return Difference(
        account_id, reading.post, reading.metric, reading.breakdown, reading.day.isoformat(), stored, reading.value
    )


def _store(database: Database, account: Account, batches: list[Batch], clock: Callable[[], datetime]) -> int:
    """Write the batches as a run with the trigger "recompute". Returns the number of new and changed readings."""
    now, outcome = clock(), RunOutcome()
    with database.write() as session:
        run_id = start_run(session, account.id, RECOMPUTE, batches[0].source.api_version, now)
    owner = Owner(account.id, account.client_id, Platform(account.platform))
    writer = AccountWriter(database, owner, run_id, clock, keep=False)
    try:
        outcome.saved.add(writer.save(batches))
    except BaseException:
        outcome.status = "failed"
        raise
    finally:
        with database.write() as session:
            finish_run(session, run_id, outcome, clock())
    return outcome.saved.new + outcome.saved.changed
