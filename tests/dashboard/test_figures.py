"""Every figure of Portfolio, Client and Report equals what SQL of its own finds in the store of a collected agency."""

import math
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.analytics.collector.conftest import AppState, HouseMaker
from tests.analytics.collector.conftest import make_house as make_house  # noqa: PLC0414 - a fixture of this file
from tests.conftest import plain_settings
from tests.dashboard.conftest import Agencies
from tests.dashboard.sql_figures import ClientInSql, compared_at_age
from tests.dashboard.sql_rows import VIEWS, Shown, Week
from tests.reporting.reading import in_english, missing_texts

from sophia.access.users import UserRole
from sophia.analytics.collector.plan import Plan
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.display.languages import LANGUAGES
from sophia.display.values import Card, Cell, ChangeText, Table, Value
from sophia.main import create_app

# The last minute of days in Meta's zone: reports use the counters that posts had at the end of their week, and those that
# they had at seven days, between two answers.
EVENINGS = tuple(datetime(2026, 11, day, 7, 59, tzinfo=UTC) for day in (9, 11, 13, 15, 16, 18, 20, 22, 24))
TODAY = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
WEEK = Week(date(2026, 11, 9), date(2026, 11, 16))

SCALES = {"": 1.0, "K": 1e3, "M": 1e6}
AT_AGE = re.compile(r"(engagements|engagement_rate)_at_(24_hours|7_days|28_days)")
DAYS = {"24_hours": 1, "7_days": 7, "28_days": 28}
NUMBER = re.compile(r"(−?)([\d,]*\.?\d+)([KM]?)")
# KPIs of posts and of follower totals, whose values may have been read after the window.
POST_KPIS = {
    "followers",
    "engagements",
    "engagement_rate_by_reach",
    "mean_engagement_rate_by_reach",
    "engagement_rate_by_followers",
    "engagement_rate_by_views",
    "save_rate",
    "share_rate",
    "amplification_rate",
    "click_through_rate",
}


@dataclass(frozen=True)
class Read:
    """A number of a page, and half a unit of its last digit."""

    value: float
    half: float


def read(text: str) -> list[Read]:
    """Every number of a text."""
    numbers = []
    for sign, digits, scale in NUMBER.findall(text.replace("[", "").replace("–", " – ")):
        decimals = len(digits.partition(".")[2])
        value = float(digits.replace(",", "")) * SCALES[scale] * (-1 if sign else 1)
        numbers.append(Read(value, 0.5 * 10**-decimals * SCALES[scale]))
    return numbers


def expect(shown: Value | str, figure: Shown, name: str) -> None:
    """Compare the rounded and the exact text with a figure of the store."""
    texts = [shown] if isinstance(shown, str) else [shown.text, *([shown.exact] if shown.exact else [])]
    for text in texts:
        if figure is None:
            assert text == "–", name
            continue
        bounds = figure if isinstance(figure, tuple) else (figure,)
        wanted = [bound for bound in bounds if not math.isnan(bound)]
        numbers = read(text)
        assert len(numbers) == len(wanted), (name, text, wanted)
        for number, value in zip(numbers, wanted, strict=True):
            assert abs(number.value - value) <= number.half * 1.001 + 1e-9, (name, text, wanted)


def expect_change(change: ChangeText | None, after_texts: str, pair: tuple[Shown, Shown], name: str) -> None:
    """Compare a change with both of its numbers, which must be beside it."""
    before, after = pair
    if not isinstance(before, float | int) or not isinstance(after, float | int):
        assert change is None or change.text == "–", name
        return
    assert change is not None, name
    is_rate = "rate" in name and "edits" not in name
    size = after - before if is_rate or before <= 0 else 100 * (after - before) / before
    if not change.arrow:
        assert abs(size) < 0.05 or change.text == "–", (name, change)
    else:
        assert change.arrow == ("↑" if size > 0 else "↓"), (name, change, pair)
        number = read(change.text)[0]
        wanted = after / before if "×" in change.text else abs(size)
        assert abs(number.value - wanted) <= number.half * 1.001, (name, change, pair)
        expect(change.since, before, f"{name} before")
    numbers = read(f"{after_texts} {change.until}")
    assert any(abs(number.value - after) <= number.half * 1.001 for number in numbers), (name, after_texts)


