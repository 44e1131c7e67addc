"""`sophia report`: the report on a client, as sentences and tables."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import AsOf, Client, First, Last, Week, parse_date_range
from sophia.cli.formatting import MINUS, format_change, format_figure, sparkline
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading, paint
from sophia.cli.reports import Language, chosen_window, document_maker, write_file
from sophia.cli.tables import AsJson, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.comments.sentiment import CommentOverview
    from sophia.analytics.figures.figures import Change, Figure
    from sophia.analytics.reports.records import Report, TopPost
    from sophia.cli.installation import Installation

KPIS = (
    "posts",
    "views",
    "reach",
    "engagements",
    "engagement_rate_by_reach",
    "engagement_rate_by_followers",
    "save_rate",
    "share_rate",
    "followers",
    "net_new_followers",
    "audience_growth",
    "conversions",
    "revenue",
    "customer_acquisition_cost",
    "approval_rate",
    "edit_rate",
)


def kpi_label(name: str) -> str:
    """Return the field's term for a KPI in a table of a terminal."""
    from sophia.analytics.kpis.labels import kpi_term

    return kpi_term(name)


def report(
    client: Client,
    week: Week = None,
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write the report for the client as PDF.")
    ] = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Report on a client, by default on the last complete week."""
    if pdf is not None:
        if as_of is not None or as_json:
            raise typer.BadParameter("--pdf takes neither --as-of nor --json. `sophia reports` prints kept reports.")
        write_pdf(client, pdf, week, first, last, language)
        return
    if language is not None:
        raise typer.BadParameter("--language is for --pdf.")
    from sophia.analytics.reports.gathering import make_report

    installation = open_installation()
    window = parse_date_range(week, first, last, as_of or installation.clock())
    client_id = installation.find_client(client).id
    client_report = make_report(installation.database, client_id, window, installation.clock(), as_of=as_of)
    if as_json:
        show_record(client_report)
        return
    if window is None:
        show_pending_week(installation)
    show(client_report)


def write_pdf(
    client: str,
    path: Path,
    week: datetime | None,
    first: datetime | None,
    last: datetime | None,
    language: str | None,
) -> None:
    """Write the report for the client as PDF, by default in the client's language."""
    from sophia.display.languages import expect_language
    from sophia.reporting.pdf import print_pdf

    installation = open_installation()
    client_id = installation.find_client(client).id
    window = chosen_window(installation, week, first, last)
    code = None if language is None else expect_language(language)
    with document_maker(installation) as maker:
        document = maker.document(client_id, window, code)
    write_file(path, print_pdf(document))


def show_pending_week(installation: "Installation") -> None:
    """Show when the week that is over here is complete in Meta's Pacific time, if it is not yet."""
    from zoneinfo import ZoneInfo

    from sophia.analytics.figures.figures import pending_week
    from sophia.meta.reporting_zone import ONE_DAY

    zone = ZoneInfo(installation.settings.operator_timezone)
    pending = pending_week(installation.clock(), zone)
    if pending is not None:
        week, end = pending
        echo(
            f"The week {week.start} to {week.end - ONE_DAY} is complete on {end.astimezone(zone):%Y-%m-%d at %H:%M}, when "
            "Meta's Pacific day ends."
        )


def show(report: "Report") -> None:
    from sophia.meta.reporting_zone import ONE_DAY

    state = "" if report.is_closed else ", to date"
    echo_heading(f"{report.client.name}: {report.window.start} to {report.window.end - ONE_DAY}{state}")
    coverage = report.coverage
    echo(
        f"Compared with {report.before.start} to {report.before.end - ONE_DAY}; "
        f"readings are complete for {coverage.days_with_data} of {coverage.days} days."
    )
    if not report.is_closed:
        echo(f"The period is complete on {report.complete_at:%Y-%m-%d at %H:%M} UTC, when Meta's Pacific day ends.")
    for sentence in report.commentary:
        echo(f"· {sentence.text}")
    echo("")
    show_table(kpi_rows(report), empty="")
    if report.goals:
        from sophia.cli.goals import goal_row

        echo("")
        show_table([goal_row(goal) for goal in report.goals], empty="")
    if report.top_posts:
        echo("")
        show_table(post_rows(report), empty="")
    if report.decisions:
        echo("")
        echo("Decisions, scored by the outcomes of the last 180 days:")
        for stage in report.decisions:
            echo(f"  {stage.text}")
    echo("")
    echo(f"Comments: {report.comments.verdict}")
    for text in comment_lines(report.comments):
        echo(f"  {text}")
    show_notes(report)


