"""`sophia import`: what happened before Sophia, from the exports of Meta Business Suite."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import DAYS, check_zone, option_check
from sophia.cli.conversions import DryRun, File, parse_column
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_record

if TYPE_CHECKING:
    from sophia.analytics.imports.storing import ImportResult


def import_(
    account: Annotated[int, typer.Argument(metavar="ACCOUNT", min=1, help="Its id, as `sophia status` shows it.")],
    file: File,
    metric: Annotated[
        str | None, typer.Option(help="The metric of a file of daily values whose title is not known.")
    ] = None,
    exported_on: Annotated[
        datetime | None, typer.Option("--exported-on", formats=DAYS, help="The day of a file of posts.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(callback=option_check(check_zone), help="The zone of the times of posts.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--column", metavar="FIELD=HEADING", help="A heading that is not known.")
    ] = None,
    ignored: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="HEADING", help="A heading to ignore.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Import although most values contradict the collected ones.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import an export of Meta Business Suite for the time before Sophia. Collected readings stay as they are."""
    from zoneinfo import ZoneInfo

    from sophia.analytics.imports.files import read_file
    from sophia.analytics.imports.storing import ImportOptions, import_file

    installation = open_installation()
    raw = file.read_bytes()
    content = read_file(raw, dict(parse_column(column) for column in columns or ()), ignored or ())
    options = ImportOptions(
        metric=metric,
        exported_on=None if exported_on is None else exported_on.date(),
        zone=None if zone is None else ZoneInfo(zone),
        force=force,
        dry_run=dry_run,
    )
    result = import_file(installation.database, account, file.name, raw, content, options, installation.clock)
    if as_json:
        show_record(result)
    else:
        show(result, dry_run=dry_run)


def show(result: "ImportResult", *, dry_run: bool) -> None:
    if dry_run:
        echo(f"{result.importable:,} readings can be imported. Nothing was stored.")
    else:
        echo(
            f"{result.stored:,} readings are imported; {result.same:,} were imported before. {result.new_posts:,} posts are new."
        )
    if result.collected:
        echo(f"{result.collected:,} readings were left out, because Sophia has collected these days itself.")
    if result.compared:
        echo(f"{result.agree:,} of {result.compared:,} values that both have agree within 5 %.")
    if result.unknown_posts:
        echo(
            f"{result.unknown_posts:,} posts were left out: Meta's files name posts of Facebook differently from its API, so "
            "posts that Sophia has not collected cannot be told apart."
        )
