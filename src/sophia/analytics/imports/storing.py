"""Stores what happened before Sophia, as readings of a run that is marked as an import. Collected readings stay."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.figures.requests import FIRST_DAY
from sophia.analytics.imports.files import DailyFile, ExportedPost, PostFile
from sophia.analytics.imports.headings import DAILY_METRICS, POST_METRICS
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricSeries, StoredMetric
from sophia.analytics.readings.run_models import IMPORT, CollectionRun, Watermark
from sophia.analytics.readings.runs_store import RunOutcome, finish_run, release_lease, start_run, take_lease
from sophia.analytics.readings.writer import AccountWriter, Owner, Saved
from sophia.database.engine import Database
from sophia.database.statements import among
from sophia.errors import BusyError, InvalidInputError, NotFoundError
from sophia.meta.catalogue.lookup import explain
from sophia.meta.catalogue.terms import Level, ObjectKind, Period, Platform
from sophia.meta.records import Batch, ObservedPost, Reading, Source
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.models import Account, Post

LEASE = timedelta(minutes=30)
# A file and a collection agree on a day if their values differ by no more than this.
AGREEMENT = 0.05
ENOUGH_DAYS = 3
NO_VERSION = "file"
# Posts may differ from their file by the seconds that it leaves out.
SAME_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a file does not say: the metric of an unknown title, the day of the counters, and the zone of its times."""

    metric: str | None = None
    exported_on: date | None = None
    zone: ZoneInfo | None = None
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import stored of the `importable` readings. `collected` readings of the file were left out, because Sophia has collected that day.

    `agree` of them have the same value, within 5 %, as the collected reading; `compared` have a collected reading.
    `unknown_posts` of Facebook are left out: its files name posts differently from its API.
    """

    importable: int
    stored: int
    same: int
    collected: int
    compared: int
    agree: int
    new_posts: int
    unknown_posts: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """The readings of a file that may be stored, and how the others compare with those that were collected."""

    readings: list[Reading]
    collected: int
    compared: int
    agree: int


def import_file(
    database: Database,
    account_id: int,
    name: str,
    raw: bytes,
    content: DailyFile | PostFile,
    options: ImportOptions,
    clock: Callable[[], datetime],
) -> ImportResult:
    """Store the readings of a file about one account that no collection covers.

    Raises NotFoundError for the account, InvalidInputError for what the file needs and nobody said, and if most of its
    values contradict the collected ones; BusyError while the account is collected.
    """
    with database.read() as session:
        account = session.get(Account, account_id)
        if account is None:
            raise NotFoundError(f"There is no account {account_id}; `sophia status` shows them.")
        owner = Owner(account.id, account.client_id, Platform(account.platform))
    lease, holder = f"account:{account_id}", f"import:{secrets.token_hex(8)}"
    with database.write() as session:
        if not take_lease(session, lease, holder, clock(), LEASE):
            raise BusyError(f"Account {account_id} is being collected. Import the file when the collection is done.")
    try:
        return _import_alone(database, owner, name, raw, content, options, clock)
    finally:
        with database.write() as session:
            release_lease(session, lease, holder)


def _import_alone(
    database: Database,
    owner: Owner,
    name: str,
    raw: bytes,
    content: DailyFile | PostFile,
    options: ImportOptions,
    clock: Callable[[], datetime],
) -> ImportResult:
    with database.read() as session:
        posts: list[ObservedPost] = []
        unknown = 0
        if isinstance(content, DailyFile):
            overlap = _daily_overlap(session, owner, _daily_readings(owner.platform, content, options, clock()))
        else:
            posts, readings, unknown = _posts_and_readings(session, owner, content.posts, options, clock())
            overlap = _post_overlap(session, owner, readings)
    if overlap.compared >= ENOUGH_DAYS and overlap.agree * 2 < overlap.compared and not options.force:
        raise InvalidInputError(
            f"Of {overlap.compared} values that Sophia collected too, only {overlap.agree} agree within 5 %. The file is "
            "probably of another account or metric. Import it with --force if you are sure."
        )
    saved = Saved()
    if overlap.readings and not options.dry_run:
        source = Source("business suite", name[:200], clock(), NO_VERSION, raw)
        saved = _store(database, owner, Batch(overlap.readings, posts, [], [], source), clock)
    return ImportResult(
        importable=len(overlap.readings),
        stored=saved.new + saved.changed,
        same=saved.same,
        collected=overlap.collected,
        compared=overlap.compared,
        agree=overlap.agree,
        new_posts=saved.posts_new,
        unknown_posts=unknown,
    )


def _store(database: Database, owner: Owner, batch: Batch, clock: Callable[[], datetime]) -> Saved:
    """Write the batch as a run with the trigger "import"."""
    outcome = RunOutcome()
    with database.write() as session:
        run_id = start_run(session, owner.account_id, IMPORT, NO_VERSION, clock())
    writer = AccountWriter(database, owner, run_id, clock, keep=False)
    try:
        outcome.saved.add(writer.save([batch]))
    except BaseException:
        outcome.status = "failed"
        raise
    finally:
        with database.write() as session:
            finish_run(session, run_id, outcome, clock())
    return outcome.saved


def _daily_readings(platform: Platform, content: DailyFile, options: ImportOptions, now: datetime) -> list[Reading]:
    """Return the readings of the days of a file that are over. Raises InvalidInputError for an unknown title or metric."""
    metric = options.metric or DAILY_METRICS[platform].get(content.title)
    if metric is None:
        names = ", ".join(DAILY_METRICS[platform])
        raise InvalidInputError(
            f"The title {content.title!r} is not known for {platform.value}. These are: {names}. If a metric of docs/metrics.md has "
            "the same meaning, name it with --metric."
        )
    if explain(platform, Level.ACCOUNT, metric) is None:
        raise InvalidInputError(f"There is no metric {metric!r} of {platform.value} accounts; see docs/metrics.md.")
    return [
        Reading(None, metric, Period.DAY, "", day, value)
        for day, value in sorted(content.values.items())
        if FIRST_DAY <= day < reporting_day(now)
    ]


def _daily_overlap(session: Session, owner: Owner, readings: Sequence[Reading]) -> Overlap:
    """Keep the readings of the days before the first one that a collection requested or stored."""
    if not readings:
        return Overlap([], 0, 0, 0)
    series = (
        select(MetricSeries.id)
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .where(
            MetricSeries.account_id == owner.account_id,
            MetricSeries.post_id.is_(None),
            StoredMetric.metric_name == readings[0].metric,
            StoredMetric.period == Period.DAY.value,
            StoredMetric.breakdown == "",
        )
    )
    collected = _collected_values(session, series)
    requested = session.scalar(
        select(func.min(Watermark.from_day)).where(
            Watermark.account_id == owner.account_id, Watermark.family.in_(DAY_FAMILIES)
        )
    )
    first = min((day for day in (*collected, requested) if day is not None), default=None)
    kept = [reading for reading in readings if first is None or reading.day < first]
    return _overlap(kept, readings, {(None, readings[0].metric, day): value for day, value in collected.items()})


def _collected_values(session: Session, series: object) -> dict[date, float]:
    """Return {day: value} of the readings of one series that no import brought."""
    rows = session.execute(
        select(EngagementMetric.metric_date, EngagementMetric.metric_value)
        .join(Fetch, Fetch.id == EngagementMetric.fetch_id)
        .join(CollectionRun, CollectionRun.id == Fetch.run_id)
        .where(EngagementMetric.series_id.in_(series), CollectionRun.trigger != IMPORT)  # type: ignore[arg-type]
    )
    return {day: float(value) for day, value in rows}


def _overlap(
    kept: list[Reading], readings: Sequence[Reading], collected: Mapping[tuple[str | None, str, date], float]
) -> Overlap:
    pairs = [
        (float(reading.value), value)
        for reading in readings
        if (value := collected.get((reading.post, reading.metric, reading.day))) is not None
    ]
    agree = sum(abs(ours - theirs) <= AGREEMENT * max(ours, theirs) for ours, theirs in pairs)
    return Overlap(kept, len(readings) - len(kept), len(pairs), agree)


def _posts_and_readings(
    session: Session, owner: Owner, posts: Sequence[ExportedPost], options: ImportOptions, now: datetime
) -> tuple[list[ObservedPost], list[Reading], int]:
    """Return the posts that the store does not have, all readings, and the number of posts that cannot be told apart."""
    day = options.exported_on
    if day is None or day > reporting_day(now):
        raise InvalidInputError(
            "Counters of posts are of the day on which they were exported. Name it: --exported-on DAY."
        )
    stored = _stored_posts(session, owner.account_id)
    known = {post.post_id: _find_post(post, stored) for post in posts}
    _expect_same_times(posts, {key: moment for key, (_, moment) in _found(known).items()}, options.zone)
    new = [post for post in posts if known[post.post_id] is None] if owner.platform is Platform.INSTAGRAM else []
    names = {post.post_id: post.post_id for post in new} | {key: name for key, (name, _) in _found(known).items()}
    readings = [
        Reading(names[post.post_id], metric, Period.LIFETIME, "", day, post.counters[field])
        for post in posts
        if post.post_id in names
        for field, metric in POST_METRICS[owner.platform].items()
        if field in post.counters
    ]
    return [_observed(post, options.zone, now) for post in new], readings, len(posts) - len(names)


StoredPosts = Sequence[tuple[str, str | None, str | None, datetime]]


def _stored_posts(session: Session, account_id: int) -> StoredPosts:
    """Return (Meta's id, id of its video, address, moment) of the account's posts."""
    rows = session.execute(
        select(Post.platform_post_id, Post.video_id, Post.permalink, Post.published_at).where(
            Post.account_id == account_id
        )
    )
    return [(name, video, address, moment) for name, video, address, moment in rows]


def _find_post(post: ExportedPost, stored: StoredPosts) -> tuple[str, datetime] | None:
    """Return Meta's id and the moment of the stored post with this id, video or address."""
    for name, video, address, moment in stored:
        same_id = post.post_id in (name, video, name.rpartition("_")[2])
        if same_id or (address is not None and address == post.permalink):
            return name, moment
    return None


def _found(known: Mapping[str, tuple[str, datetime] | None]) -> dict[str, tuple[str, datetime]]:
    return {key: pair for key, pair in known.items() if pair is not None}


def _expect_same_times(posts: Sequence[ExportedPost], moments: Mapping[str, datetime], zone: ZoneInfo | None) -> None:
    """Raise InvalidInputError if a known post was published at another moment than the file says in this zone."""
    if zone is None:
        return
    for post in posts:
        if post.post_id in moments and post.published_at is not None:
            difference = abs(post.published_at.replace(tzinfo=zone) - moments[post.post_id])
            if difference > SAME_MINUTE:
                raise InvalidInputError(
                    f"The post {post.post_id} was published at {moments[post.post_id]:%Y-%m-%d %H:%M} UTC, and the file says "
                    f"{post.published_at:%Y-%m-%d %H:%M} in {zone.key}. Its times are of another zone: --zone."
                )


def _observed(post: ExportedPost, zone: ZoneInfo | None, now: datetime) -> ObservedPost:
    if zone is None or post.published_at is None:
        raise InvalidInputError(
            f"The post {post.post_id} is not known yet, and the file does not say "
            + (
                "in which zone its times are: --zone, such as America/Los_Angeles."
                if zone is None
                else "when it was published."
            )
        )
    moment = post.published_at.replace(tzinfo=zone)
    if moment > now:
        raise InvalidInputError(f"The post {post.post_id} was published in the future: {moment:%Y-%m-%d %H:%M %Z}.")
    kind = ObjectKind(post.kind)
    unknown = "post of a file" if kind is ObjectKind.OTHER else None
    return ObservedPost(post.post_id, kind, moment, post.permalink, post.text, unknown_kind=unknown)


def _post_overlap(session: Session, owner: Owner, readings: Sequence[Reading]) -> Overlap:
    """Keep the readings of counters that no collection has read."""
    names: Collection[str] = {reading.post for reading in readings if reading.post is not None}
    rows = session.execute(
        select(Post.platform_post_id, StoredMetric.metric_name, func.max(EngagementMetric.metric_date))
        .join(MetricSeries, MetricSeries.post_id == Post.id)
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
        .join(Fetch, Fetch.id == EngagementMetric.fetch_id)
        .join(CollectionRun, CollectionRun.id == Fetch.run_id)
        .where(
            Post.account_id == owner.account_id,
            among(Post.platform_post_id, names),
            StoredMetric.breakdown == "",
            StoredMetric.period == Period.LIFETIME.value,
            CollectionRun.trigger != IMPORT,
        )
        .group_by(Post.platform_post_id, StoredMetric.metric_name)
    )
    collected = {(post, metric) for post, metric, _ in rows}
    kept = [reading for reading in readings if (reading.post, reading.metric) not in collected]
    return _overlap(kept, readings, {})