def name_of(href: str) -> str:
    return href.partition("#")[2]


class Checked:
    """One client in both windows."""

    def __init__(self, connection: sqlite3.Connection, client: int, week: Week = WEEK) -> None:
        self.now, self.before = ClientInSql(connection, client, week), ClientInSql(connection, client, week.earlier())
        self.kpis = self.now.kpis() | self.now.at_ages(TODAY)
        self.earlier = self.before.kpis() | self.before.at_ages(TODAY)
        # Posts published before the first collection were not read at seven days.
        self.is_aged = week == WEEK

    def pair(self, name: str) -> tuple[Shown, Shown]:
        """Both values of a change: of posts at seven days, or if the posts of before were not read then, of old posts only."""
        if name == "views":
            return self.now.compared(VIEWS)
        if match := AT_AGE.fullmatch(name):
            base = "engagements" if match[1] == "engagements" else "engagement_rate_by_reach"
            if self.earlier[name] is None or self.kpis[name] is None:
                return None, self.kpis[name]
            return compared_at_age(self.before, self.now, base, DAYS[match[2]])
        if name in POST_KPIS - {"followers"} and self.is_aged:
            return compared_at_age(self.before, self.now, name, 7)
        lateness = {self.now.lateness(name), self.before.lateness(name)}
        if name in POST_KPIS and (
            lateness != {"old"} if name != "followers" else lateness not in ({"in time"}, {"old"})
        ):
            return None, self.kpis[name]
        return self.earlier[name], self.kpis[name]

    def shown(self, name: str) -> Shown:
        """The figure of a card or a cell of the portfolio: of posts the one that is compared."""
        pair = self.pair(name)[1]
        return (
            pair
            if name in POST_KPIS - {"followers"} and self.is_aged and isinstance(pair, float | int)
            else self.kpis[name]
        )

    def card(self, card: Card) -> None:
        name = name_of(card.href)
        expect(card.value, self.shown(name), name)
        if card.change is not None:
            expect_change(card.change, f"{card.value.text} {card.value.exact} {card.note}", self.pair(name), name)

    def cell(self, name: str, cell: Cell) -> None:
        expect(cell.value, self.shown(name), name)
        if cell.change is not None:
            expect_change(cell.change, f"{cell.value.text} {cell.value.exact} {cell.note}", self.pair(name), name)

    def kpi_table(self, table: Table) -> int:
        for row in table.rows:
            name = name_of(row[0].href)
            if name == "reach_growth":
                assert row[1].value.text == "–" or self.pair("reach")[1] is not None
                continue
            expect(row[1].value, self.kpis[name], name)
            texts = f"{row[1].value.text} {row[1].value.exact} {row[2].note}"
            if row[2].change is not None or row[2].value.text != "–":
                expect_change(row[2].change, texts, self.pair(name), name)
        return len(table.rows)

    def best_posts(self, table: Table) -> None:
        top = self.now.top_posts()
        assert len(table.rows) == len(top)
        for row, (engagement, reach) in zip(table.rows, top, strict=True):
            expect(row[3].value, engagement, "engagement of a post")
            expect(row[2].value, reach, "reach of a post")
            expect(row[4].value, 100 * engagement / reach if reach else None, "rate of a post")


def check_portfolio(connection: sqlite3.Connection, page: Any, week: Week = WEEK) -> None:
    names = {row[0].value.text for row in page.clients.rows}
    stored = dict(connection.execute("SELECT name, id FROM clients WHERE status = 'active'").fetchall())
    assert names == set(stored)
    for row in page.clients.rows:
        client = Checked(connection, stored[row[0].value.text], week)
        for column, cell in zip(page.clients.columns, row, strict=True):
            if column.href:
                client.cell(name_of(column.href), cell)
        line = next(cell.line for cell in row if cell.line)
        heights = [float(point.partition(",")[2]) for point in line.split()]
        ends = [week.end - timedelta(weeks=back) for back in range(7, -1, -1)]
        weeks = [Week(end - timedelta(weeks=1), end) for end in ends]
        views = [ClientInSql(connection, client.now.client, past).kpis()["views"] for past in weeks]
        sums = [float(view) for view in views if isinstance(view, float | int)]
        assert heights == pytest.approx([1 + 18 * (1 - view / max(sums)) for view in sums], abs=0.06)


