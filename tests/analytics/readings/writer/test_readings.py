"""Readings on both databases: writing twice changes nothing, and what differs is kept."""

import zlib
from typing import Any

import pytest
from tests.analytics.readings.writer.conftest import (
    DAY,
    ONE_DAY,
    Office,
    batch,
    clicks,
    number,
    numbers,
    page_views,
    post,
    source,
)

from sophia.database.columns import day_of
from sophia.meta.catalogue.terms import Period
from sophia.meta.records import Batch, Reading, RejectedItem


def test_saving_twice_changes_nothing(office: Office) -> None:
    """A1: the same answer again is a fetch more and nothing else, for the same writer and for a new one."""
    answer = batch([page_views(5), page_views(6, DAY - ONE_DAY), clicks("1_1", 7)], [post("1_1")])
    writer = office.writer()
    assert numbers(writer.save([answer])) == (3, 0, 0)
    before = office.counts(), office.readings()
    for again in (writer, office.writer()):
        saved = again.save([answer])
        assert numbers(saved) == (0, 0, 3)
        assert saved.posts_new == 0
    after = office.counts(), office.readings()
    assert after[1] == before[1]
    assert after[0] == before[0] | {"fetches": 3}


def test_an_answer_twice_in_one_transaction(office: Office) -> None:
    """A1: a repeated answer, and a reading repeated inside one, count once."""
    answer = batch([page_views(5), page_views(5)])
    assert numbers(office.writer().save([answer, answer])) == (1, 0, 1)
    assert office.counts()["metric_revisions"] == 0


def test_a_restated_value_keeps_the_old_one(office: Office) -> None:
    """A13, A14: the new value, the old one, and which fetch brought each."""
    writer = office.writer()
    writer.save([batch([page_views(5)])])
    assert numbers(writer.save([batch([page_views(8)])])) == (0, 1, 0)
    first, second = (row[0] for row in office.rows("SELECT id FROM fetches ORDER BY id"))
    assert [
        (number(value), fetch) for value, fetch in office.rows("SELECT metric_value, fetch_id FROM engagement_metrics")
    ] == [(8, second)]
    revisions = office.rows("SELECT metric_value, fetch_id, replaced_by_fetch_id FROM metric_revisions")
    assert [(number(value), *fetches) for value, *fetches in revisions] == [(5, first, second)]


def test_a_value_restated_twice_keeps_both(office: Office) -> None:
    """A13: each value that ever stood is kept, also one that comes back, also inside one transaction."""
    writer = office.writer()
    writer.save([batch([page_views(5)])])
    writer.save([batch([page_views(8)]), batch([page_views(5)])])
    writer.save([batch([page_views(5)])])
    first, second, third, _ = (row[0] for row in office.rows("SELECT id FROM fetches ORDER BY id"))
    revisions = office.rows(
        "SELECT metric_value, fetch_id, replaced_by_fetch_id FROM metric_revisions ORDER BY replaced_by_fetch_id"
    )
    assert [(number(value), *fetches) for value, *fetches in revisions] == [(5, first, second), (8, second, third)]
    assert list(office.readings().values()) == [5]


@pytest.mark.parametrize(
    "values", [(3, 0.1, 12.75), (0.1, 3, 0), (2**53 + 1, 1.0, 0.30000000000000004), (2**63 - 1, 0.5, 7)]
)
def test_counts_and_decimals_together(office: Office, values: tuple[float, ...]) -> None:
    """A17: whole numbers and decimals of one answer come back exactly as they were, and equal themselves next time."""
    readings = [page_views(value, DAY - index * ONE_DAY) for index, value in enumerate(values)]
    writer = office.writer()
    assert numbers(writer.save([batch(readings)])) == (3, 0, 0)
    assert numbers(writer.save([batch(readings)])) == (0, 0, 3)
    assert [office.readings()[None, "page_views_total", "day", "", r.day] for r in readings] == list(values)


def test_many_revisions_of_mixed_kinds(office: Office) -> None:
    """A17: revisions of integers by decimals and the other way round."""
    writer = office.writer()
    writer.save([batch([page_views(1), page_views(1.5, DAY - ONE_DAY)])])
    assert numbers(writer.save([batch([page_views(2.5), page_views(2, DAY - ONE_DAY)])])) == (0, 2, 0)
    assert sorted(number(row[0]) for row in office.rows("SELECT metric_value FROM metric_revisions")) == [1, 1.5]


