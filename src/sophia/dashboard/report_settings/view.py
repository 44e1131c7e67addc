"""Settings of reports: brand, language and sections, of the agency and of each client."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response, UploadFile
from pydantic import BeforeValidator

from sophia.access.pages import AdminPage
from sophia.access.web import RequestContext
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, see
from sophia.dashboard.layout.forms import LineField, LineText, none_if_empty
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.languages import ENGLISH, LANGUAGE_NAMES, LANGUAGES, LanguageCode, language
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


def sent_settings(
    name: LineField = "",
    colour: LineField = "",
    sender: LineField = "",
    language: Annotated[LanguageCode | None, BeforeValidator(none_if_empty), Form()] = None,
    sections: Annotated[list[LineText] | None, Form()] = None,
) -> ReportSettings:
    """Return the settings that the fields of the form mean: an empty field, and all sections, inherit."""
    chosen = tuple(sections or ())
    return ReportSettings(
        name=name or None,
        colour=colour or None,
        sender=sender or None,
        language=language,
        sections=None if set(chosen) == set(SECTIONS) else chosen,
    )


SentSettings = Annotated[ReportSettings, Depends(sent_settings)]
RemoveLogo = Annotated[bool, Form()]


@router.get(AGENCY)
def agency_settings(request: Request, context: AdminPage, _query: Annotated[PageQuery, Query()]) -> Response:
    return show(request, context, None)


@router.post(AGENCY)
def save_agency(
    request: Request,
    context: AdminPage,
    sent: SentSettings,
    logo: UploadFile | None = None,
    remove_logo: RemoveLogo = False,
) -> Response:
    """Save the settings that every client inherits."""
    return save(request, context, None, sent, None if remove_logo else logo, keeps_logo=not remove_logo)


@router.get(CLIENT)
def client_settings(
    request: Request, context: AdminPage, client_id: ClientIdPath, _query: Annotated[PageQuery, Query()]
) -> Response:
    return show(request, context, client_id)


@router.post(CLIENT)
def save_client(
    request: Request,
    context: AdminPage,
    client_id: ClientIdPath,
    sent: SentSettings,
    logo: UploadFile | None = None,
    remove_logo: RemoveLogo = False,
) -> Response:
    """Save the settings of one client; empty fields inherit from the agency."""
    return save(request, context, client_id, sent, None if remove_logo else logo, keeps_logo=not remove_logo)


def save(
    request: Request,
    context: RequestContext,
    client_id: int | None,
    sent: ReportSettings,
    logo: UploadFile | None,
    *,
    keeps_logo: bool,
) -> Response:
    """Store all fields or none of them, and lead back to the page."""
    try:
        picture = logo_of(logo.file.read()) if logo is not None and logo.size else None
        with context.database.write() as session:
            if client_id is not None:
                expect_client(session, None, client_id)
            stored = read_settings(session, client_id).logo if keeps_logo else None
            save_settings(session, client_id, replace(sent, logo=picture or stored), context.now)
    except InvalidInputError as error:
        return show(request, context, client_id, str(error), sent)
    return see(context, path_of(client_id))


def path_of(client_id: int | None) -> str:
    return AGENCY if client_id is None else CLIENT.format(client_id=client_id)


def show(
    request: Request,
    context: RequestContext,
    client_id: int | None,
    error: str = "",
    sent: ReportSettings | None = None,
) -> Response:
    with context.database.read() as session:
        name = "all clients"
        if client_id is not None:
            expect_client(session, None, client_id)
            name = session.get_one(Client, client_id).name
        own, agency = read_settings(session, client_id), read_settings(session, None)
    shown = sent or own
    sections = SECTIONS if shown.sections is None else shown.sections
    heir = "Sophia" if client_id is None else "all clients"
    logo = own.logo or agency.logo
    page = ReportSettingsPage(
        title=f"Reports of {name}",
        path=path_of(client_id),
        inherited=f"Empty fields are those of {heir}: {inherited_text(agency if client_id else ReportSettings())}",
        name=shown.name or "",
        colour=shown.colour or "",
        sender=shown.sender or "",
        logo=f"data:image/png;base64,{logo}" if logo else "",
        languages=language_choices(shown.language),
        sections=tuple(Choice(name, language(ENGLISH).say(f"headings.{name}"), name in sections) for name in SECTIONS),
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


def language_choices(selected: LanguageCode | None) -> tuple[Choice, ...]:
    """Return the languages, and first the choice that inherits."""
    names = [Choice(code, LANGUAGE_NAMES[code], code == selected) for code in LANGUAGES]
    return (Choice("", "inherited", selected is None), *names)
