"""An invented portfolio of which every number that a report shows can be worked out by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.analytics.collector.conftest import make_house as make_house  # noqa: PLC0414 - a fixture of this folder too
from tests.conftest import NOW, ON_POSTGRESQL_BY_HAND, ONE_DAY, Filling, store_of

from sophia.database.engine import Database
from sophia.meta.reporting_zone import DateRange, reporting_day
from sophia.portfolio.models import Post

# NOW is Sunday, 22 November: the newest closed week begins here.
MONDAY = date(2026, 11, 9)
WEEK = DateRange(MONDAY, MONDAY + 7 * ONE_DAY)
EARLIER = WEEK.previous
LONG_AGO = NOW - timedelta(days=200)


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/reports -m campaign`, but for what says that it wants both."""
    return store_of(request)


# A run after the week that listed all posts.
LISTED = {"started_at": NOW - timedelta(days=2, minutes=5), "finished_at": NOW - timedelta(days=2)}


def each_day(window: DateRange, value: float) -> dict[date, float]:
    return {window.start + index * ONE_DAY: value for index in range(window.days)}


@dataclass
class Agency:
    """Says in a line what a client had."""

    filling: Filling

    def client(self, name: str, platform: str = "instagram", **values: str) -> tuple[int, int]:
        """(client, account), both known for long."""
        client = self.filling.client(name, **{"industry": "retail"} | values)
        account = self.filling.account(client, platform, connected_at=LONG_AGO, status="active")
        return client, account

    def days(
        self, account: int, name: str, values: Mapping[date, float], stored_at: datetime = LONG_AGO, **more: str
    ) -> int:
        """A daily series of an Instagram account, stored long ago unless another moment is given."""
        platform = more.get("platform", "instagram")
        series = self.filling.series(account, self.filling.metric(platform, "account", name))
        self.filling.readings(account, series, values, self.filling.fetch(account, stored_at))
        return series

    def fortnight(self, account: int, name: str, before: float, after: float) -> int:
        """The same every day of a week."""
        return self.days(account, name, each_day(EARLIER, before) | each_day(WEEK, after))

    def post(
        self,
        account: int,
        day: date,
        values: Mapping[str, float],
        read: date,
        stored_at: datetime = LONG_AGO,
        kind: str = "feed",
        *,
        grown: bool = False,
    ) -> int:
        """A post of 20:00 UTC with its counters as they were read on a day; a grown post had the same at seven days."""
        at = datetime.combine(day, time(20), UTC)
        number = self.filling.add(
            Post(
                account_id=account,
                platform_post_id=f"{account}_{at.timestamp():.0f}",
                kind=kind,
                published_at=at,
                first_seen_at=stored_at,
                text="New hats for a new season",
            )
        )
        fetches = {read: self.filling.fetch(account, stored_at)}
        if grown:
            sides = (at + timedelta(days=7, hours=hours) for hours in (-14, 10))
            fetches |= {reporting_day(side): self.filling.fetch(account, stored_at, side) for side in sides}
        for name, value in values.items():
            series = self.filling.series(account, self.filling.metric("instagram", "post", name, "lifetime"), number)
            for moment, fetch in fetches.items():
                self.filling.readings(account, series, {moment: value}, fetch)
        return number


def counters(reach: float, likes: float) -> dict[str, float]:
    """A post with engagements = likes + 10."""
    return {"reach": reach, "views": 2 * reach, "likes": likes, "comments": 5, "shares": 3, "saved": 2}


@pytest.fixture
def agency(filling: Filling) -> Agency:
    return Agency(filling)


def furnish(agency: Agency, clients: int = 7) -> tuple[int, int]:
    """Hats, with all that can be told of it, among other clients; (client, account) of Hats. All posts were listed."""
    client, account = agency.client("Hats")
    agency.filling.run(account, **LISTED)
    agency.fortnight(account, "views", 1000, 500)
    agency.fortnight(account, "total_interactions", 100, 50)
    agency.fortnight(account, "reach", 400, 300)
    agency.days(
        account, "followers_count", {EARLIER.start - ONE_DAY: 1900, MONDAY - ONE_DAY: 2000, MONDAY + 6 * ONE_DAY: 2100}
    )
    agency.post(account, EARLIER.start + ONE_DAY, counters(1000, 90), EARLIER.start + 3 * ONE_DAY, grown=True)
    agency.post(account, MONDAY + ONE_DAY, counters(800, 30), MONDAY + 4 * ONE_DAY, grown=True)
    agency.post(account, MONDAY + 2 * ONE_DAY, counters(200, 0), MONDAY + 4 * ONE_DAY, grown=True)
    for number in range(clients - 1):
        _, other = agency.client(f"Other {number}")
        agency.filling.run(other, **LISTED)
        for name, before, after in (("views", 2000 + number, 1600 + number), ("total_interactions", 90, 72)):
            agency.fortnight(other, name, before, after)
        agency.post(other, EARLIER.start, counters(100, 1), EARLIER.start + ONE_DAY)
        agency.post(other, MONDAY, counters(100, 1), MONDAY + ONE_DAY)
    return client, account
