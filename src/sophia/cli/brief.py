"""`sophia brief`: every client in one word, those first who need somebody most."""

from datetime import datetime
from typing import TYPE_CHECKING

import typer

from sophia.cli.arguments import AsOf, First, Last, Week, chosen_window
from sophia.cli.drawing import changed, figure, heading, line, sparkline
from sophia.cli.opening import open_installation
from sophia.cli.output import echo, paint
from sophia.cli.tables import AsJson, show_table

if TYPE_CHECKING:
    from sophia.analytics.reports.brief_records import Brief

# The colours of the states, as a terminal of 256 colours has them.
COLOURS = {"coral": "bold color(209)", "amber": "color(214)", "sage": "color(108)", "no data": "dim"}


def brief(
    week: Week = None,
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show who needs somebody now (coral), who a look (amber), who is well (sage), and who has no data, with the reasons."""
    installation = open_installation()
    from sophia.analytics.reports.brief import make_brief  # noqa: PLC0415

    window = chosen_window(week, first, last, as_of or installation.clock())
    found = make_brief(installation.database, None, installation.clock(), window, as_of=as_of)
    if as_json:
        from sophia.analytics.reports.brief_schemas import BriefAnswer  # noqa: PLC0415

        echo(BriefAnswer.model_validate(found).model_dump_json(indent=2))
        return
    show(found, as_of)


def show(brief: "Brief", as_of: datetime | None = None) -> None:
    from sophia.meta.reporting_zone import ONE_DAY  # noqa: PLC0415

    heading(f"The portfolio: {brief.window.start} to {brief.window.end - ONE_DAY}")
    for sentence in brief.commentary:
        line(sentence.text)
    for client in brief.clients:
        line("")
        line(paint(client.state.value, COLOURS[client.state.value]), "  ", paint(client.name, "bold"))
        for reason in client.reasons:
            line(f"  · {reason.text}")
    line("")
    rows = [
        {
            "client": client.name,
            "state": client.state.value,
            "posts": figure(client.kpis["posts"]),
            "views": figure(client.kpis["views"]),
            "change": changed(client.changes["views"].percent),
            "engagements": figure(client.kpis["engagements"]),
            "8 weeks": sparkline(client.weekly_views),
        }
        for client in brief.clients
    ]
    empty = "There is no client yet. Begin with: sophia connect"
    show_table(rows, empty=empty if as_of is None else f"Nobody was a client yet at {as_of:%Y-%m-%d %H:%M %Z}.")


def register(app: typer.Typer) -> None:
    app.command()(brief)