def test_series_are_kept_apart(office: Office) -> None:
    """A2, A4: account and post, day and lifetime, total and part are series of their own."""
    name = "page_media_view"
    readings = [
        Reading(None, name, Period.DAY, "", DAY, 1),
        Reading(None, name, Period.WEEK, "", DAY, 2),
        Reading(None, name, Period.DAY, "is_from_ads=1", DAY, 3),
        Reading("1_1", name, Period.DAY, "", DAY, 4),
        Reading("1_2", name, Period.DAY, "", DAY, 5),
    ]
    office.writer().save([batch(readings, [post("1_1"), post("1_2")])])
    assert sorted(office.readings().values()) == [1, 2, 3, 4, 5]
    assert office.counts()["metric_series"] == 5


def test_accounts_share_metrics_and_nothing_else(office: Office) -> None:
    """A3: the same metric on two accounts is two series; a post belongs to the account that listed it first."""
    other = office.new_account(office.new_client())
    answer = batch([page_views(5), clicks("1_1", 1)], [post("1_1")])
    office.writer().save([answer])
    saved = office.writer(account=other).save([answer])
    assert (numbers(saved), saved.quarantined) == ((1, 0, 0), 1)
    own = batch([clicks("2_1", 1)], [post("2_1")])
    assert numbers(office.writer(account=other).save([own])) == (1, 0, 0)
    assert office.counts() | {"fetches": 0} == {
        "fetches": 0,
        "posts": 2,
        "metrics": 2,
        "metric_series": 4,
        "engagement_metrics": 4,
        "metric_revisions": 0,
        "quarantined_items": 1,
    }


def test_metrics_are_classified_once(office: Office) -> None:
    """A7: by the catalogue; a name that it does not hold is stored as unclassified and reported, the first time."""
    unheard = Reading(None, "page_unheard_of", Period.DAY, "", DAY, 1)
    level = Reading(None, "page_follows", Period.DAY, "", DAY, 100)
    writer = office.writer()
    actions = Reading(None, "page_total_actions", Period.DAY, "", DAY, 2)
    views = Reading(None, "page_media_view", Period.DAY, "", DAY, 9)
    saved = writer.save([batch([actions, unheard, level, views])])
    assert saved.unclassified == {"page_unheard_of"}
    assert dict(office.rows("SELECT metric_name, classification FROM metrics")) == {
        "page_total_actions": "algorithm_independent",
        "page_unheard_of": "unclassified",
        "page_follows": "level",
        "page_media_view": "algorithm_dependent",
    }
    assert writer.save([batch([unheard])]).unclassified == set()


def test_account_total_is_in_step(office: Office) -> None:
    """J8: counts what is stored, and its newest day, whatever the order in which days come."""

    def total() -> Any:
        return office.rows("SELECT readings, latest_metric_date FROM account_totals")

    writer = office.writer()
    writer.save([batch([page_views(5)])])
    writer.save([batch([page_views(5, DAY - ONE_DAY), page_views(6, DAY - 2 * ONE_DAY)])])
    assert [(count, day_of(day)) for count, day in total()] == [(3, DAY)]
    writer.save([batch([page_views(50), page_views(7, DAY + ONE_DAY)])])
    assert [(count, day_of(day)) for count, day in total()] == [(4, DAY + ONE_DAY)]
    assert office.counts()["engagement_metrics"] == 4


def test_an_answer_keeps_where_it_came_from(office: Office) -> None:
    """A14: request, version, hash and, while wanted, the body; a reading names its fetch."""
    office.writer().save([Batch([page_views(1)], [], [], [], source(b'{"data":[]}'))])
    office.writer(keep=False).save([Batch([], [], [], [], source(b"other"))])
    kept, dropped = office.rows("SELECT id, subject, request, api_version, body FROM fetches ORDER BY id")
    assert kept[1:4] == ("page_insights", "GET /1/insights?metric=x", "v22.0")
    assert zlib.decompress(bytes(kept[4])) == b'{"data":[]}'
    assert dropped[4] is None
    assert office.one("SELECT fetch_id FROM engagement_metrics") == kept[0]


def test_oddities_are_set_aside(office: Office) -> None:
    """A16: with their reason, cut to what the columns hold."""
    odd = RejectedItem("9" * 200, "m" * 300, "no number", "x" * 900)
    assert office.writer().save([batch([page_views(1)], rejected_items=[odd])]).quarantined == 1
    (row,) = office.rows("SELECT object_id, metric_name, excerpt FROM quarantined_items")
    assert [len(part) for part in row] == [80, 200, 500]
