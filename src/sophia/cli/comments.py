"""`sophia comments` and `sophia competitors`: what people write, how it sounds, and whom a client is compared with."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from sophia.cli.arguments import DAYS, Client, Last
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.report import comment_lines
from sophia.cli.tables import AsJson, local, show_json, show_table

competitors = typer.Typer(help="Whom a client is compared with on Instagram.", no_args_is_help=True)
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="On Instagram, with or without @.")]
SHORTEST = 60


def comments(
    client: Client,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day.")] = None,
    last: Last = None,
    tone: Annotated[str | None, typer.Option(help="positive, neutral, negative or 'not scored'.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Show so many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how comments sound, by default those of the last 28 days, and the newest of them."""
    installation = open_installation()
    from sophia.analytics.comments.queries import CommentFilter, comments_by_platform, list_comments  # noqa: PLC0415
    from sophia.analytics.comments.sentiment import Tone, overview  # noqa: PLC0415
    from sophia.analytics.readings.permissions import account_ids  # noqa: PLC0415
    from sophia.meta.reporting_zone import DateRange, reporting_day  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if tone is not None and tone not in {one.value for one in Tone}:
        raise typer.BadParameter("A tone is positive, neutral, negative or 'not scored'.", param_hint="--tone")
    end = reporting_day(installation.clock()) if last is None else last.date()
    start = end - timedelta(days=27) if first is None else first.date()
    if end < start:
        raise typer.BadParameter(f"--to {end} is before --from {start}.")
    with installation.database.read() as session:
        number = find_client(session, client).id
        window = DateRange(start, end + timedelta(days=1))
        said = overview(comments_by_platform(session, account_ids(session, number), window))
        found = list_comments(session, number, CommentFilter(start, end, tone=tone), limit=limit)
    if as_json:
        show_json({"start": start, "end": end, "sentiment": said, "comments": found})
        return
    echo(said.verdict)
    for line in comment_lines(said):
        echo(f"  {line}")
    rows = [
        {
            "written": local(one.written_at, installation.settings.operator_zone),
            "platform": one.platform,
            "tone": "own" if one.is_own else one.tone,
            "comment": shortened(one.text),
        }
        for one in found
    ]
    show_table(
        rows, empty="There is no comment here. Comments are read once a day; `sophia collect --comments` does now."
    )


def shortened(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words if len(words) <= SHORTEST else f"{words[: SHORTEST - 1]}…"


@competitors.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's competitors, and what was last seen of them."""
    installation = open_installation()
    from sophia.analytics.comments.competitors import list_competitors  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        found = list_competitors(session, find_client(session, client).id)
    if as_json:
        show_json({"competitors": found})
        return
    rows = [
        {
            "id": str(one.id),
            "username": one.username,
            "status": one.status,
            "followers": "" if one.followers_count is None else f"{one.followers_count:,}",
            "posts": "" if one.media_count is None else f"{one.media_count:,}",
            "read on": str(one.read_on or ""),
            "problem": one.problem or "",
        }
        for one in found
    ]
    show_table(rows, empty="There is no competitor yet. Name one: sophia competitors add")


@competitors.command()
def add(client: Client, username: Username, as_json: AsJson = False) -> None:
    """Name a competitor by its Instagram name; it is looked at once a day."""
    installation = open_installation()
    from sophia.analytics.comments.competitors_store import add_competitor  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        number = add_competitor(session, find_client(session, client).id, username, installation.clock())
    if as_json:
        show_json({"id": number})
        return
    echo(f"Competitor {number} is looked at with the next comments: sophia collect --comments")


@competitors.command()
def remove(
    client: Client,
    competitor: Annotated[int, typer.Argument(metavar="ID", help="As `sophia competitors list` shows it.")],
) -> None:
    """Forget a competitor and everything that was seen of it."""
    installation = open_installation()
    from sophia.analytics.comments.competitors_store import remove_competitor  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        remove_competitor(session, find_client(session, client).id, competitor)
    echo(f"Competitor {competitor} is forgotten.")


def register(app: typer.Typer) -> None:
    app.command()(comments)
    app.add_typer(competitors, name="competitors")
