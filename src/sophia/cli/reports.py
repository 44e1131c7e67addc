"""`sophia reports`: finished reports, the note about a period, and how reports look."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.arguments import By, Client, First, Last, Week, parse_date_range, user_name
from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local_time, show_list, show_record

if TYPE_CHECKING:
    from sophia.meta.reporting_zone import DateRange
    from sophia.reporting.editions import Edition
    from sophia.reporting.gathering import DocumentMaker
    from sophia.reporting.settings import ReportSettings

reports = typer.Typer(help="Keep, correct and print reports, and set how they look.", no_args_is_help=True)
Language = Annotated[
    str | None, typer.Option("--language", metavar="CODE", help="en, de, fr, es or pt. Default: the client's.")
]
EditionNumber = Annotated[int, typer.Argument(metavar="ID", help="As `sophia reports list` shows it.", min=1)]


@reports.command("list")
def list_(client: Client, as_json: AsJson = False) -> None:
    """Show a client's finished reports, the newest first."""
    from sophia.reporting.editions import list_editions

    installation = open_installation()
    zone = installation.settings.operator_zone
    with installation.read_client(client) as (session, client_id):
        editions = list_editions(session, client_id)
    empty = "No report of this client is kept yet. Keep one: sophia reports keep"

    def row(edition: "Edition") -> dict[str, str]:
        return {
            "id": str(edition.id),
            "period": days_text(edition.window),
            "language": edition.language,
            "edition": str(edition.number),
            "corrects": edition.reason or "",
            "kept": local_time(edition.created_at, zone),
            "by": edition.created_by,
        }

    show_list("reports", editions, row, as_json=as_json, empty=empty)


@reports.command()
def keep(
    client: Client,
    week: Week = None,
    first: First = None,
    last: Last = None,
    language: Language = None,
    corrects: Annotated[
        str, typer.Option("--corrects", metavar="REASON", help="Keep a new edition, and say what it corrects.")
    ] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Keep the report of a period that is over, by default of the last complete week. A kept report never changes."""
    from sophia.display.languages import expect_language

    installation = open_installation()
    client_id = installation.find_client(client).id
    window = chosen_window(installation, week, first, last)
    code = None if language is None else expect_language(language)
    with document_maker(installation) as maker:
        kept = maker.keep(client_id, window, user_name(by), code, reason=corrects)
    if as_json:
        show_record(kept.edition)
    else:
        echo(
            f"{kept.document.edition}, {days_text(window)}. Print it: sophia reports pdf {client_id} {kept.edition.id} FILE"
        )


@reports.command()
def pdf(client: Client, edition: EditionNumber, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Write a finished report as PDF."""
    from sophia.reporting.editions import find_kept
    from sophia.reporting.pdf import print_pdf

    with open_installation().read_client(client) as (session, client_id):
        kept = find_kept(session, client_id, edition)
    write_file(file, print_pdf(kept.document))


@reports.command()
def note(
    client: Client,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="An empty text deletes the note.")] = None,
    week: Week = None,
    first: First = None,
    last: Last = None,
    by: By = None,
) -> None:
    """Show or write the note at the top of a period's report, by default of the last complete week."""
    from sophia.analytics.figures.figures import check_window
    from sophia.reporting.notes import find_note, save_note

    installation = open_installation()
    window = chosen_window(installation, week, first, last)
    if text is not None:
        check_window(window, installation.clock())
        with installation.write_client(client) as (session, client_id):
            save_note(session, client_id, window, text, user_name(by), installation.clock())
    with installation.read_client(client) as (session, client_id):
        written = find_note(session, client_id, window)
    echo(f"There is no note about {days_text(window)}." if written is None else f"{written.text}\n— {written.author}")


@reports.command()
def settings(
    client: Annotated[
        str | None, typer.Argument(metavar="CLIENT", help="Name or id. Default: what all clients inherit.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name at the top of documents; '' inherits.")] = None,
    colour: Annotated[str | None, typer.Option(help="Like #1f5fbf; '' inherits.")] = None,
    sender: Annotated[str | None, typer.Option(help="Who prepared the report; '' inherits.")] = None,
    language: Annotated[str | None, typer.Option(metavar="CODE", help="en, de, fr, es or pt; '' inherits.")] = None,
    sections: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Such as result,changes,work; '' inherits.")
    ] = None,
    logo: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A PNG or JPEG.")] = None,
    no_logo: Annotated[bool, typer.Option("--no-logo", help="Remove the logo.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or change how reports look: of one client, or of all that set nothing themselves."""
    from sophia.reporting.settings import logo_of, read_settings, save_settings

    installation = open_installation()
    client_id = installation.find_client_id(client)
    with installation.database.read() as session:
        stored = read_settings(session, client_id)
    texts = {"name": name, "colour": colour, "sender": sender, "language": language, "sections": sections}
    changed = with_texts(stored, {field: text for field, text in texts.items() if text is not None})
    changed = with_logo(changed, "" if no_logo else logo_of(logo.read_bytes()) if logo is not None else None)
    if changed != stored:
        with installation.database.write() as session:
            stored = save_settings(session, client_id, changed, installation.clock())
    if as_json:
        show_record(stored)
        return
    for field in ("name", "colour", "sender", "language"):
        echo(f"{field}: {getattr(stored, field) or 'inherited'}")
    echo(f"sections: {', '.join(stored.sections) if stored.sections else 'inherited'}")
    echo(f"logo: {'stored' if stored.logo else 'inherited'}")


def with_texts(settings: "ReportSettings", texts: dict[str, str]) -> "ReportSettings":
    """Return the settings with the texts of options; an empty text inherits. Raise InvalidInputError."""
    from sophia.display.languages import expect_language

    values: dict[str, Any] = {field: text.strip() or None for field, text in texts.items()}
    if values.get("language"):
        values["language"] = expect_language(values["language"])
    if values.get("sections"):
        values["sections"] = tuple(part.strip() for part in values["sections"].split(","))
    return replace(settings, **values)


def with_logo(settings: "ReportSettings", logo: str | None) -> "ReportSettings":
    """Return the settings with another logo; an empty one removes it, None keeps it."""
    return settings if logo is None else replace(settings, logo=logo or None)


def chosen_window(
    installation: Installation, week: datetime | None, first: datetime | None, last: datetime | None
) -> "DateRange":
    """Return the days that the options name, by default the last complete week."""
    from sophia.analytics.figures.figures import last_closed_week

    now = installation.clock()
    return parse_date_range(week, first, last, now) or last_closed_week(now)


@contextmanager
def document_maker(installation: Installation) -> "Iterator[DocumentMaker]":
    """Yield what makes documents, with a process that draws charts for as long."""
    from sophia.display.charts.drawing import ChartDrawer
    from sophia.reporting.gathering import DocumentMaker

    drawer = ChartDrawer(processes=1)
    try:
        yield DocumentMaker(installation.database, drawer, installation.settings.data_dir, installation.clock())
    finally:
        drawer.close()


def days_text(window: "DateRange") -> str:
    from sophia.meta.reporting_zone import ONE_DAY

    return f"{window.start} to {window.end - ONE_DAY}"


def write_file(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, and say so. Raise InvalidInputError if its folder cannot be written."""
    from sophia.errors import InvalidInputError

    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.") from error
    echo(f"Wrote {path} ({len(content) / 1000:.0f} kB).")
