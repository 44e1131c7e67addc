"""`sophia forecast` as a user types it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.analytics.reports.conftest import LONG_AGO, Agency
from tests.cli.conftest import Shell
from tests.conftest import Filling

from sophia.analytics.figures.figures import week_of
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.database.engine import Database
from sophia.meta.reporting_zone import ONE_DAY, reporting_day

WEEKS = 12


@pytest.fixture
def furnished(shell: Shell) -> Shell:
    """A store with one client that had 100 views on each day of the last twelve complete weeks."""
    assert shell.run("db", "upgrade").exit_code == 0
    database = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR'], 'sophia.db')}")
    agency = Agency(Filling(database))
    monday = week_of(reporting_day(datetime.now(UTC))).start
    first = monday - WEEKS * 7 * ONE_DAY
    _, account = agency.client("Hats")
    agency.days(account, "views", {first + index * ONE_DAY: 100.0 for index in range(7 * WEEKS)})
    agency.filling.watermark(account, "account_totals", first, monday)
    agency.filling.run(account, started_at=LONG_AGO, finished_at=LONG_AGO)
    keep_weeks(database, datetime.now(UTC))
    database.close()
    return shell


def test_the_coming_weeks_and_why_others_are_missing(furnished: Shell) -> None:
    result = furnished.run("forecast", "Hats", "--weeks", "4")
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("views")]
    assert [row[2:] for row in rows] == [["700", "700", "…", "700"]] * 4
    assert "engagements: A forecast needs 10 complete weeks; there are 0." in result.stdout
    document = furnished.ask("forecast", "Hats", "--weeks", "5")
    assert [len(kpi["weeks"]) for kpi in document["forecasts"] if kpi["kpi"] == "views"] == [5]
    assert furnished.run("forecast", "Hats", "--weeks", "3").exit_code == 2
