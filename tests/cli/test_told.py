"""`sophia costs`, `sophia goals` and `sophia annotate`, as a user gives them."""

import json
from datetime import UTC, datetime

import pytest
from tests.cli.conftest import Shell
from tests.cli.test_reports import furnished

from sophia.analytics.figures.figures import week_of
from sophia.meta.reporting_zone import ONE_DAY, reporting_day

__all__ = ["furnished"]

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")


def test_costs(furnished: Shell) -> None:
    """G15, G17: recorded once, shown and taken back; what is no amount is wrong usage."""
    add = ("costs", "add", "Hats", "300", "cad", "--for", "Ads on Facebook", *NOVEMBER)
    assert furnished.run(*add).stdout == "Cost 1 is recorded.\n"
    assert furnished.ask(*add) == {"id": 1, "is_new": False}
    assert "300.00 CAD  Ads on Facebook" in furnished.run("costs", "list", "Hats").stdout
    (cost,) = furnished.ask("costs", "list", "Hats")["costs"]
    assert (cost["amount"], cost["end_date"]) == ("300.00", "2026-11-30")
    assert furnished.run("costs", "remove", "Hats", "1").exit_code == 0
    assert furnished.run("costs", "remove", "Hats", "1").exit_code == 1
    assert furnished.ask("costs", "list", "Hats")["costs"] == []
    for wrong in ("-1", "1.005", "NaN", "ten"):
        refused = furnished.run("costs", "add", "Hats", "--for", "x", *NOVEMBER, "--", wrong, "CAD")
        assert refused.exit_code == 2, refused.output
    assert furnished.run("costs", "add", "Hats", "1", "XYZ", "--for", "x", *NOVEMBER).exit_code == 2


def test_goals(furnished: Shell) -> None:
    """H12: set, shown with its pace, in the report of the week, and given up."""
    week = week_of(reporting_day(datetime.now(UTC))).previous
    days = ("--from", str(week.start), "--to", str(week.end - ONE_DAY))
    assert furnished.run("goals", "set", "Hats", "Views", "views", "1400", *days).exit_code == 0
    (goal,) = furnished.ask("goals", "list", "Hats")["goals"]
    assert (goal["current"]["value"], goal["standing"]) == (700, "missed")
    assert "missed" in furnished.run("goals", "list", "Hats").stdout
    shown = furnished.run("report", "Hats").stdout
    assert "Goal Views (views): missed, 700 of 1,400." in shown
    assert "leads to" in shown
    assert furnished.run("goals", "delete", "Hats", "Views").exit_code == 0
    assert "sophia goals set" in furnished.run("goals", "list", "Hats").stdout
    refused = furnished.run("goals", "set", "Hats", "x", "luck", "1", *days)
    assert (refused.exit_code, "Choose one of" in refused.stderr) == (1, True)


def test_annotations(furnished: Shell) -> None:
    """H12: written for a client and for all, shown, taken back."""
    told = furnished.run("annotate", "Hats", "2026-11-10", "A fair", "--by", "Ada")
    assert told.exit_code == 0
    assert "A fair" in told.stdout
    (everybody,) = json.loads(furnished.run("annotate", "all", "2026-11-11", "Armistice", "--json").stdout)[
        "annotations"
    ]
    assert everybody["client_id"] is None
    listed = furnished.ask("annotate", "Hats")["annotations"]
    assert [(one["text"], one["day"]) for one in listed] == [("A fair", "2026-11-10"), ("Armistice", "2026-11-11")]
    assert listed[0]["author"] == "Ada"
    assert furnished.run("annotate", "Hats", "--remove", str(listed[0]["id"])).exit_code == 0
    assert furnished.run("annotate", "Hats", "--remove", str(everybody["id"])).exit_code == 1
    assert furnished.run("annotate", "all", "--remove", str(everybody["id"])).exit_code == 0
    assert "sophia annotate" in furnished.run("annotate", "Hats").stdout


@pytest.mark.parametrize("given", [("2026-11-10",), ("tomorrow", "x"), ("2026-11-10", "x", "--remove", "1")])
def test_half_an_annotation(furnished: Shell, given: tuple[str, ...]) -> None:
    """C10: wrong usage, before anything is opened."""
    assert furnished.run("annotate", "Hats", *given).exit_code == 2
