"""The audience through the API: asked as Meta wants it, added rightly, and measured against ideal customers."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.analytics.collector.conftest import AppState, HouseMaker
from tests.analytics.collector.conftest import make_house as make_house  # noqa: PLC0414 - a fixture of this folder too
from tests.conftest import YESTERDAY, Api, Filling, QueryCounter, plain_settings

from sophia.analytics.audience.queries import NOT_AVAILABLE, NOT_REPORTED, client_audience
from sophia.demo.meta.world.objects import DEMOGRAPHICS
from sophia.main import create_app
from sophia.meta.reporting_zone import reporting_day

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WOMEN = {"genders": ["F"], "ages": {"youngest": 25, "oldest": 34}}


def api_of(house: AppState) -> Api:
    app = create_app(plain_settings(), house.database, clock=lambda: house.now)
    return Api(app, Filling(house.database).key())


def add_cells(filling: Filling, account: int, cells: dict[str, float], day: date, platform: str = "instagram") -> None:
    """Followers of an account by stored breakdowns, as they were read on a day."""
    fetch = filling.fetch(account)
    for breakdown, people in cells.items():
        metric = filling.metric(platform, "account", "follower_demographics", "lifetime", breakdown)
        filling.readings(account, filling.series(account, metric), {day: people}, fetch)


def parts(answer: dict[str, Any], dimension: str) -> dict[str, float]:
    (found,) = [one for one in answer["dimensions"] if one["dimension"] == dimension]
    return {one["value"]: one["people"] for one in found["parts"]}


@ON_SQLITE
def test_what_meta_was_asked_is_what_is_answered(make_house: HouseMaker) -> None:
    """H6, H7: collected from the simulated Meta, which gives nothing without breakdown; every cell equals its truth."""
    house = make_house(days=5, posts_per_account=1)
    house.collect()
    account = house.world.businesses[0].instagram
    (client,) = house.rows("SELECT client_id FROM accounts WHERE id = :id", id=house.account_ids[account.id])[0]
    api = api_of(house)
    assert api.ask("PUT", f"/{client}/ideal-customers/women", json=WOMEN).status_code == 200
    for audience, metric in (("followers", DEMOGRAPHICS[0]), ("engaged", DEMOGRAPHICS[1])):
        answers = api.get(f"/{client}/audience?audience={audience}").json()["accounts"]
        (found,) = [one for one in answers if one["platform"] == "instagram"]
        assert found["day"] == str(reporting_day(house.now))
        for dimension in ("age", "gender", "country", "city"):
            truth = house.truth.demographics(account, metric, (dimension,), house.now)
            assert parts(found, dimension) == {value: people for (value,), people in truth.items()}, dimension
        both = house.truth.demographics(account, metric, ("age", "gender"), house.now)
        cells = {
            (c["dimensions"]["age"], c["dimensions"]["gender"]): c["people"]
            for c in found["cells"]
            if len(c["dimensions"]) == 2
        }
        assert cells == both
        (fit,) = found["fits"]
        women, known = (sum(n for (_, g), n in both.items() if g in genders) for genders in ("F", "FM"))
        assert fit["gender"]["value"] == pytest.approx(100 * women / known)
        assert fit["place"]["reason"] == "The target audience does not restrict this."
    page = next(one for one in answers if one["platform"] == "facebook")
    assert (page["cells"], page["reason"]) == ([], NOT_AVAILABLE)
    places = next(one for one in api.get(f"/{client}/audience").json()["accounts"] if one["platform"] == "facebook")
    assert {one["dimension"] for one in places["dimensions"]} == {"country", "city"}


def test_only_cells_of_one_day_are_told(api: Api, filling: Filling) -> None:
    """H7, A12: a city that left the list is not told with those of today; who is not listed is unknown and not nobody."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    add_cells(filling, account, {"city=York, England": 9, "city=Toronto, Ontario": 1}, YESTERDAY - timedelta(days=7))
    add_cells(filling, account, {"city=New York, New York": 60, "city=Leeds, England": 20}, YESTERDAY)
    add_cells(
        filling, account, {"age=25-34,gender=F": 70, "age=25-34,gender=M": 20, "age=25-34,gender=U": 10}, YESTERDAY
    )
    filling.daily(account, "followers_count", {YESTERDAY - timedelta(days=1): 90, YESTERDAY: 100}, "instagram")
    (found,) = api.get(f"/{client}/audience").json()["accounts"]
    assert parts(found, "city") == {"New York, New York": 60, "Leeds, England": 20}
    assert parts(found, "age") == {"25-34": 100}
    assert parts(found, "gender") == {"F": 70, "M": 20, "U": 10}
    unknown = {one["dimension"]: one["unknown"]["value"] for one in found["dimensions"]}
    assert unknown == {"age": 0.0, "gender": 10.0, "city": 20.0}
    assert found["everybody"] == 100


