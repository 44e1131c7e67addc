"""A form that is refused shows again what was typed, with the error and the status 422."""

from typing import Any

import pytest
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole

MARK = "typed by a person"
REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/settings/clients", {"name": MARK, "timezone": "Nowhere/Town"}, [f'value="{MARK}"', 'value="Nowhere/Town"']),
    (
        "/settings/users",
        {"name": MARK, "role": "viewer", "client_ids": ["999"]},
        [f'value="{MARK}"', '<option value="viewer" selected>'],
    ),
    ("/settings/users", {"name": MARK, "role": "viewer", "client_ids": []}, [f'value="{MARK}"']),
    (
        "/settings/keys",
        {"name": MARK, "role": "publish", "client_ids": ["999"]},
        [f'value="{MARK}"', '<option value="publish" selected>'],
    ),
    (
        "/clients/{hats}/campaigns",
        {"name": MARK, "start_date": "2026-11-20", "end_date": "2026-11-01", "content_pillar": "Pillar"},
        [f'value="{MARK}"', 'value="2026-11-20"', 'value="2026-11-01"', 'value="Pillar"'],
    ),
    ("/clients/{hats}/campaigns/1/drafts", {"draft_ids": "12, no number"}, ['value="12, no number"']),
    ("/clients/{hats}/benchmarks/competitors", {"username": "not a name!"}, ['value="not a name!"']),
    ("/clients/{hats}/conversions/domains", {"domains": "no domain!"}, ['value="no domain!"']),
    (
        "/clients/{hats}/conversions/delete",
        {"conversion_id": "999", "reason": MARK},
        ['value="999"', f'value="{MARK}"'],
    ),
    (
        "/clients/{hats}/conversions/restore",
        {"conversion_id": "999", "reason": MARK},
        ['value="999"', f'value="{MARK}"'],
    ),
    (
        "/clients/{hats}/share",
        {"label": MARK, "valid_days": "12", "start_date": "2026-11-09"},
        [f'value="{MARK}"', 'value="12"', 'value="2026-11-09"'],
    ),
    (
        "/clients/{hats}/share",
        {"label": MARK, "valid_days": "12", "password": "short"},
        [f'value="{MARK}"', 'value="12"'],
    ),
    ("/drafts/{draft}/queue", {"planned_at": "2026-11-01T09:00"}, ['value="2026-11-01T09:00"']),
    ("/drafts/{draft}/approve", {"version": "7", "note": MARK}, [f'value="{MARK}"']),
]


@pytest.mark.parametrize(("path", "form", "kept"), REFUSED)
def test_typed_text_stays(agencies: Agencies, path: str, form: dict[str, Any], kept: list[str]) -> None:
    answer = agencies.browser(UserRole.OPERATOR).post(agencies.address(path), form)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert [text for text in kept if text not in answer.text] == []


def test_a_password_is_never_shown_again(agencies: Agencies) -> None:
    form = {"label": MARK, "valid_days": "12", "password": "too-short"}
    answer = agencies.browser(UserRole.OPERATOR).post(f"/clients/{agencies.hats}/share", form)
    assert (answer.status, "too-short" in answer.text) == (422, False)


def test_other_forms_of_the_page_stay_empty(agencies: Agencies) -> None:
    """Three forms of the settings have a field `name`."""
    answer = agencies.browser(UserRole.OPERATOR).post("/settings/clients", {"name": MARK, "timezone": "x"})
    assert answer.text.count(f'value="{MARK}"') == 1


def test_a_stored_form_is_empty_again(agencies: Agencies) -> None:
    answer = agencies.browser(UserRole.OPERATOR).post("/settings/users", {"name": MARK, "role": "operator"})
    assert (answer.status, f'value="{MARK}" ' in answer.text) == (200, False)
    assert f'autocomplete="off" value="{MARK}"' not in answer.text


def test_typed_text_is_escaped(agencies: Agencies) -> None:
    form = {"name": '"><script>alert(1)</script>', "timezone": "x"}
    answer = agencies.browser(UserRole.OPERATOR).post("/settings/clients", form)
    assert (answer.status, "<script>alert" in answer.text) == (422, False)
