"""`sophia decisions`: what was decided for a client's drafts, what became of it, and what the next brief can learn."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.drawing import MINUS, MISSING, line
from sophia.cli.opening import Installation, open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.decisions.queries import StoredDecision
    from sophia.analytics.decisions.scoring import DecisionQuality
    from sophia.analytics.figures.figures import Figure

decisions = typer.Typer(help="What was decided for drafts, and how right it was.", no_args_is_help=True)
LONGEST_SHOWN = 40
NONE_YET = "No decision is recorded in this time. Programs record them with POST /api/analytics/{client_id}/decisions."


@decisions.command("list")
def list_(
    client: Client,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="So many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show a client's decisions, the latest first, with what their posts came to."""
    installation = open_installation()
    from sophia.analytics.decisions.queries import list_decisions  # noqa: PLC0415
    from sophia.analytics.decisions.requests import DecisionsQuery  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        page = list_decisions(session, find_client(session, client).id, DecisionsQuery(limit=limit))
    if as_json:
        show_json({"decisions": page.decisions, "more": page.next_cursor is not None})
        return
    rows = [
        {
            "id": str(one.id),
            "decided": local(one.decided_at, installation.settings.operator_zone),
            "stage": one.stage,
            "decision": shortened(one.decision),
            "draft": str(one.draft_id or ""),
            "predicted": shortened(", ".join(say_prediction(*item) for item in (one.predicted or {}).items())),
            "came to": shortened(came_to(one)),
        }
        for one in page.decisions
    ]
    show_table(rows, empty=NONE_YET)
    if page.next_cursor is not None:
        line(f"There are more than these {limit}; --limit 200 shows the most.")


def say_prediction(name: str, value: object) -> str:
    """A prediction in words: a number, a range with its middle, or a probability."""
    if not isinstance(value, dict):
        return f"{name} {amount(value)}"
    if "q50" in value:
        low, middle, high = (amount(value.get(key)) for key in ("q10", "q50", "q90"))
        return f"{name} {middle} ({low} to {high})"
    likely = value.get("probability")
    if not isinstance(likely, int | float):
        return f"{name} {MISSING}"
    least = f" at least {amount(value['at_least'])}" if "at_least" in value else ""
    return f"{name}{least}: {likely:.0%}"


def amount(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) else MISSING


def shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[: LONGEST_SHOWN - 1]}…"


def came_to(stored_decision: "StoredDecision") -> str:
    """What was predicted, as the posts had it at the age that the prediction speaks of."""
    found = []
    for post in stored_decision.posts:
        outcomes = post.outcomes.get(stored_decision.predicted_age, {})
        found += [
            f"{name} {amount(outcomes[name].value)}" for name in stored_decision.predicted or {} if name in outcomes
        ]
    return ", ".join(found)


@decisions.command()
def quality(client: Client, as_json: AsJson = False) -> None:
    """Show how good the predictions of each stage were, by the outcomes of the last 180 days."""
    installation = open_installation()
    found = judged(installation, client)
    if as_json:
        from sophia.analytics.decisions.queries import week_scores  # noqa: PLC0415

        with installation.database.read() as session:
            show_json(replace(found, weeks=week_scores(session, found.client_id, found.window)))
        return
    rows = [
        {
            "stage": one.stage,
            "decisions": str(one.decisions),
            "posts": str(one.posts),
            "skill": ratio(one.skill),
            "shrunk": ratio(one.shrunk_skill),
            "verdict": one.verdict.value,
            "Brier": ratio(one.brier),
            "waiting": str(one.waiting),
        }
        for one in found.stages
    ]
    show_table(rows, empty=NONE_YET)
    for one in found.stages:
        line(one.text)


@decisions.command()
def context(client: Client, as_json: AsJson = False) -> None:
    """Show what the next brief can learn from earlier decisions: only what the evidence carries."""
    from sophia.analytics.decisions.scoring import decision_context  # noqa: PLC0415

    answer = decision_context(judged(open_installation(), client))
    if as_json:
        show_json(answer)
        return
    for one in answer.guidance:
        line(one.text)
    if not answer.guidance:
        line(answer.text)


def ratio(figure: "Figure") -> str:
    return MISSING if figure.value is None else f"{float(figure.value):.2f}".replace("-", MINUS)


def judged(installation: Installation, client: str) -> "DecisionQuality":
    """Return the quality of the client's decisions in the last 180 days."""
    from sophia.analytics.decisions.scoring import decision_quality, quality_window  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    now = installation.clock()
    with installation.database.read() as session:
        return decision_quality(session, find_client(session, client).id, quality_window(now), now)


@decisions.command()
def attribute(as_json: AsJson = False) -> None:
    """Attribute outcomes to all clients' posts, and score the weeks that closed; twice changes nothing."""
    installation = open_installation()
    from sophia.analytics.decisions.scoring import attribute_outcomes, keep_scores  # noqa: PLC0415

    now = installation.clock()
    outcomes = attribute_outcomes(installation.database, now)
    scores = keep_scores(installation.database, now)
    if as_json:
        show_json({"outcomes": outcomes, "scores": scores})
        return
    for name, saved in (("outcomes", outcomes), ("weekly scores", scores)):
        echo(f"{saved.new:,} new {name}, {saved.changed:,} changed, {saved.same:,} as they were.")


def register(app: typer.Typer) -> None:
    app.add_typer(decisions, name="decisions")
