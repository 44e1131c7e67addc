"""`sophia brief`: the state of every client, the most urgent first."""

from datetime import datetime
from typing import TYPE_CHECKING

from sophia.cli.arguments import AsOf, First, Last, Week, parse_date_range
from sophia.cli.formatting import MISSING, format_change, format_figure, sparkline
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading, paint
from sophia.cli.report import compared, marked_figure, post_label, show_pending_week
from sophia.cli.tables import AsJson, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.reports.brief_records import Brief, ClientBrief

# The colours of the states on a terminal of 256 colours.
COLOURS = {"coral": "bold color(209)", "amber": "color(214)", "sage": "color(108)", "no data": "dim"}
STATE_LABELS = {"coral": "coral (critical)", "amber": "amber (watch)", "sage": "sage (on track)", "no data": "no data"}


def brief(
    week: Week = None,
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show the state of every client with the reasons.

    coral: critical. amber: watch. sage: on track. no data: nothing was collected.
    """
    from sophia.analytics.reports.brief import make_brief

    installation = open_installation()
    window = parse_date_range(week, first, last, as_of or installation.clock())
    portfolio_brief = make_brief(installation.database, None, installation.clock(), window, as_of=as_of)
    if as_json:
        show_record(portfolio_brief)
        return
    if window is None and as_of is None:
        show_pending_week(installation)
    show(portfolio_brief, as_of)


def show(brief: "Brief", as_of: datetime | None = None) -> None:
    from sophia.meta.reporting_zone import ONE_DAY

    echo_heading(f"The portfolio: {brief.window.start} to {brief.window.end - ONE_DAY}")
    for sentence in brief.commentary:
        echo(sentence.text)
    for client in brief.clients:
        echo("")
        echo(paint(STATE_LABELS[client.state.value], COLOURS[client.state.value]), "  ", paint(client.name, "bold"))
        for reason in client.reasons:
            echo(f"  · {reason.text}")
    echo("")
    rows = [client_row(client) for client in brief.clients]
    empty = "There is no client yet. Begin with: sophia connect"
    show_table(rows, empty=empty if as_of is None else f"There was no client at {as_of:%Y-%m-%d %H:%M %Z}.")


def client_row(client: "ClientBrief") -> dict[str, str]:
    """Return the figures of a client, with the values that the change of its views compares."""
    best_format = client.best_format
    views = client.changes["views"]
    return {
        "client": client.name,
        "state": STATE_LABELS[client.state.value],
        "views": format_figure(client.kpis["views"]),
        "change": format_change(views.percent),
        "compared": compared(views, client.kpis["views"]),
        "reach": format_figure(client.kpis["reach"]),
        "engagement rate": rate_text(client),
        "follower growth": format_figure(client.kpis["audience_growth"]),
        "best post": MISSING if client.best_post is None else post_label(client.best_post),
        "best format": MISSING
        if best_format is None
        else f"{best_format.name}, {format_figure(best_format.average.rate_by_reach)}",
        "8 weeks": sparkline(client.weekly_views),
    }


def rate_text(client: "ClientBrief") -> str:
    """Return the engagement rate of a client at the age at which it is compared, or of each of its platforms."""
    from sophia.analytics.figures.ages import ONE_HOUR, written_age
    from sophia.analytics.kpis.equal_ages import current_figure

    figure = current_figure("engagement_rate_by_reach", client.kpis, client.changes)
    when = "" if figure.age_hours is None else f" at {written_age(figure.age_hours * ONE_HOUR)}"
    platforms = [
        f"{platform} {marked_figure(change.after)}"
        for platform, change in client.platform_rates.items()
        if change.after.value is not None
    ]
    return f"{', '.join(platforms) if len(platforms) > 1 else marked_figure(figure)}{when}"
