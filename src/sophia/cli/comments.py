"""`sophia comments` and `sophia competitors`: comments with their sentiment, and competitors on Instagram."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sophia.cli.arguments import DAYS, Client, Last
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.report import comment_lines
from sophia.cli.tables import AsJson, local_time, on_one_line, show_json, show_list, show_table

if TYPE_CHECKING:
    from sophia.analytics.comments.competitors import ListedCompetitor
    from sophia.analytics.comments.queries import ListedComment
    from sophia.meta.reporting_zone import DateRange

competitors = typer.Typer(help="Compare a client with other accounts on Instagram.", no_args_is_help=True)
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="Instagram user name, with or without @.")]
LONGEST_COMMENT = 60


def comments(
    client: Client,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day.")] = None,
    last: Last = None,
    tone: Annotated[
        str | None,
        typer.Option(
            "--sentiment", "--tone", help="Only comments that are positive, neutral, negative or 'not scored'."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="List this many of the newest comments.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the sentiment of comments, by default of the last 28 days, and list the newest comments."""
    from sophia.analytics.comments.queries import CommentFilter, comments_by_platform, list_comments
    from sophia.analytics.comments.scoring import SentimentLabel
    from sophia.analytics.comments.sentiment import comment_overview
    from sophia.analytics.readings.permissions import account_ids
    from sophia.meta.reporting_zone import reporting_day

    installation = open_installation()
    if tone is not None and tone not in set(SentimentLabel):
        raise typer.BadParameter("Give positive, neutral, negative or 'not scored'.", param_hint="--sentiment")
    window = comment_days(first, last, reporting_day(installation.clock()))
    start, end = window.start, window.end - timedelta(days=1)
    with installation.read_client(client) as (session, client_id):
        overview = comment_overview(comments_by_platform(session, account_ids(session, client_id), window))
        newest = list_comments(session, client_id, CommentFilter(start, end, tone=tone), limit=limit)
    if as_json:
        show_json({"start": start, "end": end, "sentiment": overview, "comments": newest})
        return
    echo(overview.verdict)
    for line in comment_lines(overview):
        echo(f"  {line}")
    zone = installation.settings.operator_zone
    show_table(
        [comment_row(comment, zone) for comment in newest],
        empty="No comment matches. Sophia reads comments once a day; to read them now: sophia collect --comments",
    )


def comment_days(first: datetime | None, last: datetime | None, today: date) -> "DateRange":
    """Return the chosen days, by default the last 28. Raise BadParameter when the last day is before the first."""
    from sophia.meta.reporting_zone import DateRange

    end = today if last is None else last.date()
    start = end - timedelta(days=27) if first is None else first.date()
    if end < start:
        raise typer.BadParameter(f"--to {end} is before --from {start}.")
    return DateRange(start, end + timedelta(days=1))


def comment_row(comment: "ListedComment", zone: ZoneInfo) -> dict[str, str]:
    return {
        "written": local_time(comment.written_at, zone),
        "platform": comment.platform,
        "sentiment": "own" if comment.is_own else comment.tone,
        "comment": on_one_line(comment.text or "", LONGEST_COMMENT),
    }


@competitors.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's competitors with their latest numbers."""
    from sophia.analytics.comments.competitors import list_competitors

    with open_installation().read_client(client) as (session, client_id):
        listed = list_competitors(session, client_id)
    empty = "There is no competitor yet. Add one: sophia competitors add"
    show_list("competitors", listed, competitor_row, as_json=as_json, empty=empty)


def competitor_row(competitor: "ListedCompetitor") -> dict[str, str]:
    return {
        "id": str(competitor.id),
        "username": competitor.username,
        "status": competitor.status,
        "followers": "" if competitor.followers_count is None else f"{competitor.followers_count:,}",
        "posts": "" if competitor.media_count is None else f"{competitor.media_count:,}",
        "read on": str(competitor.read_on or ""),
        "problem": competitor.problem or "",
    }


@competitors.command()
def add(client: Client, username: Username, as_json: AsJson = False) -> None:
    """Add a competitor by its Instagram user name. Sophia reads its numbers once a day."""
    from sophia.analytics.comments.competitors_store import add_competitor

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        competitor_id = add_competitor(session, client_id, username, installation.clock())
    if as_json:
        show_json({"id": competitor_id})
        return
    echo(f"Competitor {competitor_id} is added. To read its numbers now: sophia collect --comments")


@competitors.command()
def remove(
    client: Client,
    competitor: Annotated[int, typer.Argument(metavar="ID", help="As `sophia competitors list` shows it.")],
) -> None:
    """Delete a competitor and all its numbers."""
    from sophia.analytics.comments.competitors_store import remove_competitor

    with open_installation().write_client(client) as (session, client_id):
        remove_competitor(session, client_id, competitor)
    echo(f"Competitor {competitor} is deleted.")
