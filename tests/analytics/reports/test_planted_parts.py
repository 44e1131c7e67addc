"""The parts of a change in the briefs of a collected portfolio, against what was planted in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.analytics.collector.conftest import AppState, open_house
from tests.demo.planted import planted_parts

from sophia.analytics.collector.plan import Plan
from sophia.analytics.drivers.drivers import DRIVERS
from sophia.analytics.figures.figures import week_of
from sophia.analytics.reports.brief import make_brief
from sophia.database.engine import Database
from sophia.demo.meta.world.objects import Account, BetterContent, Busier
from sophia.demo.meta.world.pacific import days_between
from sophia.meta.reporting_zone import ONE_DAY, DateRange

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 9)
PLATFORMS = ("facebook", "instagram")
WEEKS = [week_of(MONDAY - 7 * back * ONE_DAY) for back in range(6)]


Held = dict[tuple[str, str], list[bool]]


def test_intervals_of_pages(sqlite_template: Path, tmp_path: Path) -> None:
    """H1, H12: of the intervals in the briefs of four weeks at least nine of ten hold the true part.

    All parts together: the clients of a week share one platform part and one exponent, so that four weeks say little of
    either alone.
    """
    held = judged(sqlite_template, tmp_path, 7, WEEKS[:4], platforms=1)
    together = [one for found in held.values() for one in found]
    assert len(together) > 3.8 * 14 * 4
    assert np.mean(together) >= 0.9, held


@pytest.mark.campaign
def test_intervals_of_each_part(sqlite_template: Path, tmp_path: Path) -> None:
    """H1, H12: over all clients' weeks of eight portfolios each part's intervals do, on each platform."""
    held: Held = {}
    for seed in range(20, 28):
        for name, found in judged(sqlite_template, tmp_path, seed, WEEKS, platforms=2).items():
            held.setdefault(name, []).extend(found)
    told = {name: (len(found), float(np.mean(found))) for name, found in held.items()}
    assert len(told) == len(PLATFORMS) * len(DRIVERS)
    assert all(count > 0.95 * 14 * len(WEEKS) * 8 and share >= 0.9 for count, share in told.values()), told


def judged(template: Path, folder: Path, seed: int, weeks: list[DateRange], *, platforms: int) -> Held:
    """{(platform, part): whether its interval holds the true part, for every client and week that has one}."""
    held: Held = {}
    with collected(template, folder / f"{seed}.db", seed, platforms) as house:
        for week in weeks:
            judge_week(house, week, held)
    return held


@contextmanager
def collected(template: Path, path: Path, seed: int, platforms: int) -> Iterator[AppState]:
    """A portfolio of fourteen in a store of its own; one is answered better and one posts more since the last week."""
    shutil.copy(template, path)
    database = Database(f"sqlite:///{path}")
    planted = {"better_content": BetterContent(4, MONDAY, 1.6), "busier": Busier(5, MONDAY)}
    options = {"businesses": 14, "posts_per_account": 60, "seed": seed, **planted}
    with open_house(database, NOW, 60, options) as house:
        accounts = [account.id for one in house.world.businesses for account in (one.page, one.instagram)[:platforms]]
        house.collect(*accounts, plan=Plan())
        yield house
    database.close()


def judge_week(house: AppState, week: DateRange, held: Held) -> None:
    """Note for every part that has an interval whether it holds the true part."""
    brief = make_brief(house.database, None, NOW, week)
    before, after = (days_between(one.start, one.end - ONE_DAY) for one in (brief.before, brief.window))
    splits = {one.name: one.drivers for one in brief.clients}
    for business in house.world.businesses:
        accounts: tuple[Account, Account] = (business.page, business.instagram)
        for platform, account in zip(PLATFORMS, accounts, strict=True):
            split = splits[business.name].get(platform)
            if split is None:
                continue
            truth = planted_parts(house.world, account, before, after)
            for driver in DRIVERS:
                part = split.part(driver)
                if part is not None and part.low is not None and part.high is not None:
                    inside = part.low - 1e-9 <= getattr(truth, driver) <= part.high + 1e-9
                    held.setdefault((platform, driver), []).append(inside)
