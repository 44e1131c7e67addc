"""Costs, goals and annotations through the API: told once, taken back, and still there in reports of the past."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.analytics.reports.conftest import MONDAY, WEEK, Agency, agency, counters, each_day, furnish
from tests.conftest import (
    NOW,
    ON_BOTH,
    ON_POSTGRESQL_BY_HAND,
    ONE_DAY,
    YESTERDAY,
    Api,
    Filling,
    plain_settings,
    store_of,
)

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.conversions.models import MarketingCost
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.readings.models import MetricSeries, StoredMetric
from sophia.database.engine import Database
from sophia.main import create_app
from sophia.portfolio.models import ApprovalEvent

__all__ = ["agency"]

SUNDAY = WEEK.end - ONE_DAY
A_WEEK = {"start_date": str(MONDAY), "end_date": str(SUNDAY)}
COST = {"start_date": "2026-11-01", "end_date": "2026-11-30", "amount": "300.00", "currency": "CAD", "purpose": "Ads"}
LATER = NOW + timedelta(days=2)


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/goals/test_router.py -m campaign`, but for what says that it wants both."""
    return store_of(request)


def later(api: Api, filling: Filling) -> Api:
    """The same API two days later."""
    return Api(create_app(plain_settings(), filling.database, clock=lambda: LATER), api.key)


def counted(filling: Filling, model: Any) -> int:
    with filling.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def sale(api: Api, client: int, customer: str, day: str, amount: str = "50.00") -> None:
    event = {"event_type": "conversion", "source": "shop", "event_date": day, "customer_key": customer}
    money = {"revenue_amount": amount, "currency": "CAD"}
    assert api.post(f"/{client}/conversion", event | money).status_code == 201


def decide(filling: Filling, draft: int, *kinds: str) -> None:
    """What happened to a draft, hour by hour, on the week's Tuesday."""
    for hour, kind in enumerate(kinds):
        at = NOW.replace(day=10, hour=hour)
        filling.add(ApprovalEvent(draft_id=draft, kind=kind, version=1, actor="Ada", happened_at=at))


# -- costs -------------------------------------------------------------------------------------------------------------


