"""The API of documents: the PDF, finished reports, notes and settings."""

import io
from base64 import b64decode, b64encode

import pytest
from PIL import Image
from tests.conftest import Api, Filling
from tests.dashboard.conftest import Agencies
from tests.reporting.reading import pdf_info, pdf_text

from sophia.database.engine import Database
from sophia.reporting.document import SECTIONS

WEEK = {"start_date": "2026-11-09", "end_date": "2026-11-15"}


@pytest.fixture
def database(furnished: Database) -> Database:
    return furnished


@pytest.fixture
def client(api: Api, agencies: Agencies) -> str:
    """The path of the client; the API answers from the store of the agency."""
    assert api.app.state.app_state.database.path == agencies.database.path
    return f"/{agencies.hats}"


def test_the_pdf_is_of_the_last_complete_week_in_the_language_of_the_client(api: Api, client: str) -> None:
    assert (
        api.ask("PUT", f"{client}/report-settings", json={"language": "es", "name": "Studio Norte"}).status_code == 200
    )
    answer = api.get(f"{client}/report.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert 'filename="report-2026-11-09-2026-11-15.pdf"' in answer.headers["content-disposition"]
    assert pdf_info(answer.content)["Title"] == "Informe Hats"
    assert "StudioNorte" in pdf_text(answer.content)
    english = api.get(
        f"{client}/report.pdf", params={"language": "en", "start_date": "2026-11-02", "end_date": "2026-11-08"}
    )
    assert "2–8Nov2026" in pdf_text(english.content)
    assert api.get(f"{client}/report.pdf", params={"language": "it"}).status_code == 422


def test_a_report_is_kept_once_and_corrected_with_a_reason(api: Api, client: str) -> None:
    first = api.post(f"{client}/reports", {})
    assert first.status_code == 201
    edition = first.json()
    assert (edition["number"], edition["reason"], edition["language"]) == (1, None, "en")
    assert (edition["window"]["start"], edition["window"]["end"]) == ("2026-11-09", "2026-11-16")
    assert api.post(f"{client}/reports", WEEK).json() == edition
    second = api.post(f"{client}/reports", {"reason": "A wrong goal"}).json()
    assert (second["number"], second["reason"]) == (2, "A wrong goal")
    assert api.get(f"{client}/reports").json() == [second, edition]
    kept = api.get(f"{client}/reports/{second['id']}").json()
    assert kept["edition"] == second
    assert kept["document"]["edition"].endswith("corrects the edition of 22 November 2026: A wrong goal")
    printed = api.get(f"{client}/reports/{second['id']}/pdf")
    assert "Awronggoal" in pdf_text(printed.content)
    assert api.get(f"{client}/reports/99").status_code == 404


def test_what_cannot_be_kept_is_refused(api: Api, client: str) -> None:
    for body in (
        {"reason": "Nothing to correct"},
        {"start_date": "2026-11-16", "end_date": "2026-11-22"},
        {"start_date": "2026-11-15", "end_date": "2026-11-09"},
        {"language": "it"},
        {"unknown": 1},
    ):
        assert api.post(f"{client}/reports", body).status_code == 422, body
    assert api.get(f"{client}/reports").json() == []


def test_a_note_belongs_to_its_days(api: Api, client: str) -> None:
    assert api.get(f"{client}/report-note").json() is None
    answer = api.ask("PUT", f"{client}/report-note", params=WEEK, json={"text": "A good week."})
    assert answer.json()["text"] == "A good week."
    assert api.get(f"{client}/report-note").json() == answer.json()
    assert (
        api.get(f"{client}/report-note", params={"start_date": "2026-11-02", "end_date": "2026-11-08"}).json() is None
    )
    assert api.ask("PUT", f"{client}/report-note", params=WEEK, json={"text": " "}).json() is None
    assert api.ask("PUT", f"{client}/report-note", params=WEEK, json={"text": "x" * 2001}).status_code == 422


def test_settings_are_replaced_whole_and_a_logo_is_made_small(api: Api, client: str) -> None:
    content = io.BytesIO()
    Image.new("RGB", (1200, 600), (9, 9, 9)).save(content, "JPEG")
    body = {"name": "Studio", "logo": b64encode(content.getvalue()).decode(), "sections": ["needs", "result"]}
    stored = api.ask("PUT", f"{client}/report-settings", json=body).json()
    assert stored["sections"] == ["result", "needs"]
    assert Image.open(io.BytesIO(b64decode(stored["logo"]))).size == (360, 180)
    # What was read can be sent back, and changes nothing.
    assert api.ask("PUT", f"{client}/report-settings", json=stored).json() == stored
    assert api.get(f"{client}/report-settings").json() == stored
    refused: tuple[dict[str, object], ...] = (
        {"colour": "#ffee00"},
        {"logo": "%%%"},
        {"logo": "AAAA"},
        {"sections": ["luck"]},
        {"sections": []},
        {"x": 1},
    )
    for wrong in refused:
        assert api.ask("PUT", f"{client}/report-settings", json=wrong).status_code == 422, wrong
    assert api.get(f"{client}/report-settings").json() == stored
    assert api.ask("PUT", "/report-settings", json={"sections": list(SECTIONS)}).status_code == 200
    assert api.ask("PUT", f"{client}/report-settings", json={}).json()["name"] is None


def test_a_key_of_another_client_finds_nothing(api: Api, client: str, filling: Filling, agencies: Agencies) -> None:
    edition = api.post(f"{client}/reports", {}).json()["id"]
    key = filling.key(agencies.shoes)
    for path in (
        "report.pdf",
        "reports",
        f"reports/{edition}",
        f"reports/{edition}/pdf",
        "report-note",
        "report-settings",
    ):
        assert api.get(f"{client}/{path}", key=key).status_code == 404, path
    assert api.get(f"/{agencies.shoes}/reports/{edition}", key=key).status_code == 404
    assert api.get("/report-settings", key=key).status_code == 403
