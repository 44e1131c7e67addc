"""The decisions of one client: how good predictions are at each stage, and the newest decisions with their outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.decisions.guidance import StageQuality
from sophia.analytics.decisions.predictions import RATES, Chance, Point, Prediction, readable_predictions
from sophia.analytics.decisions.queries import DecisionPage, StoredDecision, list_decisions
from sophia.analytics.decisions.requests import DecisionsQuery
from sophia.analytics.decisions.router import requested_quality
from sophia.analytics.decisions.scores import ReliabilityBin, Verdict
from sophia.analytics.decisions.scoring import decision_context
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import Cursor, Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, last_day, picker
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import CalibrationPoint, calibration
from sophia.display.figures import interval_cells, label_of
from sophia.display.formatting import DASH, beginning, clock, dates, decimal, value_of, whole
from sophia.display.values import Cell, Chart, Column, Link, Table, Value
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NEWEST = 25
LONGEST_TEXT = 120
HUNDRED = 100
METHOD = (
    "Skill is 1 minus the error of the predictions divided by the error of the account's own history: 0 is no better than "
    "history, 1 is perfect. Inside range is the share of outcomes between q10 and q90; 80 % is right. Success, how often "
    "posts did better than history, is independent of the skill."
)


class DecisionsPageQuery(PageQuery):
    """The window and, with `cursor`, where the list of decisions continues."""

    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    name: str
    lead: str
    window: str
    guidance: tuple[str, ...]
    stages: Table
    charts: tuple[Chart, ...]
    decisions: Table
    older: tuple[Link, ...]
    method: str


@router.get("/clients/{client_id}/decisions")
def decisions(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[DecisionsPageQuery, Query()]
) -> Response:
    """Show the decisions and their quality, by default of the last 180 days."""
    quality = requested_quality(context, client_id, query)
    first, last = quality.window.start, last_day(quality.window)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        page = list_decisions(
            session, client_id, DecisionsQuery(start_date=first, end_date=last, limit=NEWEST, cursor=query.cursor)
        )
    zone = ZoneInfo(context.settings.operator_timezone)
    drawer: ChartDrawer = request.app.state.chart_drawer
    address = f"?start_date={first}&end_date={last}"
    outside = frame(
        request,
        context,
        f"Decisions of {name}",
        picker(request, context, quality.window),
        client_sections(request, context, client_id),
    )
    value = DecisionsPage(
        name=name,
        lead=lead(quality.stages),
        window=f"Predictions whose outcome was due {dates(quality.window)}, and decisions made then",
        guidance=tuple(advice.text for advice in decision_context(quality).guidance),
        stages=stage_table(quality.stages),
        charts=calibration_charts(quality.stages, drawer),
        decisions=decision_table(context.settings.path_prefix, page, zone, context.now),
        older=() if page.next_cursor is None else (Link("Older decisions", f"{address}&cursor={page.next_cursor}"),),
        method=METHOD,
    )
    return respond(request, "decisions/page.html", outside, value)


def lead(stages: Sequence[StageQuality]) -> str:
    """Return one sentence: which stages predict better or worse than the account's own history."""
    if not stages:
        return "No decision was recorded in this period."
    parts = [
        f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {verdict.value}"
        for verdict in (Verdict.BETTER, Verdict.WORSE)
        if (names := [stage.stage for stage in stages if stage.verdict is verdict])
    ]
    if not parts:
        return "Not enough evidence yet whether predictions are better than the account's own history."
    return f"Predictions against the account's own history: {'; '.join(parts)}."


def stage_table(stages: Sequence[StageQuality]) -> Table:
    """Return the quality of each stage."""
    columns = (
        Column("Stage"),
        Column("Decisions", numeric=True),
        Column("Posts compared", numeric=True),
        Column("Skill", numeric=True),
        Column("95 % interval", numeric=True),
        Column("Against history"),
        Column("Typically off by", numeric=True),
        Column("Inside range", numeric=True),
        Column("Success", numeric=True),
        Column("Waiting", numeric=True),
    )
    intervals = interval_cells([stage.skill for stage in stages])
    rows = tuple(
        (
            Cell(Value(stage.stage.capitalize())),
            count_cell(stage.decisions),
            count_cell(stage.posts),
            figure_cell(stage.skill),
            interval,
            Cell(Value(stage.verdict.value)),
            figure_cell(stage.typical_factor),
            figure_cell(stage.coverage),
            figure_cell(stage.success),
            count_cell(stage.waiting),
        )
        for stage, interval in zip(stages, intervals, strict=True)
    )
    return Table("stages", "Quality of predictions by stage", columns, rows, "No decision was recorded in this period.")


def count_cell(count: int) -> Cell:
    return Cell(Value(whole(count)), sort=float(count))


def figure_cell(figure: Figure) -> Cell:
    return Cell(value_of(figure), sort=None if figure.value is None else float(figure.value))


