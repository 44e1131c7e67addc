"""Fills a store with an invented portfolio of any size, in which every query can be timed.

Each client has a Facebook Page and an Instagram account. An account has about forty metrics for each of the last 90
days, and posts whose twenty lifetime counters were read on each of the twenty days after they were published.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.readings.models import AccountTotal, EngagementMetric, Fetch, MetricSeries, StoredMetric
from sophia.analytics.readings.run_models import CollectionRun, Watermark
from sophia.database.columns import day_number, day_of
from sophia.database.engine import Database
from sophia.database.statements import put_rows
from sophia.meta.catalogue.lookup import METRICS, explain
from sophia.meta.catalogue.terms import Level, Platform
from sophia.portfolio.models import Account, Client, Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = 90
ACCOUNT_METRICS, POST_METRICS, POST_DAYS = 40, 20, 20
READINGS_PER_CLIENT = 50_000
FAMILIES = {Platform.FACEBOOK: ("page_insights",), Platform.INSTAGRAM: ("account_series", "account_totals")}
READING_COLUMNS = ("series_id", "metric_date", "metric_value", "fetch_id")


@dataclass(slots=True)
class Filler:
    """Numbers that the next rows take, and what all rows share."""

    random: random.Random
    newest: int  # day number of the newest reading
    next_series: int = 1
    next_fetch: int = 1
    next_post: int = 1


def fill(database: Database, readings: int, seed: int = 1) -> int:
    """Store about that many readings in an empty, migrated store, the newest of 2026-11-21. Return how many there are."""
    clients = max(1, readings // READINGS_PER_CLIENT)
    filler = Filler(random.Random(seed), day_number(NOW.date()) - 1)
    share = readings // (2 * clients)
    with database.write() as session:
        metrics = {platform: add_metrics(session, platform) for platform in Platform}
        accounts = add_clients(session, clients)
    stored = 0
    for account_id, platform in accounts:
        with database.write() as session:
            stored += fill_account(session, filler, account_id, platform, metrics[platform], share)
    return stored


def add_metrics(session: Session, platform: Platform) -> dict[Level, list[int]]:
    """{level: ids} of the first metrics that the catalogue holds."""
    found: dict[Level, list[int]] = {}
    for level, most, period in ((Level.ACCOUNT, ACCOUNT_METRICS, "day"), (Level.POST, POST_METRICS, "lifetime")):
        mine = (row for row in METRICS if row.platform is platform and row.level is level)
        names = list(dict.fromkeys(name for row in mine for name in row.stored_names))[:most]
        rows = [stored_metric(platform, level, name, period) for name in names]
        session.add_all(rows)
        session.flush()
        found[level] = [row.id for row in rows]
    return found


def stored_metric(platform: Platform, level: Level, name: str, period: str) -> StoredMetric:
    meaning = explain(platform, level, name)
    if meaning is None:
        raise ValueError(f"The catalogue does not explain {name}.")
    return StoredMetric(
        platform=platform.value,
        level=level.value,
        metric_name=name,
        period=period,
        breakdown="",
        canonical=meaning.canonical,
        classification=meaning.metric_class.value,
        unit=meaning.unit.value,
        counting=meaning.counting.value,
    )


def add_clients(session: Session, count: int) -> list[tuple[int, Platform]]:
    """The ids and platforms of the accounts of that many new clients."""
    clients = [
        Client(name=f"Client {number:03}", slug=f"client-{number:03}", timezone="UTC", created_at=NOW)
        for number in range(1, count + 1)
    ]
    session.add_all(clients)
    session.flush()
    accounts = [
        Account(
            client_id=client.id,
            platform=platform.value,
            external_id=f"{17_000_000 + 10 * client.id}",
            name=client.name,
            connected_at=NOW - timedelta(days=DAYS),
        )
        for client in clients
        for platform in Platform
    ]
    session.add_all(accounts)
    session.flush()
    return [(account.id, Platform(account.platform)) for account in accounts]


def fill_account(
    session: Session,
    filler: Filler,
    account_id: int,
    platform: Platform,
    metrics: dict[Level, list[int]],
    share: int,
) -> int:
    """Store `share` readings of one account, more or less; return how many."""
    oldest = filler.newest - DAYS + 1
    fetches = add_fetches(session, filler, account_id)
    series: list[tuple[int, int, int | None, int]] = []
    readings: list[tuple[int, int, int, int]] = []
    for metric in metrics[Level.ACCOUNT]:
        series.append((filler.next_series, account_id, None, metric))
        readings += [
            (filler.next_series, oldest + index, filler.random.randrange(10_000), fetches + index)
            for index in range(DAYS)
        ]
        filler.next_series += 1
    left = share - len(readings)
    posts = list(make_posts(filler, max(0, left) // (POST_DAYS * len(metrics[Level.POST]))))
    add_posts(session, account_id, "post" if platform is Platform.FACEBOOK else "feed", posts)
    for post, published in posts:
        for metric in metrics[Level.POST]:
            series.append((filler.next_series, account_id, post, metric))
            value = 0
            for day in range(published, published + POST_DAYS):
                value += filler.random.randrange(100)
                readings.append((filler.next_series, day, value, fetches + day - oldest))
            filler.next_series += 1
    put_rows(session, MetricSeries, ("id", "account_id", "post_id", "metric_id"), series)
    put_rows(session, EngagementMetric, READING_COLUMNS, readings)
    session.add(AccountTotal(account_id=account_id, readings=len(readings), latest_metric_date=day_of(filler.newest)))
    session.add_all(
        Watermark(
            account_id=account_id,
            family=family,
            from_day=day_of(oldest),
            through_day=day_of(filler.newest),
            updated_at=NOW,
        )
        for family in FAMILIES[platform]
    )
    return len(readings)


def make_posts(filler: Filler, count: int) -> Iterator[tuple[int, int]]:
    """Yield (post, day number of publication), spread so that each post has all of its days."""
    first, last = filler.newest - DAYS + 1, filler.newest - POST_DAYS + 1
    for index in range(count):
        yield filler.next_post, first + (last - first) * index // max(1, count - 1)
        filler.next_post += 1


def add_posts(session: Session, account_id: int, kind: str, posts: list[tuple[int, int]]) -> None:
    columns = ("id", "account_id", "platform_post_id", "kind", "published_at", "first_seen_at")
    published = {number: datetime.combine(day_of(day), NOW.time(), UTC) for number, day in posts}
    rows = [(number, account_id, f"{account_id}_{number}", kind, at, at) for number, at in published.items()]
    put_rows(session, Post, columns, rows)


def add_fetches(session: Session, filler: Filler, account_id: int) -> int:
    """One run, and a fetch for each day; return the number of the first."""
    run = CollectionRun(
        account_id=account_id,
        trigger="filled",
        status="ok",
        started_at=NOW - timedelta(minutes=5),
        finished_at=NOW,
        api_version="v22.0",
        problems=[],
    )
    session.add(run)
    session.flush()
    first = filler.next_fetch
    filler.next_fetch += DAYS
    empty = hashlib.sha256(b"").digest()
    columns = ("id", "run_id", "fetched_at", "stored_at", "subject", "request", "api_version", "sha256")
    moments = [NOW - timedelta(days=DAYS - 1 - index) for index in range(DAYS)]
    rows = [
        (first + index, run.id, at, at, "insights", "/insights", "v22.0", empty) for index, at in enumerate(moments)
    ]
    put_rows(session, Fetch, columns, rows)
    return first