@ON_BOTH
def test_a_customer_costs_something_only_with_a_cost(api: Api, filling: Filling) -> None:
    """G15, J5: told twice it counts once; the week has seven thirtieths; two of three customers are new."""
    client = filling.client("Hats")
    sale(api, client, "ann", "2026-10-01")
    for customer in ("ann", "bob", "cid"):
        sale(api, client, customer, str(MONDAY))
    path = f"/{client}/report?start_date={MONDAY}&end_date={SUNDAY}"
    bare = api.get(path).json()["kpis"]
    assert (bare["customer_acquisition_cost"]["value"], bare["new_customers"]["value"]) == (None, 2)
    assert "cost" in bare["customer_acquisition_cost"]["reason"]
    assert bare["revenue_per_customer"]["value"] == "50.00"
    made = api.post(f"/{client}/costs", COST)
    again = api.post(f"/{client}/costs", COST)
    assert (made.status_code, again.status_code, made.json()) == (201, 200, again.json())
    assert made.json()["amount"] == "300.00"
    kpis = api.get(path).json()["kpis"]
    assert (kpis["marketing_cost"]["value"], kpis["customer_acquisition_cost"]["value"]) == ("70.00", "35.00")
    assert kpis["customer_acquisition_cost"]["currency"] == "CAD"
    funnel = api.get(f"/{client}/funnel", params=A_WEEK).json()
    assert funnel["customer_acquisition_cost"]["value"] == "35.00"
    after = later(api, filling)
    cost = f"/{client}/costs/{made.json()['id']}"
    assert [after.ask("DELETE", cost).status_code for _ in range(2)] == [204, 404]
    assert after.get(f"/{client}/costs").json() == []
    assert after.get(path).json()["kpis"]["customer_acquisition_cost"]["value"] is None
    then = after.get(f"{path}&as_of=2026-11-22T12:00:00Z").json()["kpis"]
    assert then["customer_acquisition_cost"]["value"] == "35.00"
    assert counted(filling, MarketingCost) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "-1"},
        {"amount": "1.005"},
        {"amount": "NaN"},
        {"currency": "XYZ"},
        {"purpose": " "},
        {"end_date": "2026-10-31"},
        {"end_date": "2028-10-31"},
        {"end_date": None},
    ],
)
def test_costs_that_cannot_be(api: Api, filling: Filling, wrong: dict[str, Any]) -> None:
    """G17, J3: refused with what to do; nothing is kept."""
    client = filling.client("Hats")
    answer = api.post(f"/{client}/costs", COST | wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert counted(filling, MarketingCost) == 0


# -- decisions on drafts -----------------------------------------------------------------------------------------------


def test_how_drafts_fare(api: Api, filling: Filling) -> None:
    """G5, G6: per draft the last decision counts, in the client's own days; edits and regenerations are counted apart."""
    client = filling.client("Hats", timezone="America/Toronto")
    decide(filling, filling.draft(client), "created", "edited", "edited", "approved", "rejected", "edited", "approved")
    decide(filling, filling.draft(client), "created", "regenerated", "rejected")
    decide(filling, filling.draft(client), "created", "edited")
    late = filling.draft(client)
    # 22:00 on Sunday in Toronto, Monday in UTC.
    at = NOW.replace(day=16, hour=3)
    filling.add(ApprovalEvent(draft_id=late, kind="approved", version=1, actor="Ada", happened_at=at))
    path = f"/{client}/report?start_date={MONDAY}&end_date={SUNDAY}"
    kpis = api.get(path).json()["kpis"]
    assert kpis["approval_rate"]["value"] == pytest.approx(200 / 3)
    assert kpis["rejection_rate"]["value"] == pytest.approx(100 / 3)
    assert (kpis["approval_rate"]["n"], kpis["edit_rate"]["value"]) == (3, pytest.approx(100 / 3))
    assert (kpis["edits_per_draft"]["value"], kpis["regenerations_per_draft"]["value"]) == (1.0, pytest.approx(1 / 3))
    before = api.get(f"{path}&as_of=2026-11-16T02:59:00Z").json()["kpis"]
    assert (before["approval_rate"]["value"], before["approval_rate"]["n"]) == (50.0, 2)
    none = api.get(f"/{client}/report?start_date=2026-10-05&end_date=2026-10-11").json()["kpis"]
    assert (none["approval_rate"]["value"], none["approval_rate"]["n"]) == (None, 0)


# -- goals -------------------------------------------------------------------------------------------------------------


def goal(kpi: str, target: float, **more: Any) -> dict[str, Any]:
    return {"kpi": kpi, "target": target, "start_date": str(MONDAY), "end_date": "2026-11-22"} | more


def test_a_follower_goal_without_a_known_start_shows_the_followers(api: Api, agency: Agency) -> None:
    """L28, L29: collected for the first time after the goal began: the goal and the report show today's 2,050 followers."""
    client, account = agency.client("Hats")
    agency.days(account, "followers_count", {YESTERDAY: 2050})
    assert (
        api.ask("PUT", f"/{client}/goals/Fans", json=goal("followers", 2200, end_date="2026-11-30")).status_code == 201
    )
    fans = api.get(f"/{client}/goals/Fans").json()
    assert (fans["base"], fans["current"]["value"], fans["standing"]) == (None, 2050, "not known")
    assert fans["pace"]["reason"] == "Followers at the goal's start are unknown, so there is no pace."
    report = api.get(f"/{client}/report?start_date={MONDAY}&end_date={SUNDAY}").json()
    (reported,) = report["goals"]
    assert reported["current"]["value"] == 2050
    assert reported["current"]["late"] == {"day": str(YESTERDAY), "is_young": True}
    texts = [sentence["text"] for sentence in report["commentary"]]
    assert (
        "Goal Fans (followers): 2,050 of 2,200 so far. Followers at the goal's start are unknown, so there is no pace."
        in texts
    )


def test_a_goal_and_its_pace(api: Api, agency: Agency) -> None:
    """G4, H12: views of thirteen of fourteen days, a level of followers, a rate; in the list, the report and the brief."""
    client, account = furnish(agency)
    filling = agency.filling
    with filling.database.read() as session:
        views_series = select(MetricSeries.id).filter_by(account_id=account, post_id=None)
        series = session.scalars(views_series.join(StoredMetric).where(StoredMetric.metric_name == "views")).one()
    days = {WEEK.end + index * ONE_DAY: 500.0 for index in range(6)}
    filling.readings(account, series, days, filling.fetch(account))
    base = f"/{client}/goals"
    assert api.ask("PUT", f"{base}/Views of November", json=goal("views", 14_000)).status_code == 201
    assert api.ask("PUT", f"{base}/Fans", json=goal("followers", 2200, end_date=str(SUNDAY))).status_code == 201
    rate = goal("engagement_rate_by_reach", 4.5, end_date=str(SUNDAY))
    assert api.ask("PUT", f"{base}/Rate", json=rate).status_code == 201
    views = api.get(f"{base}/Views of November").json()
    assert (views["current"]["value"], views["kind"], views["standing"]) == (6500, "total", "behind")
    assert views["done"]["value"] == pytest.approx(100 * 6500 / 14_000)
    assert views["pace"]["value"] == pytest.approx(50.0)
    assert views["projected"]["value"] == pytest.approx(7000)
    report = api.get(f"/{client}/report?start_date={MONDAY}&end_date={SUNDAY}").json()
    found = {one["name"]: one for one in report["goals"]}
    assert (found["Views of November"]["current"]["value"], found["Views of November"]["pace"]["value"]) == (3500, 50.0)
    fans = found["Fans"]
    assert (fans["base"], fans["current"]["value"], fans["done"]["value"], fans["standing"]) == (
        2000,
        2100,
        50,
        "missed",
    )
    assert (found["Rate"]["current"]["value"], found["Rate"]["standing"]) == (5.0, "reached")
    texts = [one["text"] for one in report["commentary"]]
    assert "Goal Fans (followers): missed, 2,100 of 2,200." in texts
    assert "Goal Rate (engagement rate by reach, end of period): reached, 5.00 % of 4.50 %." in texts
    (brief,) = [one for one in api.get("/portfolio/brief").json()["clients"] if one["client_id"] == client]
    assert [one["code"] for one in brief["reasons"]].count("goal") == 2
    assert [one["name"] for one in brief["goals"]] == [one["name"] for one in report["goals"]]


@ON_BOTH
def test_a_goal_is_set_changed_and_given_up(api: Api, filling: Filling) -> None:
    """J5: the same twice is one; what it was before stays in reports of the past, to the digit."""
    client, path = filling.client("Hats"), "/{}/goals/Sales"
    path = path.format(client)
    sale(api, client, "ann", str(MONDAY))
    body = goal("conversions", 2)
    statuses = [api.ask("PUT", path, json=body).status_code for _ in range(2)]
    assert (statuses, counted(filling, ClientGoal)) == ([201, 200], 1)
    report = f"/{client}/report?start_date={MONDAY}&end_date={SUNDAY}"
    then = api.get(report).json()["goals"]
    assert [(one["target"], one["current"]["value"], one["standing"]) for one in then] == [(2.0, 1, "on pace")]
    after = later(api, filling)
    changed = after.ask("PUT", path, json=goal("revenue", 60))
    assert (changed.status_code, changed.json()["current"]["value"], changed.json()["standing"]) == (
        200,
        "50.00",
        "missed",
    )
    assert after.get(f"{report}&as_of=2026-11-22T12:00:00Z").json()["goals"] == then
    assert [one["kpi"] for one in after.get(report).json()["goals"]] == ["revenue"]
    assert [after.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert (after.get(f"/{client}/goals").json(), after.get(path).status_code) == ([], 404)
    # Set, given up and set at one moment.
    assert after.ask("PUT", path, json=goal("posts", 3)).status_code == 201
    assert after.get(path).json()["target"] == 3.0
    assert after.get(f"{report}&as_of=2026-11-22T12:00:00Z").json()["goals"] == then


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (goal("reach", 5), "Choose one of"),
        (goal("views", 0), "above 0"),
        (goal("views", 5, at_most=True), "rate"),
        (goal("views", 5, end_date="2026-11-01"), "1 to 731 days"),
        (goal("views", 5, end_date="2029-11-01"), "731"),
        (goal("views", 1e308), "1,000,000,000,000,000"),
        ({"kpi": "views"}, "target"),
        (goal("views", 5, start_date="soon"), "2026-02-28"),
    ],
)
def test_goals_that_cannot_be(api: Api, filling: Filling, body: dict[str, Any], said: str) -> None:
    """J3: 422 with a sentence that says what would do."""
    client = filling.client("Hats")
    answer = api.ask("PUT", f"/{client}/goals/x", json=body)
    assert answer.status_code == 422
    assert said in answer.text
    assert counted(filling, ClientGoal) == 0


