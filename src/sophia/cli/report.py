"""`sophia report`: everything that can be said of a client's window, as sentences and tables."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.drawing import changed, figure, heading, line, paint, sparkline
from sophia.cli.opening import open_installation
from sophia.cli.shown import AsJson, show_table

if TYPE_CHECKING:
    from sophia.analytics.measures.figures import Window
    from sophia.analytics.measures.sentiment import CommentOverview
    from sophia.analytics.report import Report

DAYS = ["%Y-%m-%d"]
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
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Name or number.")],
    week: Annotated[
        datetime | None, typer.Option("--week", formats=DAYS, help="The week that holds this day, Monday to Sunday.")
    ] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day, with --to.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAYS, help="Last day, included.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="MOMENT", help="As it was then; such as 2026-02-28T12:00Z.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Report on a client: by default on the newest week that is over."""
    installation = open_installation()
    from sophia.analytics.report import make_report  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    window, moment = chosen_window(week, first, last), None if as_of is None else parse_moment(as_of)
    with installation.database.read() as session:
        number = find_client(session, client).id
    found = make_report(installation.database, number, window, installation.clock(), as_of=moment)
    if as_json:
        from sophia.analytics.schemas.reports import report_answer  # noqa: PLC0415

        typer.echo(report_answer(found).model_dump_json(indent=2))
        return
    show(found)


def chosen_window(week: datetime | None, first: datetime | None, last: datetime | None) -> "Window | None":
    """The window that the options name; None for the newest closed week. Raises BadParameter when they contradict."""
    from sophia.analytics.measures.figures import ONE_DAY, Window, week_of  # noqa: PLC0415

    if (first is None) != (last is None):
        raise typer.BadParameter("Give both --from and --to.")
    if week is not None and first is not None:
        raise typer.BadParameter("Give either --week, or --from and --to.")
    if week is not None:
        return week_of(week.date())
    if first is None or last is None:
        return None
    days: tuple[date, date] = (first.date(), last.date())
    if days[1] < days[0]:
        raise typer.BadParameter(f"--to {days[1]} is before --from {days[0]}.")
    return Window(days[0], days[1] + ONE_DAY)


def parse_moment(text: str) -> datetime:
    """A moment with a zone; one without is taken as UTC. Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("A moment looks like 2026-02-28T12:00Z.", param_hint="--as-of") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def show(found: "Report") -> None:
    from sophia.analytics.measures.figures import ONE_DAY  # noqa: PLC0415

    state = "" if found.is_closed else ", to date"
    heading(f"{found.client.name}: {found.window.start} to {found.window.end - ONE_DAY}{state}")
    coverage = found.coverage
    line(
        f"Compared with {found.before.start} to {found.before.end - ONE_DAY}; "
        f"readings are complete for {coverage.days_with_data} of {coverage.days} days."
    )
    for sentence in found.commentary:
        line(f"· {sentence.text}")
    line("")
    show_table(kpi_rows(found), empty="")
    if found.goals:
        from sophia.cli.told import goal_rows  # noqa: PLC0415

        line("")
        show_table(goal_rows(found.goals), empty="")
    if found.top_posts:
        line("")
        show_table(post_rows(found), empty="")
    if found.decisions:
        line("")
        line("Decisions, by what became of them in the 180 days until then:")
        for stage in found.decisions:
            line(f"  {stage.text}")
    line("")
    line(f"Comments: {found.comments.verdict}")
    for text in comment_lines(found.comments):
        line(f"  {text}")
    reasons = sorted({found.kpis[name].reason or "" for name in KPIS} - {""})
    if reasons:
        line("")
        line(paint("Why some numbers are missing:", "dim"))
        for reason in reasons:
            line(paint(f"  {reason}", "dim"))


def comment_lines(found: "CommentOverview") -> list[str]:
    """Shares with their intervals, and what has no tone, with the reasons."""
    whole, lines = found.whole, []
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


def kpi_rows(found: "Report") -> list[dict[str, str]]:
    rows = []
    for name, label in KPIS.items():
        trend = found.trends.get(name)
        points = [] if trend is None else [point.figure.value for point in trend.points]
        rows.append(
            {
                "KPI": label,
                "this": figure(found.kpis[name]),
                "before": figure(found.changes[name].before),
                "change": changed(found.changes[name].percent),
                "12 weeks": sparkline([None if value is None else float(value) for value in points]),
            }
        )
    return rows


def post_rows(found: "Report") -> list[dict[str, str]]:
    return [
        {
            "top posts": " ".join((post.title or post.platform_post_id).split()),
            "kind": f"{post.platform.value} {post.kind.value}",
            "published": f"{post.published_at:%Y-%m-%d}",
            "engagements": f"{post.engagements:,}",
            "reach": "not known" if post.reach is None else f"{post.reach:,}",
        }
        for post in found.top_posts
    ]


def register(app: typer.Typer) -> None:
    app.command()(report)
