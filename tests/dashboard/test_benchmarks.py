"""The page of benchmarks and competitors: it shows what the API returns, and its forms change the store."""

from tests.analytics.reports.conftest import MONDAY, WEEK
from tests.conftest import NOW, ONE_DAY
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.benchmarks.client_comparison import make_comparison
from sophia.analytics.comments.competitors import list_competitors
from sophia.analytics.comments.reports import make_share_of_voice
from sophia.analytics.comments.requests import SentimentQuery
from sophia.display.formatting import value_of
from sophia.portfolio.models import Client


def test_the_page_shows_what_the_api_returns(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/benchmarks").page
    comparison = make_comparison(agencies.database, agencies.hats, WEEK, NOW)
    published = [item for item in comparison.published if item.benchmark is not None]
    assert [row[1].value for row in page.published.rows] == [value_of(item.own) for item in published]
    assert [row[3].value for row in page.published.rows] == [value_of(item.points) for item in published]
    assert [row[2].value.text for row in page.published.rows] == ["0.16 %"]
    assert len(page.sources) == 1
    assert [[cell.value for cell in row[1:5]] for row in page.portfolio.rows] == [
        [value_of(figure) for figure in (item.own, item.portfolio.lower, item.portfolio.middle, item.portfolio.upper)]
        for item in comparison.portfolio
    ]
    query = SentimentQuery(start_date=MONDAY, end_date=MONDAY + 6 * ONE_DAY)
    with agencies.database.read() as session:
        share = make_share_of_voice(session, agencies.hats, query, NOW)
        (competitor,) = list_competitors(session, agencies.hats)
    assert [row[1].value for row in page.share.rows] == [value_of(voice.own) for voice in share.metrics.values()]
    assert [cell.value.text for cell in page.competitors.rows[0][:2]] == ["@caps", str(competitor.followers_count)]


def test_forms_change_competitors_and_industry(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/benchmarks"
    assert browser.post(f"{path}/competitors", {"username": "@Berets"}).status == 303
    page = browser.get(path).page
    assert [competitor.username for competitor in page.removable] == ["berets", "caps"]
    assert browser.post(page.removable[0].href).status == 303
    assert [competitor.username for competitor in browser.get(path).page.removable] == ["caps"]
    assert browser.post(f"{path}/industry", {"industry": "fashion"}).status == 303
    with agencies.database.read() as session:
        assert session.get_one(Client, agencies.hats).industry == "fashion"
    assert [option.text for option in browser.get(path).page.industries if option.current] == ["fashion"]
    assert browser.post(f"{path}/industry", {"industry": ""}).status == 303
    with agencies.database.read() as session:
        assert session.get_one(Client, agencies.hats).industry is None


def test_wrong_input_is_explained_on_the_page(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/benchmarks"
    for name, message in (("not a name", "give the name, not the address"), ("", "username:")):
        answer = browser.post(f"{path}/competitors", {"username": name})
        assert (answer.status, message in answer.page.error) == (422, True), answer.page.error
    assert browser.post(f"{path}/competitors/99/remove").status == 422


def test_roles(agencies: Agencies) -> None:
    path = f"/clients/{agencies.hats}/benchmarks"
    viewer = agencies.browser(UserRole.VIEWER, agencies.hats)
    manager = agencies.browser(UserRole.MANAGER, agencies.hats)
    stranger = agencies.browser(UserRole.MANAGER, agencies.shoes)
    assert viewer.post(f"{path}/competitors", {"username": "berets"}).status == 403
    assert viewer.post(f"{path}/competitors/1/remove").status == 403
    assert manager.post(f"{path}/industry", {"industry": "fashion"}).status == 403
    assert (manager.get(path).page.can_change, manager.get(path).page.industries) == (True, ())
    assert stranger.get(path).status == 404
    assert stranger.post(f"{path}/competitors/1/remove").status == 404
