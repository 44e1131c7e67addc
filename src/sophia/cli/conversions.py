"""`sophia conversions import`: record what others export: orders, clicks, inquiries."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.errors import PARTLY
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from sophia.analytics.conversions.files.recording import ImportReport
    from sophia.analytics.conversions.sources import SharedSales

conversions = typer.Typer(help="What people did on the way to a sale.", no_args_is_help=True)
SHOWN_BAD_ROWS = 20


class EventName(StrEnum):
    """What a person can have done."""

    UTM_CLICK = "utm_click"
    SAVE = "save"
    FOLLOW = "follow"
    DM = "dm"
    INQUIRY = "inquiry"
    CONVERSION = "conversion"
    REFUND = "refund"


def checked(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    """A check of the settings or schemas as the callback of an option."""

    def callback(value: str | None) -> str | None:
        try:
            return None if value is None else check(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return callback


def currency(code: str) -> str:
    from sophia.analytics.figures.schemas import known_currency  # noqa: PLC0415

    return known_currency(code.upper())


def zone(name: str) -> str:
    from sophia.config import known_zone  # noqa: PLC0415

    return known_zone(name)


def mark(sign: str) -> str:
    if sign not in {".", ","}:
        raise ValueError("give . or ,")
    return sign


def column(text: str) -> tuple[str, str]:
    """A field and the heading of its column, as in `event_date=Fecha`."""
    field, sign, heading = text.partition("=")
    if not (field and sign and heading):
        raise typer.BadParameter("Write FIELD=HEADING, such as event_date=Fecha.")
    return field.strip(), heading.strip()


@conversions.command("import")
def import_(
    client: Client,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
    event_type: Annotated[EventName | None, typer.Option(help="Of rows that do not say what happened.")] = None,
    source: Annotated[
        str | None, typer.Option(help="The shop or property that the file is from; its order numbers are unique.")
    ] = None,
    currency_: Annotated[
        str | None, typer.Option("--currency", help="Of amounts without one, such as CAD.", callback=checked(currency))
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="The decimal mark: . or ,", callback=checked(mark))] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Of times without one; else the client's zone.", callback=checked(zone))
    ] = None,
    count_column: Annotated[
        str | None, typer.Option(metavar="HEADING", help="The column that counts the events of a row.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="FIELD=HEADING", help="A column under a heading of your own. May be repeated."
        ),
    ] = None,
    ignored: Annotated[
        list[str] | None,
        typer.Option("--ignore-column", metavar="HEADING", help="A column with numbers that you do not want."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record a CSV file of Google Analytics, Shopify or your own. Bad rows are reported, good ones kept.

    The same file twice adds nothing. What a newer file says of an order replaces what an older one said.
    """
    named = dict(column(text) for text in columns or ())
    installation = open_installation()
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from sophia.analytics.conversions.files.options import FileOptions  # noqa: PLC0415
    from sophia.analytics.conversions.files.recording import import_conversions  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        known = find_client(session, client)
        client_id, client_zone = known.id, ZoneInfo(known.timezone)
    now = installation.clock()
    options = FileOptions(
        client_zone=client_zone,
        today=now.astimezone(client_zone).date(),
        file_zone=None if timezone is None else ZoneInfo(timezone),
        event_type=None if event_type is None else event_type.value,
        source=source,
        currency=currency_,
        decimal_mark="," if decimal == "," else "." if decimal == "." else None,
        count_column=count_column,
        columns=named,
        ignored_columns=tuple(ignored or ()),
    )
    report = import_conversions(installation.database, client_id, read_start(file), options, now, dry_run=dry_run)
    if as_json:
        show_json(report)
    else:
        show_report(report)
    if report.bad:
        raise typer.Exit(PARTLY)


def read_start(file: Path) -> bytes:
    """The file, or of one that is too long as much as shows it: a device or a pipe may never end."""
    from sophia.analytics.conversions.files.tables import MOST_BYTES  # noqa: PLC0415

    with file.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def show_report(report: "ImportReport") -> None:
    verb = "would be recorded" if report.dry_run else "recorded"
    echo(
        f"{report.rows:,} rows: {report.recorded:,} events {verb}, {report.changed:,} changed,"
        f" {report.known_before:,} were known before."
    )
    by = "one per row" if report.counted_by is None else f"from column {report.counted_by}"
    echo(f"{report.conversions:,} conversions {by}.")
    counts = (
        (report.withdrawn, "events do not count any more: the file says that they are none."),
        (report.kept_deleted, "events were deleted by a person and stay deleted."),
        (report.amendments_replaced, "events had been amended by a person; the file says something newer."),
        (report.unattributed, "of the new ones name neither a post of this client nor a channel: unattributed."),
        (report.refunds_without_day, "refunds are dated by their order: the file gives no other day."),
    )
    for count, text in counts:
        if count:
            echo(f"{count:,} {text}")
    for reason, count in report.passed_over.items():
        echo(f"{count:,} rows skipped: {reason}")
    show_shared(report.shared)
    echo(f"Columns: {', '.join(report.columns)}")
    if report.unused_numbers:
        echo(f"Numbers that are not read: {', '.join(report.unused_numbers)}")
    if report.ignored_columns:
        echo(f"Not used: {', '.join(report.ignored_columns)}")
    for row in report.bad[:SHOWN_BAD_ROWS]:
        echo(f"line {row.line}: {row.reason}", err=True)
    if len(report.bad) > SHOWN_BAD_ROWS:
        echo(f"… and {len(report.bad) - SHOWN_BAD_ROWS:,} more bad rows; --json shows all", err=True)


def show_shared(shared: "tuple[SharedSales, ...]") -> None:
    """Say which sales two sources share, what counts, and how to choose."""
    for pair in shared:
        names = " and ".join(pair.sources)
        if pair.by_number:
            counted = f"{pair.counted} counts" if pair.counted not in {"both", "neither"} else f"{pair.counted} count"
            echo(f"{pair.by_number:,} sales are in {names} under the same number: {counted}.")
        if pair.possible:
            echo(
                f"{pair.possible:,} sales of {names} may be the same: same day, no number that agrees. Both count"
                " unless you choose a source: sophia conversions source CLIENT SOURCE"
            )


def register(app: typer.Typer) -> None:
    app.add_typer(conversions, name="conversions")