def show_notes(report: "Report") -> None:
    """Show why numbers are missing, late or not compared, each reason once."""
    figures = [report.kpis[name] for name in KPIS] + [report.changes[name].percent for name in KPIS]
    notes = [figure.reason or figure.doubt or "" for figure in figures]
    unique = list(dict.fromkeys(note for note in notes if note))
    if unique:
        echo("")
        echo(paint("Notes:", "dim"))
        for note in unique:
            echo(paint(f"  {note}", "dim"))


def comment_lines(comment_overview: "CommentOverview") -> list[str]:
    """Return the sentiment shares with their intervals, and the number of comments without a score by reason."""
    total, lines = comment_overview.whole, []
    if total.scored:
        shares = ((name, getattr(total, name)) for name in total.shares)
        lines.append(
            ", ".join(
                f"{total.shares[name]:.1f} % {name}"
                + (f" ({share.interval.low:.1f} to {share.interval.high:.1f})" if share.interval else "")
                for name, share in shares
            )
        )
    if total.not_scored:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in total.not_scored.items())
        lines.append(f"not scored: {reasons}")
    return lines


def kpi_rows(report: "Report") -> list[dict[str, str]]:
    rows = []
    for name in KPIS:
        trend = report.trends.get(name)
        points = [] if trend is None else [point.figure.value for point in trend.points]
        rows.append(
            {
                "KPI": kpi_label(name),
                "this period": dated_figure(report.kpis[name]),
                "change": change_text(report.changes[name]),
                "compared": compared(report.changes[name], report.kpis[name]),
                "12 weeks": sparkline([None if value is None else float(value) for value in points]),
            }
        )
    return rows


def dated_figure(figure: "Figure") -> str:
    """Return a figure, with its day if its values were first read after the period."""
    if figure.late is None:
        return format_figure(figure)
    return (
        f"{format_figure(figure)} (as of {figure.late.day.day} {figure.late.day:%b}{', young' * figure.late.is_young})"
    )


def change_text(change: "Change") -> str:
    """Return a change in percent, or in percentage points for a rate."""
    if change.after.unit.value != "percent" or change.absolute.value is None:
        return format_change(change.percent)
    return f"{float(change.absolute.value):+.1f} pts".replace("-", MINUS)


def compared(change: "Change", figure: "Figure") -> str:
    """Return the two values that a change compares, and the number of their days if it is not the whole period."""
    if change.absolute.value is None:
        return format_figure(change.before)
    values = f"{format_figure(change.before)} to {format_figure(change.after)}"
    coverage = change.after.coverage
    if change.after.value == figure.value and (coverage is None or coverage.is_complete):
        return values
    days = None if coverage is None else coverage.days_with_data
    return f"{values} on the {'days compared' if days is None else f'same {days} days'}"


LONGEST_LABEL = 30


def post_label(post: "TopPost") -> str:
    """Return the first words of a post, and its engagement."""
    text = " ".join((post.title or post.platform_post_id).split())
    words = text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
    return f"{words} ({post.engagements:,})"


def post_rows(report: "Report") -> list[dict[str, str]]:
    return [
        {
            "top posts": " ".join((post.title or post.platform_post_id).split()),
            "kind": f"{post.platform.value} {post.kind.value}",
            "published": f"{post.published_at:%Y-%m-%d}",
            "engagement": f"{post.engagements:,}",
            "reach": "unknown" if post.reach is None else f"{post.reach:,}",
        }
        for post in report.top_posts
    ]
