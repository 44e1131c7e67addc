"""How many calls a collection costs: over HTTP, and as Meta counts them."""

from datetime import timedelta

import pytest

from sophia.analytics.collector.plan import Plan
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.requests import Request

from .conftest import AppState, HouseMaker


def calls(house: AppState, *words: str) -> list[str]:
    """The calls since the last reset whose path or query has all the words."""
    said = [f"{call.method} {call.path}?{call.query}" for call in house.api.calls]
    return [one for one in said if all(word in one for word in words)]


def test_thousand_posts(make_house: HouseMaker) -> None:
    """B8, L1: a run that reads 1,000 posts of a Page costs 25 HTTP calls at most, 1,000 media, a third of them reels, 60;
    Meta counts no more than it did when several ids travelled in one request.
    """
    house = make_house(posts_per_account=1000)
    page, instagram = house.world.pages[0].id, house.world.instagram_accounts[0].id
    house.collect()
    house.now += timedelta(days=1)
    plan = Plan(trigger="daily", at_least=timedelta(days=730))
    (of_page,), (of_instagram,) = house.collect(page, plan=plan), house.collect(instagram, plan=plan)
    assert (of_page.status, of_instagram.status) == ("ok", "ok")
    assert of_page.calls <= 25
    assert of_page.calls_counted_by_meta <= 346
    assert of_instagram.calls <= 60
    assert of_instagram.calls_counted_by_meta <= 1731
    listed = house.rows("SELECT a.platform, count(*) FROM posts p JOIN accounts a ON a.id = p.account_id GROUP BY 1")
    counted = dict(listed)
    assert counted["facebook"] >= 1000 <= counted["instagram"]


LEGACY = ("ids=", ".as(", "date_format", "method=", "callback=", "is_async", "_method")


def test_no_legacy_features(make_house: HouseMaker) -> None:
    """L1: no several ids in one request, no field alias and no other feature that new applications may not use."""
    house = make_house(posts_per_account=20)
    sent: list[str] = []

    def note(request: Request) -> bool:
        sent.append(request.text)
        return False

    house.api.faults.append(Fault(".", when=note))
    house.collect()
    house.collect(plan=Plan(trigger="daily", comments_only=True))
    assert len(sent) > len(house.api.calls) > 50  # the items of batches too
    assert not [text for text in sent if any(word in text for word in LEGACY)]


def test_month_of_account_metrics(make_house: HouseMaker) -> None:
    """B2: a month of Page metrics costs 6 calls at most, a month of Instagram account metrics 40."""
    house = make_house()
    page, instagram = house.world.pages[0].id, house.world.instagram_accounts[0].id
    house.collect(initial_days=30)
    assert len(calls(house, f"/{page}/insights")) <= 6
    month = [one for one in calls(house, f"/{instagram}/insights") if "timeframe" not in one and "contact" not in one]
    assert len(month) <= 40


def test_daily_run(make_house: HouseMaker) -> None:
    """B7: an ordinary day costs an account 20 calls at most, posts and stories included."""
    house = make_house(posts_per_account=100)
    house.collect()
    house.now += timedelta(days=1)
    house.api.reset()
    outcomes = house.collect(plan=Plan(trigger="daily"))
    assert {outcome.status for outcome in outcomes} == {"ok"}
    assert max(outcome.calls for outcome in outcomes) <= 20
    assert sum(outcome.calls for outcome in outcomes) == len(house.api.calls)
    assert sum(outcome.calls_counted_by_meta for outcome in outcomes) == house.api.counted_calls


@pytest.mark.parametrize(
    ("hours", "deepest"), [(0.5, None), (2, "posts_1_day"), (7, "posts_3_days"), (25, "posts_28_days")]
)
def test_ladder(make_house: HouseMaker, hours: float, deepest: str | None) -> None:
    """B7: fresh posts are read often and old ones seldom; only posts of the age that is due are asked for."""
    house = make_house(posts_per_account=150)
    page = house.world.pages[0].id
    house.collect(page)
    house.now += timedelta(hours=hours)
    house.api.reset()
    house.collect(page, plan=Plan(at_least=None))
    walked = house.rows(
        "SELECT family FROM watermarks WHERE family LIKE 'posts%' AND updated_at = "
        "(SELECT max(updated_at) FROM watermarks WHERE family LIKE 'posts%') ORDER BY family"
    )
    if deepest is None:
        assert calls(house, "published_posts") == []
    else:
        assert len(calls(house, "published_posts")) == 1
        assert deepest in {row[0] for row in walked}
        assert "posts_all" not in {row[0] for row in walked}


def test_no_token_in_any_url(make_house: HouseMaker) -> None:
    """D2: tokens travel in a header; no URL that Meta saw, and no stored request, holds one."""
    house = make_house()
    house.collect()
    assert house.api.seen_secrets_in_urls == []
    tokens = [page.access_token for page in house.world.pages] + [house.world.app_secret]
    for (request,) in house.rows("SELECT request FROM fetches"):
        assert not any(token in request for token in tokens)
        assert "appsecret_proof" not in request


def test_hourly_look(make_house: HouseMaker) -> None:
    """B5, B7: between daily runs, stories and posts of the last days are read again, in small pages, and nothing else."""
    house = make_house(posts_per_account=150)
    house.collect()
    house.now += timedelta(hours=2)
    house.api.reset()
    outcomes = house.collect(plan=Plan(trigger="fresh", fresh_only=True, at_least=None))
    assert {outcome.status for outcome in outcomes} == {"ok"}
    assert calls(house, "published_posts", "limit=25")
    assert calls(house, "/media", "limit=25")
    assert calls(house, "/stories")
    assert not calls(house, "/insights?")
