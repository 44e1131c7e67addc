"""The pages of campaigns: what they show is what the API returns, and their forms change the store."""

from tests.conftest import NOW
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.campaigns.lifts import PlatformLift, campaign_lift
from sophia.analytics.campaigns.queries import CampaignRecord, list_campaigns
from sophia.dashboard.campaign.view import lift_row
from sophia.meta.catalogue.terms import Platform

FORM = {"name": "Winter", "start_date": "2026-12-01", "end_date": "", "content_pillar": "Hats"}


def stored(agencies: Agencies) -> list[CampaignRecord]:
    with agencies.database.read() as session:
        return list_campaigns(session, agencies.hats, NOW)


def test_the_list_shows_what_the_api_returns(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/campaigns").page
    (record,) = stored(agencies)
    (row,) = page.campaigns.rows
    shown = [cell.value.text for cell in row]
    assert shown[:4] == ["Autumn", record.status.value, "9–18 Nov 2026", str(record.totals.posts)]
    assert shown[-2:] == [str(record.totals.conversions.value), "€90.00"]
    assert page.lead.startswith("Campaigns: 0 active, 0 planned, 1 ended")
    assert not page.can_change


def test_a_campaign_shows_its_events_and_drafts(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/campaigns/1").page
    (record,) = stored(agencies)
    counts = {"conversions": 2, "inquiry": 1, "refund": 1, "link click": 1}
    assert {row[0].value.text: row[1].sort for row in page.events.rows} == counts
    assert sum(record.events.values()) == sum(counts.values())
    assert page.draft_ids == tuple(record.draft_ids)
    with agencies.database.read() as session:
        lift = campaign_lift(session, agencies.hats, 1, NOW)
    assert (page.lift.empty, page.lift.rows) == (lift.reason or "", tuple(lift_row(part) for part in lift.platforms))


def test_a_lift_is_shown_with_its_interval() -> None:
    part = PlatformLift(
        platform=Platform.INSTAGRAM, verdict="lift", text="More.", percent=41.7, low_percent=8.2, high_percent=80.0
    )
    assert [cell.value.text for cell in lift_row(part)] == ["Instagram", "+42 %", "+8 to +80 %", "More."]
    missing = PlatformLift(platform=Platform.FACEBOOK, verdict="no estimate", text="Too few.")
    assert [cell.value.text for cell in lift_row(missing)] == ["Facebook", "–", "–", "Too few."]


def test_forms_create_change_and_delete(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.MANAGER, agencies.hats), f"/clients/{agencies.hats}/campaigns"
    created = browser.post(path, FORM)
    assert (created.status, created.headers["location"]) == (303, path)
    winter = stored(agencies)[0]
    assert (winter.name, winter.end_date, winter.content_pillar) == ("Winter", None, "Hats")
    changed = browser.post(f"{path}/{winter.id}", FORM | {"name": "Snow", "content_pillar": ""})
    assert changed.status == 303
    assert (stored(agencies)[0].name, stored(agencies)[0].content_pillar) == ("Snow", None)
    draft_id = stored(agencies)[1].draft_ids[0]
    assert browser.post(f"{path}/{winter.id}/drafts", {"draft_ids": f"{draft_id}, {draft_id}"}).status == 303
    assert stored(agencies)[0].draft_ids == [draft_id]
    assert browser.post(f"{path}/{winter.id}/drafts/{draft_id}/remove").status == 303
    assert stored(agencies)[0].draft_ids == []
    assert browser.post(f"{path}/{winter.id}/delete").status == 303
    assert [record.name for record in stored(agencies)] == ["Autumn"]
    assert browser.post(f"{path}/group").status == 303


def test_wrong_input_is_explained_on_the_page(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/campaigns"
    for form, message in (
        ({"end_date": "2026-11-01"}, "end date is before start date"),
        ({"start_date": "soon"}, "start date: a day looks like 2026-02-28"),
        ({"name": ""}, "name:"),
    ):
        answer = browser.post(path, FORM | form)
        assert (answer.status, message in answer.page.error) == (422, True), answer.page.error
        assert answer.page.error in answer.text
    assert "has no draft 999" in browser.post(f"{path}/1/drafts", {"draft_ids": "999"}).page.error
    assert browser.post(f"{path}/1/drafts", {"draft_ids": "x"}).status == 422
    assert browser.get(f"{path}/99").status == 404
    assert len(stored(agencies)) == 1


def test_a_viewer_changes_nothing_and_another_client_is_not_found(agencies: Agencies) -> None:
    path = f"/clients/{agencies.hats}/campaigns"
    forms = ("", "/group", "/1", "/1/drafts", "/1/drafts/1/remove", "/1/delete")
    viewer = agencies.browser(UserRole.VIEWER, agencies.hats)
    stranger = agencies.browser(UserRole.MANAGER, agencies.shoes)
    for form in forms:
        assert viewer.post(f"{path}{form}", FORM).status == 403
        assert stranger.post(f"{path}{form}", FORM).status == 404
    for page in ("", "/1"):
        assert stranger.get(f"{path}{page}").status == 404
    assert [record.name for record in stored(agencies)] == ["Autumn"]
