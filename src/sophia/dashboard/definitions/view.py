"""What every KPI and metric means, generated from the code that computes and collects it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.figures.sentences import METRIC_NAMES
from sophia.analytics.kpis.kpis import KPIS, REACH_GROWTH, Kpi
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.figures import label_of
from sophia.display.values import Cell, Column, Table, Value
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.lookup import METRICS

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CLASSES = {
    MetricClass.ALGORITHM_DEPENDENT: "the algorithm",
    MetricClass.ALGORITHM_INDEPENDENT: "the audience",
    MetricClass.LEVEL: "neither: it is a level",
}
DIFFERENCES = (
    "Days are Meta's Pacific days, from midnight to midnight in California. Other tools may show days of your own zone.",
    "Meta restates the newest days for up to three days. Sophia reads them again and keeps the earlier values.",
    "Reach counts people once, so people of several days, posts or accounts cannot be added: Sophia shows bounds.",
    "Meta's apps may show organic values only, or values with ads. Sophia shows what the Graph API reports.",
    "A weekly reach is Meta's own count for the week of one account; of several accounts Sophia shows bounds.",
    (
        "Account interactions are all interactions of an account on a day, with posts of any age. Engagement on posts published "
        "in a period are the reactions, comments, shares and saves of these posts. The two differ."
    ),
    "Values marked “as of” were first read after the period. Young ones still change, and are not compared.",
    "Values of a post count from its publication. What happened in a period is the difference of two readings.",
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One KPI. `name` is its anchor in the address and its name in the API."""

    name: str
    label: str
    formula: str
    unit: str
    inputs: str


@dataclass(frozen=True, slots=True)
class DefinitionsPage:
    kpis: tuple[Definition, ...]
    differences: tuple[str, ...]
    canonical: tuple[Definition, ...]
    metrics: Table


@router.get("/definitions")
def definitions(request: Request, context: ReadPage, _query: Annotated[PageQuery, Query()]) -> Response:
    return respond(request, "definitions/page.html", frame(request, context, "Definitions"), definitions_page())


def definitions_page() -> DefinitionsPage:
    kpi_names = {kpi.name for kpi in (*KPIS, REACH_GROWTH)}
    return DefinitionsPage(
        kpis=tuple(kpi_definition(kpi) for kpi in (*KPIS, REACH_GROWTH)),
        differences=DIFFERENCES,
        canonical=tuple(
            Definition(
                name,
                METRIC_NAMES.get(name, name.replace("_", " ").capitalize()),
                f"Driven by {CLASSES[meaning.metric_class]}",
                meaning.unit.value,
                ", ".join(sorted({metric.name for metric in METRICS if metric.canonical == name})),
            )
            for name, meaning in CANONICAL.items()
            if name not in kpi_names
        ),
        metrics=metric_table(),
    )


def kpi_definition(kpi: Kpi) -> Definition:
    return Definition(kpi.name, label_of(kpi.name), kpi.formula, kpi.unit.value, ", ".join(kpi.inputs))


def metric_table() -> Table:
    """Return every metric that Sophia knows, by platform and name."""
    columns = (Column("Metric of Meta"), Column("Platform"), Column("Level"), Column("Means"), Column("Periods"))
    rows = tuple(
        (
            Cell(Value(metric.name), note=metric.note),
            Cell(Value(metric.platform.value.capitalize())),
            Cell(Value(metric.level.value)),
            Cell(Value(metric.canonical)),
            Cell(Value(", ".join(metric.periods))),
        )
        for metric in sorted(METRICS, key=lambda metric: (metric.platform, metric.level, metric.name))
    )
    return Table("metrics", "Metrics of Meta", columns, rows, "No metric.")
