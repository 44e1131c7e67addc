"""`sophia decisions` as a user types it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.analytics.decisions.decided import furnish, open_house
from tests.cli.conftest import Shell
from tests.conftest import Api, Filling, plain_settings

from sophia.analytics.decisions.models import DecisionTrace
from sophia.cli.decisions import format_prediction
from sophia.cli.formatting import MISSING
from sophia.database.engine import Database
from sophia.main import create_app


@pytest.fixture
def decided(shell: Shell) -> Shell:
    """A store with one client whose decisions are on record, by the machine's clock."""
    assert shell.run("db", "upgrade").exit_code == 0
    database = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR'], 'sophia.db')}")
    filling, now = Filling(database), datetime.now(UTC)
    house = open_house(Api(create_app(plain_settings(), database, clock=lambda: now), filling.key()), filling, now=now)
    furnish(house, 26, newest=now - timedelta(days=9))
    house.filling.client("Shoes")
    database.close()
    return shell


def test_decisions_are_attributed_and_told(decided: Shell) -> None:
    """I2, I4, I5, H12: by hand, twice without a change; listed, scored and summed up, in lines and as JSON."""
    first = decided.ask("decisions", "attribute")
    assert first["outcomes"]["new"] == 26
    assert first["scores"]["new"] > 10
    again = decided.run("decisions", "attribute")
    assert "0 new outcomes, 0 changed, " in again.stdout
    listed = decided.run("decisions", "list", "Hats", "--limit", "3").stdout
    assert "reach 1000" in listed or "reach 500" in listed
    assert "There are more than these 3" in listed
    assert len(decided.ask("decisions", "list", "Hats")["decisions"]) == 50
    quality = decided.run("decisions", "quality", "Hats").stdout
    assert "better" in quality
    assert "worse" in quality
    assert decided.ask("decisions", "quality", "Hats")["stages"][1]["verdict"] == "better"
    context = decided.run("decisions", "context", "Hats").stdout
    assert "Format: predictions are" in context
    assert decided.ask("decisions", "context", "Hats")["guidance"][0]["is_carried"]
    report = decided.run("report", "Hats").stdout
    assert "Decisions, scored by the outcomes" in report
    assert "Format: predictions are" in report


def test_without_decisions(decided: Shell) -> None:
    """I4: nothing is made up."""
    for command in ("list", "quality"):
        assert "No decision is recorded" in decided.run("decisions", command, "Shoes").stdout
    assert "do not carry any advice yet" in decided.run("decisions", "context", "Shoes").stdout
    assert decided.run("decisions", "list", "Nobody").exit_code == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (900, "reach 900"),
        (1_234_567.0, "reach 1234567"),
        ({"q10": 500, "q50": 900.5, "q90": 1500}, "reach 900.5 (500 to 1500)"),
        ({"at_least": 1000, "probability": 0.4}, "reach at least 1000: 40%"),
        ({"probability": 0.8}, "reach: 80%"),
        ({"anything": [1]}, f"reach {MISSING}"),
        ("much", f"reach {MISSING}"),
    ],
)
def test_predictions_are_said_in_words(value: object, shown: str) -> None:
    """I5, K10: every form that a prediction may have, without a brace; what cannot be read is missing."""
    assert format_prediction("reach", value) == shown


def test_a_list_of_decisions_has_no_braces(decided: Shell) -> None:
    """K10: the forms of predictions in the table; in JSON they stay what they were."""
    path = Path(decided.environment["SOPHIA_DATA_DIR"], "sophia.db")
    database = Database(f"sqlite:///{path}")
    predicted = {"reach": {"q10": 5, "q50": 9, "q90": 15}}
    now = datetime.now(UTC)
    trace = DecisionTrace(
        client_id=1, stage="angle", decision="bold", predicted=predicted, decided_at=now, recorded_at=now,
        idempotency_key="words", content_sha256="",
    )  # fmt: skip
    Filling(database).add(trace)
    database.close()
    listed = decided.run("decisions", "list", "Hats").stdout
    assert "reach 9 (5 to 15)" in listed
    assert "{" not in listed
    assert decided.ask("decisions", "list", "Hats", "--limit", "1")["decisions"][0]["predicted"] == predicted
