"""`sophia conversions import`: import orders, clicks and inquiries from exports of shops and web analytics."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client, check_currency, check_zone, option_check
from sophia.cli.errors import PARTLY
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from sophia.analytics.conversions.files.recording import ImportReport
    from sophia.analytics.conversions.sources import SharedSales

conversions = typer.Typer(help="Record what people did on the way to a sale.", no_args_is_help=True)
MOST_BAD_ROWS = 20


class EventName(StrEnum):
    """What a person did."""

    UTM_CLICK = "utm_click"
    SAVE = "save"
    FOLLOW = "follow"
    DM = "dm"
    INQUIRY = "inquiry"
    CONVERSION = "conversion"
    REFUND = "refund"


def check_decimal_mark(sign: str) -> str:
    if sign not in {".", ","}:
        raise ValueError("give . or ,")
    return sign


def parse_column(text: str) -> tuple[str, str]:
    """Return a field and the heading of its column, as in `event_date=Fecha`."""
    field, sign, heading = text.partition("=")
    if not (field and sign and heading):
        raise typer.BadParameter("Write FIELD=HEADING, such as event_date=Fecha.")
    return field.strip(), heading.strip()


File = Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report the result without storing it.")]
EventType = Annotated[
    EventName | None, typer.Option(metavar="TYPE", help=f"The type of rows without one: {', '.join(EventName)}.")
]
Source = Annotated[
    str | None, typer.Option(help="The shop or property that the file comes from; its order numbers are unique.")
]
Currency = Annotated[
    str | None,
    typer.Option(
        "--currency", metavar="CODE", callback=option_check(check_currency), help="Of amounts without one, such as CAD."
    ),
]
DecimalMark = Annotated[
    str | None, typer.Option("--decimal", callback=option_check(check_decimal_mark), help="The decimal mark: . or ,")
]
FileZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE", callback=option_check(check_zone), help="Of times without one. Default: the client's zone."
    ),
]
CountColumn = Annotated[
    str | None, typer.Option(metavar="HEADING", help="The column with the number of events per row.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="FIELD=HEADING", help="A field under a heading of your own. Can be repeated."),
]
IgnoredColumns = Annotated[
    list[str] | None,
    typer.Option("--ignore-column", metavar="HEADING", help="A column with numbers to ignore. Can be repeated."),
]


@conversions.command("import")
def import_(
    client: Client,
    file: File,
    dry_run: DryRun = False,
    event_type: EventType = None,
    source: Source = None,
    currency: Currency = None,
    decimal_mark: DecimalMark = None,
    timezone: FileZone = None,
    count_column: CountColumn = None,
    columns: Columns = None,
    ignored: IgnoredColumns = None,
    as_json: AsJson = False,
) -> None:
    """Import a CSV file of Google Analytics, Shopify or your own. Reports bad rows and imports the others.

    Importing a file twice adds nothing. A newer file replaces what an older file reported of the same order.
    """
    from zoneinfo import ZoneInfo

    from sophia.analytics.conversions.files.options import FileOptions
    from sophia.analytics.conversions.files.recording import import_conversions

    installation = open_installation()
    client_row = installation.find_client(client)
    now, client_zone = installation.clock(), ZoneInfo(client_row.timezone)
    options = FileOptions(
        client_zone=client_zone,
        today=now.astimezone(client_zone).date(),
        file_zone=None if timezone is None else ZoneInfo(timezone),
        event_type=None if event_type is None else event_type.value,
        source=source,
        currency=currency,
        decimal_mark="," if decimal_mark == "," else "." if decimal_mark == "." else None,
        count_column=count_column,
        columns=dict(parse_column(text) for text in columns or ()),
        ignored_columns=tuple(ignored or ()),
    )
    report = import_conversions(installation.database, client_row.id, read_start(file), options, now, dry_run=dry_run)
    show_report(report, as_json=as_json)


def read_start(file: Path) -> bytes:
    """Read the file up to one byte over the limit, because a device or a pipe may never end."""
    from sophia.analytics.conversions.files.tables import MOST_BYTES

    with file.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def show_report(report: "ImportReport", *, as_json: bool) -> None:
    """Show the result. Exit with 3 when there are bad rows."""
    from sophia.analytics.conversions.files.sentences import import_sentences

    if as_json:
        show_json(report)
    else:
        for sentence in import_sentences(report):
            echo(sentence)
        show_shared(report.shared)
        show_columns(report)
    if report.bad:
        raise typer.Exit(PARTLY)


def show_columns(report: "ImportReport") -> None:
    from sophia.analytics.conversions.files.sentences import column_sentences

    for sentence in column_sentences(report):
        echo(sentence)
    for row in report.bad[:MOST_BAD_ROWS]:
        echo(f"line {row.line}: {row.reason}", err=True)
    if len(report.bad) > MOST_BAD_ROWS:
        echo(f"… and {len(report.bad) - MOST_BAD_ROWS:,} more bad rows. --json shows all of them", err=True)


def show_shared(shared: "tuple[SharedSales, ...]") -> None:
    """Show which sales two sources share, which of them count, and how to choose a source."""
    for pair in shared:
        names = " and ".join(pair.sources)
        if pair.by_number:
            counted = f"{pair.counted} counts" if pair.counted not in {"both", "neither"} else f"{pair.counted} count"
            echo(f"{pair.by_number:,} sales have the same number in {names}: {counted}.")
        if pair.possible:
            echo(
                f"{pair.possible:,} sales of {names} may be the same: the day agrees, the number does not. Both count"
                " until you choose a source: sophia conversions source CLIENT SOURCE"
            )
