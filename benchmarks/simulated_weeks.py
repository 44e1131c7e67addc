"""Weeks of the simulated portfolio as a split into drivers takes them, with the parts that were planted in them.

Straight from the numbers that the simulated Meta would serve; the tests show that a collected store holds the same.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from tests.demo.planted import PlantedParts, planted_parts

from sophia.analytics.drivers.units import ClientWindows, DaysWindow
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Account, BetterContent, Busier, Page
from sophia.demo.meta.world.pacific import ONE_DAY, days_between, pacific_day
from sophia.demo.meta.world.world import build_world

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
# The last whole week; somebody is answered better from then on, and somebody publishes twice as much.
MONDAY = date(2026, 11, 9)
WEEKS = 8


def simulated_weeks(
    seed: int, platform: str, clients: int = 14
) -> Iterator[tuple[list[ClientWindows], list[PlantedParts]]]:
    """Every pair of neighbouring weeks of the accounts of one platform."""
    better, busier = BetterContent(4, MONDAY, 1.6), Busier(5, MONDAY)
    world = build_world(
        seed=seed, businesses=clients, posts_per_account=60, days=60, now=NOW, better_content=better, busier=busier
    )
    truth = Truth(world)
    accounts: list[Account] = list(world.pages if platform == "facebook" else world.instagram_accounts)
    weeks = [
        days_between(MONDAY - 7 * back * ONE_DAY, MONDAY - (7 * back - 6) * ONE_DAY) for back in reversed(range(WEEKS))
    ]
    windows = {account.id: [window(truth, account, days) for days in weeks] for account in accounts}
    for place in range(WEEKS - 1):
        yield (
            [ClientWindows(account.number, *windows[account.id][place : place + 2]) for account in accounts],
            [planted_parts(world, account, weeks[place], weeks[place + 1]) for account in accounts],
        )


def window(truth: Truth, account: Account, days: list[date]) -> DaysWindow:
    """Views and engagements of these days, and how many posts were published on them."""
    published = truth.world.posts(account.id) if isinstance(account, Page) else truth.world.media(account.id)
    count = sum(days[0] <= pacific_day(one.created_at) <= days[-1] for one in published)
    views, engagements = (
        tuple(known(truth, account, name, day) for day in days)
        for name in (
            ("page_media_view", "page_post_engagements")
            if isinstance(account, Page)
            else ("views", "total_interactions")
        )
    )
    return DaysWindow(views, engagements, count)


def known(truth: Truth, account: Account, metric: str, day: date) -> float | None:
    if not isinstance(account, Page):
        return None if truth.is_empty_day(account, day) else float(truth.instagram_day(account, metric, day, NOW))
    value = truth.page_day(account, metric, day, NOW)
    return float(value) if isinstance(value, int | float) else None
