"""`sophia report` and `sophia brief` as a user types them, on the invented portfolio."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.analytics.reports.conftest import Agency, each_day
from tests.cli.conftest import Shell
from tests.conftest import Filling

from sophia.analytics.figures.figures import Figure, FigureUnit, week_of
from sophia.cli.formatting import format_change, format_figure, sparkline
from sophia.database.engine import Database
from sophia.meta.reporting_zone import reporting_day


@pytest.fixture
def furnished(shell: Shell) -> Shell:
    """A store with one client whose views halved in the newest closed week, as the machine's clock has it."""
    assert shell.run("db", "upgrade").exit_code == 0
    database = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR'], 'sophia.db')}")
    agency = Agency(Filling(database))
    week = week_of(reporting_day(datetime.now(UTC))).previous
    _, account = agency.client("Hats")
    for name, before, after in (("views", 200.0, 100.0), ("total_interactions", 20.0, 10.0)):
        agency.days(account, name, each_day(week.previous, before) | each_day(week, after))
    database.close()
    return shell


def test_a_report_in_plain_lines(furnished: Shell) -> None:
    """H12, J12: sentences and columns; no colours where the output is no terminal; missing numbers have reasons."""
    result = furnished.run("report", "Hats")
    assert result.exit_code == 0, result.output
    assert "Views fell by 50 %, to 700 from 1,400." in result.stdout
    assert "Notes:" in result.stdout
    assert "\x1b" not in result.stdout
    assert "Traceback" not in result.output


def test_a_report_as_json(furnished: Shell) -> None:
    """The same document that the API answers; as of a moment before everything there is nothing."""
    document = furnished.ask("report", "Hats")
    assert document["kpis"]["views"]["value"] == 700
    week = week_of(reporting_day(datetime.now(UTC))).previous
    earlier = furnished.ask("report", "Hats", "--week", str(week.previous.start + timedelta(days=3)))
    assert earlier["kpis"]["views"]["value"] == 1400
    days = ("--from", str(week.start), "--to", str(week.start + timedelta(days=1)))
    assert furnished.ask("report", "Hats", *days)["kpis"]["views"]["value"] == 200
    yesterday = reporting_day(datetime.now(UTC)) - timedelta(days=1)
    onwards = furnished.ask("report", "Hats", "--from", week.start.strftime("%-d.%-m.%Y"))["window"]
    assert onwards == {"start": str(week.start), "end": str(yesterday + timedelta(days=1))} | onwards
    until = furnished.ask("report", "Hats", "--to", str(week.start))["window"]
    assert until == {"start": str(week.start - timedelta(days=6)), "end": str(week.start + timedelta(days=1))} | until
    before = furnished.ask("report", "Hats", "--as-of", "2026-01-05T12:00Z", "--week", "2025-12-29")
    assert before["kpis"]["views"]["value"] is None


@pytest.mark.parametrize(
    "options",
    [
        ["--week", "2026-01-05", "--from", "2026-01-05"],
        ["--to", "0001-01-03"],
        ["--from", "2026-01-05", "--to", "2026-01-04"],
        ["--week", "2026-01-05", "--from", "2026-01-05", "--to", "2026-01-06"],
        ["--as-of", "yesterday"],
        ["--week", "2026-13-01"],
    ],
)
def test_wrong_days_are_wrong_usage(furnished: Shell, options: list[str]) -> None:
    """C10, J3: said before anything is computed, with exit code 2."""
    assert furnished.run("report", "Hats", *options).exit_code == 2


def test_a_client_that_does_not_exist(furnished: Shell) -> None:
    result = furnished.run("report", "Nobody")
    assert result.exit_code == 1
    assert "sophia client list" in result.stderr


def test_the_brief(furnished: Shell) -> None:
    """H11, H12: who needs somebody, with the reasons, in words that a line tool can read."""
    result = furnished.run("brief")
    assert result.exit_code == 0, result.output
    assert "coral (critical)  Hats" in result.stdout
    assert "Account interactions on Instagram fell by 50 %" in result.stdout
    assert "\x1b" not in result.stdout
    document = json.loads(furnished.run("brief", "--json").stdout)
    assert document["counts"]["coral"] == 1
    before = furnished.ask("brief", "--as-of", "2026-01-05T12:00Z")
    assert (before["clients"], before["counts"]["clients"]) == ([], 0)
    output = furnished.run("brief", "--as-of", "2026-01-05T12:00Z").stdout
    assert "There was no client at 2026-01-05 12:00 UTC." in output
    assert "sophia connect" not in output


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([None, None], ""),
        ([0, 7, 14], "▁▅█"),
        ([3, None, 3], "▅·▅"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
    ],
)
def test_little_charts(values: list[float | None], expected: str) -> None:
    """A12: a week that is not known is a gap, and no low bar."""
    assert sparkline(values) == expected


def test_numbers_are_short() -> None:
    assert format_figure(Figure(value=1234567, unit=FigureUnit.COUNT)) == "1,234,567"
    assert format_figure(Figure(value=None, unit=FigureUnit.PEOPLE, reason="-", at_least=3, at_most=9)) == "3 … 9"
    assert format_figure(Figure(value=None, unit=FigureUnit.PEOPLE, reason="-")) == "–"
    assert format_change(Figure(value=-4.6, unit=FigureUnit.PERCENT, doubt="odd")) == "−5 %"
    assert format_change(Figure(value=25_474, unit=FigureUnit.PERCENT)) == "255.7 ×"
