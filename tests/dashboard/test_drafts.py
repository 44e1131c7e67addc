"""Drafts and the calendar show what the API's functions return, and their forms change the store as the API does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.conftest import NOW, plain_settings
from tests.dashboard.conftest import Agencies, Browser, clock

from sophia.access.users import UserRole
from sophia.main import create_app
from sophia.portfolio.drafts import Draft, find_draft, list_drafts
from sophia.publishing.composing import preview
from sophia.publishing.queue import QueueEntry, list_entries

FORM = {
    "form_key": "0" * 32,
    "post_type": "instagram image",
    "copy": "New hats",
    "media": "https://media.example/a.jpg",
}


def stored(agencies: Agencies, draft_id: int | None = None) -> Draft:
    with agencies.database.read() as session:
        return find_draft(session, None, draft_id or agencies.draft)


def entries(agencies: Agencies) -> list[QueueEntry]:
    with agencies.database.read() as session:
        return list_entries(session, None)


def test_the_list_is_that_of_the_api(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.OPERATOR).get("/drafts").page
    with agencies.database.read() as session:
        rows = list_drafts(session, None)
    assert [row[0].value.text.partition(" ·")[0] for row in page.drafts.rows] == [str(draft.id) for draft in rows]
    assert page.drafts.rows[0][3].value.text == "Waiting for approval"


def test_the_calendar_has_posts_and_planned_entries(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.OPERATOR).get("/drafts").page
    with agencies.database.read() as session:
        posts = session.connection().exec_driver_sql(
            "SELECT count(*) FROM posts WHERE published_at >= '2026-11-01' AND published_at < '2026-12-01'"
        )
        count = posts.scalar_one()
    assert page.lead == f"{count} published and 1 planned in this month; 1 of them not approved."
    assert sum(int(day.more.partition(" ")[0]) for day in page.days if day.more) == count
    assert (sum(len(day.entries) for day in page.days), len(page.planned.rows)) == (1, 1)
    planned = next(day for day in page.days if day.label == "Mon 23").entries[0]
    assert (planned.status, planned.href) == ("waiting for approval", f"/drafts/{agencies.draft}")
    assert (len(page.days), page.days[0].label, page.days[0].column) == (30, "Sun 1", 7)
    assert [day.label for day in page.days if day.is_today] == ["Sun 22"]


def test_months_and_clients_are_chosen_in_the_address(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    december = browser.get("/drafts?month=2026-12&client=&status=").page
    assert (december.month_name, december.previous_month, december.next_month) == (
        "December 2026",
        "2026-11",
        "2027-01",
    )
    assert december.lead == "0 published and 0 planned in this month."
    shoes = browser.get(f"/drafts?client={agencies.shoes}").page
    assert [entry.status for day in shoes.days for entry in day.entries] == 2 * ["published"]
    assert (shoes.drafts.rows, {row[2].value.text for row in shoes.planned.rows}) == ((), {"Other 0"})
    assert browser.get("/drafts?status=rejected").page.drafts.rows == ()
    assert browser.get("/drafts?month=2026-13").status == 422


def test_drafts_continue_on_an_older_page(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    existing = len(browser.get("/drafts").page.drafts.rows)
    for number in range(25):
        form = FORM | {"client_id": agencies.hats, "form_key": f"{number:032x}", "copy": f"Hat {number}"}
        assert browser.post("/drafts/new", form).status == 303
    first = browser.get("/drafts").page
    second = browser.get(f"/drafts{first.older[0].href}").page
    assert (len(first.drafts.rows), len(second.drafts.rows), second.older) == (25, existing, ())


def test_a_form_sent_twice_makes_one_draft(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.MANAGER, agencies.hats)
    form = FORM | {"client_id": agencies.hats, "copy": "Two\r\nlines", "content_pillar": "Seasons"}
    first, second = (browser.post("/drafts/new", form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"] == f"/drafts/{agencies.draft + 1}"
    draft = stored(agencies, agencies.draft + 1)
    assert (draft.copy, draft.content_pillar, draft.media_urls) == ("Two\nlines", "Seasons", [FORM["media"]])
    assert draft.events[0].actor.startswith("user manager")


def test_a_draft_that_cannot_be_is_shown_again(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    form = FORM | {"client_id": agencies.hats, "post_type": "instagram carousel", "copy": "Keep me"}
    answer = browser.post("/drafts/new", form)
    assert (answer.status, answer.page.form.copy) == (422, "Keep me")
    assert answer.page.error.startswith("A draft of kind carousel needs 2 to 10 media addresses")
    assert answer.page.form_key != form["form_key"]
    foreign = browser.post("/drafts/new", FORM | {"client_id": agencies.hats, "account_ids": [agencies.shoes + 90]})
    assert (foreign.status, "has no instagram account" in foreign.page.error) == (422, True)


def test_a_draft_shows_what_would_be_published(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.OPERATOR).get(f"/drafts/{agencies.draft}").page
    with agencies.database.read() as session:
        text = preview(session, agencies.draft, NOW)
    assert (page.text, page.length) == (text.text, f"{text.length} of {text.limit:,} characters as published")
    assert [row[0].value.text for row in page.links.rows] == [link.original for link in text.links]
    assert [row[0].value.text for row in page.entries.rows] == [str(entry.id) for entry in entries(agencies)]
    assert page.lead.startswith("Waiting for approval; planned for 2026-11-23")


def test_approve_edit_and_reject(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.MANAGER, agencies.hats), f"/drafts/{agencies.draft}"
    assert browser.post(f"{path}/approve", {"version": 1, "note": "Good"}).headers["location"] == path
    assert (stored(agencies).approved, stored(agencies).events[-1].note) == (True, "Good")
    assert browser.post(f"{path}/edit", FORM | {"version": 1}).status == 303
    edited = stored(agencies)
    assert (edited.copy, edited.version, edited.approved) == ("New hats", 2, False)
    late = browser.post(f"{path}/approve", {"version": 1})
    assert (late.status, stored(agencies).approved) == (422, False)
    assert "version" in late.page.error
    kept = browser.post(f"{path}/edit", FORM | {"version": 1, "copy": "My words"})
    assert (kept.status, kept.page.form.copy, stored(agencies).copy) == (422, "My words", "New hats")
    assert browser.post(f"{path}/reject", {"version": 2}).status == 303
    assert stored(agencies).status == "rejected"


def test_queue_move_cancel_and_retry(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/drafts/{agencies.draft}"
    entry_id = entries(agencies)[0].id
    assert browser.post(f"{path}/queue", {"planned_at": "2026-12-24T09:00"}).status == 303
    assert entries(agencies)[0].scheduled_for == datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
    assert browser.post(f"{path}/entries/{entry_id}/retry").status == 303
    assert browser.post(f"{path}/entries/{entry_id}/cancel").status == 303
    assert entries(agencies)[0].status == "cancelled"
    refused = browser.post(f"{path}/entries/{entry_id}/retry")
    assert (refused.status, "only what has failed" in refused.page.error) == (422, True)
    assert browser.post(f"{path}/queue").status == 303
    assert (entries(agencies)[0].status, entries(agencies)[0].scheduled_for) == ("queued", None)
    soon = browser.get("/drafts").page.planned.rows
    assert [row[0].value.exact for row in soon if row[1].value.text == "soon"] == ["2026-11-22"]
    assert browser.post(f"/drafts/{agencies.draft + 1}/entries/{entry_id}/cancel").status == 404


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-01T09:00", "0001-01-01T00:00"])
def test_a_time_that_cannot_be_changes_nothing(agencies: Agencies, text: str) -> None:
    before = entries(agencies)
    answer = agencies.browser(UserRole.OPERATOR).post(f"/drafts/{agencies.draft}/queue", {"planned_at": text})
    assert (answer.status, entries(agencies)) == (422, before)
    assert answer.page.error


def test_times_are_those_of_the_operators_clock(agencies: Agencies) -> None:
    app: Any = create_app(plain_settings(operator_timezone="Europe/Berlin"), agencies.database, clock=clock)
    browser = Browser(app, agencies.browser(UserRole.OPERATOR).token)
    path = f"/drafts/{agencies.draft}/queue"
    assert browser.post(path, {"planned_at": "2027-01-31T23:30"}).status == 303
    assert entries(agencies)[0].scheduled_for == datetime(2027, 1, 31, 22, 30, tzinfo=UTC)
    assert len(browser.get("/drafts?month=2027-01").page.planned.rows) == 1
    skipped = browser.post(path, {"planned_at": "2027-03-28T02:30"})
    assert (skipped.status, "clocks go forward" in skipped.page.error) == (422, True)


def test_a_viewer_reads_and_changes_nothing(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.VIEWER, agencies.hats), f"/drafts/{agencies.draft}"
    answer = browser.get(path)
    assert (answer.status, "<form" in answer.text.partition("<main")[2]) == (200, False)
    before = stored(agencies), entries(agencies)
    for action in ("approve", "reject", "edit", "queue", "entries/1/cancel", "entries/1/retry"):
        assert browser.post(f"{path}/{action}", FORM | {"version": 1}).status == 403
    assert browser.get(f"/drafts/new?client_id={agencies.hats}").status == 403
    assert browser.post("/drafts/new", FORM | {"client_id": agencies.hats}).status == 403
    assert (stored(agencies), entries(agencies)) == before


def test_drafts_of_other_clients_are_not_found(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.MANAGER, agencies.shoes), f"/drafts/{agencies.draft}"
    page = browser.get("/drafts")
    assert (page.page.drafts.rows, "Hats" in page.text) == ((), False)
    assert browser.get(f"/drafts?client={agencies.hats}").status == 404
    assert browser.get(path).status == 404
    assert browser.get(f"/drafts/new?client_id={agencies.hats}").status == 404
    assert browser.post("/drafts/new", FORM | {"client_id": agencies.hats}).status == 404
    for action in ("approve", "reject", "edit", "queue", "entries/1/cancel", "entries/1/retry"):
        assert browser.post(f"{path}/{action}", FORM | {"version": 1}).status == 404


def test_a_client_number_that_no_store_holds_is_explained(agencies: Agencies) -> None:
    answer = agencies.browser(UserRole.OPERATOR).get("/drafts?client=9223372036854775808")
    assert answer.status == 422
