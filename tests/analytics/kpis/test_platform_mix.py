"""Rates of two platforms: a change of the mix is no change of the rate."""

from dataclasses import replace

import pytest
from tests.analytics.invented import BOTH, GRAM, PAGE, client, numbers, page_post, post

from sophia.analytics.figures.ages import AGES
from sophia.analytics.figures.facts import AgedPosts, ClientWindow, FollowerLevels
from sophia.analytics.figures.figures import Change
from sophia.analytics.kpis.kpis import KPIS, MIXED_RATES, kpi_changes, platform_changes
from sophia.analytics.kpis.platform_mix import NO_SHARED_PLATFORM, SAME_MIX
from sophia.analytics.kpis.trends import MIXED, WeekPoint, trend, without_mixed_changes

WEEK_OLD = AGES["7d"]
RATE = "engagement_rate_by_reach"


def week(*, page: tuple[int, int] | None, gram: tuple[int, int] | None) -> ClientWindow:
    """One post on each platform with (reach, likes) at seven days of age."""
    posts = [
        *(
            []
            if page is None
            else [page_post(1, {"reach": page[0], "views": 2 * page[0], "likes": page[1], "comments": 0, "shares": 0})]
        ),
        *([] if gram is None else [post(2, numbers(gram[0], gram[1]))]),
    ]
    followers = (FollowerLevels(PAGE, 5000, 5000), FollowerLevels(GRAM, 1000, 1000))
    window = client(accounts=BOTH, posts=tuple(posts), followers=followers)
    return replace(window, at_ages={WEEK_OLD: AgedPosts(window.posts, frozenset())})


# Facebook: 1 % → 1.2 %; Instagram: 5 % → 5.5 %; and Facebook reaches nine times as many people as before.
BEFORE = week(page=(10_000, 100), gram=(10_000, 500))
NOW = week(page=(90_000, 1080), gram=(10_000, 550))


def rate(change: Change) -> tuple[float, float]:
    assert change.before.value is not None
    assert change.after.value is not None
    return float(change.before.value), float(change.after.value)


def test_both_platforms_rise_while_the_mixed_rate_falls() -> None:
    """3 % → 1.63 % mixed; with the mix of before 3 % → 3.35 %, as both platforms say."""
    (kpi,) = [kpi for kpi in KPIS if kpi.name == RATE]
    assert [kpi.compute(BEFORE).value, kpi.compute(NOW).value] == pytest.approx([3.0, 1.63])
    change = kpi_changes(NOW, BEFORE)[RATE]
    assert list(rate(change)) == pytest.approx([3.0, 3.35])
    assert change.percent.value == pytest.approx(100 * 0.35 / 3)
    assert (change.after.mix, change.before.mix, change.after.age_hours) == (SAME_MIX, SAME_MIX, 168)
    platforms = platform_changes(NOW, BEFORE)
    assert list(rate(platforms["facebook"][RATE])) == pytest.approx([1.0, 1.2])
    assert rate(platforms["instagram"][RATE]) == (5.0, 5.5)
    assert all(set(rates) == MIXED_RATES for rates in platforms.values())


@pytest.mark.parametrize(
    "name",
    sorted(
        MIXED_RATES
        - {
            "engagement_rate_at_24_hours",
            "engagement_rate_at_28_days",
            "click_through_rate",
            "share_rate",
            "amplification_rate",
        }
    ),
)
def test_a_standardised_change_lies_between_those_of_the_platforms(name: str) -> None:
    mixed = kpi_changes(NOW, BEFORE)[name]
    sides = [rate(changes[name]) for changes in platform_changes(NOW, BEFORE).values()]
    ratios = sorted(after / before for before, after in sides)
    before, after = rate(mixed)
    assert ratios[0] - 1e-9 <= after / before <= ratios[1] + 1e-9


def test_a_platform_without_posts_is_not_compared() -> None:
    """No Facebook post this week: the rate of Instagram is compared with that of Instagram."""
    change = kpi_changes(week(page=None, gram=(10_000, 550)), BEFORE)[RATE]
    assert (*rate(change), change.after.mix) == (5.0, 5.5, "on Instagram only")
    other = kpi_changes(week(page=None, gram=(10_000, 550)), week(page=(10_000, 100), gram=None))[RATE]
    assert (other.percent.value, other.percent.reason) == (None, NO_SHARED_PLATFORM)


def test_one_platform_has_no_mix() -> None:
    alone = replace(NOW, accounts={GRAM: BOTH[GRAM]}, posts=(), at_ages={})
    assert platform_changes(alone, alone) == {}
    silent = week(page=None, gram=(10_000, 550)), week(page=None, gram=(10_000, 500))
    assert kpi_changes(*silent)[RATE].after.mix is None


def test_trends_of_mixed_rates_have_no_changes() -> None:
    (kpi,) = [kpi for kpi in KPIS if kpi.name == "engagement_rate_at_7_days"]
    figures = [(window.window.start, kpi.compute(window)) for window in (NOW,)]
    weekly = without_mixed_changes(trend(figures, NOW.today, 2))
    assert isinstance(weekly.points[-1], WeekPoint)
    assert weekly.points[-1].figure.value == pytest.approx(1.63)
    assert (weekly.from_previous.percent.reason, weekly.falling, weekly.rising) == (MIXED, 0, 0)
