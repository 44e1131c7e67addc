"""The page of comments shows what the API returns, filtered and in pages."""

from datetime import timedelta

from tests.analytics.reports.conftest import MONDAY
from tests.conftest import NOW, ONE_DAY
from tests.dashboard.conftest import Agencies
from tests.dashboard.furnishing import TEXTS, at

from sophia.access.users import UserRole
from sophia.analytics.comments.reports import make_sentiment
from sophia.analytics.comments.requests import SentimentQuery
from sophia.analytics.comments.store import save_comments
from sophia.display.formatting import value_of
from sophia.meta.records import ObservedComment, ObservedComments
from sophia.portfolio.models import Post


def test_the_page_shows_what_the_api_returns(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/comments").page
    query = SentimentQuery(start_date=MONDAY, end_date=MONDAY + 6 * ONE_DAY)
    with agencies.database.read() as session:
        report = make_sentiment(session, agencies.hats, query, NOW)
    assert page.lead == report.verdict
    (row,) = page.sentiment.rows
    assert (
        [cell.value.text for cell in row[1:3]] == [str(report.whole.comments), str(report.whole.scored)] == ["4", "3"]
    )
    shares = (report.whole.positive, report.whole.neutral, report.whole.negative)
    assert [cell.value for cell in row[3:6]] == [value_of(figure) for figure in shares]
    assert row[6].value.text == "1 another language"
    assert [row[1].value.text for row in page.comments.rows] == list(reversed(TEXTS))
    assert page.chart.table.rows[-1][1].value.text == "4"
    assert len(page.chart.table.rows) == 12


def test_filters_stay_with_the_window(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/comments"
    page = browser.get(f"{path}?tone=negative&platform=instagram&start_date=2026-11-09&end_date=2026-11-15").page
    assert [row[1].value.text for row in page.comments.rows] == [TEXTS[1]]
    platforms, tones = page.filters
    assert [link.text for group in (platforms, tones) for link in group if link.current] == ["Instagram", "Negative"]
    assert all("start_date=2026-11-09" in link.href for link in (*platforms, *tones))
    assert browser.get(f"{path}{platforms[0].href}").page.comments.rows == page.comments.rows
    assert browser.get(f"{path}?platform=facebook").page.comments.rows == ()
    assert browser.get(f"{path}?tone=angry").status == 422
    assert browser.get(f"{path}?cursor=x").status == 422


def test_older_comments_follow_on_the_next_page(agencies: Agencies) -> None:
    with agencies.database.read() as session:
        post = session.get_one(Post, 1)
        account, name = post.account_id, post.platform_post_id
    many = [
        ObservedComment(
            f"more {index}", at(MONDAY) + timedelta(seconds=index), f"{index}", is_reply=False, is_own=False
        )
        for index in range(60)
    ]
    save_comments(
        agencies.database,
        account,
        [ObservedComments(name, many, None, is_incomplete=False)],
        NOW,
        NOW - timedelta(days=400),
    )
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/comments"
    first = browser.get(path).page
    second = browser.get(f"{path}{first.older.href}").page
    assert (len(first.comments.rows), len(second.comments.rows), second.older) == (50, 14, None)
    assert not set(first.comments.rows) & set(second.comments.rows)


def test_another_client_is_not_found(agencies: Agencies) -> None:
    stranger = agencies.browser(UserRole.MANAGER, agencies.shoes)
    assert stranger.get(f"/clients/{agencies.hats}/comments").status == 404
    assert stranger.get(f"/clients/{agencies.shoes}/comments").page.sentiment.rows == ()
