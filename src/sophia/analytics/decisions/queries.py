"""Reads decisions: pages of them with the outcomes of their posts, the facts to judge them by, and weekly scores."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.decisions.cases import Decision, JudgedPost
from sophia.analytics.decisions.models import DecisionQualityScore, DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.decisions.predictions import Outcome, Stage, readable_predictions
from sophia.analytics.decisions.requests import DecisionContent, DecisionsQuery, as_list
from sophia.analytics.decisions.scores import NO_SCORES, Verdict, verdict
from sophia.analytics.figures.ages import Age
from sophia.analytics.figures.cursors import read_cursor, row_number, utc_moment, write_cursor
from sophia.analytics.figures.documents import figure_of
from sophia.analytics.figures.facts import ApprovalFact
from sophia.analytics.figures.figures import Interval
from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start, reporting_day
from sophia.portfolio.models import Account, ApprovalEvent, Post

# How long before a window decisions and the posts that predictions are compared with are read.
HISTORY = timedelta(days=365)
ONE_POST = "One post does not show how far chance goes."
OutcomeRow = tuple[int, Age, str, float, datetime]  # post, age, metric, value, read at


@dataclass(frozen=True, slots=True)
class EarlierOutcome:
    """The value of an outcome before its readings were restated."""

    value: float
    read_at: datetime
    measured_at: datetime
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """A post's value at an age, by the newest reading until then. Meta was asked at `read_at`, on `reading_day`."""

    value: float
    read_at: datetime
    reading_day: date
    measured_at: datetime
    earlier: list[EarlierOutcome]