def check_client(connection: sqlite3.Connection, page: Any, client_id: int, week: Week = WEEK) -> None:
    client = Checked(connection, client_id, week)
    for card in page.cards:
        client.card(card)
    assert client.kpi_table(page.kpis) >= 25
    client.best_posts(page.posts)
    days = (week.end - week.start).days
    assert page.fresh.startswith(f"Complete for {client.now.covered_days()} of {days} days")
    check_days(client, page.chart.table)


def check_days(client: Checked, table: Table) -> None:
    """Compare each day of the chart's table, column by column."""
    first = date.fromisoformat(table.rows[-1][0].value.exact)
    span = Week(first, client.now.week.end)
    stored = {
        platform.capitalize(): client.now.daily(account, VIEWS, span)
        for account, platform in client.now.accounts.items()
    }
    assert {column.label for column in table.columns[1:]} == set(stored)
    for row in table.rows:
        day = date.fromisoformat(row[0].value.exact)
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            expect(cell.value, stored[column.label].get(day), f"{column.label} on {day}")


def check_report(connection: sqlite3.Connection, document: Any, client_id: int, week: Week = WEEK) -> None:
    client = Checked(connection, client_id, week)
    for card in document.result.cards:
        client.card(card)
    assert client.kpi_table(document.figures.kpis) >= 10
    client.best_posts(document.work.posts)
    count, before = (read(text)[0].value for text in document.work.published.split(",")[:2])
    assert (count, before) == (client.kpis["posts"], client.earlier["posts"])
    check_days(client, document.changes.chart.table)
    # Figures that are left out have none in the store either.
    shown = {name_of(row[0].href) for row in document.figures.kpis.rows}
    assert {name for name, figure in client.kpis.items() if figure is not None} <= shown


def check_languages(connection: sqlite3.Connection, agencies: Agencies, week: str) -> None:
    """The report of one client in every language, and the PDF with the same texts."""
    browser = agencies.browser(UserRole.OPERATOR)
    for code in LANGUAGES:
        document = browser.get(f"/clients/1/report{week}&language={code}").page.document
        check_report(connection, in_english(document, code), 1)
        answer = browser.get(f"/clients/1/report.pdf{week}&language={code}")
        assert missing_texts(document, answer.content) == []


@pytest.fixture
def collected(make_house: HouseMaker) -> Iterator[tuple[Agencies, sqlite3.Connection]]:
    """Three clients, collected at the end of two weeks and every other day until their posts were older than seven days."""
    house: AppState = make_house(now=TODAY, businesses=3, days=75, posts_per_account=40)
    for moment in (*EVENINGS, TODAY):
        house.now = moment
        house.collect(plan=Plan())
    keep_weeks(house.database, TODAY)
    app = create_app(plain_settings(), house.database, clock=lambda: TODAY)
    path: Path | None = house.database.path
    assert path is not None
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    yield Agencies(house.database, app, 1, 2, now=TODAY), connection
    connection.close()
    app.state.chart_drawer.close()


def test_pages_show_what_the_store_holds(collected: tuple[Agencies, sqlite3.Connection]) -> None:
    agencies, connection = collected
    browser = agencies.browser(UserRole.OPERATOR)
    week = f"?start_date={WEEK.start}&end_date={WEEK.end - timedelta(days=1)}"
    check_portfolio(connection, browser.get(f"/portfolio{week}").page)
    four_weeks = Week(WEEK.end - timedelta(weeks=4), WEEK.end)
    query = f"?start_date={four_weeks.start}&end_date={four_weeks.end - timedelta(days=1)}"
    check_portfolio(connection, browser.get(f"/portfolio{query}").page, four_weeks)
    check_client(connection, browser.get(f"/clients/1{query}").page, 1, four_weeks)
    for client_id in (1, 2, 3):
        check_client(connection, browser.get(f"/clients/{client_id}{week}").page, client_id)
        check_report(connection, browser.get(f"/clients/{client_id}/report{week}").page.document, client_id)
    check_languages(connection, agencies, week)
