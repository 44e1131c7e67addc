"""Settings of the whole portfolio: annotations for every client, and the operator's own benchmarks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from sqlalchemy.orm import Session

from sophia.access.pages import AdminPage
from sophia.access.web import RequestContext
from sophia.analytics.annotations.queries import AnnotationRecord, list_annotations
from sophia.analytics.annotations.store import NewAnnotation, add_annotation, remove_annotation
from sophia.analytics.benchmarks.comparison import BadLine, Benchmark, parse_benchmarks
from sophia.analytics.benchmarks.queries import list_benchmarks
from sophia.analytics.benchmarks.store import WrittenBenchmarks, remove_benchmarks, write_benchmarks
from sophia.analytics.figures.requests import Id
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, read_form, see
from sophia.dashboard.layout.forms import LineField, NoteField, text_of_upload
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.figures import label_of
from sophia.display.formatting import PLATFORM_LABELS, beginning, day, whole
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.meta.reporting_zone import reporting_day

router = APIRouter(route_class=PageRoute, include_in_schema=False)

REFUSALS = (InvalidInputError, ConflictError, NotFoundError)
PATH = "/settings/portfolio"
LONGEST_CHOICE = 60
MOST_BAD_LINES = 20


@dataclass(frozen=True, slots=True)
class PortfolioSettingsPage:
    """What concerns every client. `message` tells what an import changed, `problems` names the lines that it skipped."""

    lead: str
    error: str
    message: str
    problems: tuple[str, ...]
    annotations: Table
    annotation_choices: tuple[Choice, ...]
    benchmarks: Table
    sources: tuple[Choice, ...]


@router.get(PATH)
def portfolio_settings(
    request: Request, context: AdminPage, _query: Annotated[PageQuery, Query()]
) -> Response:  # fmt: skip
    return show(request, context)


@router.post(f"{PATH}/annotations")
def annotate(request: Request, context: AdminPage, day: LineField = "", text: NoteField = "") -> Response:
    """Note what happened on a day; the reports of every client show it."""

    def add(session: Session) -> None:
        annotation = read_form(NewAnnotation, {"day": day, "text": text})
        add_annotation(session, None, annotation, context.actor, context.now)

    return change(request, context, add)


@router.post(f"{PATH}/annotations/delete")
def delete_annotation(request: Request, context: AdminPage, annotation_id: Annotated[Id, Form()]) -> Response:
    return change(request, context, lambda session: remove_annotation(session, None, annotation_id, context.now))


@router.post(f"{PATH}/benchmarks")
def import_benchmarks(
    request: Request, context: AdminPage, file: UploadFile, dry_run: Annotated[bool, Form()] = False
) -> Response:
    """Import a CSV file. Good lines are stored, and the page names the bad ones. Repeating adds nothing."""
    try:
        good, bad = parse_benchmarks(text_of_upload(file), newest_year=reporting_day(context.now).year)
        with context.database.write() as session:
            written = write_benchmarks(session, good, context.now, dry_run=dry_run)
    except REFUSALS as error:
        return show(request, context, error=str(error))
    return show(request, context, message=import_text(written, bad, dry_run=dry_run), bad=bad)


@router.post(f"{PATH}/benchmarks/delete")
def delete_benchmarks(request: Request, context: AdminPage, source: LineField) -> Response:
    return change(request, context, lambda session: remove_benchmarks(session, source, context.now))


def change(request: Request, context: RequestContext, action: Callable[[Session], object]) -> Response:
    """Store a change and lead back to the page, or show what is wrong with it."""
    try:
        with context.database.write() as session:
            action(session)
    except REFUSALS as error:
        return show(request, context, error=str(error))
    return see(context, PATH)


def show(
    request: Request, context: RequestContext, *, error: str = "", message: str = "", bad: Sequence[BadLine] = ()
) -> Response:
    with context.database.read() as session:
        annotations = list_annotations(session, [])
        own = [benchmark for benchmark in list_benchmarks(session) if benchmark.is_own]
    sources = sorted({benchmark.source for benchmark in own})
    page = PortfolioSettingsPage(
        lead="Annotations and benchmarks that concern every client.",
        error=error,
        message=message,
        problems=tuple(f"Line {line.line}: {line.problem}" for line in bad[:MOST_BAD_LINES]),
        annotations=annotation_table(annotations),
        annotation_choices=tuple(Choice(str(item.id), annotation_label(item)) for item in annotations),
        benchmarks=benchmark_table(own),
        sources=tuple(Choice(source, source) for source in sources),
    )
    outside = frame(request, context, "Settings of the portfolio")
    return respond(request, "portfolio_settings/page.html", outside, page, UNPROCESSABLE if error else 200)


def import_text(written: WrittenBenchmarks, bad: Sequence[BadLine], *, dry_run: bool) -> str:
    """Return one sentence: what an import changed."""
    would = "would be " if dry_run else ""
    counts = f"{whole(written.added)} {would}added, {whole(written.changed)} {would}changed"
    skipped = f", {whole(len(bad))} lines skipped" if bad else ""
    return f"Benchmarks: {counts}, {whole(written.unchanged)} unchanged{skipped}."


def annotation_label(annotation: AnnotationRecord) -> str:
    return f"{day(annotation.day)} {annotation.day.year}: {beginning(annotation.text, LONGEST_CHOICE)}"


def annotation_table(annotations: Sequence[AnnotationRecord]) -> Table:
    rows = tuple(
        (
            Cell(Value(f"{day(item.day)} {item.day.year}", item.day.isoformat()), sort=item.day.isoformat()),
            Cell(Value(item.text)),
            Cell(Value(item.author or "")),
        )
        for item in annotations
    )
    columns = (Column("Day"), Column("What happened"), Column("By"))
    return Table("annotations", "Annotations of every client", columns, rows, "There is no annotation yet.")


def benchmark_table(own: Sequence[Benchmark]) -> Table:
    rows = tuple(
        (
            Cell(Value(item.industry)),
            Cell(Value(PLATFORM_LABELS[item.platform.value])),
            Cell(Value(label_of(item.metric)), note=f"{item.numerator} by {item.denominator}"),
            Cell(Value(f"{item.value_percent.normalize():f} %"), sort=float(item.value_percent)),
            Cell(Value(item.statistic)),
            Cell(Value(str(item.data_year)), sort=item.data_year),
            Cell(Value(item.source)),
        )
        for item in own
    )
    columns = (
        *(Column(label) for label in ("Industry", "Platform", "KPI")),
        Column("Value", numeric=True),
        *(Column(label) for label in ("Statistic", "Year", "Source")),
    )
    empty = "You have imported no benchmark yet. Those that come with Sophia are used."
    return Table("benchmarks", "Your own benchmarks", columns, rows, empty)
