"""What was planted in the simulated portfolio, collected over a socket: the brief finds it and nothing else."""

import json
from datetime import UTC, date, datetime

import pytest
from tests.analytics.collector.conftest import AppState, open_house
from tests.analytics.reports.test_building import check_sentence

from sophia.analytics.anomalies.daily import keep_anomalies
from sophia.analytics.anomalies.queries import stored_events
from sophia.analytics.anomalies.shared_events import shared_events
from sophia.analytics.collector.plan import Plan
from sophia.analytics.figures.figures import week_of
from sophia.analytics.figures.schemas import response_json
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_records import Brief
from sophia.database.engine import Database
from sophia.demo.meta.world.objects import BetterContent, Busier
from sophia.meta.reporting_zone import ONE_DAY, DateRange

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 9)
WEEK = week_of(MONDAY)
DEMO_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
BETTER, BUSIER = 4, 5


# In the suite Pages alone: an Instagram account takes ten times as many calls.
CASES = [(7, 1), *(pytest.param(seed, 2, marks=pytest.mark.campaign) for seed in (7, 8, 9, 10, 11))]


@pytest.mark.parametrize(("seed", "platforms"), CASES)
def test_what_was_planted_is_found(sqlite_database: Database, seed: int, platforms: int) -> None:
    """H1, H12: the platform's change is one event on its day; who got better is named, and who only posted more is not."""
    planted = {"better_content": BetterContent(BETTER, MONDAY, 1.6), "busier": Busier(BUSIER, MONDAY)}
    options = {"businesses": 14, "posts_per_account": 60, "seed": seed, **planted}
    with open_house(sqlite_database, NOW, 60, options) as house:
        accounts = [account.id for one in house.world.businesses for account in (one.page, one.instagram)[:platforms]]
        house.collect(*accounts, plan=Plan())
        change = house.world.algorithm_change
        told = brief_of(house, week_of(change.day + 7 * ONE_DAY))
        (event,) = told.events
        assert (event.kind, event.since) == ("fall", change.day)
        assert len({part.platform for part in event.parts}) == platforms
        assert not any(one.moved for one in (told, brief_of(house, week_of(change.day).previous)))
        assert change.day not in WEEK

        found = brief_of(house, WEEK)
        assert found.events == ()
        better, busier = (house.world.businesses[number].name for number in (BETTER, BUSIER))
        assert {one.name for one in found.moved} == {better}
        assert all(one.percent > 40 for one in found.moved)
        splits = {one.name: one.drivers.values() for one in found.clients}
        assert {split.main_driver for split in splits[better] if split.whole} == {"people"}
        assert any(split.posting is not None and split.posting.percent > 10 for split in splits[busier])
        assert sum(better in sentence.text for sentence in found.commentary) == len(found.moved)
        document = json.loads(response_json(found))
        for sentence in document["commentary"]:
            check_sentence(document, sentence)


def brief_of(house: AppState, week: DateRange) -> Brief:
    return make_brief(house.database, None, NOW, week)


@pytest.mark.campaign
def test_the_change_of_the_demo_is_one_event(sqlite_database: Database) -> None:
    """H1: its own world, both platforms; the brief says the same before the watch has judged and after, and so does a
    list of what was told.
    """
    with open_house(sqlite_database, DEMO_NOW, 90, {"businesses": 12, "posts_per_account": 100, "seed": 7}) as house:
        house.collect(plan=Plan())
        day = house.world.algorithm_change.day
        for told in (False, True):
            if told:
                keep_anomalies(house.database, DEMO_NOW)
            for week in (week_of(day), week_of(day + 7 * ONE_DAY)):
                (event,) = make_brief(house.database, None, DEMO_NOW, week).events
                assert (event.kind, event.since) == ("fall", day)
                assert event.alike > 0.6 * event.series
            assert make_brief(house.database, None, DEMO_NOW, week_of(day + 14 * ONE_DAY)).events == ()
        with house.database.read() as session:
            (event_told,) = shared_events(stored_events(session))
        assert (event_told.since, event_told.until, event_told.series) == (day, None, 48)