def calibration_charts(stages: Sequence[StageQuality], drawer: ChartDrawer) -> tuple[Chart, ...]:
    """Return a chart of predicted and observed probabilities for each stage that predicts some."""
    with_bins = [stage for stage in stages if stage.calibration]
    specifications = [
        calibration(
            [
                CalibrationPoint(
                    HUNDRED * group.predicted,
                    HUNDRED * group.observed,
                    HUNDRED * group.interval.low,
                    HUNDRED * group.interval.high,
                )
                for group in stage.calibration
            ]
        )
        for stage in with_bins
    ]
    return tuple(
        Chart(
            f"calibration-{stage.stage}",
            f"{stage.stage.capitalize()}: {calibration_message(stage.calibration)}",
            f"Predicted probabilities of the stage {stage.stage} and how often they came true, with 95 % intervals",
            svg,
            calibration_table(stage),
        )
        for stage, svg in zip(with_bins, drawer.draw(specifications), strict=True)
    )


def calibration_message(groups: Sequence[ReliabilityBin]) -> str:
    """Return whether any group of probabilities is clearly wrong."""
    wrong = [group for group in groups if not group.interval.low <= group.predicted <= group.interval.high]
    if not wrong:
        return "no probability is clearly too high or too low"
    worst = max(wrong, key=lambda group: group.n)
    word = "less" if worst.observed < worst.predicted else "more"
    return f"what was predicted with {percentage(worst.predicted)} came true {word} often"


def calibration_table(stage: StageQuality) -> Table:
    columns = (
        Column("Predicted, mean", numeric=True),
        Column("Came true", numeric=True),
        Column("95 % interval", numeric=True),
        Column("Predictions", numeric=True),
    )
    rows = tuple(
        (
            Cell(Value(percentage(group.predicted)), sort=group.predicted),
            Cell(Value(percentage(group.observed)), sort=group.observed),
            Cell(Value(f"{percentage(group.interval.low)} to {percentage(group.interval.high)}")),
            count_cell(group.n),
        )
        for group in stage.calibration
    )
    name = f"calibration-{stage.stage}"
    return Table(name, f"Probabilities of the stage {stage.stage}", columns, rows, "No probability was predicted.")


def percentage(share: float) -> str:
    return f"{decimal(HUNDRED * share, 0)} %"


def decision_table(prefix: str, page: DecisionPage, zone: ZoneInfo, now: datetime) -> Table:
    """Return decisions with what was predicted and what happened, the newest first."""
    columns = (Column("Decision"), Column("Decided"), Column("Predicted"), Column("Outcome"), Column("Post published"))
    rows = tuple(decision_cells(prefix, decision, zone, now) for decision in page.decisions)
    return Table("decisions", "Newest decisions", columns, rows, "No decision was recorded in this period.")


def decision_cells(prefix: str, decision: StoredDecision, zone: ZoneInfo, now: datetime) -> tuple[Cell, ...]:
    predictions = readable_predictions(decision.predicted or {})
    outcome = outcome_text(decision, predictions)
    post = decision.posts[0] if decision.posts else None
    return (
        Cell(Value(beginning(decision.decision, LONGEST_TEXT)), note=stage_note(decision)),
        Cell(clock(decision.decided_at, zone, now), sort=decision.decided_at.timestamp()),
        Cell(Value(", ".join(prediction_text(name, value) for name, value in predictions.items())))
        if predictions
        else Cell(Value(DASH, reason="Nothing was predicted that can be measured.")),
        Cell(Value(outcome), note=f"after {decision.predicted_age}") if outcome else no_outcome(decision),
        Cell(Value(DASH, reason="The draft has no post yet."))
        if post is None
        else Cell(clock(post.published_at, zone, now), f"{prefix}/posts/{post.post_id}"),
    )


def stage_note(decision: StoredDecision) -> str:
    stage = decision.stage.capitalize()
    return stage if decision.rationale is None else f"{stage} · {beginning(decision.rationale, LONGEST_TEXT)}"


def prediction_text(name: str, prediction: Prediction) -> str:
    """Return a prediction, such as `Reach 900`, `Reach 900 (500 to 1,500)` or `Reach at least 1,000: 40 %`."""
    label = label_of(name)
    if isinstance(prediction, Point):
        return f"{label} {amount(name, prediction.value)}"
    if isinstance(prediction, Chance):
        what = label if prediction.at_least is None else f"{label} at least {amount(name, prediction.at_least)}"
        return f"{what}: {percentage(prediction.probability)}"
    low, middle, high = (amount(name, value) for value in prediction)
    return f"{label} {middle} ({low} to {high})"


def outcome_text(decision: StoredDecision, predictions: Mapping[str, Any]) -> str:
    """Return the measured values of the predicted metrics at the predicted age, for each post of the draft."""
    return "; ".join(
        ", ".join(f"{label_of(name)} {amount(name, outcomes[name].value)}" for name in predictions if name in outcomes)
        for post in decision.posts
        if (outcomes := post.outcomes.get(decision.predicted_age, {})) and outcomes.keys() & predictions.keys()
    )


def no_outcome(decision: StoredDecision) -> Cell:
    reason = (
        f"The post has no reading after {decision.predicted_age} yet."
        if decision.posts
        else "The draft has no post yet."
    )
    return Cell(Value(DASH, reason=reason))


def amount(name: str, value: float) -> str:
    return f"{decimal(value, 1)} %" if name in RATES else whole(value)
