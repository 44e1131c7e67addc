"""Rates of few events or few followers are marked, and their changes too."""

import pytest
from tests.analytics.invented import GRAM, client, numbers, post

from sophia.analytics.conversions.commerce import conversion_rate
from sophia.analytics.figures.documents import figure_document, figure_of
from sophia.analytics.figures.facts import ConversionFact, FollowerLevels
from sophia.analytics.figures.figures import FigureUnit, change, figure, mark_small_events, percent
from sophia.analytics.kpis.kpis import KPIS, compute_kpis


@pytest.mark.parametrize(
    ("likes", "small"), [(12, "Small base: 12 interactions."), (29, "Small base: 29 interactions."), (30, None)]
)
def test_rates_of_fewer_than_thirty_interactions_are_marked(likes: int, small: str | None) -> None:
    kpis = compute_kpis(client(posts=(post(1, numbers(1000, likes)),)))
    for name in (
        "engagement_rate_by_reach",
        "mean_engagement_rate_by_reach",
        "engagement_rate_by_followers",
        "engagement_rate_by_views",
    ):
        assert kpis[name].small_base == small
    assert kpis["engagements"].small_base is None


def test_each_rate_names_what_it_counts() -> None:
    kpis = compute_kpis(client(posts=(post(1, numbers(1000, 500, shares=3, saved=40)),)))
    assert kpis["share_rate"].small_base == kpis["amplification_rate"].small_base == "Small base: 3 shares."
    assert kpis["save_rate"].small_base is None
    clicks = tuple(
        ConversionFact(event_id=index, event_type=kind, day=client().window.start)
        for index, kind in enumerate(["utm_click"] * 50 + ["conversion"] * 4)
    )
    assert conversion_rate(client(conversions=clicks, events_since=client().window.start)).small_base == (
        "Small base: 4 conversions."
    )


@pytest.mark.parametrize(("followers", "small"), [(87, "Small base: 87 followers."), (100, None)])
def test_rates_of_accounts_with_fewer_than_a_hundred_followers_are_marked(followers: int, small: str | None) -> None:
    levels = (FollowerLevels(GRAM, followers, followers + 10),)
    kpis = compute_kpis(client(posts=(post(1, numbers(9000, 400, shares=50, saved=60)),), followers=levels))
    rates = [kpi.name for kpi in KPIS if kpi.unit is FigureUnit.PERCENT and kpis[kpi.name].value is not None]
    assert {"engagement_rate_by_reach", "save_rate", "audience_growth"} <= set(rates)
    assert {kpis[name].small_base for name in rates} == {small}


def test_a_change_of_a_small_base_is_marked() -> None:
    small = mark_small_events(percent(12, 1000), 12, "interactions")
    large = percent(120, 1000)
    for pair in ((small, large), (large, small)):
        marked = change(*pair)
        assert marked.percent.small_base == marked.absolute.small_base == "Small base: 12 interactions."
    assert change(large, large).percent.small_base is None
    assert mark_small_events(figure(None, FigureUnit.PERCENT), 3, "shares").small_base is None


def test_marks_are_stored_without_loss() -> None:
    small = mark_small_events(percent(12, 1000), 12, "interactions")
    assert figure_of(figure_document(small)) == small
