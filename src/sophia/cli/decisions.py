"""`sophia decisions`: the decisions for a client's drafts, their outcomes, and lessons for the next brief."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.formatting import MINUS, MISSING
from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local_time, on_one_line, show_json, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.decisions.queries import StoredDecision
    from sophia.analytics.decisions.scoring import DecisionQuality
    from sophia.analytics.figures.figures import Figure

decisions = typer.Typer(help="Show decisions for drafts and score their predictions.", no_args_is_help=True)
LONGEST_CELL = 40
EMPTY = "No decision is recorded. Programs record them with POST /api/analytics/{client_id}/decisions."


@decisions.command("list")
def list_(
    client: Client,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Show this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show a client's decisions with their predictions and outcomes, newest first."""
    from sophia.analytics.decisions.queries import list_decisions
    from sophia.analytics.decisions.requests import DecisionsQuery

    installation = open_installation()
    with installation.read_client(client) as (session, client_id):
        page = list_decisions(session, client_id, DecisionsQuery(limit=limit))
    if as_json:
        show_json({"decisions": page.decisions, "more": page.next_cursor is not None})
        return
    rows = [
        {
            "id": str(decision.id),
            "decided": local_time(decision.decided_at, installation.settings.operator_zone),
            "stage": decision.stage,
            "decision": on_one_line(decision.decision, LONGEST_CELL),
            "draft": str(decision.draft_id or ""),
            "predicted": on_one_line(predictions_text(decision), LONGEST_CELL),
            "actual": on_one_line(outcomes_text(decision), LONGEST_CELL),
        }
        for decision in page.decisions
    ]
    show_table(rows, empty=EMPTY)
    if page.next_cursor is not None:
        echo(f"There are more than these {limit}. Use --limit, up to 200.")


def predictions_text(decision: "StoredDecision") -> str:
    return ", ".join(format_prediction(name, value) for name, value in (decision.predicted or {}).items())


def format_prediction(name: str, value: object) -> str:
    """Return a predicted number, a median with its range, or a probability."""
    if not isinstance(value, dict):
        return f"{name} {format_number(value)}"
    if "q50" in value:
        low, median, high = (format_number(value.get(key)) for key in ("q10", "q50", "q90"))
        return f"{name} {median} ({low} to {high})"
    probability = value.get("probability")
    if not isinstance(probability, int | float):
        return f"{name} {MISSING}"
    bound = f" at least {format_number(value['at_least'])}" if "at_least" in value else ""
    return f"{name}{bound}: {probability:.0%}"


def format_number(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) else MISSING


def outcomes_text(decision: "StoredDecision") -> str:
    """Return the outcomes of the posts at the age that the prediction is about."""
    texts = []
    for post in decision.posts:
        outcomes = post.outcomes.get(decision.predicted_age, {})
        texts += [
            f"{name} {format_number(outcomes[name].value)}" for name in decision.predicted or {} if name in outcomes
        ]
    return ", ".join(texts)


@decisions.command()
def quality(client: Client, as_json: AsJson = False) -> None:
    """Score the predictions of each stage by the outcomes of the last 180 days."""
    installation = open_installation()
    scores = score_client(installation, client)
    if as_json:
        from sophia.analytics.decisions.queries import week_scores

        with installation.database.read() as session:
            weeks = week_scores(session, scores.client_id, scores.window)
        show_record(replace(scores, weeks=weeks))
        return
    rows = [
        {
            "stage": stage.stage,
            "decisions": str(stage.decisions),
            "posts": str(stage.posts),
            "skill": format_ratio(stage.skill),
            "shrunk": format_ratio(stage.shrunk_skill),
            "verdict": stage.verdict.value,
            "Brier": format_ratio(stage.brier),
            "pending": str(stage.waiting),
        }
        for stage in scores.stages
    ]
    show_table(rows, empty=EMPTY)
    for stage in scores.stages:
        echo(stage.text)


@decisions.command()
def context(client: Client, as_json: AsJson = False) -> None:
    """Show the lessons of earlier decisions that have enough evidence, for the next brief."""
    from sophia.analytics.decisions.scoring import decision_context

    answer = decision_context(score_client(open_installation(), client))
    if as_json:
        show_record(answer)
        return
    for lesson in answer.guidance:
        echo(lesson.text)
    if not answer.guidance:
        echo(answer.text)


def format_ratio(figure: "Figure") -> str:
    return MISSING if figure.value is None else f"{float(figure.value):.2f}".replace("-", MINUS)


def score_client(installation: Installation, client: str) -> "DecisionQuality":
    """Return the scores of the client's decisions of the last 180 days."""
    from sophia.analytics.decisions.scoring import decision_quality, quality_window

    now = installation.clock()
    with installation.read_client(client) as (session, client_id):
        return decision_quality(session, client_id, quality_window(now), now)


@decisions.command()
def attribute(as_json: AsJson = False) -> None:
    """Store the outcomes of all clients' posts, and score the complete weeks. Repeating the command changes nothing."""
    from sophia.analytics.decisions.scoring import attribute_outcomes, keep_scores

    installation = open_installation()
    now = installation.clock()
    outcomes = attribute_outcomes(installation.database, now)
    scores = keep_scores(installation.database, now)
    if as_json:
        show_json({"outcomes": outcomes, "scores": scores})
        return
    for name, saved in (("outcomes", outcomes), ("weekly scores", scores)):
        echo(f"{saved.new:,} new {name}, {saved.changed:,} changed, {saved.same:,} unchanged.")
