"""What people changed since does not change what was: reports and briefs as of a moment, in JSON, sign by sign."""

from dataclasses import replace
from typing import Any

from tests.analytics.reports.conftest import WEEK, Agency, furnish
from tests.conftest import NOW, ON_BOTH, ONE_DAY, QueryCounter

from sophia.analytics.benchmarks.comparison import SEED
from sophia.analytics.benchmarks.store import remove_benchmarks, write_benchmarks
from sophia.analytics.figures.schemas import response_json
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.gathering import make_report
from sophia.database.engine import Database
from sophia.portfolio.revising import rename_client, set_industry, set_zone

LATER = NOW + 3 * ONE_DAY
OURS = [
    replace(one, source="Our survey", value_percent=3 * one.value_percent, data_year=2025)
    for one in SEED
    if one.industry in {"retail", "all"}
]


def said(database: Database, client: int, **options: Any) -> tuple[str, str]:
    """The report of a week and the brief, as they are answered."""
    moment = options.pop("now", LATER)
    report = make_report(database, client, WEEK, moment, **options)
    brief = make_brief(database, None, moment, WEEK, **options)
    return response_json(report), response_json(brief)


def change_client(database: Database, client: int) -> None:
    with database.write() as session:
        rename_client(session, client, "Caps", LATER)
        set_zone(session, client, "Asia/Tokyo", LATER)
        set_industry(session, client, "fashion", LATER)


def change_benchmarks(database: Database) -> None:
    """One gets another value, one is new, and one is taken away."""
    with database.write() as session:
        halves = [replace(one, value_percent=one.value_percent / 3) for one in OURS]
        write_benchmarks(session, [*halves, *(replace(one, source="New") for one in OURS)], LATER)
        remove_benchmarks(session, "Theirs", LATER)


@ON_BOTH
def test_what_people_change_leaves_the_past_alone(agency: Agency) -> None:
    """A13, G1, G9: name, zone, industry and benchmarks were changed; of the past every sign is the same."""
    database = agency.filling.database
    client, _ = furnish(agency)
    with database.write() as session:
        write_benchmarks(session, [*OURS, *(replace(one, source="Theirs") for one in OURS)], NOW - 9 * ONE_DAY)
    then = said(database, client, now=NOW, as_of=NOW)
    change_client(database, client)
    change_benchmarks(database)
    assert said(database, client, as_of=NOW) == then
    report, brief = said(database, client)
    for word in ("Caps", "Asia/Tokyo", "fashion"):
        assert word in report
        assert word not in then[0]
    assert "Caps" in brief
    assert "Theirs" not in report
    assert "Theirs" in then[0]


def test_the_past_before_a_benchmark_was_brought(agency: Agency) -> None:
    """A13, G9: it is not compared with what nobody had told; what came with Sophia has always been there."""
    database = agency.filling.database
    client, _ = furnish(agency)
    then = said(database, client, now=NOW, as_of=NOW)
    with database.write() as session:
        write_benchmarks(session, OURS, LATER)
    assert said(database, client, as_of=NOW) == then
    assert "Rival IQ" in then[0]
    assert "Our survey" in said(database, client)[0]


def test_the_past_costs_one_query_more_for_what_clients_were(agency: Agency) -> None:
    """J9, H11: today's clients are one query, those of before one more; briefs ask as often after a change as before it."""
    database = agency.filling.database
    client, _ = furnish(agency)
    counts = []
    for _ in range(2):
        for as_of in (None, NOW):
            with QueryCounter(database) as counter:
                make_brief(database, None, LATER, WEEK, as_of=as_of)
            counts.append(counter.count)
            with QueryCounter(database) as counter, database.read() as session:
                measured_clients(session, as_of=as_of)
            counts.append(counter.count)
        change_client(database, client)
    assert counts[3] == counts[1] + 1
    # The days of drivers as they were are kept; those of today have other holidays in the client's new zone.
    assert (counts[4:6], counts[7]) == (counts[:2], counts[3])
    assert counts[6] < counts[2]
