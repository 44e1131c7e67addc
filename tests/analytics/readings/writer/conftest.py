"""A store with one client's Page in it, and answers to write into it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from sophia.analytics.readings.writer import AccountWriter, Owner, Saved
from sophia.database.columns import day_of
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import ObjectKind, Period, Platform
from sophia.meta.records import Batch, ObservedPost, Reading, RejectedItem, Source
from sophia.portfolio.models import Account, Client, ContentDraft, PublishingQueueEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
ONE_DAY = timedelta(days=1)


@dataclass
class Office:
    """A store with one client's Page in it, and a writer for that."""

    database: Database
    client: int = 0
    account: int = 0
    run: int = 0
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    numbers: int = 0

    def add(self, row: Any) -> int:
        with self.database.write() as session:
            session.add(row)
            session.flush()
            number: int = row.id
            return number

    def new_client(self) -> int:
        self.numbers += 1
        name = f"c{self.numbers}"
        return self.add(Client(name=name, slug=name, timezone="UTC", created_at=NOW))

    def new_account(self, client: int, platform: str = "facebook") -> int:
        self.numbers += 1
        external = str(self.numbers)
        return self.add(
            Account(client_id=client, platform=platform, external_id=external, name=external, connected_at=NOW)
        )

    def new_draft(self, client: int, platform_post_id: str | None = None, platform: str = "facebook") -> int:
        details = {"copy": "x", "image_prompt": "x", "image_ratio": "1:1", "created_at": NOW}
        return self.add(ContentDraft(client_id=client, platform=platform, platform_post_id=platform_post_id, **details))

    def queue(self, draft: int, account: int, platform_post_id: str | None) -> int:
        return self.add(
            PublishingQueueEntry(
                draft_id=draft,
                account_id=account,
                platform_post_id=platform_post_id,
                status="published",
                created_at=NOW,
            )
        )

    def writer(self, *, keep: bool = True, account: int = 0, client: int = 0) -> AccountWriter:
        owner = Owner(account or self.account, client or self.client, Platform.FACEBOOK)
        return AccountWriter(self.database, owner, self.run, lambda: self.clock[0], keep=keep)

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.read() as session:
            return [tuple(row) for row in session.execute(text(sql), values)]

    def one(self, sql: str, **values: Any) -> Any:
        ((value,),) = self.rows(sql, **values)
        return value

    def readings(self) -> dict[tuple[str | None, str, str, str, date], int | float]:
        rows = self.rows(
            "SELECT p.platform_post_id, m.metric_name, m.period, m.breakdown, e.metric_date, e.metric_value "
            "FROM engagement_metrics e JOIN metric_series s ON s.id = e.series_id "
            "JOIN metrics m ON m.id = s.metric_id LEFT JOIN posts p ON p.id = s.post_id"
        )
        return {(*names, day_of(day)): number(value) for *names, day, value in rows}

    def counts(self) -> dict[str, int]:
        tables = ("fetches", "posts", "metrics", "metric_series", "engagement_metrics", "metric_revisions")
        return {table: self.one(f"SELECT count(*) FROM {table}") for table in (*tables, "quarantined_items")}  # noqa: S608


def number(value: Any) -> int | float:
    return value if isinstance(value, int | float) else int(value) if value == int(value) else float(value)


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def open_office(database: Database) -> Office:
    found = Office(database)
    found.client = found.new_client()
    found.account = found.new_account(found.client)
    with database.write() as session:
        columns = "account_id, trigger, status, started_at, api_version, calls, calls_counted_by_meta, readings_new, "
        columns += "readings_changed, readings_same, posts_new, quarantined, problems"
        inserted = session.execute(
            text(
                f"INSERT INTO collection_runs ({columns}) VALUES "  # noqa: S608
                "(:account, 'manual', 'running', '2026-11-22 12:00:00', 'v22.0', 0, 0, 0, 0, 0, 0, 0, '[]') RETURNING id"
            ),
            {"account": found.account},
        )
        found.run = inserted.scalar_one()
    return found


def source(body: bytes = b"{}") -> Source:
    return Source("page_insights", "GET /1/insights?metric=x", NOW, "v22.0", body)


def batch(
    readings: Iterable[Reading] = (),
    posts: Iterable[ObservedPost] = (),
    rejected_items: Iterable[RejectedItem] = (),
    reels: Iterable[str] = (),
) -> Batch:
    return Batch(list(readings), list(posts), list(rejected_items), list(reels), source())


def page_views(value: float, day: date = DAY) -> Reading:
    return Reading(None, "page_views_total", Period.DAY, "", day, value)


def clicks(post: str, value: float, day: date = DAY) -> Reading:
    return Reading(post, "post_clicks", Period.LIFETIME, "", day, value)


def post(name: str, kind: ObjectKind = ObjectKind.POST, **more: Any) -> ObservedPost:
    return ObservedPost(name, kind, NOW - ONE_DAY, **more)


def numbers(saved: Saved) -> tuple[int, int, int]:
    return saved.new, saved.changed, saved.same
