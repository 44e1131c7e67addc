"""The page of decisions shows what the API returns: quality by stage, calibration, and decisions with outcomes."""

from datetime import timedelta
from typing import Any

import pytest
from tests.analytics.decisions.decided import WEEK_OLD, AppState
from tests.conftest import NOW, Api, Filling
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.audience.queries import client_audience
from sophia.analytics.decisions.queries import list_decisions
from sophia.analytics.decisions.requests import DecisionsQuery, NewDecision
from sophia.analytics.decisions.scoring import decision_quality, quality_window
from sophia.analytics.decisions.store import record_decision
from sophia.display.formatting import value_of

POSTS = 30


@pytest.fixture
def decided(agencies: Agencies, filling: Filling) -> None:
    """Thirty posts of Hats whose reach was predicted well by the format and badly by the research, with chances."""
    with agencies.database.read() as session:
        (audience,) = client_audience(session, agencies.hats, "followers").accounts
    house = AppState(Api(agencies.app, ""), filling, agencies.hats, audience.account_id)
    for index in range(POSTS):
        reach = 1000 * (1, 3, 2, 0.5, 4)[index % 5]
        published_at = NOW - timedelta(days=8 + 2 * index)
        draft = filling.draft(agencies.hats)
        post = house.post(published_at, draft)
        house.read(post, published_at, {WEEK_OLD: {"reach": reach}})
        predictions: dict[Any, Any] = {
            "format": reach * 1.05,
            "research": {"q10": 10_000, "q50": 20_000, "q90": 40_000},
            "angle": {"at_least": 900, "probability": 0.8},
        }
        with agencies.database.write() as session:
            for stage, predicted in predictions.items():
                decision = NewDecision(
                    stage=stage,
                    decision=f"Choose <{stage}>",
                    draft_id=draft,
                    predicted={"reach": predicted},
                    decided_at=published_at - timedelta(hours=24),
                )
                record_decision(session, agencies.hats, decision, f"{stage} {draft}", NOW)
    house.attribute()


def page_of(agencies: Agencies, query: str = "") -> Any:
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/decisions{query}")
    assert answer.status == 200
    return answer.page


@pytest.mark.usefixtures("decided")
def test_quality_is_that_of_the_api(agencies: Agencies) -> None:
    page = page_of(agencies)
    with agencies.database.read() as session:
        quality = decision_quality(session, agencies.hats, quality_window(NOW), NOW)
    assert [row[0].value.text.lower() for row in page.stages.rows] == [stage.stage for stage in quality.stages]
    for row, stage in zip(page.stages.rows, quality.stages, strict=True):
        assert (row[1].sort, row[2].sort, row[9].sort) == (stage.decisions, stage.posts, stage.waiting)
        assert row[3].value == value_of(stage.skill)
        assert row[5].value.text == stage.verdict
        figures = (stage.typical_factor, stage.coverage, stage.success)
        assert [cell.value for cell in row[6:9]] == [value_of(figure) for figure in figures]
    assert page.lead == "Predictions against the account's own history: format is better; research is worse."


@pytest.mark.usefixtures("decided")
def test_calibration_has_the_bins_of_the_api(agencies: Agencies) -> None:
    page = page_of(agencies)
    with agencies.database.read() as session:
        quality = decision_quality(session, agencies.hats, quality_window(NOW), NOW)
    bins = {stage.stage: stage.calibration for stage in quality.stages if stage.calibration}
    assert [chart.name for chart in page.charts] == [f"calibration-{stage}" for stage in bins]
    for chart, groups in zip(page.charts, bins.values(), strict=True):
        assert [(row[0].sort, row[1].sort, row[3].sort) for row in chart.table.rows] == [
            (group.predicted, group.observed, group.n) for group in groups
        ]


@pytest.mark.usefixtures("decided")
def test_decisions_have_predictions_and_outcomes_and_continue(agencies: Agencies) -> None:
    page = page_of(agencies)
    with agencies.database.read() as session:
        decisions = list_decisions(session, agencies.hats, DecisionsQuery(limit=25)).decisions
    assert [row[0].value.text for row in page.decisions.rows] == [decision.decision for decision in decisions]
    texts = {row[0].value.text: [cell.value.text for cell in row[2:4]] for row in reversed(page.decisions.rows)}
    assert texts["Choose <format>"] == ["Reach 1,050", "Reach 1,000"]
    assert texts["Choose <research>"] == ["Reach 20,000 (10,000 to 40,000)", "Reach 1,000"]
    assert texts["Choose <angle>"] == ["Reach at least 900: 80 %", "Reach 1,000"]
    (older,) = page.older
    second = page_of(agencies, older.href)
    assert len(second.decisions.rows) == 25
    first_row = second.decisions.rows[0][1].sort
    assert first_row <= page.decisions.rows[-1][1].sort


def test_a_client_without_decisions_says_so(agencies: Agencies) -> None:
    page = page_of(agencies)
    assert page.lead == "No decision was recorded in this period."
    assert (page.stages.rows, page.charts, page.decisions.rows, page.older) == ((), (), (), ())
