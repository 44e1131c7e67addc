"""What an operator is told of a run: the same in the run's record, in its outcome and in the log, and what to do."""

import pytest
from structlog.testing import capture_logs
from tests.demo.faults import graph_fault

from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.graph.meta_errors import META_ERRORS
from sophia.meta.errors import ADVICE, GraphError, Remedy

from .conftest import HouseMaker

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
READING = [name for name, row in META_ERRORS.items() if row.area == "reading"]
# One of each hundred of codes in the suite; all of them by hand, as in the matrix of docs/reliability.md.
IN_THE_SUITE = {META_ERRORS[name].code // 100: name for name in reversed(READING)}.values()
ROWS = [pytest.param(name, marks=[] if name in IN_THE_SUITE else [pytest.mark.campaign]) for name in READING]


@ON_SQLITE
@pytest.mark.parametrize("name", ROWS)
def test_every_error_says_what_to_do(make_house: HouseMaker, name: str) -> None:
    """C3, C10, C11, B13: each row of GRAPH_API §3, on the posts of a Page: the run ends in order, the record names code,
    message and fbtrace_id, says what to do, and holds no token; the log says the same.
    """
    house = make_house(posts_per_account=3)
    page = house.world.pages[0]
    house.api.faults.append(fault_of(name, "published_posts"))
    with capture_logs() as lines:
        (outcome,) = house.collect(page.id, initial_days=3)
    assert outcome.status in {"partial", "throttled", "needs_reconnect", "failed", "ok"}
    assert outcome.status != "ok" or outcome.problems
    (run,) = house.rows("SELECT status, problems, action_needed, families FROM collection_runs")
    assert run.status == outcome.status
    row = META_ERRORS[name]
    told = [note for note in outcome.problems if note["code"] == row.code]
    assert told, outcome.problems
    for note in outcome.problems:
        assert note["what_to_do"]
        assert note["message"]
    assert any(note.get("fbtrace_id") for note in told)
    logged = [line for line in lines if line["event"] == "collection_problem"]
    assert [line["message"] for line in logged] == [note["message"] for note in outcome.problems]
    assert all(line.get("code") is not None for line in logged)
    shown = f"{run} {lines} {outcome}"
    assert page.access_token not in shown
    assert "https://" not in str(logged)
    assert "http://" not in str(logged)


@ON_SQLITE
def test_metas_text_for_users_reaches_the_person(make_house: HouseMaker) -> None:
    """L10, L21: what Meta wrote for users stands in the run's problems, once, escaped, and no longer than a screen."""
    house = make_house(posts_per_account=3)
    page = house.world.pages[0]
    error = {
        "message": "(#100) Requires the read_insights permission " + "x" * 50_000,
        "code": 100,
        "error_user_title": "Not\x1b]0;yours\x07 allowed",
        "error_user_msg": "Ask the owner of the Page for access.",
    }
    house.api.faults.append(Fault(f"/{page.id}/insights", body=error, status=400))
    house.collect(page.id)
    ((problems, action),) = house.rows("SELECT problems, action_needed FROM collection_runs")
    for shown in (str(problems), action):
        assert shown.count("Ask the owner of the Page for access.") == 1
        assert "\x1b" not in shown
        assert len(shown) < 1500
    assert "read_insights" in action
    assert "error in Sophia" not in str(problems)


def test_every_remedy_has_an_advice() -> None:
    """B13: an error is a typed result: what it means for the caller, and what a person should do."""
    for remedy in Remedy:
        assert GraphError("x", remedy=remedy).advice == ADVICE[remedy]


def test_families_are_accounted_for(make_house: HouseMaker) -> None:
    """C10: what was asked and how it ended, family by family; what was not reached says so."""
    house = make_house()
    page = house.world.pages[0].id
    house.api.faults.append(fault_of("2 service down", rf"/{page}/insights"))
    (outcome,) = house.collect(page)
    ended = {name: family["ended"] for name, family in outcome.families.items()}
    assert ended == {"posts": "ok", "page_insights": "failed", "profile": "ok", "stories": "ok"}
    assert outcome.families["posts"]["answers"] > 0
    assert outcome.families["page_insights"]["answers"] == 0
    assert outcome.retries > 0
    assert outcome.status == "partial"


@ON_SQLITE
def test_a_run_has_an_end(make_house: HouseMaker) -> None:
    """C9: what drips for ever ends with the run's own time; what came before is stored."""
    house = make_house(posts_per_account=10)
    page = house.world.pages[0].id
    house.api.faults.append(Fault(rf"/{page}/insights", kind="endless drip", bytes_at_once=3, pause_seconds=0.02))
    (outcome,) = house.collect(page, run_minutes=0.06)
    assert outcome.status == "partial"
    assert [note for note in outcome.problems if note["code"] == "deadline"]
    assert outcome.saved.new > 0


@ON_SQLITE
def test_a_limit_leaves_the_answers_of_a_family(make_house: HouseMaker) -> None:
    """L27: what a limit interrupts is "stopped" with its answers, what was read before it is ok, and only a family that
    nothing was asked of reads "not asked".
    """
    house = make_house()
    instagram = house.world.instagram_accounts[0].id
    limit = graph_fault(rf"/{instagram}/insights\?.*total_value", 4, "limit", status=403)
    limit.after = 9
    house.api.faults.append(limit)
    (outcome,) = house.collect(instagram)
    assert outcome.status == "throttled"
    families = outcome.families
    assert families["account_totals"]["answers"] > 0
    assert families["account_totals"]["ended"] == "stopped"
    for name, family in families.items():
        assert family["answers"] == 0 or family["ended"] in ("ok", "stopped"), name
        assert family["ended"] != "failed", name
    assert {family["ended"] for family in families.values()} >= {"stopped", "not asked"}
    # Families are read side by side, so the limit may meet more than one of them; each that it met says so once.
    refused = [note["family"] for note in outcome.problems if note["code"] == 4]
    assert 1 <= len(refused) == len(set(refused))
    assert all(families[name]["ended"] == "stopped" for name in refused)


def test_one_failed_family_among_good_ones_is_partial(make_house: HouseMaker) -> None:
    """C10, L27: a family without a single answer does not fail the run in which others were read; all of them do."""
    house = make_house(posts_per_account=3)
    page = house.world.pages[0].id
    house.api.faults.append(fault_of("2 service down", rf"/{page}/stories"))
    (outcome,) = house.collect(page, initial_days=3)
    assert outcome.families["stories"] == {"answers": 0, "ended": "failed"}
    assert outcome.status == "partial"
    house.api.faults.append(fault_of("2 service down", "."))
    (outcome,) = house.collect(page, initial_days=3)
    assert {family["answers"] for family in outcome.families.values()} == {0}
    assert outcome.status == "failed"
