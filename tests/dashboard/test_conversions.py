"""The page of links and conversions: what it shows is what the API returns, and its forms change the store."""

from tests.analytics.reports.conftest import MONDAY
from tests.conftest import NOW, ONE_DAY
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.conversions.reports import make_attribution, make_funnel
from sophia.analytics.conversions.schemas import AttributionQuery, FunnelQuery
from sophia.analytics.conversions.sources import chosen_sources
from sophia.analytics.links.queries import client_domains

SUNDAY = MONDAY + 6 * ONE_DAY
REMOVAL = {"conversion_id": "3", "reason": "A test order."}


def test_the_page_shows_what_the_api_returns(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/conversions").page
    with agencies.database.read() as session:
        funnel = make_funnel(session, agencies.hats, FunnelQuery(start_date=MONDAY, end_date=SUNDAY), NOW)
        credits_ = make_attribution(session, agencies.hats, AttributionQuery(start_date=MONDAY, end_date=SUNDAY), NOW)
    steps = [(row[1].sort, row[2].sort) for row in page.funnel.table.rows]
    assert steps == [(step.events, step.people) for step in funnel.steps] == [(1, 1), (1, 1), (2, 1)]
    assert page.lead == "1 link click, 1 inquiry and 2 conversions; revenue €90.00."
    assert [figure.value for figure in funnel.revenue] == [90]
    (draft,) = credits_.drafts
    assert [cell.value.text for cell in page.drafts.rows[0]] == [f"Draft {draft.content_draft_id}", "2", "€100.00"]
    first_touch = {row[0].value.text: row[1].sort for row in page.attribution.rows if row[1].sort}
    assert first_touch == {
        **{credit.channel: credit.conversions for credit in credits_.models[0].channels},
        **({"not attributed": number} if (number := credits_.models[0].unattributed.conversions) else {}),
    }
    assert page.conversions.rows[0][2].value.text == "refund"
    (link,) = page.links.rows
    assert (link[0].value.plain.startswith("https://example.com/new?utm_"), link[2].value.text) == (
        True,
        "not checked yet",
    )


def test_the_channel_is_chosen_in_the_address_and_the_window_stays(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/conversions"
    page = browser.get(f"{path}?by=draft&start_date=2026-11-01&end_date=2026-11-20").page
    assert page.attribution.columns[0].label == "Draft"
    assert all("start_date=2026-11-01" in link.href for link in page.channels)
    assert browser.get(f"{path}?by=planet").status == 422
    empty = browser.get(f"{path}?start_date=2026-06-01&end_date=2026-06-07").page
    assert "sophia conversions import" in empty.lead


def test_forms_change_sources_domains_and_events(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.MANAGER, agencies.hats), f"/clients/{agencies.hats}/conversions"
    assert browser.post(f"{path}/sources", {"rule": "chosen", "sources": ["shop"]}).status == 303
    assert browser.post(f"{path}/domains", {"domains": "example.com, example.org"}).status == 303
    assert browser.post(f"{path}/delete", REMOVAL).status == 303
    with agencies.database.read() as session:
        assert chosen_sources(session, agencies.hats) == ("shop",)
        assert client_domains(session, agencies.hats) == ["example.com", "example.org"]
    page = browser.get(path).page
    assert [rule.is_chosen for rule in page.rules] == [False, False, True]
    assert {row[0].value.text: row[6].value.text for row in page.conversions.rows}["3"] == "deleted"
    assert browser.post(f"{path}/restore", REMOVAL).status == 303
    assert browser.post(f"{path}/sources", {"rule": "default"}).status == 303
    states = {row[0].value.text: row[6].value.text for row in browser.get(path).page.conversions.rows}
    assert states["3"] == "counts"


def test_wrong_input_is_explained_on_the_page(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/conversions"
    for form, values, message in (
        ("sources", {"rule": "chosen"}, "sources:"),
        ("sources", {"rule": "chosen", "sources": ["kiosk"]}, "No sale comes from kiosk."),
        ("domains", {"domains": "https://example.com/"}, "is not the domain of a website"),
        ("delete", {"conversion_id": "3", "reason": ""}, "reason:"),
        ("restore", {"conversion_id": "999", "reason": "Why not"}, "999"),
    ):
        answer = browser.post(f"{path}/{form}", values)
        assert (answer.status, message in answer.page.error) == (422, True), answer.page.error


def test_a_viewer_changes_nothing_and_another_client_is_not_found(agencies: Agencies) -> None:
    path = f"/clients/{agencies.hats}/conversions"
    viewer = agencies.browser(UserRole.VIEWER, agencies.hats)
    stranger = agencies.browser(UserRole.MANAGER, agencies.shoes)
    for form in ("sources", "domains", "delete", "restore"):
        assert viewer.post(f"{path}/{form}", REMOVAL).status == 403
    assert stranger.get(path).status == 404
    assert stranger.post(f"{path}/domains", {"domains": "mine.example"}).status == 404
    assert stranger.post(f"{path}/delete", REMOVAL).status == 404


def test_a_funnel_without_events_is_unknown_and_not_zero(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.shoes}/conversions").page
    assert (page.funnel.svg, page.funnel.table.rows) == ("", ())
    assert "the funnel is unknown" in page.funnel.table.empty