@ON_SQLITE
def test_how_it_fits(api: Api, filling: Filling) -> None:
    """H8, H9: exact places, ages pro rata, and what is not known has a reason and no part in the mean."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    add_cells(filling, account, {"city=New York, New York": 60, "city=York, England": 40}, YESTERDAY)
    add_cells(
        filling, account, {"age=25-34,gender=F": 70, "age=25-34,gender=M": 20, "age=25-34,gender=U": 10}, YESTERDAY
    )
    for name, body in (
        ("York", {"places": ["York"]}),
        ("two years", {"ages": {"youngest": 25, "oldest": 26}}),
        ("Germans", {"countries": ["Germany"], "genders": ["F"]}),
    ):
        assert api.ask("PUT", f"/{client}/ideal-customers/{name}", json=body).status_code == 200
    (found,) = api.get(f"/{client}/audience").json()["accounts"]
    fits = {one["name"]: one for one in found["fits"]}
    assert fits["York"]["place"]["value"] == 40.0
    assert fits["two years"]["age"]["value"] == pytest.approx(20.0)
    germans = fits["Germans"]
    assert (germans["country"]["value"], germans["country"]["reason"][:12]) == (None, "Meta reports")
    assert (germans["overall"]["value"], germans["overall"]["n"]) == (pytest.approx(100 * 70 / 90), 1)


def test_a_profile_is_kept_once(api: Api, filling: Filling) -> None:
    """H9: PUT replaces by name and never by accident: another name, or another client's, is another profile."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    path = f"/{client}/ideal-customers/young%20families"
    made = api.ask("PUT", path, json=WOMEN | {"countries": ["Germany", "de", "CA"]})
    assert (made.status_code, made.json()["countries"], made.json()["name"]) == (200, ["CA", "DE"], "young families")
    again = api.ask("PUT", path, json=WOMEN | {"countries": ["CA", "DE"]}).json()
    assert again == made.json()
    changed = api.ask("PUT", path, json={"ages": {"youngest": 40}}).json()
    assert (changed["ages"], changed["countries"]) == ({"youngest": 40, "oldest": None}, [])
    assert api.get(path).json() == changed
    api.ask("PUT", f"/{client}/ideal-customers/men", json={"genders": ["M"]})
    assert [one["name"] for one in api.get(f"/{client}/ideal-customers").json()] == ["men", "young families"]
    assert api.get(f"/{other}/ideal-customers").json() == []
    assert api.get(path, key=filling.key(other)).status_code == 404
    theirs = path.replace(f"/{client}/", f"/{other}/")
    assert api.ask("DELETE", theirs).status_code == 404
    assert api.ask("PUT", theirs, json=WOMEN).json()["countries"] == []
    assert api.ask("DELETE", path).status_code == 204
    assert api.ask("DELETE", path).status_code == 404
    assert api.get(path).status_code == 404
    assert api.get(theirs).json()["ages"] == WOMEN["ages"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"ages": {"youngest": 40, "oldest": 30}}, "the lower first"),
        ({"ages": {"youngest": 5}}, "must be between 13"),
        ({"countries": ["Germ"]}, "is no country"),
        ({"countries": ["EU"]}, "is no country"),
        ({"places": ["\u00a0"]}, "has no name"),
        ({"genders": ["X"]}, "Input should be"),
        ({}, "must have a criterion"),
        ({"persona": "young"}, "not permitted"),
    ],
)
def test_what_cannot_be_wanted(api: Api, filling: Filling, body: dict[str, Any], said: str) -> None:
    """H8, H9: 422 with a sentence that says what to do, and nothing is kept."""
    client = filling.client("Hats")
    answer = api.ask("PUT", f"/{client}/ideal-customers/a", json=body)
    assert answer.status_code == 422
    assert said in answer.text
    assert api.get(f"/{client}/ideal-customers").json() == []
    assert api.ask("PUT", f"/{client}/ideal-customers/a%20%20b", json=WOMEN).status_code == 422


@ON_SQLITE
def test_a_client_without_anything(api: Api, filling: Filling) -> None:
    """A12, H9: no account, no answer of Meta's, no profile: each said, none of them 0."""
    client = filling.client("Hats")
    assert api.get(f"/{client}/audience").json()["accounts"] == []
    filling.account(client, "instagram")
    (found,) = api.get(f"/{client}/audience").json()["accounts"]
    assert (found["day"], found["dimensions"], found["fits"], found["reason"]) == (None, [], [], NOT_REPORTED)
    (found,) = api.get(f"/{client}/audience?audience=reached").json()["accounts"]
    assert "SOPHIA_ASK_ALSO names reached_audience_demographics" in found["reason"]
    api.ask("PUT", f"/{client}/ideal-customers/a", json=WOMEN)
    (found,) = api.get(f"/{client}/audience").json()["accounts"]
    assert found["fits"][0]["overall"]["value"] is None


@ON_SQLITE
def test_a_number_of_queries_that_does_not_grow(filling: Filling) -> None:
    """H6, J9: three, with one account of one cell and with three of many."""
    client = filling.client("Hats")

    def asked() -> int:
        with QueryCounter(filling.database) as counter, filling.database.read() as session:
            client_audience(session, client, "followers")
        return counter.count

    add_cells(filling, filling.account(client, "instagram"), {"country=DE": 5}, YESTERDAY)
    before = asked()
    for _ in range(2):
        cells = {f"country={code}": 5.0 for code in ("DE", "CA", "FR", "IT")}
        add_cells(filling, filling.account(client, "instagram"), cells, YESTERDAY)
    assert asked() == before <= 4
