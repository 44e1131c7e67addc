"""The report for a client: the same figures as the API's report, for users and behind share links."""

import re
from datetime import date

from sqlalchemy import update
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, Browser
from tests.dashboard.test_sharing import shared_path

from sophia.access.users import UserRole
from sophia.analytics.goals.store import NewGoal, set_goal
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.records import Report
from sophia.dashboard.report.view import ReportPage
from sophia.portfolio.models import Account, Post


def page_of(agencies: Agencies) -> ReportPage:
    answer = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/report")
    assert answer.status == 200, answer.text
    assert isinstance(answer.page, ReportPage)
    return answer.page


def report_of(agencies: Agencies) -> Report:
    return make_report(agencies.database, agencies.hats, None, NOW)


def add_goal(agencies: Agencies, name: str, kpi: str, target: float, *, at_most: bool = False) -> None:
    goal = NewGoal(kpi, target, date(2026, 11, 9), date(2026, 11, 29), at_most)
    with agencies.database.write() as session:
        set_goal(session, agencies.hats, name, goal, NOW)


def test_the_result_is_that_of_the_report(agencies: Agencies) -> None:
    page, report = page_of(agencies), report_of(agencies)
    cards = {card.label: card for card in page.cards}
    assert report.kpis["views"].value == 7 * 500
    assert cards["Views"].value.text == "3,500"
    assert cards["Views"].change is not None
    assert (cards["Views"].change.text, cards["Views"].change.since) == ("50.0 %", "7,000")
    assert page.lead.startswith("Views fell 50.0 % and engagement rate by reach ")
    assert page.published == "2 posts were published in this period, 1 in the previous one."
    assert page.changes[0] == "Views fell by 50 %, to 3,500 from 7,000."
    # Hats recorded one conversion of 40 and one of 60 less 10 refunded.
    assert cards["Revenue"].value.text == "€90.00"


def test_the_best_posts_lead_to_meta(agencies: Agencies) -> None:
    with agencies.database.write() as session:
        session.execute(update(Post).values(permalink="https://www.instagram.com/p/x/"))
    report = report_of(agencies)
    page = page_of(agencies)
    assert [row[3].value.text for row in page.posts.rows] == [str(post.engagements) for post in report.top_posts]
    assert {row[0].href for row in page.posts.rows} == {"https://www.instagram.com/p/x/"}
    shared = Browser(agencies.app).get(shared_path(agencies, agencies.hats)).page
    assert shared.posts == page.posts


def test_goals_come_first_with_the_days_that_are_over(agencies: Agencies) -> None:
    add_goal(agencies, "Views", "views", 10_000)
    page = page_of(agencies)
    (goal,) = page.goals
    # 3,500 of 10,000 after 7 of 21 days: a third of the days, and more than a third of the target.
    assert (goal.value.text, goal.target, goal.status) == ("3,500", "of 10K", "on pace")
    assert goal.bar is not None
    assert (goal.bar.width, goal.bar.at) == (35.0, 33.3)
    assert "projected 10.5K" in goal.note
    assert page.lead.startswith("The goal is on pace; views fell 50.0 %")
    assert not any("Agree on a goal" in text for text in page.needs)


def test_a_rate_has_no_bar_and_names_its_limit(agencies: Agencies) -> None:
    add_goal(agencies, "Rejections", "rejection_rate", 10, at_most=True)
    (goal,) = page_of(agencies).goals
    assert (goal.target, goal.bar) == ("at most 10.0 %", None)


def test_it_says_what_the_client_must_do(agencies: Agencies) -> None:
    assert page_of(agencies).needs == (
        "Approve 1 planned post, so that we can publish.",
        "Agree on a goal with us: without a goal, this report cannot say whether the result is enough.",
    )
    with agencies.database.write() as session:
        session.execute(
            update(Account)
            .where(Account.client_id == agencies.hats)
            .values(status="needs_reconnect", status_reason="Run sophia connect with a secret.")
        )
    page = page_of(agencies)
    assert page.needs[0].startswith("Give us access to ")
    assert "sophia connect" not in str(page)


def test_planned_posts_show_their_time_but_not_their_text(agencies: Agencies) -> None:
    answer = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/report")
    (row,) = answer.page.planned.rows
    assert [cell.value.text for cell in row][2:] == ["Image", "waiting for approval"]
    assert "Hats at https://hats.example/new" not in answer.text


def test_a_client_without_figures_has_a_report(agencies: Agencies) -> None:
    with agencies.database.write() as session:
        from sophia.portfolio.models import Client  # noqa: PLC0415

        client = Client(name="New", slug="new", timezone="Asia/Tokyo", created_at=NOW)
        session.add(client)
        session.flush()
        client_id = client.id
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{client_id}/report")
    assert answer.status == 200
    assert answer.page.lead == "There is nothing to compare yet: this is the first period with figures."
    assert answer.page.posts.rows == ()
    assert answer.page.published.startswith("The number of posts is not available. ")


def test_a_share_link_shows_the_same_report_without_navigation(agencies: Agencies) -> None:
    page = page_of(agencies)
    answer = Browser(agencies.app).get(shared_path(agencies, agencies.hats))
    assert [card.value for card in answer.page.cards] == [card.value for card in page.cards]
    assert (answer.page.lead, answer.page.changes, answer.page.needs) == (page.lead, page.changes, page.needs)
    assert "<nav" not in answer.text
    assert re.findall(r'href="(/(?!static)[^"]*)"', answer.text) == []
    export = Browser(agencies.app).get(f"{shared_path(agencies, agencies.hats)}?export=best-posts")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_fixed_link_shows_its_days_and_a_live_link_the_last_week(agencies: Agencies) -> None:
    fixed = shared_path(agencies, agencies.hats, start_date="2026-11-02", end_date="2026-11-08")
    assert Browser(agencies.app).get(fixed).page.compared.startswith("2–8 Nov")
    live = shared_path(agencies, agencies.hats)
    assert Browser(agencies.app).get(live).page.compared.startswith("9–15 Nov")


def test_other_clients_have_no_report(agencies: Agencies) -> None:
    answer = agencies.browser(UserRole.VIEWER, agencies.shoes).get(f"/clients/{agencies.hats}/report")
    assert (answer.status, "Hats" in answer.text) == (404, False)
