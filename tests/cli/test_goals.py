"""`sophia goals` as a user types it."""

from datetime import UTC, datetime

from tests.cli.conftest import Shell
from tests.cli.test_reports import furnished

from sophia.analytics.figures.figures import week_of
from sophia.meta.reporting_zone import ONE_DAY, reporting_day

__all__ = ["furnished"]


def test_goals(furnished: Shell) -> None:
    """H12: set, shown with its pace, in the report of the week, and given up."""
    week = week_of(reporting_day(datetime.now(UTC))).previous
    days = ("--from", str(week.start), "--to", str(week.end - ONE_DAY))
    assert furnished.run("goals", "set", "Hats", "Views", "views", "1400", *days).exit_code == 0
    (goal,) = furnished.ask("goals", "list", "Hats")["goals"]
    assert (goal["current"]["value"], goal["standing"]) == (700, "missed")
    assert "missed" in furnished.run("goals", "list", "Hats").stdout
    result = furnished.run("report", "Hats").stdout
    assert "Goal Views (views): missed, 700 of 1,400." in result
    assert "projected" in result
    assert furnished.run("goals", "delete", "Hats", "Views").exit_code == 0
    assert "sophia goals set" in furnished.run("goals", "list", "Hats").stdout
    refused = furnished.run("goals", "set", "Hats", "x", "luck", "1", *days)
    assert (refused.exit_code, "Choose one of" in refused.stderr) == (1, True)
