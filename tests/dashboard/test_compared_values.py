"""What a change compares is beside it: on pages, in exports and in commands."""

import csv
import io
from datetime import date

import pytest

from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, LateReading, change
from sophia.analytics.figures.sentences import written
from sophia.cli.report import change_text, compared, dated_figure
from sophia.dashboard.layout.pages import as_csv
from sophia.display.figures import kpi_card, kpi_cell
from sophia.display.formatting import change_of
from sophia.display.values import Cell, Column, Table, Value

WHOLE = Figure(value=92_485, unit=FigureUnit.COUNT, coverage=Coverage(7, 7))
SIX_DAYS = change(
    Figure(value=87_546, unit=FigureUnit.COUNT, coverage=Coverage(6, 7)),
    Figure(value=83_140, unit=FigureUnit.COUNT, coverage=Coverage(6, 7)),
)


def test_a_change_of_fewer_days_shows_the_sums_of_these_days() -> None:
    """L28: 92,485 beside −5 % from 87,546 would contradict each other; the six-day sum is named with its days."""
    cell = kpi_cell(WHOLE, SIX_DAYS)
    assert cell.change is not None
    assert (cell.value.text, cell.change.arrow, cell.change.text) == ("92,485", "↓", "5.0 %")
    assert (cell.change.since, cell.change.until, cell.change.days) == ("87,546", "83,140", "on the same 6 days")
    card = kpi_card("", "views", {"views": WHOLE}, {"views": SIX_DAYS})
    assert card.change is not None
    assert (card.change.since, card.change.until) == ("87.5K", "83.1K")
    assert compared(SIX_DAYS, WHOLE) == "87,546 to 83,140 on the same 6 days"


def test_an_export_has_the_values_that_a_change_compares() -> None:
    """L28: the CSV of the table has both six-day sums, their days and the marks beside figures."""
    late = Figure(value=50, unit=FigureUnit.COUNT, late=LateReading(date(2026, 11, 30), is_young=True))
    rows = ((Cell(Value("Hats")), kpi_cell(WHOLE, SIX_DAYS)), (Cell(Value("Shoes")), kpi_cell(late, None)))
    table = Table("clients", "All clients", (Column("Client"), Column("Views")), rows, "No client.")
    heading, *lines = csv.reader(io.StringIO(as_csv(table)))
    assert heading == [
        "Client",
        "Views",
        *(f"Views: {part}" for part in ("change", "before", "after", "compared", "note")),
    ]
    assert lines == [
        ["Hats", "92,485", "↓ 5.0 %", "87,546", "83,140", "on the same 6 days", ""],
        ["Shoes", "50", "", "", "", "", "as of 30 Nov, young"],
    ]
    assert dated_figure(late) == "50 (as of 30 Nov, young)"


def test_a_change_of_the_whole_period_needs_no_other_value() -> None:
    """L28: where the change compares the figure beside it, nothing is repeated."""
    whole = change(Figure(value=100_000, unit=FigureUnit.COUNT, coverage=Coverage(7, 7)), WHOLE)
    text = change_of(whole, WHOLE)
    assert (text.since, text.until, text.days) == ("100K", "", "")
    assert compared(whole, WHOLE) == "100,000 to 92,485"


def test_a_period_with_a_missing_day_names_the_days_compared() -> None:
    """L28: the figure has six days itself, and the earlier value is not that of its whole period either."""
    six = Figure(value=83_140, unit=FigureUnit.COUNT, coverage=Coverage(6, 7))
    text = change_of(SIX_DAYS, six)
    assert (text.until, text.days) == ("83.1K", "on the same 6 days")
    assert compared(SIX_DAYS, six) == "87,546 to 83,140 on the same 6 days"


def test_a_rate_changes_in_points() -> None:
    """G7: from 13.9 % to 17.6 % are 3.7 points."""
    rates = [Figure(value=value, unit=FigureUnit.PERCENT) for value in (13.9, 17.6)]
    assert change_text(change(*rates)) == "+3.7 pts"
    assert change_text(change(*reversed(rates))) == "−3.7 pts"


@pytest.mark.parametrize(
    ("before", "after", "text", "sentence", "signed"),
    [
        (1000, 1500, "50.0 %", "50 %", "+50 %"),
        (1000, 3300, "3.3 ×", "a factor of 3.3", "3.3 ×"),
        (7, 1790, "255.7 ×", "a factor of 255.7", "255.7 ×"),
        (1000, 500, "50.0 %", "50 %", "−50 %"),
    ],
)
def test_large_changes_are_ratios(before: int, after: int, text: str, sentence: str, signed: str) -> None:
    """L28: 25,474 % says nothing to a reader."""
    difference = change(Figure(value=before, unit=FigureUnit.COUNT), Figure(value=after, unit=FigureUnit.COUNT))
    assert change_of(difference).text == text
    assert written(difference.percent.value, "change_size") == sentence
    assert written(difference.percent.value, "signed_percent") == signed
