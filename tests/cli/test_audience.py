"""`sophia audience`, `sophia benchmarks`, `sophia posting-times` and `sophia client industry` as a user types them."""

from datetime import UTC, datetime, timedelta

import pytest
import typer
from tests.analytics.posting_times.test_router import Written, had, publish
from tests.cli.conftest import Shell
from tests.conftest import Filling

from sophia.analytics.figures.figures import Figure, FigureUnit
from sophia.cli.audience import parse_ages
from sophia.cli.formatting import format_figure, heat_map
from sophia.database.engine import Database
from sophia.portfolio.models import Account, Client

HEAD = "industry,platform,metric,statistic,value_percent,data_year,source,provenance\n"
OWN = "hats,instagram,save_rate,median,0.80,2025,Our survey,Asked 40 shops\n"


def store(shell: Shell) -> Database:
    return Database(f"sqlite:///{shell.folder / 'data' / 'sophia.db'}")


def test_an_audience_and_whom_it_should_hold(shell: Shell) -> None:
    """H6, H9: collected from the simulated Meta, shown by part with those not known, and measured against a profile."""
    shell.connect()
    name = shell.world.businesses[0].name
    assert "not reported this audience" in shell.run("audience", "show", name).stdout
    assert shell.run("collect", "--client", name).exit_code == 0
    result = shell.run("audience", "show", name)
    assert "sophia audience profile" in result.stdout, result.output
    arguments = ("--ages", "25-34", "--gender", "f", "--country", "Germany", "--place", "Lisbon")
    assert shell.run("audience", "profile", name, "young women", *arguments).exit_code == 0
    output = shell.run("audience", "show", name).stdout
    assert "young women" in output
    assert "unknown" in output
    accounts = shell.ask("audience", "show", name)["accounts"]
    (instagram,) = [row for row in accounts if row["platform"] == "instagram"]
    (fit,) = instagram["fits"]
    assert fit["overall"]["n"] == 4
    assert "SOPHIA_ASK_ALSO" in shell.run("audience", "show", name, "--of", "reached").stdout
    assert shell.run("audience", "show", name, "--of", "all").exit_code == 2
    refused = shell.run("audience", "profile", name, "old", "--ages", "50-20")
    assert (refused.exit_code, "the lower first" in refused.output) == (1, True)
    assert shell.run("audience", "profile", name, "none").exit_code == 1
    assert shell.run("audience", "remove", name, "young women").exit_code == 0
    assert shell.run("audience", "remove", name, "young women").exit_code == 1


def test_benchmarks_of_ones_own(shell: Shell) -> None:
    """G9: imported once, listed, shown beside a client, and taken away again; those that were shipped stay."""
    shell.connect()
    name = shell.world.businesses[0].name
    file = shell.folder / "own.csv"
    file.write_text(HEAD + OWN)
    assert "1 would be added" in shell.run("benchmarks", "import", str(file), "--dry-run").stdout
    assert "1 added" in shell.run("benchmarks", "import", str(file)).stdout
    assert "1 unchanged" in shell.run("benchmarks", "import", str(file)).stdout
    file.write_text(HEAD + OWN + "hats\n")
    assert shell.run("benchmarks", "import", str(file)).exit_code == 3
    assert "Our survey (own)" in shell.run("benchmarks", "list", "--industry", "hats").stdout
    assert "no benchmark" in shell.run("benchmarks", "list", "--industry", "shoes").stdout
    assert "No industry" in shell.run("client", "industry", name).stdout
    assert "hats" in shell.run("client", "industry", name, "Hats").stdout.casefold()
    assert "There is no benchmark of this industry" in shell.run("client", "industry", name, "shoes").output
    shell.run("client", "industry", name, "hats")
    result = shell.run("benchmarks", "show", name).stdout
    assert "save rate" in result
    assert "Fewer than 8 clients" in result
    published = shell.ask("benchmarks", "show", name)["published"]
    assert [row["benchmark"]["is_own"] for row in published if row["benchmark"]["metric"] == "save_rate"] == [True]
    assert shell.run("benchmarks", "remove", "Our survey").exit_code == 0
    assert shell.run("benchmarks", "remove", "Our survey").exit_code == 1
    assert len(shell.ask("benchmarks", "list")["benchmarks"]) == 32
    assert shell.run("client", "industry", name, "--none").stdout.startswith("No industry")
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in shell.run("benchmarks", "import", str(file)).output


def test_a_map_of_the_week(shell: Shell) -> None:
    """G11: hours that are better, with their interval and number of posts; before that, the reason why there are none."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]
    assert "too few" in shell.run("posting-times", client["name"]).stdout
    database = store(shell)
    with database.write() as session:
        # In a zone that changes its clock the same hour of UTC would be two of the client's.
        session.get_one(Client, client["id"]).timezone = "UTC"
        account = session.query(Account).filter_by(client_id=client["id"], platform="instagram").one().id
    filling = Filling(database)
    noon = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=80)
    for later, engagements in ((0, 100), (1, 400)):
        moments = (noon + timedelta(days=7 * week, hours=later) for week in range(10))
        publish(filling, account, *(Written(at, {2: had(engagements)}) for at in moments))
    database.close()
    result = shell.run("posting-times", client["name"]).stdout
    assert "20 of 20 posts have data" in result
    assert "██" in result
    assert "▁▁" in result
    assert " better" in result
    document = shell.ask("posting-times", client["name"])
    assert [row["effect"] for row in document["hours"]] == ["worse", "better"]
    assert shell.run("posting-times", client["name"], "--from", "5.1.2026", "--to", "4.1.2026").exit_code == 2


def test_a_heat_map() -> None:
    """G11: half height is as usual; what nobody knows leaves a gap."""
    assert heat_map({"Mon": [1.0, 2.0, None], "Tue": [0.5, 1.0, 1.0]}, range(3)) == [
        "     0",
        "Mon  ▅▅██··",
        "Tue  ▁▁▅▅▅▅",
    ]
    assert heat_map({"Mon": [1.0, None]}, range(2)) == ["     0", "Mon  ▅▅··"]


@pytest.mark.parametrize(("text", "years"), [("25-44", (25, 44)), ("55+", (55, None)), (" 18-24 ", (18, 24))])
def test_ages(text: str, years: tuple[int, int | None]) -> None:
    assert parse_ages(text) == years


@pytest.mark.parametrize("text", ["", "25", "-", "25-", "+", "a-b", "25-44+", "٢٥-٤٤", "2500-9999"])
def test_ages_that_are_none(text: str) -> None:
    """H9: a sentence, and no guess."""
    with pytest.raises(typer.BadParameter, match="25-44"):
        parse_ages(text)


def test_bounds_are_short() -> None:
    """H9: of people of 65 and over only bounds are known."""
    row = Figure(value=None, unit=FigureUnit.PERCENT, reason="x", at_least=12.3456, at_most=20.0)
    assert format_figure(row) == "12.35 % … 20.00 %"
