"""Meta refuses a metric in words, languages and codes that no table knows; the parts of the request tell which it is.

The wordings are written for these tests. None of them is derived from the rules for errors.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.requests import Request
from sophia.meta.reporting_zone import reporting_day

from .conftest import AppState, HouseMaker
from .test_truth import truth_of

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MOST_EXTRA_CALLS = 12
INITIAL_DAYS = 4
TUESDAY = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)  # no week closes on the days that follow


class Wording(NamedTuple):
    """How Meta refuses a metric; {name} is its name, {other} that of a metric that lives."""

    code: int
    subcode: int | None
    message: str


class Place(NamedTuple):
    """A metric that one question asks, and the kinds of object of which it is asked."""

    platform: str
    metric: str
    other: str
    kinds: frozenset[str]


WORDINGS = {
    "incompatible": Wording(100, None, "(#100) Incompatible metric ({name}) with the media"),
    "deprecated": Wording(100, None, "(#100) The metric {name} has been deprecated."),
    "sunset": Wording(100, None, "This data point was sunset and cannot be delivered."),
    "french": Wording(10, None, "(#10) La statistique demandée n'est plus proposée pour ce type de contenu"),
    "german": Wording(3, None, "(#3) Diese Kennzahl steht Ihrer Anwendung nicht zur Verfügung"),
    "spanish": Wording(12, None, "(#12) «{name}» ya no está disponible"),
    "japanese": Wording(200, None, "(#200) この指標にはアクセスできません"),
    "number": Wording(3001, None, "Metric selection rejected (rule 17)"),
    "path": Wording(2500, None, "Unknown path components: /insights"),
    "list of valid names": Wording(100, None, "(#100) metric[0] must be one of the following values: {other}, reach"),
    "names another": Wording(100, None, "(#100) {other} cannot be combined with this selection"),
    "as a missing object": Wording(100, 33, "Unsupported get request. It does not exist or does not support this."),
    "new code": Wording(48_151, 623_42, "Nope."),
    "empty": Wording(100, None, ""),
}
# Meta's list of posts shows reels as videos.
PLACES = {
    "page": Place("facebook", "page_post_engagements", "page_media_view", frozenset({"page"})),
    "posts": Place("facebook", "post_clicks", "post_media_view", frozenset({"post", "video"})),
    "videos": Place("facebook", "post_video_views_15s", "post_video_views", frozenset({"video"})),
    "account": Place("instagram", "website_clicks", "profile_views", frozenset({"account"})),
    "media": Place("instagram", "saved", "likes", frozenset({"feed", "carousel", "reel"})),
    "reels": Place("instagram", "reels_skip_rate", "crossposted_views", frozenset({"reel"})),
    "not reels": Place("instagram", "profile_visits", "follows", frozenset({"feed", "carousel", "story"})),
}
EVERY_CASE = [(wording, place) for wording in WORDINGS for place in PLACES]
# Each wording somewhere, each place with two wordings; the others by hand.
IN_THE_SUITE = {(wording, list(PLACES)[index % len(PLACES)]) for index, wording in enumerate(WORDINGS)}
CASES = [
    pytest.param(*case, id="-".join(case), marks=[] if case in IN_THE_SUITE else pytest.mark.campaign)
    for case in EVERY_CASE
]


def refuse(house: AppState, metric: str, wording: Wording, other: str = "") -> None:
    """From now on Meta refuses whatever insights name this metric."""
    error = GraphError(wording.message.format(name=metric, other=other), wording.code, wording.subcode)
    name = re.compile(rf"\b{metric}\b")

    def names_it(request: Request) -> bool:
        return "insights" in request.text and name.search(request.text) is not None

    house.api.faults.append(Fault("^GET", status=400, body=error.body("ATrace"), when=names_it))


def collect_a_day_later(house: AppState, account: str) -> int:
    """Collect, and return how many HTTP calls it took."""
    house.now += timedelta(days=1)
    house.api.calls.clear()
    (outcome,) = house.collect(account, initial_days=INITIAL_DAYS)
    assert outcome.status == "ok", outcome.problems
    return outcome.calls


def expect_all_but(house: AppState, account: str, metric: str) -> None:
    """Every other value of today, and of the days up to yesterday, is stored as the simulated Meta knows it.

    Demographics are asked once a week.
    """
    stored = house.stored(account)
    told = truth_of(house, account, reporting_day(house.now) - timedelta(days=INITIAL_DAYS))
    wanted = {
        key: value for key, value in told.items() if not key[2].startswith(metric) and "_demographics" not in key[2]
    }
    missing = wanted.keys() - stored.keys()
    assert not missing, (len(missing), sorted(missing, key=str)[:5])
    assert not [key for key, value in wanted.items() if stored[key] != value]


@ON_SQLITE
@pytest.mark.parametrize(("wording", "place"), CASES)
def test_a_refused_metric_costs_itself_in_any_words(make_house: HouseMaker, wording: str, place: str) -> None:
    """L3, L5: it is left out, remembered for the kinds of object that refuse it and reported; it costs 12 calls at most
    once, and none on the next run. Everything else is stored as Meta knows it.
    """
    platform, metric, other, kinds = PLACES[place]
    house = make_house(TUESDAY, posts_per_account=40)
    business = house.world.businesses[0]
    account = business.page.id if platform == "facebook" else business.instagram.id
    house.collect(account, initial_days=INITIAL_DAYS)
    usual = collect_a_day_later(house, account)
    refuse(house, metric, WORDINGS[wording], other)
    assert collect_a_day_later(house, account) - usual <= MOST_EXTRA_CALLS
    expect_all_but(house, account, metric)
    remembered = house.rows("SELECT metric_name, object_kind FROM metric_status")
    assert {tuple(row) for row in remembered} == {(metric, kind) for kind in kinds}
    problems = house.rows("SELECT problems FROM collection_runs ORDER BY id DESC LIMIT 1")[0][0]
    assert f"refuses {metric}" in str(problems)
    assert collect_a_day_later(house, account) <= usual
    expect_all_but(house, account, metric)
    assert house.rows("SELECT count(*) FROM refused_objects")[0][0] == 0
