"""The audience of one client: age, gender, countries and cities of each account, and the match with target audiences."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, get_args

from fastapi import APIRouter, Form, Path, Query, Request, Response

from sophia.access.pages import ReadPage, WritePage
from sophia.access.web import RequestContext
from sophia.analytics.audience.matching import (
    AGE,
    CITY,
    COUNTRY,
    GENDER,
    AudienceDimension,
    AudiencePart,
    SavedTargetAudience,
)
from sophia.analytics.audience.queries import (
    AccountAudience,
    AudienceKind,
    ClientAudience,
    client_audience,
    list_target_audiences,
)
from sophia.analytics.audience.store import delete_target_audience, put_target_audience
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.audience.targets import TargetForm, target_table
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.forms import LineField, NoteField
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import HALF_WIDTH, Specification, bars
from sophia.display.formatting import DASH, day, value_of, whole
from sophia.display.values import Cell, Chart, Column, Link, Table, Value
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

KIND_LABELS: dict[AudienceKind, str] = {
    "followers": "Followers",
    "engaged": "Engaged people",
    "reached": "Reached people",
}
DIMENSION_LABELS = {AGE: "Age", GENDER: "Gender", COUNTRY: "Country", CITY: "City"}
GENDER_LABELS = {"F": "Women", "M": "Men", "U": "Gender not stated"}
CRITERIA = (("Overall", "overall"), ("Age", "age"), ("Gender", "gender"), ("Country", "country"), ("Place", "place"))
MOST_ROWS = 10
METHOD = (
    "All shares, and matches too, are of the people whose value Meta knows and lists; Meta lists the 45 largest places. "
    "Accounts can share people, so they are never added. A match is the share of an audience that meets a criterion; "
    "overall is the mean."
)


class AudiencePageQuery(PageQuery):
    """The kind of audience. The window of the other pages is kept, and does not matter here."""

    audience: AudienceKind = "followers"


@dataclass(frozen=True, slots=True)
class AccountPanel:
    """The audience of one account. `reason` says why there is none."""

    title: str
    note: str
    reason: str
    ages: Chart | None
    dimensions: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class AudiencePage:
    name: str
    lead: str
    kinds: tuple[Link, ...]
    accounts: tuple[AccountPanel, ...]
    matches: Table
    targets: Table
    target_names: tuple[str, ...]
    path: str
    error: str
    method: str


@router.get("/clients/{client_id}/audience")
def audience(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[AudiencePageQuery, Query()]
) -> Response:
    return show(request, context, client_id, query.audience)


@router.post("/clients/{client_id}/audience/targets")
def save_target(
    request: Request,
    context: WritePage,
    client_id: Annotated[Id, Path()],
    name: LineField = "",
    youngest: LineField = "",
    oldest: LineField = "",
    genders: Annotated[list[str], Form(max_length=2)] = [],  # noqa: B006 - FastAPI copies defaults
    countries: NoteField = "",
    places: NoteField = "",
) -> Response:
    """Save a target audience, or replace the one of that name."""
    form = TargetForm(name, youngest, oldest, tuple(genders), countries, places)
    error = change_client(
        context,
        client_id,
        lambda session: put_target_audience(session, client_id, form.target_audience(), context.now),
    )
    return changed(request, context, client_id, error)


@router.post("/clients/{client_id}/audience/targets/delete")
def delete_target(request: Request, context: WritePage, client_id: Annotated[Id, Path()], name: LineField) -> Response:
    error = change_client(context, client_id, lambda session: delete_target_audience(session, client_id, name))
    return changed(request, context, client_id, error)


def changed(request: Request, context: RequestContext, client_id: int, error: str) -> Response:
    if error:
        return show(request, context, client_id, "followers", error)
    return see(context, f"/clients/{client_id}/audience")


def show(
    request: Request, context: RequestContext, client_id: int, kind: AudienceKind, error: str = ""
) -> Response:  # fmt: skip
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        audiences = client_audience(session, client_id, kind)
        targets = list_target_audiences(session, client_id)
    path = f"{context.settings.path_prefix}/clients/{client_id}/audience" if can_change(context) else ""
    page = audience_page(name, audiences, targets, path, error, request.app.state.chart_drawer)
    outside = frame(request, context, f"Audience of {name}", sections=client_sections(request, context, client_id))
    return respond(request, "audience/page.html", outside, page, UNPROCESSABLE if error else 200)


def audience_page(
    name: str,
    audiences: ClientAudience,
    targets: Sequence[SavedTargetAudience],
    path: str,
    error: str,
    drawer: ChartDrawer,
) -> AudiencePage:
    """Return the page of a client's audiences. `path` is empty for a user who only reads."""
    specifications = [age_bars(account) for account in audiences.accounts]
    drawings = iter(drawer.draw([specification for specification in specifications if specification is not None]))
    svgs = [None if specification is None else next(drawings) for specification in specifications]
    return AudiencePage(
        name=name,
        lead=lead(audiences),
        kinds=tuple(
            Link(KIND_LABELS[kind], f"?audience={kind}", kind == audiences.audience) for kind in get_args(AudienceKind)
        ),
        accounts=tuple(
            account_panel(account, audiences.audience, svg)
            for account, svg in zip(audiences.accounts, svgs, strict=True)
        ),
        matches=match_table(audiences.accounts),
        targets=target_table(targets),
        target_names=tuple(target.name for target in targets) if path else (),
        path=path,
        error=error,
        method=METHOD,
    )


