"""Imports a CSV file of conversions for a client, and amends single conversions."""

from dataclasses import dataclass
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from sqlalchemy.orm import Session

from sophia.access.pages import WritePage
from sophia.access.web import RequestContext
from sophia.analytics.conversions.event_types import EventType
from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.recording import ImportReport, import_conversions
from sophia.analytics.conversions.files.sentences import column_sentences, import_sentences
from sophia.analytics.conversions.incoming import expect_event_date
from sophia.analytics.conversions.listing import find_conversion
from sophia.analytics.conversions.schemas import ConversionChange
from sophia.analytics.conversions.versions import amend_conversion
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, change_client, read_form, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.forms import LineField, NoteField, lines_of
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import whole
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import InvalidInputError
from sophia.portfolio.models import Client
from sophia.portfolio.service import check_zone

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ClientId = Annotated[Id, Path()]
MOST_BAD_ROWS = 100


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The forms, and what the last import changed. `error` says why nothing was stored."""

    name: str
    path: str
    zone: str
    event_types: tuple[Choice, ...]
    error: str = ""
    results: tuple[str, ...] = ()
    bad: Table | None = None


@dataclass(frozen=True, slots=True)
class ImportFields:
    """The options as a person typed them. `columns` has FIELD=HEADING on each line, `ignored` a heading."""

    event_type: str
    source: str
    currency: str
    decimal_mark: str
    timezone: str
    count_column: str
    columns: str
    ignored: str

    def options(self, context: RequestContext, client_zone: ZoneInfo) -> FileOptions:
        """Raises InvalidInputError for an option that is not valid."""
        if self.timezone.strip():
            check_zone(self.timezone.strip())
        pairs = [line.partition("=") for line in lines_of(self.columns)]
        if not all(field.strip() and heading.strip() for field, _, heading in pairs):
            raise InvalidInputError("Write one column a line as FIELD=HEADING, such as event_date=Fecha.")
        return FileOptions(
            client_zone=client_zone,
            today=context.now.astimezone(client_zone).date(),
            file_zone=ZoneInfo(self.timezone.strip()) if self.timezone.strip() else None,
            event_type=self.event_type or None,
            source=self.source.strip() or None,
            currency=self.currency.strip().upper() or None,
            decimal_mark="," if self.decimal_mark == "," else "." if self.decimal_mark == "." else None,
            count_column=self.count_column.strip() or None,
            columns={field.strip(): heading.strip() for field, _, heading in pairs},
            ignored_columns=lines_of(self.ignored),
        )


@router.get("/clients/{client_id}/conversions/import")
def import_page(
    request: Request, context: WritePage, client_id: ClientId, _query: Annotated[PageQuery, Query()]
) -> Response:  # fmt: skip
    return show(request, context, client_id)


@router.post("/clients/{client_id}/conversions/import")
def import_file(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    file: UploadFile,
    dry_run: Annotated[bool, Form()] = False,
    event_type: LineField = "",
    source: LineField = "",
    currency: LineField = "",
    decimal_mark: LineField = "",
    timezone: LineField = "",
    count_column: LineField = "",
    columns: NoteField = "",
    ignored: NoteField = "",
) -> Response:
    """Import good rows, and show the bad ones. Importing a file twice adds nothing."""
    fields = ImportFields(event_type, source, currency, decimal_mark, timezone, count_column, columns, ignored)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        zone = ZoneInfo(session.get_one(Client, client_id).timezone)
    try:
        options = fields.options(context, zone)
        report = import_conversions(
            context.database, client_id, file.file.read(), options, context.now, dry_run=dry_run
        )
    except InvalidInputError as error:
        return show(request, context, client_id, error=str(error))
    return show(request, context, client_id, report=report)


@router.post("/clients/{client_id}/conversions/amend")
def amend(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    conversion_id: Annotated[Id, Form()],
    reason: LineField = "",
    event_date: LineField = "",
    revenue_amount: LineField = "",
    currency: LineField = "",
    content_draft_id: LineField = "",
    utm_campaign: LineField = "",
    utm_source: LineField = "",
) -> Response:
    """Change the fields that were filled in. Reports as of an earlier moment keep the earlier version."""
    values = {
        "event_date": event_date,
        "revenue_amount": revenue_amount,
        "currency": currency.strip().upper(),
        "content_draft_id": content_draft_id,
        "utm_campaign": utm_campaign,
        "utm_source": utm_source,
    }
    given = {name: text.strip() for name, text in values.items() if text.strip()}

    def store_change(session: Session) -> None:
        if not given:
            raise InvalidInputError("Nothing was changed: fill in at least one field.")
        change = read_form(ConversionChange, given | {"reason": reason})
        if change.event_date is not None:
            expect_event_date(change.event_date, context.now.date())
        changes = change.changes_of(find_conversion(session, client_id, conversion_id))
        amend_conversion(session, client_id, conversion_id, changes, change.reason, context.now)

    error = change_client(context, client_id, store_change)
    if error:
        return show(request, context, client_id, error=error)
    return see(context, f"/clients/{client_id}/conversions")


def show(
    request: Request, context: RequestContext, client_id: int, error: str = "", report: ImportReport | None = None
) -> Response:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        client = session.get_one(Client, client_id)
        name, zone = client.name, client.timezone
    page = ImportPage(
        name=name,
        path=f"{context.settings.path_prefix}/clients/{client_id}/conversions",
        zone=zone,
        event_types=(Choice("", "As the file says"), *(Choice(kind, kind) for kind in get_args(EventType))),
        error=error,
        results=() if report is None else (*import_sentences(report), *column_sentences(report)),
        bad=None if report is None or not report.bad else bad_table(report),
    )
    outside = frame(
        request, context, f"Import conversions of {name}", sections=client_sections(request, context, client_id)
    )
    return respond(request, "conversion_import/page.html", outside, page, UNPROCESSABLE if error else 200)


def bad_table(report: ImportReport) -> Table:
    rows = tuple(
        (Cell(Value(str(row.line)), sort=row.line), Cell(Value(row.reason))) for row in report.bad[:MOST_BAD_ROWS]
    )
    more = len(report.bad) - len(rows)
    note = f"And {whole(more)} more." if more > 0 else ""
    return Table("bad-rows", "Rows that were not imported", (Column("Line"), Column("Reason")), rows, "", footnote=note)
