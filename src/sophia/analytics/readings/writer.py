"""Writes the content of Meta's answers; writing it twice changes nothing.

One answer of Meta is one transaction: its fetch, the posts that it listed, its readings, and the revisions of those
that differ from the stored ones (A1, C1). No code here waits for the network.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from sophia.analytics.readings.lookups import MetricKey, Placed, Stored, load_metrics, load_post_readings, load_values
from sophia.analytics.readings.models import (
    AccountTotal,
    EngagementMetric,
    Fetch,
    MetricRevision,
    MetricSeries,
    QuarantinedItem,
    StoredMetric,
)
from sophia.database.columns import day_number, from_decimal
from sophia.database.engine import Database
from sophia.database.statements import among, execute, put_row, put_rows, select_among
from sophia.meta.catalogue.lookup import explain
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.meta.records import Batch, ObservedPost, Reading, RejectedItem
from sophia.portfolio.models import Post
from sophia.portfolio.pictures import note_addresses

Clock = Callable[[], datetime]
Values = dict[tuple[int, int], int | float]  # by series and day number
METRIC_COLUMNS = (
    "platform",
    "level",
    "metric_name",
    "period",
    "breakdown",
    "canonical",
    "classification",
    "unit",
    "counting",
)
READING_COLUMNS = ("series_id", "metric_date", "metric_value", "fetch_id")
REVISION_COLUMNS = ("series_id", "metric_date", "replaced_by_fetch_id", "metric_value", "fetch_id")
POST_COLUMNS = (
    "platform_post_id",
    "kind",
    "published_at",
    "permalink",
    "text",
    "video_id",
    "gone_at",
    "gone_reason",
    "draft_id",
)
ZERO = "\x00"  # JSON's texts may hold this character, PostgreSQL's may not
LONGEST_EXCERPT = 500
LONGEST_NAME = 120
NEW_METRICS_LOCK = -2  # account ids, the locks of accounts, are positive
LONGEST_BREAKDOWN = 200


@dataclass(slots=True)
class Saved:
    """Counts of what a batch changed in the store, taken after the commit."""

    new: int = 0
    changed: int = 0
    same: int = 0
    posts_new: int = 0
    quarantined: int = 0
    unclassified: set[str] = field(default_factory=set)
    rejected_items: dict[str, int] = field(default_factory=dict)  # rejected item and reason → count
    unknown_kinds: dict[str, int] = field(default_factory=dict)  # Meta's words about the kind → posts

    def add(self, other: "Saved") -> None:
        self.new += other.new
        self.changed += other.changed
        self.same += other.same
        self.posts_new += other.posts_new
        self.quarantined += other.quarantined
        self.unclassified |= other.unclassified
        for counts, others in ((self.rejected_items, other.rejected_items), (self.unknown_kinds, other.unknown_kinds)):
            for what, count in others.items():
                counts[what] = counts.get(what, 0) + count


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that the readings belong to."""

    account_id: int
    client_id: int
    platform: Platform


