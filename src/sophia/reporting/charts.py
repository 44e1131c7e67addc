"""The chart of daily views by platform."""

from datetime import date, datetime, timedelta

from sophia.analytics.readings.aggregated import Aggregated
from sophia.analytics.reports.records import Report
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import DayPoint, Line, Mark, daily_lines
from sophia.display.figures import count_cell
from sophia.display.formatting import PLATFORM_LABELS, beginning, dates, day
from sophia.display.languages import ENGLISH, LanguageCode, language
from sophia.display.values import Cell, Chart, Column, Table, Value
from sophia.meta.reporting_zone import ONE_DAY, DateRange

CHART_DAYS = 90
# Meta restates the newest days.
PROVISIONAL_DAYS = 2
MOST_LABEL = 24


def chart_days(window: DateRange) -> DateRange:
    """Return the 90 days that end with the window, or the window itself where it is longer."""
    return DateRange(min(window.start, window.end - CHART_DAYS * ONE_DAY), window.end)


def views_chart(
    report: Report, views: Aggregated, now: datetime, drawer: ChartDrawer, code: LanguageCode = ENGLISH
) -> Chart:
    """Return the daily views by platform with annotations and anomalies as marks."""
    words = language(code)
    provisional = now.date() - timedelta(days=PROVISIONAL_DAYS)
    lines = tuple(
        Line(
            PLATFORM_LABELS[group.platform or "facebook"],
            group.platform or "portfolio",
            tuple(
                DayPoint(point.start, None if point.value is None else float(point.value), point.start >= provisional)
                for point in group.points
            ),
        )
        for group in views.groups
    )
    marks = [Mark(note.day, beginning(note.text, MOST_LABEL), "second") for note in report.annotations]
    marks += [
        Mark(item.anomaly.since, words.say("captions.unusual"), "coral")
        for item in report.anomalies
        if item.metric == "views" and item.anomaly.kind != "gap"
    ]
    description = words.say("captions.views_description", dates=dates(chart_days(report.window), code))
    (svg,) = drawer.draw([daily_lines(lines, marks, locale=code)])
    return Chart("views", words.say("captions.views"), description, svg, day_table(lines, code))


def day_table(lines: tuple[Line, ...], code: LanguageCode = ENGLISH) -> Table:
    """Return the values of a chart by day, the newest first."""
    words = language(code)
    by_day: dict[date, dict[str, float | None]] = {}
    for line in lines:
        for point in line.points:
            by_day.setdefault(point.day, {})[line.label] = point.value
    columns = (Column(words.say("columns.day")), *(Column(line.label, numeric=True) for line in lines))
    not_reported = words.say("numbers.not_reported")
    rows = tuple(
        (
            Cell(Value(day(moment, code), moment.isoformat()), sort=moment.toordinal()),
            *(count_cell(values.get(line.label), not_reported, code) for line in lines),
        )
        for moment, values in sorted(by_day.items(), reverse=True)
    )
    return Table("views", words.say("captions.views"), columns, rows, words.say("captions.no_days"))
