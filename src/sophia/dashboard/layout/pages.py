"""Renders a page value with its template, or exports one of its tables as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from sophia.access.roles import Role
from sophia.access.web import RequestContext
from sophia.analytics.readings.csv_export import cell as defuse_formula
from sophia.dashboard.layout.rendered_tables import rendered_tables
from sophia.dashboard.layout.sorting import SORT, sort_address, sorted_as_requested, sorted_by
from sophia.dashboard.layout.typed import typed_fields
from sophia.dashboard.layout.windows import shared_query
from sophia.display.languages import language
from sophia.display.values import Cell, Frame, Link, Picker, Table
from sophia.errors import NotFoundError
from sophia.reporting.document import Document

if TYPE_CHECKING:
    from jinja2 import Environment

SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
STATIC = {"style.css": "text/css", "page.js": "text/javascript"}
NAVIGATION = (
    ("Portfolio", "/portfolio"),
    ("Collection", "/collection"),
    ("Drafts", "/drafts"),
    ("Definitions", "/definitions"),
    ("Settings", "/settings"),
)
# Pages that only operators may open; the navigation of others leaves them out.
OPERATOR_PAGES = ("/settings",)


@cache
def environment() -> "Environment":
    """Return the templates of all pages. A template that names something that does not exist raises an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=PackageLoader("sophia.dashboard", "."),
        autoescape=True,
        # An installation's templates change with its program only.
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def static_file(name: str) -> tuple[bytes, str]:
    """Return the content of a static file and its hash, which is part of its address: the file is cached forever."""
    content = (files("sophia.dashboard.layout") / name).read_bytes()
    return content, sha256(content).hexdigest()[:12]


def static_address(prefix: str, name: str) -> str:
    return f"{prefix}/static/{static_file(name)[1]}/{name}"


def frame(
    request: Request, context: RequestContext, title: str, picker: Picker | None = None, sections: tuple[Link, ...] = ()
) -> Frame:
    """Return what surrounds a page: navigation links keep the window of the address."""
    prefix = context.settings.path_prefix
    query = shared_query(request)
    path = request.url.path.removeprefix(prefix)
    links = tuple(
        Link(text, f"{prefix}{address}{query}", current=path == address or path.startswith(f"{address}/"))
        for text, address in NAVIGATION
        if address not in OPERATOR_PAGES or is_operator(context)
    )
    return Frame(
        title=title,
        navigation=links,
        user=context.viewer.name,
        prefix=prefix,
        style=static_address(prefix, "style.css"),
        script=static_address(prefix, "page.js"),
        picker=picker,
        sections=sections,
    )


def is_operator(context: RequestContext) -> bool:
    """Return whether the user may open the pages of `AdminPage`."""
    return context.allowed_clients is None and context.viewer.role.includes(Role.ADMIN)


def plain_frame(request: Request, title: str) -> Frame:
    """Return a frame without navigation, for pages that need no session."""
    prefix = request.app.state.app_state.settings.path_prefix
    style, script = (static_address(prefix, name) for name in ("style.css", "page.js"))
    return Frame(title=title, navigation=(), user="", prefix=prefix, style=style, script=script)


def branded(outside: Frame, document: Document, *, is_reader: bool) -> Frame:
    """Return the frame of a page that shows a document: its tables have the words of its language, in its brand's colour.

    For a reader of a share link, the whole page has the name and language of the document.
    """
    colour = document.branding.colour.removeprefix("#")
    words = language(document.language).section("page")
    styled = replace(outside, words=words, brand_style=f"{outside.prefix}/brand/{colour}.css")
    if not is_reader:
        return styled
    return replace(styled, language=document.language, brand=document.branding.name or document.title)


def respond(request: Request, template: str, frame_value: Frame, page: Any, status: int = 200) -> Response:
    """Return the page as HTML, or with `?export=NAME` the CSV of exactly what that table shows.

    Raises NotFoundError for the name of a table that the page does not have.
    """
    page = sorted_as_requested(page, request.query_params.get(SORT))
    # For tests, which compare the value with what was rendered.
    request.state.page = page
    name = request.query_params.get("export")
    if name is not None:
        table = next((table for table in tables(page) if table.name == name), None)
        if table is None:
            raise NotFoundError(f"This page has no table {name!r} to export.")
        headers = {"Content-Disposition": f'attachment; filename="{table.name}.csv"'}
        return Response(as_csv(table), media_type="text/csv; charset=utf-8", headers=headers)
    html = (
        environment()
        .get_template(template)
        .render(
            frame=frame_value,
            page=page,
            export_address=partial(export_address, request),
            typed=typed_fields(request, status),
            sort_address=partial(sort_address, request),
            sorted_by=partial(sorted_by, request),
            rendered=partial(rendered_tables().render, request.url.query, frame_value.words),
        )
    )
    return HTMLResponse(html, status, {"Content-Security-Policy": SECURITY_POLICY})


def allow_forms_to(response: Response, address: str) -> Response:
    """Let the forms of a page lead to another server: browsers apply the policy of forms to redirects too."""
    parts = urlsplit(address)
    policy = SECURITY_POLICY.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
    response.headers["Content-Security-Policy"] = policy
    return response


def export_address(request: Request, table: Table) -> str:
    """Return the address that exports a table of this page."""
    return f"?{request.url.include_query_params(export=table.name).query}"


def tables(value: Any) -> Iterator[Table]:
    """Yield every table inside a page value."""
    if isinstance(value, Table):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from tables(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tables(part)


def as_csv(table: Table) -> str:
    """Return the table as CSV with a heading; text that a spreadsheet would run as a formula is made harmless.

    A column with changes, states, notes or intervals is followed by a column for each of them.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    shown = [parts_in(row[index] for row in table.rows) for index in range(len(table.columns))]
    writer.writerow(
        [
            label
            for column, names in zip(table.columns, shown, strict=True)
            for label in (column.label, *(f"{column.label}: {name}" for name in names))
        ]
    )
    for row in table.rows:
        cells = [
            part
            for cell, names in zip(row, shown, strict=True)
            for part in (cell.value.plain, *(parts_of(cell)[name] for name in names))
        ]
        writer.writerow([defuse_formula(cell) for cell in cells])
    return text.getvalue()


def parts_in(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Return the names of the parts that any cell of a column has beside its value."""
    parts = [parts_of(cell) for cell in cells]
    names = parts[0] if parts else {}
    return tuple(name for name in names if any(part[name] for part in parts))


def parts_of(cell: Cell) -> dict[str, str]:
    """Return {name of a part: its text} of what a cell shows beside its value."""
    change = cell.change
    return {
        "change": "" if change is None else f"{change.arrow} {change.text}".strip(),
        "before": "" if change is None else change.since,
        "after": "" if change is None else change.until,
        "compared": "" if change is None else change.days,
        "state": cell.state or "",
        "note": cell.note,
        "interval": "" if cell.bar is None else cell.bar.label,
    }
