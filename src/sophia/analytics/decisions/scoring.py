"""Attributes outcomes to posts, scores closed weeks, and measures the quality of a client's decisions in a window."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from sophia.analytics.decisions.cases import judge, post_readings
from sophia.analytics.decisions.guidance import (
    Advice,
    StageQuality,
    StageScore,
    advise,
    score_stages,
    skill_sentence,
    stage_qualities,
)
from sophia.analytics.decisions.outcomes import (
    MeasuredPost,
    OutcomesByAge,
    posts_to_measure,
    save_outcomes,
    stored_values,
)
from sophia.analytics.decisions.predictions import outcomes
from sophia.analytics.decisions.queries import DecisionFacts, WeekScore, decision_facts, newest_scored
from sophia.analytics.decisions.store import ComputedScore, save_scores
from sophia.analytics.figures.documents import figure_document, figures_document
from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import week_of
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.database.engine import Database
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange, reporting_day

# The days until today that quality is measured for by default.
QUALITY_DAYS = 180
# Outcomes can be late or restated for so many weeks, so these weeks before the newest scored week are scored again.
SCORED_AGAIN = 6
OLDEST_SCORED = 52
NO_ADVICE = "The decisions so far do not carry any advice yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionQuality:
    """The quality of a client's predictions whose outcome was due in the window, by stage, and saved weekly scores."""

    client_id: int
    window: DateRange
    stages: tuple[StageQuality, ...]
    weeks: tuple[WeekScore, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionContext:
    """Guidance for the next brief, first what the evidence supports."""

    client_id: int
    window: DateRange
    guidance: tuple[Advice, ...]
    text: Annotated[str, Field(description="All sentences that the evidence supports, or that there is none.")]


def quality_window(now: datetime) -> DateRange:
    """Return the default window, which includes today (I7)."""
    today = reporting_day(now)
    return DateRange(today - (QUALITY_DAYS - 1) * ONE_DAY, today + ONE_DAY)


def decision_quality(
    session: Session, client_id: int, window: DateRange, now: datetime, *, as_of: datetime | None = None
) -> DecisionQuality:
    """Return the quality of decisions whose outcome was due in the window, as it was known at a moment.

    The number of queries is constant. A stage without predictions has no score (I4).
    """
    facts = decision_facts(session, window.start, client_id=client_id, as_of=as_of).get(client_id)
    stages: tuple[StageQuality, ...] = ()
    if facts is not None:
        judged = judge(facts.decisions, facts.posts, facts.approvals, as_of or now)
        stages = stage_qualities(facts.decisions, judged, window, reporting_day)
    return DecisionQuality(client_id=client_id, window=window, stages=stages)


def decision_context(quality: DecisionQuality) -> DecisionContext:
    """Return the guidance that follows from the quality of decisions."""
    advices = advise(quality.stages)
    text = " ".join(advice.text for advice in advices if advice.is_carried)
    return DecisionContext(
        client_id=quality.client_id, window=quality.window, guidance=advices, text=text or NO_ADVICE
    )  # fmt: skip


def attribute_outcomes(database: Database, now: datetime) -> SavedRows:
    """Measure the outcomes of every post that may have a new one; a second run changes nothing.

    The number of queries does not grow with decisions or posts (J9).
    """
    with database.read() as session:
        posts = posts_to_measure(session, now)
        measured = {
            post.id: outcomes(_facts(post), post_readings(values), now)
            for post, values in stored_values(session, posts)
        }
    by_post: dict[int, OutcomesByAge] = {post_id: ages for post_id, ages in measured.items() if any(ages.values())}
    with database.write() as session:
        return save_outcomes(session, by_post, now)


def _facts(post: MeasuredPost) -> PostFacts:
    return PostFacts(
        post_id=post.id,
        account_id=post.account_id,
        platform=post.platform,
        kind=post.kind,
        published_at=post.published_at,
        read_at=post.published_at,
        values={},
    )


def keep_scores(database: Database, now: datetime) -> SavedRows:
    """Score the closed weeks that have no score yet, and the latest weeks again, because outcomes can be late."""
    newest = week_of(reporting_day(now)).previous
    oldest = newest.start - (OLDEST_SCORED - 1) * ONE_WEEK
    with database.read() as session:
        facts_by_client = decision_facts(session, oldest)
        scored = newest_scored(session)
    scores: list[ComputedScore] = []
    for client_id, facts in facts_by_client.items():
        since = scored[client_id] - SCORED_AGAIN * ONE_WEEK if client_id in scored else oldest
        scores += _week_scores(client_id, facts, max(since, oldest), newest, now)
    with database.write() as session:
        return save_scores(session, scores, now)


def _week_scores(
    client_id: int, facts: DecisionFacts, first: date, newest: DateRange, now: datetime
) -> list[ComputedScore]:
    judged = judge(facts.decisions, facts.posts, facts.approvals, now)
    scores = []
    week = DateRange(first, first + ONE_WEEK)
    while week <= newest:
        for score in score_stages(judged.within(week, reporting_day)):
            value = score.skill.value
            skill = None if value is None else float(value)
            scores.append(ComputedScore(client_id, score.stage, week, score.posts, skill, _document(score)))
        week = DateRange(week.end, week.end + ONE_WEEK)
    return scores


def _document(score: StageScore) -> dict[str, Any]:
    names = ("skill", "shrunk_skill", "typical_factor", "coverage", "ranking", "success", "brier", "brier_skill")
    return {
        "verdict": score.verdict.value,
        "text": skill_sentence(score),
        "left_out": score.left_out,
        "figures": {name: figure_document(getattr(score, name)) for name in names},
        "skill_by_metric": figures_document(score.skill_by_metric),
    }