class AccountWriter:
    """Writes the content of one run for one account. Remembers which metrics and series exist, to look each up once."""

    def __init__(self, database: Database, owner: Owner, run_id: int, clock: Clock, *, keep: bool) -> None:
        """`keep`: whether to keep Meta's raw answers for a while, so that a parsing error can be corrected later."""
        self._database = database
        self._account_id = owner.account_id
        self._client_id = owner.client_id
        self._platform = owner.platform
        self._run_id = run_id
        self._clock = clock
        self._keep = keep
        self._metrics: dict[MetricKey, int] | None = None
        self._account_series: dict[int, int] | None = None

    def save(self, batches: Sequence[Batch]) -> Saved:
        """Store answers in one transaction. After a rollback the caches are cleared."""
        saved = Saved()
        try:
            with self._database.write() as session:
                if not self._database.is_sqlite:
                    # One writer per account at a time, even if a lease expired during a run.
                    session.execute(select(func.pg_advisory_xact_lock(self._account_id)))
                for batch in batches:
                    saved.add(self._save(session, batch))
        except BaseException:
            self._metrics = self._account_series = None
            raise
        return saved

    def _save(self, session: Session, batch: Batch) -> Saved:
        saved = Saved()
        fetch_id = self._add_fetch(session, batch)
        posts, saved.posts_new, strangers = self._save_posts(session, batch.posts)
        if batch.reels:
            reels = (Post.account_id == self._account_id, among(Post.video_id, batch.reels))
            session.execute(update(Post).where(*reels, Post.kind != ObjectKind.REEL).values(kind=ObjectKind.REEL.value))
        readings = self._known_posts(session, batch.readings, posts)
        rejected_items = [
            *batch.rejected_items,
            *(RejectedItem(stranger, "", "a post of another account", stranger) for stranger in sorted(strangers)),
        ]
        if readings:
            values, stored = self._by_series(session, self._place(session, readings, posts, saved))
            self._compare_and_write(session, values, stored, fetch_id, saved)
        saved.quarantined = record_rejected_items(session, self._run_id, rejected_items, self._clock())
        saved.unknown_kinds = Counter(post.unknown_kind for post in batch.posts if post.unknown_kind)
        saved.rejected_items = Counter(
            f"{rejected.metric or 'an item'}: {rejected.reason}" for rejected in rejected_items
        )
        return saved

    def _strangers(self, session: Session, ids: Collection[str]) -> set[str]:
        """Return the listed posts that are known as another account's: a number belongs to one client (A3)."""
        sql = (
            "SELECT p.platform_post_id FROM posts p JOIN accounts a ON a.id = p.account_id"
            " WHERE p.platform_post_id {among} AND p.account_id <> {p} AND a.platform = {p}"
        )
        return (
            {post_id for (post_id,) in select_among(session, sql, ids, self._account_id, self._platform.value)}
            if ids
            else set()
        )

    def _add_fetch(self, session: Session, batch: Batch) -> int:
        source = batch.source
        row = {
            "run_id": self._run_id,
            "fetched_at": source.fetched_at,
            "stored_at": self._clock(),
            "subject": source.subject,
            "request": source.request,
            "api_version": source.api_version,
            "sha256": hashlib.sha256(source.body).digest(),
            "body": zlib.compress(source.body, 1) if self._keep else None,
        }
        return put_row(session, Fetch, row)

    def _save_posts(self, session: Session, observed: Collection[ObservedPost]) -> tuple[dict[str, int], int, set[str]]:
        """Insert new posts and update changed ones. Return the ids of all, the number of new ones, and the posts of
        another account, which are left out.
        """
        if not observed:
            return {}, 0, set()
        by_id = {post.external_id: post for post in observed}
        drafts = self._drafts(session, by_id.values())
        posts = self._load_posts(session, by_id)
        strangers = self._strangers(session, [external_id for external_id in by_id if external_id not in posts])
        now = self._clock()
        fresh = [
            {"account_id": self._account_id, "first_seen_at": now, **self._post_row(post, None, drafts)}
            for external_id, post in by_id.items()
            if external_id not in posts and external_id not in strangers
        ]
        changed = [
            {"id": old["id"], **row}
            for external_id, old in posts.items()
            if (row := self._post_row(by_id[external_id], old, drafts)) != {name: old[name] for name in POST_COLUMNS}
        ]
        if fresh:
            session.execute(insert(Post), fresh)
            posts = self._load_posts(session, by_id)
        if changed:
            session.execute(update(Post), changed)
        addresses = {posts[name]["id"]: clean(post.picture) for name, post in by_id.items() if name in posts}
        note_addresses(session, {number: address for number, address in addresses.items() if address}, now)
        return {external_id: old["id"] for external_id, old in posts.items()}, len(fresh), strangers

    def _load_posts(self, session: Session, external_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        columns = [getattr(Post, name) for name in POST_COLUMNS]
        conditions = (Post.account_id == self._account_id, among(Post.platform_post_id, external_ids))
        rows = session.execute(select(Post.id, *columns).where(*conditions)).mappings()
        return {row["platform_post_id"]: dict(row) for row in rows}

    @staticmethod
    def _post_row(post: ObservedPost, old: Mapping[str, Any] | None, drafts: Mapping[str, int]) -> dict[str, Any]:
        """Return the columns of a post as they should be. A listed post exists, even if it was marked as gone."""
        draft = old["draft_id"] if old else None
        # A list of posts shows reels as videos, so a known reel stays one. A kind that Meta leaves out does not replace
        # the one that it named before.
        is_better_known = old and (old["kind"] == ObjectKind.REEL or post.kind is ObjectKind.OTHER)
        kind = old["kind"] if old and is_better_known else post.kind.value
        return {
            "platform_post_id": post.external_id,
            "kind": kind,
            "published_at": post.published_at,
            "permalink": clean(post.permalink),
            "text": clean(post.text),
            "video_id": post.video_id,
            "gone_at": None,
            "gone_reason": None,
            "draft_id": draft or drafts.get(post.external_id) or drafts.get(post.video_id or ""),
        }

    def _drafts(self, session: Session, posts: Iterable[ObservedPost]) -> dict[str, int]:
        """Return the drafts of this client that became one of these posts, by Meta's id of the post or of its video."""
        ids = [name for post in posts for name in (post.external_id, post.video_id) if name]
        drafts = (
            "SELECT platform_post_id, id FROM content_drafts"
            " WHERE platform_post_id {among} AND client_id = {p} AND platform = {p}"
        )
        queue = (
            "SELECT q.platform_post_id, q.draft_id FROM publishing_queue q JOIN content_drafts d ON d.id = q.draft_id"
            " WHERE q.platform_post_id {among} AND q.account_id = {p} AND d.client_id = {p}"
        )
        published = dict(select_among(session, drafts, ids, self._client_id, self._platform.value))
        return published | dict(select_among(session, queue, ids, self._account_id, self._client_id))

    def _known_posts(self, session: Session, readings: list[Reading], posts: dict[str, int]) -> list[Reading]:
        """Look up posts that the answer mentions without listing them, by their own id or that of their video.

        Readings of posts that were never listed are left out.
        """
        missing = {reading.post for reading in readings if reading.post is not None and reading.post not in posts}
        if missing:
            for name in ("video_id", "platform_post_id"):
                sql = f"SELECT {name}, id FROM posts WHERE {name} {{among}} AND account_id = {{p}}"  # noqa: S608
                posts.update(dict(select_among(session, sql, missing, self._account_id)))
        return [reading for reading in readings if reading.post is None or reading.post in posts]

    def _place(self, session: Session, readings: list[Reading], posts: dict[str, int], saved: Saved) -> list[Placed]:
        """Return the readings with the store's own ids. New metrics are added and classified."""
        if self._metrics is None:
            self._metrics = load_metrics(session, self._platform)
        metric_ids = self._metrics
        keys = [metric_key(reading) for reading in readings]
        fresh = {key for key in keys if key not in metric_ids}
        if fresh:
            if not self._database.is_sqlite:
                # Accounts share this table: two that add the same rows in different order would deadlock.
                session.execute(select(func.pg_advisory_xact_lock(NEW_METRICS_LOCK)))
            put_rows(session, StoredMetric, METRIC_COLUMNS, [self._classified(key, saved) for key in sorted(fresh)])
            metric_ids.update(load_metrics(session, self._platform))
        return [
            (None if post is None else posts[post], metric_ids[key], day_number(day), value)
            for key, (post, _, _, _, day, value) in zip(keys, readings, strict=True)
        ]

    def _classified(self, key: MetricKey, saved: Saved) -> tuple[Any, ...]:
        """Return the row of a new metric. Its class is decided here, once (A7)."""
        level, name, period, breakdown = key
        meaning = explain(self._platform, Level(level), name, breakdown)
        if meaning is None:
            saved.unclassified.add(name)
            return (self._platform.value, level, name, period, breakdown, None, "unclassified", None, None)
        facts = (meaning.canonical, meaning.metric_class.value, meaning.unit.value, meaning.counting.value)
        return (self._platform.value, level, name, period, breakdown, *facts)

    def _by_series(self, session: Session, placed: list[Placed]) -> tuple[Values, Stored]:
        """Return the values by series and day, and their stored values; missing series are created.

        A reading that an answer repeats counts once.
        """
        series, stored = self._load(session, placed)
        fresh = {(self._account_id, post, metric) for post, metric, _, _ in placed if (post, metric) not in series}
        if fresh:
            put_rows(session, MetricSeries, ("account_id", "post_id", "metric_id"), list(fresh))
            self._account_series = None
            series, stored = self._load(session, placed)
        return {(series[post, metric], day): value for post, metric, day, value in placed}, stored

    def _load(self, session: Session, placed: list[Placed]) -> tuple[dict[tuple[int | None, int], int], Stored]:
        series: dict[tuple[int | None, int], int] = {}
        stored: Stored = {}
        of_posts = [item for item in placed if item[0] is not None]
        days = {day for _, _, day, _ in of_posts}
        for day in days:  # one day: readings of posts are today's counters
            rows = load_post_readings(session, of_posts, day)
            for post, metric, number, value, fetch in rows:
                series[post, metric] = number
                if fetch is not None:
                    stored[number, day] = (from_decimal(value), fetch)
        of_account = [item for item in placed if item[0] is None]
        if of_account:
            if self._account_series is None:
                sql = "SELECT metric_id, id FROM metric_series WHERE account_id {among} AND post_id IS NULL"
                self._account_series = dict(select_among(session, sql, [self._account_id]))
            account_series = self._account_series
            series |= {(None, metric): number for metric, number in account_series.items()}
            keys = [(account_series[metric], day) for _, metric, day, _ in of_account if metric in account_series]
            stored |= load_values(session, keys)
        return series, stored

    def _compare_and_write(self, session: Session, values: Values, stored: Stored, fetch_id: int, saved: Saved) -> None:
        """Insert new values, replace those that differ and keep the replaced ones as revisions."""
        new, changed, revisions = [], [], []
        for (series, day), value in values.items():
            old = stored.get((series, day))
            if old is None:
                new.append((series, day, value, fetch_id))
            elif old[0] != value:
                changed.append((series, day, value, fetch_id))
                revisions.append((series, day, fetch_id, old[0], old[1]))
        put_rows(session, EngagementMetric, READING_COLUMNS, new)
        put_rows(session, EngagementMetric, READING_COLUMNS, changed, replace=("metric_value", "fetch_id"))
        put_rows(session, MetricRevision, REVISION_COLUMNS, revisions)
        saved.new, saved.changed = len(new), len(changed)
        saved.same = len(values) - len(new) - len(changed)
        if new:
            count_readings(session, self._account_id, len(new), max(day for _, day, _, _ in new))


def metric_key(reading: Reading) -> MetricKey:
    level = "account" if reading.post is None else "post"
    return (
        level,
        reading.metric[:LONGEST_NAME],
        reading.period,
        reading.breakdown[:LONGEST_BREAKDOWN].replace(ZERO, ""),
    )


def clean(text: str | None) -> str | None:
    """Return a text that every database accepts."""
    return text and text.replace(ZERO, "")


def count_readings(session: Session, account_id: int, added: int, latest: int) -> None:
    """Add inserted readings to the account's total; `latest` is the newest day's number."""
    put_rows(session, AccountTotal, ("account_id", "readings", "latest_metric_date"), [(account_id, 0, latest)])
    sql = (
        "UPDATE account_totals SET readings = readings + {p}, latest_metric_date ="
        " CASE WHEN latest_metric_date > {p} THEN latest_metric_date ELSE {p} END WHERE account_id = {p}"
    )
    execute(session, sql, added, latest, latest, account_id)


def record_rejected_items(
    session: Session, run_id: int, rejected_items: Collection[RejectedItem], now: datetime
) -> int:
    """Store rejected items with their reasons, and return their number."""
    session.add_all(
        QuarantinedItem(
            run_id=run_id,
            reason=rejected.reason,
            object_id=rejected.object_id[:80].replace(ZERO, ""),
            metric_name=rejected.metric[:200].replace(ZERO, ""),
            excerpt=rejected.excerpt[:LONGEST_EXCERPT].replace(ZERO, ""),
            recorded_at=now,
        )
        for rejected in rejected_items
    )
    return len(rejected_items)
