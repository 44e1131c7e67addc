"""The page of jobs: who runs one, and what it shows afterwards; history of one account from the page."""

import time
from collections.abc import Callable
from datetime import timedelta

from tests.conftest import PATIENCE_SECONDS
from tests.dashboard.conftest import Agencies
from tests.dashboard.test_collection import events, served, signed_in
from tests.meta.conftest import meta
from tests.portfolio.conftest import Agency, agency

from sophia.access.users import UserRole
from sophia.analytics.readings.runs import list_runs
from sophia.dashboard.jobs.view import NO_JOBS, PURPOSES
from sophia.jobs.table import JOBS
from sophia.portfolio.service import list_accounts

__all__ = ["agency", "meta", "served"]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_every_job_has_its_purpose() -> None:
    assert set(PURPOSES) == {job.name for job in JOBS}


def test_an_operator_checks_all_tokens_on_the_page(agency: Agency, served: str) -> None:
    agency.meta.api.dead_token(agency.meta.world.pages[0].id, agency.now)
    with signed_in(agency, served, UserRole.OPERATOR) as client:
        answer = client.post("/collection/jobs", data={"name": "check_tokens"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/collection/jobs")
        wait_for(lambda: "checked 6, warnings" in client.get("/collection/jobs").text)
        assert "must be reconnected" in client.get("/collection").text
        assert client.post("/collection/jobs", data={"name": "format_disk"}).status_code == 404
    with agency.database.read() as session:
        assert [account.status for account in list_accounts(session)].count("needs_reconnect") == 2


def test_others_cannot_run_jobs(agencies: Agencies) -> None:
    for role in (UserRole.MANAGER, UserRole.VIEWER):
        browser = agencies.browser(role, agencies.hats)
        assert browser.get("/collection/jobs").status == 403
        assert browser.post("/collection/jobs", {"name": "check_tokens"}).status == 403
        assert "/collection/jobs" not in browser.get("/collection").text


def test_a_process_without_jobs_says_so(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.get("/collection/jobs").page.lead == NO_JOBS
    assert browser.post("/collection/jobs", {"name": "check_tokens"}).status == 409


def test_the_history_of_one_account_is_collected(agency: Agency, served: str) -> None:
    with agency.database.read() as session:
        account = list_accounts(session)[1]
    first = (agency.now - timedelta(days=8)).date()
    with signed_in(agency, served, UserRole.OPERATOR) as client:
        form = {"account_id": str(account.id), "since": first.isoformat(), "history": "true"}
        assert client.post("/collection/collect", data=form).status_code == 303
        rows = events(client)[-1]["rows"]
        assert [row["account_id"] for row in rows] == [account.id]
        future = {"since": (agency.now + timedelta(days=3)).date().isoformat()}
        assert client.post("/collection/collect", data=future).status_code == 422
        assert client.post("/collection/collect", data={"account_id": "999"}).status_code == 404
    with agency.database.read() as session:
        (run,) = list_runs(session, None)
    assert (run.account_id, run.trigger) == (account.id, "backfill")


def test_a_manager_cannot_collect_an_account_of_another_client(agency: Agency, served: str) -> None:
    with agency.database.read() as session:
        other = next(account for account in list_accounts(session) if account.client_id != 1)
    with signed_in(agency, served, UserRole.MANAGER, 1) as client:
        assert client.post("/collection/collect", data={"account_id": str(other.id)}).status_code == 404
