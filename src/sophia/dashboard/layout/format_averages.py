"""The table of the averages of formats."""

from collections.abc import Mapping

from sophia.analytics.kpis.format_averages import FormatAverage
from sophia.display.figures import count_cell, definition, format_label, kpi_cell
from sophia.display.values import Cell, Column, Table, Value

EMPTY = "No post was published in this period."


def format_table(prefix: str, averages: Mapping[str, FormatAverage], caption: str) -> Table:
    """Return the averages of each format, those with the highest engagement rate first."""
    columns = (
        Column("Format"),
        Column("Posts", numeric=True),
        Column("Engagement per post", numeric=True, href=definition(prefix, "engagements")),
        Column("Reach per post", numeric=True, href=definition(prefix, "reach")),
        Column("Engagement rate", numeric=True, href=definition(prefix, "engagement_rate_by_reach")),
    )
    ordered = sorted(averages.items(), key=lambda item: (-float(item[1].rate_by_reach.value or 0), item[0]))
    rows = tuple(
        (
            Cell(Value(format_label(name))),
            count_cell(average.posts, ""),
            kpi_cell(average.engagements, None),
            kpi_cell(average.reach, None),
            kpi_cell(average.rate_by_reach, None),
        )
        for name, average in ordered
    )
    return Table("averages", caption, columns, rows, EMPTY)
