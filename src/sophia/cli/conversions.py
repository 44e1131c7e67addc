"""`sophia conversions`: record what others export: orders, clicks, inquiries."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.asking import Client
from sophia.cli.errors import PARTLY
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.shown import AsJson, show_json

if TYPE_CHECKING:
    from sophia.analytics.conversion_files import ImportReport

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
    from sophia.analytics.schemas.conversions import known_currency  # noqa: PLC0415

    return known_currency(code.upper())


def zone(name: str) -> str:
    from sophia.config import known_zone  # noqa: PLC0415

    return known_zone(name)


def mark(sign: str) -> str:
    if sign not in {".", ","}:
        raise ValueError("give . or ,")
    return sign


@conversions.command("import")
def import_(
    client: Client,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
    event_type: Annotated[EventName | None, typer.Option(help="Of rows that do not say what happened.")] = None,
    source: Annotated[str | None, typer.Option(help="Where all rows come from; else the file's own column.")] = None,
    currency_: Annotated[
        str | None, typer.Option("--currency", help="Of amounts without one, such as CAD.", callback=checked(currency))
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="The sign that parts the cents: . or ,", callback=checked(mark))
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Of times without one; else the client's zone.", callback=checked(zone))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record a CSV file of Google Analytics, Shopify or your own. Bad rows are told, good ones kept; twice adds nothing."""
    installation = open_installation()
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from sophia.analytics.conversion_files import Reading, import_conversions  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        known = find_client(session, client)
        client_id, client_zone = known.id, ZoneInfo(known.timezone)
    now = installation.clock()
    reading = Reading(
        client_zone=client_zone,
        today=now.astimezone(client_zone).date(),
        file_zone=None if timezone is None else ZoneInfo(timezone),
        event_type=None if event_type is None else event_type.value,
        source=source,
        currency=currency_,
        decimal_mark="," if decimal == "," else "." if decimal == "." else None,
    )
    report = import_conversions(installation.database, client_id, file.read_bytes(), reading, now, dry_run=dry_run)
    if as_json:
        show_json(report)
    else:
        show_report(report)
    if report.bad:
        raise typer.Exit(PARTLY)


def show_report(report: "ImportReport") -> None:
    verb = "would be recorded" if report.dry_run else "recorded"
    echo(f"{report.rows:,} rows: {report.recorded:,} events {verb}, {report.known_before:,} were known before.")
    if report.unattributed:
        echo(f"{report.unattributed:,} of the new ones name no post of this client: they stay unattributed.")
    if report.refunds_without_day:
        echo(f"{report.refunds_without_day:,} refunds stand on the day of their order: the file says no other.")
    for reason, count in report.passed_over.items():
        echo(f"{count:,} rows passed over: {reason}")
    echo(f"Columns: {', '.join(report.columns)}")
    if report.ignored_columns:
        echo(f"Not used: {', '.join(report.ignored_columns)}")
    for row in report.bad[:SHOWN_BAD_ROWS]:
        echo(f"line {row.line}: {row.reason}", err=True)
    if len(report.bad) > SHOWN_BAD_ROWS:
        echo(f"… and {len(report.bad) - SHOWN_BAD_ROWS:,} more bad rows; --json shows all", err=True)


def register(app: typer.Typer) -> None:
    app.add_typer(conversions, name="conversions")