def lead(audiences: ClientAudience) -> str:
    """Return one sentence: the largest groups of the account with the most known people."""
    kind = KIND_LABELS[audiences.audience].lower()
    if not audiences.accounts:
        return "This client has no account yet."
    known = [account for account in audiences.accounts if account.dimensions]
    if not known:
        return f"Meta has not reported {kind} of any account yet."
    largest = max(known, key=lambda account: sum(part.people for part in account.dimensions[0].parts))
    groups = [
        f"{group_label(dimension.dimension, part.value)} ({value_of(part.percent).text})"
        for dimension in largest.dimensions
        if dimension.dimension != CITY and (part := dimension.parts[0]).percent is not None
    ]
    platform = largest.platform.value.capitalize()
    return f"Largest groups of {kind} of {largest.name} on {platform}: {', '.join(groups)}."


def account_panel(account: AccountAudience, kind: AudienceKind, svg: str | None) -> AccountPanel:
    notes = [] if account.day is None else [f"As of {day(account.day)}"]
    if account.everybody is not None:
        notes.append(f"{whole(account.everybody)} followers")
    ages = next((dimension for dimension in account.dimensions if dimension.dimension == AGE), None)
    chart = None
    if ages is not None and svg is not None:
        largest = ages.parts[0].value
        chart = Chart(
            f"{AGE}-{account.account_id}",
            f"The largest age group is {age_label(largest)}",
            f"{KIND_LABELS[kind]} of {account.name} by age, in percent",
            svg,
            dimension_table(account.account_id, ages),
        )
    return AccountPanel(
        title=f"{account.name} · {account.platform.value.capitalize()}",
        note=" · ".join(notes),
        reason=account.reason or "",
        ages=chart,
        dimensions=tuple(
            dimension_table(account.account_id, dimension)
            for dimension in account.dimensions
            if dimension.dimension != AGE
        ),
    )


def age_bars(account: AccountAudience) -> Specification | None:
    """Return the chart of ages, the youngest first; None if Meta reports no ages."""
    for dimension in account.dimensions:
        if dimension.dimension == AGE:
            parts = sorted(dimension.parts, key=lambda part: part.value)
            shares = [None if part.percent is None else part.percent.value for part in parts]
            values = [None if share is None else float(share) for share in shares]
            labels = [age_label(part.value) for part in parts]
            return bars(labels, values, colour=account.platform.value, unit="%", width=HALF_WIDTH)
    return None


def dimension_table(account_id: int, dimension: AudienceDimension) -> Table:
    """Return the parts of a dimension, the largest first; of many places only the first ten."""
    label = DIMENSION_LABELS[dimension.dimension]
    parts = dimension.parts[:MOST_ROWS]
    unknown = value_of(dimension.unknown)
    notes = [
        f"Shares are of the {whole(dimension.base)} people whose value Meta knows and lists.",
        f"{unknown.text} people are in no row." if not unknown.reason else unknown.reason,
    ]
    if len(parts) < len(dimension.parts):
        notes.append(f"The {len(parts)} largest of {len(dimension.parts)}.")
    columns = (Column(label), Column("Share", numeric=True), Column("People", numeric=True))
    rows = tuple(part_cells(dimension.dimension, part) for part in parts)
    name = f"{dimension.dimension}-{account_id}"
    return Table(name, label, columns, rows, "Meta reports nothing here.", " ".join(notes))


def part_cells(dimension: str, part: AudiencePart) -> tuple[Cell, ...]:
    share = part.percent
    return (
        Cell(Value(value_label(dimension, part.value))),
        Cell(Value(DASH, reason="Shares leave out people whose value is unknown."))
        if share is None
        else Cell(value_of(share), sort=None if share.value is None else float(share.value)),
        Cell(Value(whole(part.people)), sort=float(part.people)),
    )


def match_table(accounts: Sequence[AccountAudience]) -> Table:
    """Return the match of each account with each target audience."""
    columns = (Column("Target audience"), Column("Account"), *(Column(label, numeric=True) for label, _ in CRITERIA))
    rows = tuple(
        (
            Cell(Value(match.name)),
            Cell(Value(account.name), note=account.platform.value.capitalize()),
            *(Cell(value_of(getattr(match, field))) for _, field in CRITERIA),
        )
        for account in accounts
        for match in account.fits
    )
    return Table("matches", "Match with target audiences", columns, rows, "This client has no target audience yet.")


def value_label(dimension: str, value: str) -> str:
    """Return a value of a dimension in words."""
    if dimension == AGE:
        return age_label(value)
    if dimension == GENDER:
        return GENDER_LABELS.get(value, value)
    return country_names().get(value.upper(), value) if dimension == COUNTRY else value


def group_label(dimension: str, value: str) -> str:
    """Return a value of a dimension as part of a sentence."""
    label = value_label(dimension, value)
    return {AGE: f"aged {label}", GENDER: label.lower(), COUNTRY: f"in {label}"}.get(dimension, label)


def age_label(value: str) -> str:
    return value.replace("-", DASH)


@cache
def country_names() -> dict[str, str]:
    """Return {ISO 3166 code: English name}."""
    from babel import Locale  # noqa: PLC0415

    return dict(Locale("en").territories)
