"""The invented agency's planner: what is true of its decisions comes out over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.analytics.collector.conftest import open_house
from tests.conftest import Api, Filling, plain_settings

from sophia.analytics.collector.plan import Plan
from sophia.analytics.decisions.scoring import attribute_outcomes, keep_scores
from sophia.database.engine import Database
from sophia.demo.agency.clients import furnish
from sophia.demo.agency.history import remember
from sophia.main import create_app

FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def test_the_planted_quality_comes_out(sqlite_database: Database) -> None:
    """I4, I5, I6: formats are foreseen, research is far off, and of what was held to be 80 % likely about 80 % came true."""
    with open_house(sqlite_database, FRIDAY, 90, {"posts_per_account": 80}) as house:
        furnish(house.database, house.world, FRIDAY)
        house.collect(plan=Plan())
        remember(house.database, house.world, house.truth, FRIDAY)
    remember(house.database, house.world, house.truth, FRIDAY)
    assert attribute_outcomes(house.database, FRIDAY).new > 150
    later = FRIDAY + timedelta(days=3)
    assert keep_scores(house.database, later).new >= 10
    app = create_app(plain_settings(), house.database, clock=lambda: FRIDAY)
    api = Api(app, Filling(house.database).key())
    client = house.rows("SELECT min(id) FROM clients")[0][0]
    answer = api.get(f"/{client}/decision-quality").json()
    found: dict[str, Any] = {one["stage"]: one for one in answer["stages"]}
    assert (found["format"]["verdict"], found["research"]["verdict"]) == ("better", "worse")
    assert found["format"]["coverage"]["value"] == 100.0
    assert found["format"]["typical_factor"]["value"] < 1.12
    assert 5 < found["research"]["typical_factor"]["value"] < 7
    assert found["angle"]["verdict"] == "not enough evidence"
    (bin_,) = found["angle"]["calibration"]
    assert bin_["interval"]["low"] <= 0.8 <= bin_["interval"]["high"]
    context = api.get(f"/{client}/decision-context").json()
    assert [(one["stage"], one["is_carried"]) for one in context["guidance"]][:2] == [
        ("research", True),
        ("format", True),
    ]
