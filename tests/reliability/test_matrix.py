"""Every row of the matrix that takes no longer than three seconds; `python3 dev.py reliability` plays all."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.reliability.comparing import at_the_end, wanted_on, while_it_lasts
from tests.reliability.ground import Ground, open_ground
from tests.reliability.known_errors import KNOWN
from tests.reliability.machine_faults import MACHINE
from tests.reliability.meta_faults import META
from tests.reliability.scenarios import Scenario, nothing, play

from sophia.database.engine import Database


def rows(scenarios: tuple[Scenario, ...]) -> list[object]:
    """Parameters for pytest: the scenario and its store. The suite plays every twelfth of those that are quick; all are
    played by `python3 dev.py reliability`.
    """

    def marks(number: int, one: Scenario) -> list[pytest.MarkDecorator]:
        return [pytest.mark.campaign] if one.slow or number % 12 else []

    return [
        pytest.param(one, one.backend, id=f"{one.name}, {one.backend}", marks=marks(number, one))
        for number, one in enumerate(scenarios)
    ]


@pytest.mark.parametrize(("scenario", "database"), rows(META + KNOWN), indirect=["database"])
def test_a_fault_of_meta(scenario: Scenario, database: Database, tmp_path: Path) -> None:
    """C1, C2, C3, C7, C8, C10: what could be had is stored, the operator is told, and the next run closes the rest."""
    row = play(scenario, database, tmp_path)
    assert list(row.wrong) == []


@pytest.mark.parametrize(("scenario", "database"), rows(MACHINE), indirect=["database"])
def test_a_fault_of_the_machine(scenario: Scenario, database: Database, tmp_path: Path) -> None:
    """C1, C2, C10, E1, E2, E3, E4, K4: nothing is lost or doubled, the operator is told, the next run closes the rest."""
    row = play(scenario, database, tmp_path)
    assert list(row.wrong) == []


@pytest.fixture(scope="module")
def complete(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Yield a store that is complete, a day old and then collected again; closed, to be copied."""
    folder = tmp_path_factory.mktemp("complete")
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, folder / 'sophia.db')}")
    with open_ground(database, folder) as ground:
        ground.begin_a_day_ago()
        ground.collect()
        database.close()
        yield ground


@pytest.fixture
def ground(complete: Ground, tmp_path: Path) -> Iterator[Ground]:
    """Yield the complete store as a copy of this test's own."""
    assert complete.database.path is not None
    database = Database(f"sqlite:///{shutil.copy(complete.database.path, tmp_path / 'sophia.db')}")
    yield replace(complete, database=database)
    database.close()


BROKEN = {
    "readings differ from the truth": "UPDATE engagement_metrics SET metric_value = metric_value + 1 WHERE series_id = 9",
    "readings are missing": "DELETE FROM engagement_metrics WHERE metric_date = (SELECT max(metric_date) FROM engagement_metrics)",
    "readings are lost": "DELETE FROM engagement_metrics WHERE metric_date < (SELECT max(metric_date) FROM engagement_metrics)",
    "readings are invented": "UPDATE metrics SET metric_name = 'page_loves' WHERE metric_name = 'page_views_total'",
    "changed without a revision": "DELETE FROM metric_revisions",
    "the watermark is off": "UPDATE watermarks SET through_day = through_day - 1 WHERE family = 'page_insights'",
    "a lease stayed behind": "INSERT INTO leases VALUES ('account:1', 'somebody', '2027-01-01 00:00:00.000000')",
    "a run was never closed": "UPDATE collection_runs SET status = 'running' WHERE id = 1",
}


@pytest.mark.parametrize("said", BROKEN)
def test_the_comparison_sees_what_is_wrong(ground: Ground, said: str) -> None:
    """A1, A13: a store that somebody broke is not found equal to the truth; one that nobody touched is."""
    wanted = wanted_on(ground, real_clock=False, again=True)
    assert at_the_end(ground, wanted, nothing) == []
    assert while_it_lasts(ground, wanted, nothing, nothing) == []
    with ground.database.write() as session:
        session.connection().exec_driver_sql(BROKEN[said])
    found = at_the_end(ground, wanted, nothing)
    assert any(said in one for one in found), found