def test_goals_have_an_end(api: Api, filling: Filling) -> None:
    """A client has twenty at most; replacing one needs no room."""
    client = filling.client("Hats")
    codes = [api.ask("PUT", f"/{client}/goals/g{n}", json=goal("posts", 5)).status_code for n in range(21)]
    assert codes == [201] * 20 + [409]
    assert api.ask("PUT", f"/{client}/goals/g0", json=goal("posts", 6)).status_code == 200


def test_a_goal_of_the_future_is_not_known(api: Api, filling: Filling) -> None:
    """A12: before its first day is over there is no pace, and the reason."""
    client = filling.client("Hats")
    body = goal("posts", 5, start_date="2026-12-01", end_date="2026-12-31")
    found = api.ask("PUT", f"/{client}/goals/December", json=body).json()
    assert (found["standing"], found["current"]["value"], found["pace"]["value"]) == ("not known", None, None)
    assert "not over" in found["current"]["reason"]


# -- annotations -------------------------------------------------------------------------------------------------------


def test_what_somebody_knows_of_a_day(api: Api, agency: Agency) -> None:
    """H12, J5: written once with the key's name; in report, trends and brief; taken back it stays in the past."""
    filling = agency.filling
    client, _ = furnish(agency)
    note = {"day": str(MONDAY), "text": "A fair in  the town"}
    path = f"/{client}/annotations"
    key = filling.key(client, name="Fiona")
    made, again = (api.post(path, note, key=key) for _ in range(2))
    assert (made.status_code, again.status_code, made.json()) == (201, 200, again.json())
    assert (made.json()["text"], made.json()["author"]) == ("A fair in the town", "key Fiona")
    assert api.post("/portfolio/annotations", {"day": str(SUNDAY), "text": "A holiday"}).status_code == 201
    assert api.post("/portfolio/annotations", note, key=key).status_code == 403
    assert [one["text"] for one in api.get("/portfolio/annotations", key=key).json()] == ["A holiday"]
    report = f"/{client}/report?start_date={MONDAY}&end_date={SUNDAY}"
    told = ["A fair in the town", "A holiday"]
    assert [one["text"] for one in api.get(report).json()["annotations"]] == told
    assert f"Annotation of {MONDAY}: A fair in the town" in [
        one["text"] for one in api.get(report).json()["commentary"]
    ]
    assert [one["text"] for one in api.get(f"/{client}/kpis?weeks=2").json()["annotations"]] == told
    brief = api.get("/portfolio/brief").json()
    assert [one["text"] for one in brief["annotations"]] == ["A holiday"]
    assert [len(one["annotations"]) for one in brief["clients"] if one["client_id"] == client] == [1]
    assert api.get(f"{path}?start_date={SUNDAY}").json()[0]["text"] == "A holiday"
    after = later(api, filling)
    number, common = (one["id"] for one in after.get(report).json()["annotations"])
    assert after.ask("DELETE", f"{path}/{common}").status_code == 404
    assert [after.ask("DELETE", f"{path}/{number}").status_code for _ in range(2)] == [204, 404]
    assert after.ask("DELETE", f"/portfolio/annotations/{common}").status_code == 204
    assert after.get(path).json() == []
    then = after.get(f"{report}&as_of=2026-11-22T12:00:00Z").json()
    assert [one["text"] for one in then["annotations"]] == told
    assert counted(filling, Annotation) == 2


