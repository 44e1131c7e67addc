"""The page of goals, costs and annotations changes what the API reads, and says what to do about wrong input."""

from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, Answer

from sophia.access.users import UserRole
from sophia.analytics.annotations.queries import list_annotations
from sophia.analytics.annotations.store import NewAnnotation, add_annotation
from sophia.analytics.conversions.costs import list_costs
from sophia.analytics.figures.figures import Figure, FigureUnit
from sophia.analytics.goals.tracking import client_goals
from sophia.dashboard.goals.view import chance_cell
from sophia.display.formatting import value_of

GOAL = {
    "name": "More <fans>",
    "kpi": "followers",
    "target": "3000",
    "start_date": "2026-11-09",
    "end_date": "2026-12-31",
}
COST = {
    "start_date": "2026-11-01",
    "end_date": "2026-11-30",
    "amount": "1200.50",
    "currency": "eur",
    "purpose": "Photos",
}
ANNOTATION = {"day": "2026-11-11", "text": "Carnival begins"}


def post(agencies: Agencies, subject: str, form: dict[str, Any], role: UserRole = UserRole.MANAGER) -> Answer:
    return agencies.browser(role, agencies.hats).post(f"/clients/{agencies.hats}/{subject}", form)


def page_of(agencies: Agencies, role: UserRole = UserRole.OPERATOR) -> Any:
    clients = () if role is UserRole.OPERATOR else (agencies.hats,)
    answer = agencies.browser(role, *clients).get(f"/clients/{agencies.hats}/goals")
    assert answer.status == 200
    return answer.page


def test_a_goal_is_set_shown_and_deleted(agencies: Agencies) -> None:
    answer = post(agencies, "goals", GOAL)
    assert (answer.status, answer.headers["location"]) == (303, f"/clients/{agencies.hats}/goals")
    (goal,) = client_goals(agencies.database, agencies.hats, NOW)
    page = page_of(agencies)
    (row,) = page.goals.rows
    assert [cell.value for cell in row][4:9] == [
        value_of(figure) for figure in (goal.current, goal.done, goal.pace, goal.projected, goal.chance)
    ]
    assert (row[0].value.text, row[3].value.text, row[9].value.text) == (goal.name, "3,000", goal.standing.value)
    assert [choice.value for choice in page.forms.goals] == [goal.name]
    assert post(agencies, "goals/delete", {"name": goal.name}).status == 303
    assert client_goals(agencies.database, agencies.hats, NOW) == ()
    assert post(agencies, "goals/delete", {"name": goal.name}).status == 404


def test_a_chance_is_shown_in_whole_percent(agencies: Agencies) -> None:
    assert post(agencies, "goals", GOAL).status == 303
    (goal,) = client_goals(agencies.database, agencies.hats, NOW)
    assert chance_cell(goal).value.reason
    likely = replace(goal, chance=Figure(value=63.4, unit=FigureUnit.PERCENT))
    assert chance_cell(likely).value.text == "63 %"


def test_a_cost_is_recorded_once_and_deleted(agencies: Agencies) -> None:
    for _ in range(2):
        assert post(agencies, "costs", COST).status == 303
    with agencies.database.read() as session:
        (cost,) = list_costs(session, agencies.hats)
    page = page_of(agencies)
    (row,) = page.costs.rows
    assert [cell.value.text for cell in row] == ["Photos", "1–30 Nov 2026", "€1,200.50"]
    assert page.forms.cost.currency == "EUR"
    assert post(agencies, "costs/delete", {"cost_id": cost.id}).status == 303
    assert page_of(agencies).costs.rows == ()


def test_an_annotation_carries_the_name_of_the_user_and_is_deleted(agencies: Agencies) -> None:
    assert post(agencies, "annotations", ANNOTATION).status == 303
    with agencies.database.read() as session:
        (annotation,) = list_annotations(session, [agencies.hats])
    (row,) = page_of(agencies).annotations.rows
    assert [cell.value.text for cell in row] == ["Carnival begins", "11 Nov 2026", "this client", annotation.author]
    assert str(annotation.author).startswith("user ")
    assert post(agencies, "annotations/delete", {"annotation_id": annotation.id}).status == 303
    assert page_of(agencies).annotations.rows == ()


def test_annotations_of_the_portfolio_cannot_be_deleted_here(agencies: Agencies) -> None:
    with agencies.database.write() as session:
        add_annotation(session, None, NewAnnotation(NOW.date(), "Outage at Meta"), "Olga", NOW)
        (annotation,) = list_annotations(session, [])
    page = page_of(agencies, UserRole.MANAGER)
    assert [cell.value.text for cell in page.annotations.rows[0]][2:] == ["all clients", "–"]
    assert page.forms.annotations == ()
    assert post(agencies, "annotations/delete", {"annotation_id": annotation.id}).status == 404


@pytest.mark.parametrize(
    ("subject", "form", "message"),
    [
        ("goals", GOAL | {"target": "many"}, "Target: write a number"),
        ("goals", GOAL | {"target": "nan"}, "Target: "),
        ("goals", GOAL | {"kpi": "reach"}, "cannot have a goal"),
        ("goals", GOAL | {"start_date": "9.11.2026"}, "First day: a day looks like"),
        ("goals", GOAL | {"end_date": "2026-11-01"}, "A goal must have"),
        ("goals", GOAL | {"name": "a/b"}, "Name: "),
        ("goals", GOAL | {"name": ""}, "Name: fill this in."),
        ("costs", COST | {"currency": "XXZ"}, "Currency: XXZ is no currency"),
        ("costs", COST | {"amount": "12,50"}, "Amount: an amount looks like 19.90"),
        ("costs", COST | {"amount": "1.234"}, "EUR has 2 decimals"),
        ("costs", COST | {"end_date": "2026-10-01"}, "A cost covers"),
        ("annotations", ANNOTATION | {"text": " "}, "What happened: "),
        ("annotations", ANNOTATION | {"day": ""}, "Day: fill this in."),
    ],
)
def test_wrong_input_changes_nothing_and_is_kept_in_the_form(
    agencies: Agencies, subject: str, form: dict[str, str], message: str
) -> None:
    answer = post(agencies, subject, form)
    assert answer.status == 422
    forms = answer.page.forms
    refused = {"goals": forms.goal, "costs": forms.cost, "annotations": forms.annotation}[subject]
    assert message in refused.error
    assert {name: getattr(refused, name) for name in form} == form
    page = page_of(agencies)
    assert (page.goals.rows, page.costs.rows, page.annotations.rows) == ((), (), ())


def test_a_viewer_reads_and_changes_nothing(agencies: Agencies) -> None:
    assert page_of(agencies, UserRole.VIEWER).forms is None
    for subject, form in (("goals", GOAL), ("costs", COST), ("annotations", ANNOTATION)):
        assert post(agencies, subject, form, UserRole.VIEWER).status == 403
        assert post(agencies, f"{subject}/delete", form, UserRole.VIEWER).status in (403, 422)
    assert client_goals(agencies.database, agencies.hats, NOW) == ()


def test_forms_for_another_client_find_nothing(agencies: Agencies) -> None:
    manager = agencies.browser(UserRole.MANAGER, agencies.shoes)
    for subject, form in (("goals", GOAL), ("costs", COST), ("annotations", ANNOTATION)):
        assert manager.post(f"/clients/{agencies.hats}/{subject}", form).status == 404
        assert manager.get(f"/clients/{agencies.hats}/{subject}").status == 404
    assert client_goals(agencies.database, agencies.hats, NOW) == ()
