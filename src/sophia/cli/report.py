"""`sophia report`: everything that can be said of a client's window, as sentences and tables."""

from typing import TYPE_CHECKING

import typer

from sophia.cli.arguments import AsOf, Client, First, Last, Week, chosen_window
from sophia.cli.drawing import changed, figure, heading, line, sparkline
from sophia.cli.opening import open_installation
from sophia.cli.output import echo, paint
from sophia.cli.tables import AsJson, show_table

if TYPE_CHECKING:
    from sophia.analytics.comments.sentiment import CommentOverview
    from sophia.analytics.reports.records import Report

KPIS = {
    "posts": "posts",
    "views": "views",
    "reach": "people reached",
    "engagements": "engagements",
    "engagement_rate_by_reach": "engagement rate by reach",
    "engagement_rate_by_followers": "engagement rate by followers",
    "save_rate": "save rate",
    "share_rate": "share rate",
    "net_new_followers": "net new followers",
    "audience_growth": "audience growth",
    "conversions": "conversions",
    "revenue": "revenue",
    "customer_acquisition_cost": "cost of a new customer",
    "approval_rate": "approval rate",
    "edit_rate": "edit rate",
}


def report(
    client: Client,
    week: Week = None,
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Report on a client: by default on the newest week that is over."""
    installation = open_installation()
    from sophia.analytics.reports.gathering import make_report  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    window = chosen_window(week, first, last, as_of or installation.clock())
    with installation.database.read() as session:
        number = find_client(session, client).id
    found = make_report(installation.database, number, window, installation.clock(), as_of=as_of)
    if as_json:
        from sophia.analytics.reports.schemas import report_answer  # noqa: PLC0415

        echo(report_answer(found).model_dump_json(indent=2))
        return
    show(found)


def show(report: "Report") -> None:
    from sophia.meta.reporting_zone import ONE_DAY  # noqa: PLC0415

    state = "" if report.is_closed else ", to date"
    heading(f"{report.client.name}: {report.window.start} to {report.window.end - ONE_DAY}{state}")
    coverage = report.coverage
    line(
        f"Compared with {report.before.start} to {report.before.end - ONE_DAY}; "
        f"readings are complete for {coverage.days_with_data} of {coverage.days} days."
    )
    for sentence in report.commentary:
        line(f"· {sentence.text}")
    line("")
    show_table(kpi_rows(report), empty="")
    if report.goals:
        from sophia.cli.told import goal_rows  # noqa: PLC0415

        line("")
        show_table(goal_rows(report.goals), empty="")
    if report.top_posts:
        line("")
        show_table(post_rows(report), empty="")
    if report.decisions:
        line("")
        line("Decisions, by what became of them in the 180 days until then:")
        for stage in report.decisions:
            line(f"  {stage.text}")
    line("")
    line(f"Comments: {report.comments.verdict}")
    for text in comment_lines(report.comments):
        line(f"  {text}")
    reasons = sorted({report.kpis[name].reason or "" for name in KPIS} - {""})
    if reasons:
        line("")
        line(paint("Why some numbers are missing:", "dim"))
        for reason in reasons:
            line(paint(f"  {reason}", "dim"))


def comment_lines(comment_overview: "CommentOverview") -> list[str]:
    """Shares with their intervals, and what has no tone, with the reasons."""
    whole, lines = comment_overview.whole, []
    if whole.scored:
        shares = ((name, getattr(whole, name)) for name in whole.shares)
        lines.append(
            ", ".join(
                f"{whole.shares[name]:.1f} % {name}"
                + (f" ({one.interval.low:.1f} to {one.interval.high:.1f})" if one.interval else "")
                for name, one in shares
            )
        )
    if whole.not_scored:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in whole.not_scored.items())
        lines.append(f"not scored: {reasons}")
    return lines


def kpi_rows(report: "Report") -> list[dict[str, str]]:
    rows = []
    for name, label in KPIS.items():
        trend = report.trends.get(name)
        points = [] if trend is None else [point.figure.value for point in trend.points]
        rows.append(
            {
                "KPI": label,
                "this": figure(report.kpis[name]),
                "before": figure(report.changes[name].before),
                "change": changed(report.changes[name].percent),
                "12 weeks": sparkline([None if value is None else float(value) for value in points]),
            }
        )
    return rows


def post_rows(report: "Report") -> list[dict[str, str]]:
    return [
        {
            "top posts": " ".join((post.title or post.platform_post_id).split()),
            "kind": f"{post.platform.value} {post.kind.value}",
            "published": f"{post.published_at:%Y-%m-%d}",
            "engagements": f"{post.engagements:,}",
            "reach": "not known" if post.reach is None else f"{post.reach:,}",
        }
        for post in report.top_posts
    ]


def register(app: typer.Typer) -> None:
    app.command()(report)
