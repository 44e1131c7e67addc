"""Weeks of the simulated portfolio as a split into drivers takes them, with the parts that were planted in them.

Straight from the numbers that the simulated Meta would serve; the tests show that a collected store holds the same.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from tests.demo.planted import planted_parts

from benchmarks.driver_portfolios import HISTORY_DAYS, Portfolio
from sophia.analytics.drivers.series import ClientDays, Periods, PublishedPost
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Account, BetterContent, Busier, Page
from sophia.demo.meta.world.pacific import ONE_DAY, days_between, pacific_day
from sophia.demo.meta.world.world import build_world

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
# The last whole week; one client is answered better from then on, and one publishes twice as much.
MONDAY = date(2026, 11, 9)
WEEKS = 8
LENGTH = 7


def simulated_weeks(seed: int, platform: str, clients: int = 14) -> Iterator[Portfolio]:
    """Every pair of neighbouring weeks of the accounts of one platform."""
    world = build_world(
        seed=seed,
        businesses=clients,
        posts_per_account=150,
        days=180,
        now=NOW,
        better_content=BetterContent(4, MONDAY, 1.6),
        busier=Busier(5, MONDAY),
    )
    truth = Truth(world)
    accounts: list[Account] = list(world.pages if platform == "facebook" else world.instagram_accounts)
    first = MONDAY - timedelta(days=HISTORY_DAYS + LENGTH * (WEEKS - 1))
    days = days_between(first, MONDAY + (LENGTH - 1) * ONE_DAY)
    columns = {account.id: _columns(truth, account, days) for account in accounts}
    periods = Periods(HISTORY_DAYS, HISTORY_DAYS + LENGTH, LENGTH)
    for week in range(WEEKS - 1):
        start = LENGTH * week
        window = days[start : start + HISTORY_DAYS + 2 * LENGTH]
        before, after = window[periods.of(0)], window[periods.of(1)]
        yield Portfolio(
            [_client(truth, account, columns[account.id], window, start) for account in accounts],
            periods,
            [planted_parts(world, account, before, after) for account in accounts],
        )


Column = tuple[float | None, ...]


def _columns(truth: Truth, account: Account, days: list[date]) -> tuple[Column, Column]:
    """Views and engagements of these days."""
    names = (
        ("page_media_view", "page_post_engagements") if isinstance(account, Page) else ("views", "total_interactions")
    )
    views, engagements = (tuple(known(truth, account, name, day) for day in days) for name in names)
    return views, engagements


def _client(
    truth: Truth, account: Account, columns: tuple[Column, Column], window: list[date], start: int
) -> ClientDays:
    published = truth.world.posts(account.id) if isinstance(account, Page) else truth.world.media(account.id)
    posts = tuple(
        PublishedPost((pacific_day(post.created_at) - window[0]).days, "post")
        for post in published
        if pacific_day(post.created_at) <= window[-1]
    )
    views, engagements = (column[start : start + len(window)] for column in columns)
    return ClientDays(account.number, views, engagements, posts, (0, len(window)))


def known(truth: Truth, account: Account, metric: str, day: date) -> float | None:
    if not isinstance(account, Page):
        return None if truth.is_empty_day(account, day) else float(truth.instagram_day(account, metric, day, NOW))
    value = truth.page_day(account, metric, day, NOW)
    return float(value) if isinstance(value, int | float) else None
