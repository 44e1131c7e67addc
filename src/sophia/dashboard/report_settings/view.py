"""Settings of reports: brand, language and sections, of the agency and of each client."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response, UploadFile

from sophia.access.pages import AdminPage
from sophia.access.web import RequestContext
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, see
from sophia.dashboard.layout.forms import LineField, LineText
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.languages import ENGLISH, LANGUAGE_NAMES, LANGUAGES, expect_language, language
from sophia.display.values import Choice
from sophia.errors import InvalidInputError
from sophia.portfolio.models import Client
from sophia.reporting.branding import ACCENT
from sophia.reporting.document import SECTIONS
from sophia.reporting.settings import ReportSettings, logo_of, read_settings, save_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)

AGENCY = "/settings/reports"
CLIENT = "/settings/clients/{client_id}/reports"
ClientIdPath = Annotated[Id, Path()]


@dataclass(frozen=True, slots=True)
class ReportSettingsPage:
    """The settings of the agency's reports, or of a client's. `inherited` says where empty fields come from."""

    title: str
    path: str
    inherited: str
    name: str
    colour: str
    sender: str
    logo: str
    languages: tuple[Choice, ...]
    sections: tuple[Choice, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of the form, as a person sent them."""

    name: str
    colour: str
    sender: str
    language: str
    sections: tuple[str, ...]
    removes_logo: bool


def sent_fields(
    name: LineField = "",
    colour: LineField = "",
    sender: LineField = "",
    language: LineField = "",
    sections: Annotated[list[LineText] | None, Form()] = None,
    remove_logo: Annotated[bool, Form()] = False,
) -> Fields:
    return Fields(name, colour, sender, language, tuple(sections or ()), remove_logo)


SentFields = Annotated[Fields, Depends(sent_fields)]


@router.get(AGENCY)
def agency_settings(request: Request, context: AdminPage, _query: Annotated[PageQuery, Query()]) -> Response:
    return show(request, context, None)


@router.post(AGENCY)
def save_agency(request: Request, context: AdminPage, fields: SentFields, logo: UploadFile | None = None) -> Response:
    """Save the settings that every client inherits."""
    return save(request, context, None, fields, logo)


@router.get(CLIENT)
def client_settings(
    request: Request, context: AdminPage, client_id: ClientIdPath, _query: Annotated[PageQuery, Query()]
) -> Response:
    return show(request, context, client_id)


@router.post(CLIENT)
def save_client(
    request: Request, context: AdminPage, client_id: ClientIdPath, fields: SentFields, logo: UploadFile | None = None
) -> Response:
    """Save the settings of one client; empty fields inherit from the agency."""
    return save(request, context, client_id, fields, logo)


def save(
    request: Request, context: RequestContext, client_id: int | None, fields: Fields, logo: UploadFile | None
) -> Response:
    """Store all fields or none of them, and lead back to the page."""
    try:
        content = logo.file.read() if logo is not None and logo.size else b""
        picture = logo_of(content) if content else None
        with context.database.write() as session:
            if client_id is not None:
                expect_client(session, None, client_id)
            kept = None if fields.removes_logo else read_settings(session, client_id).logo
            save_settings(session, client_id, settings_of(fields, picture or kept), context.now)
    except InvalidInputError as error:
        return show(request, context, client_id, str(error), fields)
    return see(context, path_of(client_id))


def settings_of(fields: Fields, logo: str | None) -> ReportSettings:
    """Return the settings that the fields mean: an empty field, and all sections, inherit."""
    return ReportSettings(
        name=fields.name or None,
        logo=logo,
        colour=fields.colour or None,
        sender=fields.sender or None,
        language=expect_language(fields.language) if fields.language else None,
        sections=None if set(fields.sections) == set(SECTIONS) else fields.sections,
    )


def path_of(client_id: int | None) -> str:
    return AGENCY if client_id is None else CLIENT.format(client_id=client_id)


def show(
    request: Request, context: RequestContext, client_id: int | None, error: str = "", fields: Fields | None = None
) -> Response:
    with context.database.read() as session:
        name = "all clients"
        if client_id is not None:
            expect_client(session, None, client_id)
            name = session.get_one(Client, client_id).name
        own, agency = read_settings(session, client_id), read_settings(session, None)
    shown = fields or Fields(
        own.name or "", own.colour or "", own.sender or "", own.language or "", own.sections or SECTIONS, False
    )
    heir = "Sophia" if client_id is None else "all clients"
    logo = own.logo or agency.logo
    page = ReportSettingsPage(
        title=f"Reports of {name}",
        path=path_of(client_id),
        inherited=f"Empty fields are those of {heir}: {inherited_text(agency if client_id else ReportSettings())}",
        name=shown.name,
        colour=shown.colour,
        sender=shown.sender,
        logo=f"data:image/png;base64,{logo}" if logo else "",
        languages=language_choices(shown.language),
        sections=tuple(
            Choice(name, language(ENGLISH).say(f"headings.{name}"), name in shown.sections) for name in SECTIONS
        ),
        error=error,
    )
    outside = frame(request, context, page.title)
    return respond(request, "report_settings/page.html", outside, page, UNPROCESSABLE if error else 200)


def inherited_text(agency: ReportSettings) -> str:
    """Return the values that empty fields have."""
    return (
        f"name {agency.name or 'none'}, colour {agency.colour or ACCENT}, sender {agency.sender or 'none'}, language "
        f"{LANGUAGE_NAMES[agency.language or ENGLISH]}."
    )


def language_choices(selected: str) -> tuple[Choice, ...]:
    """Return the languages, and first the choice that inherits."""
    names = [Choice(code, LANGUAGE_NAMES[code], code == selected) for code in LANGUAGES]
    return (Choice("", "inherited", not selected), *names)
