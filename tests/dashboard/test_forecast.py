"""The page of forecasts: the same numbers as the API, and a reason for each KPI without one."""

from datetime import date

import numpy as np
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.figures.figures import Figure, FigureUnit
from sophia.analytics.forecasts.client_forecasts import ClientForecasts, forecast_kpi
from sophia.analytics.forecasts.series import weeks_before
from sophia.dashboard.forecast.view import forecast_page, week_table
from sophia.display.charts.drawing import ChartDrawer

PAST = weeks_before(date(2026, 11, 22), 156)
RANDOM = np.random.default_rng(2)
VIEWS = {
    week.start: Figure(value=int(value), unit=FigureUnit.COUNT)
    for week, value in zip(PAST[-40:], RANDOM.lognormal(7, 0.2, 40), strict=True)
}


def test_a_page_shows_a_chart_for_each_forecast_and_reasons_for_the_others() -> None:
    views = forecast_kpi("views", PAST, VIEWS, 4)
    followers = forecast_kpi("followers", PAST, {PAST[-1].start: Figure(value=1000, unit=FigureUnit.PEOPLE)}, 4)
    drawer = ChartDrawer(1)
    try:
        page = forecast_page("Hats", ClientForecasts(1, None, 80.0, (views, followers)), 4, drawer)
    finally:
        drawer.close()
    last = views.weeks[-1]
    (chart,) = page.charts
    assert page.lead == (
        f"Views in the week of 7 Dec: about {last.middle:,.0f}, with 80 % probability {last.low:,.0f} to {last.high:,.0f}."
    )
    assert chart.svg.startswith("<svg")
    assert [row[0].value.text for row in page.without.rows] == ["Followers"]
    assert page.without.rows[0][1].value.text == "A forecast needs 10 complete weeks; there are 1."
    assert [(link.text, link.current) for link in page.choices] == [
        ("4 weeks", True),
        ("8 weeks", False),
        ("12 weeks", False),
    ]


def test_the_table_has_the_coming_weeks_before_the_complete_ones() -> None:
    views = forecast_kpi("views", PAST, VIEWS, 4)
    table = week_table(views, "Views")
    assert [row[1].value.text for row in table.rows] == ["forecast"] * 4 + ["actual"] * 26
    first_coming, newest = table.rows[3], table.rows[4]
    assert (first_coming[0].value.exact, newest[0].value.exact) == ("2026-11-16", "2026-11-09")
    assert newest[2].value.text == f"{VIEWS[PAST[-1].start].value:,}"
    assert first_coming[3].value.text == f"{views.weeks[0].low:,.0f}"


def test_the_number_of_weeks_is_in_the_address(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    answer = browser.get(f"/clients/{agencies.hats}/forecast?weeks=12")
    assert answer.status == 200
    assert [link.current for link in answer.page.choices] == [False, False, True]
    assert browser.get(f"/clients/{agencies.hats}/forecast?weeks=13").status == 422
