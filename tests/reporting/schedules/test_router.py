"""The API, the page and the commands of schedules."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import Api, plain_settings
from tests.dashboard.conftest import Agencies
from tests.reporting.schedules.conftest import ANNA, BEN, OLGA, SENDER, PostOffice

from sophia.access.users import UserRole
from sophia.database.engine import Database
from sophia.reporting.schedules.store import list_attention


@pytest.fixture
def database(furnished: Database) -> Database:
    return furnished


@pytest.fixture
def client(api: Api, agencies: Agencies) -> str:
    return f"/{agencies.hats}"


def test_a_schedule_is_created_changed_and_deleted(api: Api, client: str) -> None:
    created = api.post(f"{client}/report-schedules", {"every": "month", "day": 3, "hour": 8, "language": "de"})
    assert created.status_code == 201
    body = created.json()
    assert (body["settings"]["every"], body["next_due_at"], body["recipients"]) == ("month", "2026-12-03T08:00:00Z", [])
    path = f"{client}/report-schedules/{body['id']}"
    added = api.post(f"{path}/recipients", {"address": "Anna@BÜCHER.example"})
    assert (added.status_code, added.json()["address"]) == (201, "Anna@xn--bcher-kva.example")
    changed = api.ask("PUT", path, json={"every": "week", "day": 5, "send_anyway_days": 4})
    assert changed.json()["next_due_at"] == "2026-11-27T09:00:00Z"
    for wrong in ({"day": 8}, {"every": "year"}, {"send_anyway_days": 0}, {"hour": 24}, {"colour": "red"}):
        assert api.ask("PUT", path, json=wrong).status_code == 422, wrong
    assert api.post(f"{path}/recipients", {"address": "nobody"}).status_code == 422
    recipient = api.get(f"{client}/report-schedules").json()[0]["recipients"][0]["id"]
    assert api.ask("DELETE", f"{path}/recipients/{recipient}").status_code == 204
    assert api.ask("DELETE", path).status_code == 204
    assert api.get(f"{client}/report-schedules").json() == []
    assert api.ask("DELETE", path).status_code == 404


def test_another_client_has_no_such_schedule(api: Api, client: str, agencies: Agencies) -> None:
    number = api.post(f"{client}/report-schedules", {}).json()["id"]
    other = f"/{agencies.shoes}/report-schedules/{number}"
    assert api.ask("PUT", other, json={}).status_code == 404
    assert api.post(f"{other}/recipients", {"address": ANNA}).status_code == 404
    assert api.ask("DELETE", other).status_code == 404


def test_what_went_to_whom_can_be_read(api: Api, client: str, office: PostOffice) -> None:
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.mailbox.answers["RCPT", BEN] = "550 No such user"
    office.round()
    mails = {item["address"]: item for item in api.get(f"{client}/report-mails").json()}
    assert (mails[ANNA]["state"], mails[ANNA]["sent_at"], mails[ANNA]["number"]) == ("sent", "2026-11-22T12:00:00Z", 1)
    assert (mails[BEN]["state"], mails[BEN]["problem"]) == ("refused", "550 No such user")
    assert [item["state"] for item in api.get(f"{client}/scheduled-reports").json()] == ["released"]
    with office.database.read() as session:
        (attention,) = list_attention(session)
    assert (attention.client, "550 No such user" in attention.text) == ("Hats", True)
    assert api.post(f"{client}/report-mails/{mails[BEN]['id']}/send", {}).status_code == 204
    assert api.post(f"{client}/report-mails/{mails[ANNA]['id']}/send", {}).status_code == 409
    assert "unsubscribe" not in json.dumps(list(mails.values()))


def test_a_rehearsal_through_the_api_and_the_page(api: Api, client: str, office: PostOffice) -> None:
    assert api.post(f"{client}/report-rehearsal", {"address": OLGA}).status_code == 409
    settings = plain_settings(
        smtp_host="127.0.0.1", smtp_port=office.mailbox.port, smtp_security="none", smtp_sender=SENDER,
        public_url="https://sophia.example",
    )  # fmt: skip
    for app in (api.app, office.agencies.app):
        app.state.app_state = replace(app.state.app_state, settings=settings)
    answer = api.post(f"{client}/report-rehearsal", {"address": OLGA, "with_pdf": False})
    assert (answer.status_code, answer.json()["result"]) == (200, "sent")
    page = office.agencies.browser(UserRole.MANAGER, office.agencies.hats).post(
        f"/clients{client}/schedules/rehearse", {"address": OLGA}
    )
    assert (page.status, page.page.error) == (200, "")
    assert office.mailbox.addresses == [OLGA, OLGA]


FORM: dict[str, Any] = {"run_day": "month-3", "hour": "8", "language": "", "send_anyway_days": "", "is_active": "true"}


def test_the_forms_of_the_page(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.MANAGER, agencies.hats), f"/clients/{agencies.hats}/schedules"
    assert browser.post(f"{path}/create", FORM | {"address": ANNA}).status == 303
    page = browser.get(path).page
    (view,) = page.schedules
    assert (view.title, view.recipients[0].address) == ("Every month on day 3 at 08:00 (UTC)", ANNA)
    refused = browser.post(f"{path}/{view.id}/recipients", {"address": "no address"})
    assert (refused.status, 'value="no address"' in refused.text) == (422, True)
    assert browser.post(f"{path}/create", FORM | {"run_day": "year-1"}).status == 422
    assert browser.post(f"{path}/{view.id}/recipients", {"address": BEN}).status == 303
    assert browser.post(f"{path}/{view.id}/recipients/{view.recipients[0].id}/remove").status == 303
    assert browser.post(f"{path}/{view.id}/save", FORM | {"run_day": "week-2", "send_anyway_days": "3"}).status == 303
    (view,) = browser.get(path).page.schedules
    assert (view.title, [item.address for item in view.recipients]) == ("Every Tuesday at 08:00 (UTC)", [BEN])
    assert "sent after 3 days" in view.details
    assert agencies.browser(UserRole.VIEWER, agencies.hats).post(f"{path}/{view.id}/delete").status == 403
    assert browser.post(f"{path}/{view.id}/delete").status == 303
    assert browser.get(path).page.schedules == ()