def test_what_belongs_to_others(api: Api, filling: Filling) -> None:
    """D3, D4: costs, goals and annotations of another client are not there."""
    mine, theirs = filling.client("Hats"), filling.client("Shoes")
    cost = api.post(f"/{theirs}/costs", COST).json()["id"]
    note = api.post(f"/{theirs}/annotations", {"day": str(YESTERDAY), "text": "Secret"}).json()["id"]
    api.ask("PUT", f"/{theirs}/goals/Secret", json=goal("posts", 1))
    key = filling.key(mine)
    for method, path in (
        ("DELETE", f"/{mine}/costs/{cost}"),
        ("DELETE", f"/{mine}/annotations/{note}"),
        ("GET", f"/{mine}/goals/Secret"),
        ("DELETE", f"/{mine}/goals/Secret"),
        ("GET", f"/{theirs}/goals"),
        ("GET", f"/{theirs}/costs"),
        ("GET", f"/{theirs}/annotations"),
    ):
        assert api.ask(method, path, key=key).status_code == 404, path
    assert "Secret" not in api.get(f"/{mine}/annotations", key=key).text
    assert "Secret" not in api.get("/portfolio/annotations").text
    assert "Secret" not in api.get("/portfolio/brief", key=key).text


def test_a_post_of_a_goal(api: Api, agency: Agency) -> None:
    """A2: engagements of the goal's days, each post by its last snapshot in them."""
    client, account = agency.client("Hats")
    agency.days(account, "views", each_day(WEEK, 1))
    agency.post(account, MONDAY, counters(100, 5), MONDAY + ONE_DAY)
    agency.post(account, MONDAY + ONE_DAY, counters(100, 15), MONDAY + 2 * ONE_DAY)
    found = api.ask("PUT", f"/{client}/goals/E", json=goal("engagements", 80, end_date=str(SUNDAY))).json()
    assert (found["current"]["value"], found["standing"]) == (40, "missed")