@dataclass(frozen=True, slots=True)
class DecidedPost:
    """A post of a decision's draft, with its outcomes."""

    post_id: int
    account_id: int
    platform_post_id: str
    published_at: datetime
    outcomes: Annotated[
        dict[Age, dict[str, StoredOutcome]], Field(description="By age and metric; rates are in percent.")
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision(DecisionContent):
    """A decision, and the posts of its draft with their outcomes."""

    id: int
    client_id: int
    decided_at: datetime
    recorded_at: datetime
    posts: list[DecidedPost]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Some decisions, and the cursor that continues the list; None at the end."""

    decisions: list[StoredDecision]
    next_cursor: str | None


def list_decisions(session: Session, client_id: int, query: DecisionsQuery) -> DecisionPage:
    """Return a page of decisions, the latest first; four queries, however many there are (J6, J9).

    Raises InvalidInputError if no earlier page gave the cursor.
    """
    trace = DecisionTrace
    conditions: list[ColumnElement[bool]] = [trace.client_id == client_id]
    if query.stage is not None:
        conditions.append(trace.stage == query.stage)
    if query.draft_id is not None:
        conditions.append(trace.draft_id == query.draft_id)
    if query.start_date is not None:
        conditions.append(trace.decided_at >= day_start(query.start_date))
    if query.end_date is not None:
        conditions.append(trace.decided_at < day_start(query.end_date + ONE_DAY))
    if query.cursor is not None:
        moment, decision_id = read_cursor(query.cursor, utc_moment, row_number)
        conditions.append(or_(trace.decided_at < moment, and_(trace.decided_at == moment, trace.id < decision_id)))
    statement = select(trace).where(*conditions).order_by(trace.decided_at.desc(), trace.id.desc())
    rows = list(session.scalars(statement.limit(query.limit + 1)))
    page = rows[: query.limit]
    posts = _decided_posts(session, {row.draft_id for row in page if row.draft_id is not None})
    last = write_cursor(page[-1].decided_at, page[-1].id) if len(rows) > query.limit else None
    return DecisionPage([_stored_decision(row, posts) for row in page], last)


def _stored_decision(row: DecisionTrace, posts: Mapping[int, list[DecidedPost]]) -> StoredDecision:
    values: dict[str, Any] = {
        field.name: getattr(row, field.name) for field in fields(StoredDecision) if field.name != "posts"
    }
    values["alternatives_considered"] = as_list(row.alternatives_considered)
    return StoredDecision(**values, posts=posts.get(row.draft_id or 0, []))


def _decided_posts(session: Session, drafts: Collection[int]) -> dict[int, list[DecidedPost]]:
    columns = (Post.draft_id, Post.id, Post.account_id, Post.platform_post_id, Post.published_at)
    rows = session.execute(select(*columns).where(among(Post.draft_id, drafts)).order_by(Post.id)).all()
    outcomes = _stored_outcomes(session, [row.id for row in rows])
    by_draft: dict[int, list[DecidedPost]] = defaultdict(list)
    for draft_id, post_id, account_id, name, published_at in rows:
        post = DecidedPost(post_id, account_id, name, published_at, outcomes.get(post_id, {}))
        by_draft[draft_id or 0].append(post)
    return by_draft


def _stored_outcomes(session: Session, post_ids: Collection[int]) -> dict[int, dict[Age, dict[str, StoredOutcome]]]:
    earlier: dict[tuple[int, str, str], list[EarlierOutcome]] = defaultdict(list)
    revisions = select(PostOutcomeRevision).where(among(PostOutcomeRevision.post_id, post_ids))
    for old in session.scalars(revisions.order_by(PostOutcomeRevision.replaced_at)):
        outcome = EarlierOutcome(old.value, old.read_at, old.measured_at, old.replaced_at)
        earlier[old.post_id, old.age, old.metric].append(outcome)
    by_post: dict[int, dict[Age, dict[str, StoredOutcome]]] = defaultdict(lambda: defaultdict(dict))
    current = select(PostOutcome).where(among(PostOutcome.post_id, post_ids))
    for row in session.scalars(current.order_by(PostOutcome.read_at, PostOutcome.metric)):
        revised = earlier.get((row.post_id, row.age, row.metric), [])
        by_post[row.post_id][row.age][row.metric] = StoredOutcome(
            row.value, row.read_at, reporting_day(row.read_at), row.measured_at, revised
        )
    return by_post


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """The facts by which the decisions of one client are judged."""

    decisions: list[Decision]
    posts: list[JudgedPost]
    approvals: list[ApprovalFact]


def decision_facts(
    session: Session, since: date, *, client_id: int | None = None, as_of: datetime | None = None
) -> dict[int, DecisionFacts]:
    """Return {client: facts} for decisions since that day and the year before it, as they were known at a moment.

    At most five queries, however many clients, decisions and posts there are; clients without decisions are left out.
    """
    first = day_start(since) - HISTORY
    recorded = DecisionTrace.recorded_at <= as_of if as_of is not None else true()
    of_client = DecisionTrace.client_id == client_id if client_id is not None else true()
    rows = session.scalars(select(DecisionTrace).where(of_client, recorded, DecisionTrace.decided_at >= first))
    by_client: dict[int, DecisionFacts] = {}
    for row in rows:
        facts = by_client.setdefault(row.client_id, DecisionFacts([], [], []))
        facts.decisions.append(
            as_record(
                Decision,
                row,
                age=row.predicted_age,
                predictions=readable_predictions(row.predicted or {}),
            )
        )
    if not by_client:
        return by_client
    decisions = [decision for facts in by_client.values() for decision in facts.decisions]
    of_predictions = (
        Post.published_at >= first,
        among(Account.client_id, list(by_client)),
        {metric for decision in decisions for metric in decision.predictions},
        {decision.age for decision in decisions},
    )
    outcomes = _outcomes(session, *of_predictions, as_of)
    _add_posts(session, by_client, first, outcomes, as_of)
    _add_approvals(session, by_client, {row.draft_id for row in decisions if row.draft_id is not None}, as_of)
    return by_client


def _outcomes(
    session: Session,
    since: ColumnElement[bool],
    of_clients: ColumnElement[bool],
    metrics: Collection[str],
    ages: Collection[str],
    as_of: datetime | None,
) -> list[OutcomeRow]:
    """Return the outcomes of these posts, metrics and ages, as they were known at a moment."""

    def rows_of(table: type[PostOutcome | PostOutcomeRevision], *conditions: ColumnElement[bool]) -> list[OutcomeRow]:
        rows = session.execute(
            select(table.post_id, table.age, table.metric, table.value, table.read_at)
            .join(Post, Post.id == table.post_id)
            .join(Account, Account.id == Post.account_id)
            .where(of_clients, since, among(table.metric, metrics), among(table.age, ages), *conditions)
        )
        return [(post_id, age, metric, value, read_at) for post_id, age, metric, value, read_at in rows]

    if as_of is None:
        return rows_of(PostOutcome)
    old = PostOutcomeRevision
    return rows_of(PostOutcome, PostOutcome.measured_at <= as_of) + rows_of(
        old, old.measured_at <= as_of, old.replaced_at > as_of
    )


def _add_posts(
    session: Session,
    by_client: Mapping[int, DecisionFacts],
    first: datetime,
    outcomes: Sequence[OutcomeRow],
    as_of: datetime | None,
) -> None:
    by_post: dict[int, dict[Age, dict[str, Outcome]]] = defaultdict(lambda: defaultdict(dict))
    for post_id, age, metric, value, read_at in outcomes:
        by_post[post_id][age][metric] = Outcome(value, read_at)
    existed = Post.first_seen_at <= as_of if as_of is not None else true()
    rows = session.execute(
        select(Account.client_id, Post.id, Post.draft_id, Post.account_id, Post.kind, Post.published_at)
        .join(Account, Account.id == Post.account_id)
        .where(among(Account.client_id, list(by_client)), Post.published_at >= first, existed)
        .order_by(Post.id)
    )
    for client_id, post_id, draft_id, account_id, kind, published_at in rows:
        by_client[client_id].posts.append(
            JudgedPost(
                post_id=post_id,
                draft_id=draft_id,
                account_id=account_id,
                kind=ObjectKind(kind),
                published_at=published_at,
                outcomes=by_post.get(post_id, {}),
            )
        )


def _add_approvals(
    session: Session, by_client: Mapping[int, DecisionFacts], drafts: Collection[int], as_of: datetime | None
) -> None:
    event = ApprovalEvent
    by_draft: dict[int, list[ApprovalFact]] = defaultdict(list)
    until = event.happened_at <= as_of if as_of is not None else true()
    for row in session.scalars(select(event).where(among(event.draft_id, drafts), until).order_by(event.id)):
        by_draft[row.draft_id].append(ApprovalFact(row.id, row.draft_id, row.kind, row.happened_at))
    for facts in by_client.values():
        draft_ids = {decision.draft_id for decision in facts.decisions if decision.draft_id is not None}
        facts.approvals.extend(fact for draft_id in sorted(draft_ids) for fact in by_draft.get(draft_id, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekScore:
    """The saved score of one stage in one closed week, `period_end` excluded.

    A skill comes with its sample, its interval, its verdict and `shrunk_skill`, which is drawn towards 0. Without a skill,
    `reason` says why.
    """

    stage: Stage
    period_start: date
    period_end: date
    sample_size: int
    skill: float | None = None
    interval: Interval | None = None
    shrunk_skill: float | None = None
    verdict: Verdict = Verdict.NOT_ENOUGH_EVIDENCE
    reason: str | None
    computed_at: datetime


def week_scores(session: Session, client_id: int, window: DateRange) -> tuple[WeekScore, ...]:
    """Return the saved scores of weeks that begin in the window, oldest first."""
    score = DecisionQualityScore
    rows = session.scalars(
        select(score)
        .where(score.client_id == client_id, score.period_start >= window.start, score.period_start < window.end)
        .order_by(score.period_start, score.id)
    )
    return tuple(
        WeekScore(
            stage=row.stage,
            period_start=row.period_start,
            period_end=row.period_end,
            sample_size=row.sample_size,
            computed_at=row.computed_at,
            **_skill(row.details or {}),
        )
        for row in rows
    )


def _skill(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a week's skill, or the reason; a skill without an interval, as of a single post, has one (I5)."""
    figures = details.get("figures", {})
    if figures.get("skill") is None:
        return {"reason": NO_SCORES}
    skill, shrunk = figure_of(figures["skill"]), figure_of(figures["shrunk_skill"])
    if skill.value is None or skill.interval is None:
        return {"reason": skill.reason or ONE_POST}
    return {
        "skill": skill.value,
        "interval": skill.interval,
        "shrunk_skill": shrunk.value,
        "verdict": verdict(skill),
        "reason": None,
    }


def newest_scored(session: Session) -> dict[int, date]:
    """Return {client: the Monday of its newest scored week}."""
    score = DecisionQualityScore
    return dict(session.execute(select(score.client_id, func.max(score.period_start)).group_by(score.client_id)).all())
