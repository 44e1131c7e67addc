"""What became of decisions: outcomes at fixed ages, the scores of closed weeks, and the quality of a window."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from sophia.analytics.decisions.cases import as_read, judge
from sophia.analytics.decisions.guidance import (
    Advice,
    StageQuality,
    StageScore,
    advise,
    guidance,
    score_stages,
    stage_qualities,
)
from sophia.analytics.decisions.outcomes import (
    MeasuredPost,
    OutcomesByAge,
    SavedOutcomes,
    kept_values,
    posts_to_measure,
    save_outcomes,
)
from sophia.analytics.decisions.predictions import outcomes
from sophia.analytics.decisions.queries import DecisionFacts, decision_facts, newest_scored
from sophia.analytics.decisions.store import ComputedScore, SavedScores, save_scores
from sophia.analytics.figures.documents import figure_document, figures_document
from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import week_of
from sophia.database.engine import Database
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange, reporting_day

# Without a window, quality is told of so many days until today.
QUALITY_DAYS = 180
# Outcomes can come late, and be restated, so long: the weeks before the newest that was scored are scored again.
SCORED_AGAIN = 6
OLDEST_SCORED = 52


@dataclass(frozen=True, slots=True)
class DecisionQuality:
    """How good a client's decisions were in a window, by stage, and what of it the next brief can use."""

    window: DateRange
    stages: tuple[StageQuality, ...]

    @property
    def advice(self) -> tuple[Advice, ...]:
        return advise(self.stages)


def quality_window(now: datetime) -> DateRange:
    """The window of a question that names none; today is in it (I7)."""
    today = reporting_day(now)
    return DateRange(today - (QUALITY_DAYS - 1) * ONE_DAY, today + ONE_DAY)


def decision_quality(
    session: Session, client_id: int, window: DateRange, now: datetime, *, as_of: datetime | None = None
) -> DecisionQuality:
    """The quality of the decisions whose outcome was due in the window, as it was known at a moment.

    A fixed number of queries. Nothing is made up for stages that predicted nothing: they have no score (I4).
    """
    facts = decision_facts(session, window.start, client_id=client_id, as_of=as_of).get(client_id)
    if facts is None:
        return DecisionQuality(window, ())
    judged = judge(facts.decisions, facts.posts, facts.approvals, as_of or now)
    return DecisionQuality(window, stage_qualities(facts.decisions, judged, window, reporting_day))


def attribute_outcomes(database: Database, now: datetime) -> SavedOutcomes:
    """Say of every post that may have a new outcome what it had at each age that has passed; twice changes nothing.

    The number of queries does not grow with decisions or posts (J9).
    """
    with database.read() as session:
        posts = posts_to_measure(session, now)
        found = {post.id: outcomes(_facts(post), as_read(kept), now) for post, kept in kept_values(session, posts)}
    known: dict[int, OutcomesByAge] = {number: ages for number, ages in found.items() if any(ages.values())}
    with database.write() as session:
        return save_outcomes(session, known, now)


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


def keep_scores(database: Database, now: datetime) -> SavedScores:
    """Score the closed weeks that were not scored yet, and the latest again, for outcomes come late."""
    today = reporting_day(now)
    newest = week_of(today).previous
    oldest = newest.start - (OLDEST_SCORED - 1) * ONE_WEEK
    with database.read() as session:
        facts = decision_facts(session, oldest)
        scored = newest_scored(session)
    computed: list[ComputedScore] = []
    for client_id, fact in facts.items():
        since = scored[client_id] - SCORED_AGAIN * ONE_WEEK if client_id in scored else oldest
        computed += _week_scores(client_id, fact, max(since, oldest), newest, now)
    with database.write() as session:
        return save_scores(session, computed, now)


def _week_scores(
    client_id: int, facts: DecisionFacts, first: date, newest: DateRange, now: datetime
) -> list[ComputedScore]:
    judged = judge(facts.decisions, facts.posts, facts.approvals, now)
    computed_scores = []
    week = DateRange(first, first + ONE_WEEK)
    while week <= newest:
        for score in score_stages(judged.within(week, reporting_day)):
            value = score.skill.value
            skill = None if value is None else float(value)
            computed_scores.append(ComputedScore(client_id, score.stage, week, score.posts, skill, _document(score)))
        week = DateRange(week.end, week.end + timedelta(days=7))
    return computed_scores


def _document(score: StageScore) -> dict[str, Any]:
    names = ("skill", "shrunk_skill", "typical_factor", "coverage", "ranking", "success", "brier", "brier_skill")
    return {
        "verdict": score.verdict.value,
        "text": guidance(score),
        "left_out": score.left_out,
        "figures": {name: figure_document(getattr(score, name)) for name in names},
        "skill_by_metric": figures_document(score.skill_by_metric),
    }
