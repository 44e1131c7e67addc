"""The report for a client: the same figures as the API's report, for users and behind share links."""

import re
from datetime import date
from typing import Any

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


def page_of(agencies: Agencies, query: str = "") -> ReportPage:
    answer = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/report{query}")
    assert answer.status == 200, answer.text
    assert isinstance(answer.page, ReportPage)
    return answer.page


def document_of(agencies: Agencies, query: str = "") -> Any:
    return page_of(agencies, query).document


def report_of(agencies: Agencies) -> Report:
    return make_report(agencies.database, agencies.hats, None, NOW)


def add_goal(agencies: Agencies, name: str, kpi: str, target: float, *, at_most: bool = False) -> None:
    goal = NewGoal(kpi, target, date(2026, 11, 9), date(2026, 11, 29), at_most)
    with agencies.database.write() as session:
        set_goal(session, agencies.hats, name, goal, NOW)


def test_the_result_is_that_of_the_report(agencies: Agencies) -> None:
    document, report = document_of(agencies), report_of(agencies)
    cards = {card.label: card for card in document.result.cards}
    assert report.kpis["views"].value == 7 * 500
    assert cards["Views"].value.text == "3,500"
    assert cards["Views"].change is not None
    assert (cards["Views"].change.text, cards["Views"].change.since) == ("50.0 %", "7,000")
    assert document.lead.startswith("Views fell 50.0 %. Engagement rate by reach ")
    assert document.work.published == "2 posts were published in this period, 1 in the previous one."
    assert document.changes.sentences[0] == "Views fell by 50 %, to 3,500 from 7,000."
    # Hats recorded one conversion of 40 and one of 60 less 10 refunded.
    assert cards["Revenue"].value.text == "€90.00"


def test_the_best_posts_lead_to_meta(agencies: Agencies) -> None:
    with agencies.database.write() as session:
        session.execute(update(Post).values(permalink="https://www.instagram.com/p/x/"))
    report = report_of(agencies)
    posts = document_of(agencies).work.posts
    assert [row[3].value.text for row in posts.rows] == [str(post.engagements) for post in report.top_posts]
    assert {row[0].href for row in posts.rows} == {"https://www.instagram.com/p/x/"}
    shared = Browser(agencies.app).get(shared_path(agencies, agencies.hats)).page.document
    assert shared.work.posts == posts


def test_goals_come_first_with_the_days_that_are_over(agencies: Agencies) -> None:
    add_goal(agencies, "Views", "views", 10_000)
    document = document_of(agencies)
    (goal,) = document.result.goals
    # 3,500 of 10,000 after 7 of 21 days: a third of the days, and more than a third of the target.
    assert (goal.value.text, goal.target, goal.status) == ("3,500", "of 10K", "on pace")
    assert goal.bar is not None
    assert (goal.bar.width, goal.bar.at) == (35.0, 33.3)
    assert "projected 10.5K" in goal.note
    assert document.lead.startswith("The goal is on pace. Views fell 50.0 %.")
    assert not any("Agree on a goal" in text for text in document.needs.sentences)


def test_a_rate_has_no_bar_and_names_its_limit(agencies: Agencies) -> None:
    add_goal(agencies, "Rejections", "rejection_rate", 10, at_most=True)
    (goal,) = document_of(agencies).result.goals
    assert (goal.target, goal.bar) == ("at most 10.0 %", None)


def test_it_says_what_the_client_must_do(agencies: Agencies) -> None:
    assert document_of(agencies).needs.sentences == (
        "Approve 1 planned post, so that we can publish.",
        "Agree on a goal with us: without a goal, this report cannot say whether the result is enough.",
    )
    with agencies.database.write() as session:
        session.execute(
            update(Account)
            .where(Account.client_id == agencies.hats)
            .values(status="needs_reconnect", status_reason="Run sophia connect with a secret.")
        )
    document = document_of(agencies)
    assert document.needs.sentences[0].startswith("Give us access to ")
    assert "sophia connect" not in str(document)


def test_planned_posts_show_their_time_but_not_their_text(agencies: Agencies) -> None:
    answer = agencies.browser(UserRole.VIEWER, agencies.hats).get(f"/clients/{agencies.hats}/report")
    (row,) = answer.page.document.outlook.planned.rows
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
    document = answer.page.document
    assert document.lead == "There is nothing to compare yet: this is the first period with figures."
    assert document.work.posts.rows == ()
    assert document.work.published.startswith("The number of posts is not available. ")


def test_a_share_link_shows_the_same_report_without_navigation(agencies: Agencies) -> None:
    document = document_of(agencies)
    path = shared_path(agencies, agencies.hats)
    answer = Browser(agencies.app).get(path)
    shared = answer.page.document
    assert [card.value for card in shared.result.cards] == [card.value for card in document.result.cards]
    assert (shared.lead, shared.changes, shared.needs) == (document.lead, document.changes, document.needs)
    assert "<nav" not in answer.text
    assert re.findall(r'href="(/(?!static|brand)[^"]*)"', answer.text) == [f"{path}/pdf"]
    export = Browser(agencies.app).get(f"{shared_path(agencies, agencies.hats)}?export=best-posts")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_fixed_link_shows_its_days_and_a_live_link_the_last_week(agencies: Agencies) -> None:
    fixed = shared_path(agencies, agencies.hats, start_date="2026-11-02", end_date="2026-11-08")
    assert Browser(agencies.app).get(fixed).page.document.compared.startswith("2–8 Nov")
    live = shared_path(agencies, agencies.hats)
    assert Browser(agencies.app).get(live).page.document.compared.startswith("9–15 Nov")


def test_other_clients_have_no_report(agencies: Agencies) -> None:
    answer = agencies.browser(UserRole.VIEWER, agencies.shoes).get(f"/clients/{agencies.hats}/report")
    assert (answer.status, "Hats" in answer.text) == (404, False)
