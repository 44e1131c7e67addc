"""Decisions as they are shown, a page at a time, and as they are judged, with the posts they were about."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.decisions.cases import Decision, JudgedPost
from sophia.analytics.decisions.models import DecisionQualityScore, DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.decisions.predictions import Outcome, readable_predictions
from sophia.analytics.figures.cursors import read_cursor, row_number, utc_moment, write_cursor
from sophia.analytics.figures.facts import ApprovalFact
from sophia.database.statements import among
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import DateRange, day_start, reporting_day
from sophia.portfolio.models import Account, ApprovalEvent, Post

# How far before a window decisions and the posts that predictions are compared with are looked for.
LOOKED_BACK = timedelta(days=365)
SavedOutcome = tuple[int, str, str, float, datetime]  # post, age, metric, value, read at


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFilter:
    """Which decisions are wanted; days, both included, are those of Meta's reporting zone. Empty means any."""

    stage: str | None = None
    draft_id: int | None = None
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True)
class EarlierOutcome:
    """What an outcome was until its readings were restated."""

    value: float
    read_at: datetime
    measured_at: datetime
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """What a post had at an age; `reading_day` is the day of the reading that says so, in Meta's reporting zone."""

    value: float
    read_at: datetime
    reading_day: date
    measured_at: datetime
    earlier: list[EarlierOutcome]


@dataclass(frozen=True, slots=True)
class DecidedPost:
    """A post that a decision's draft became, with its outcomes by age and metric."""

    post_id: int
    account_id: int
    platform_post_id: str
    published_at: datetime
    outcomes: dict[str, dict[str, StoredOutcome]]


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was told, and what its posts came to. Moments in UTC."""

    id: int
    client_id: int
    draft_id: int | None
    stage: str
    decision: str
    rationale: str | None
    alternatives_considered: list[str] | None
    evidence: dict[str, Any] | None
    predicted: dict[str, Any] | None
    predicted_age: str
    confidence: float | None
    decided_at: datetime
    recorded_at: datetime
    posts: list[DecidedPost]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Some decisions, and the cursor behind which there are more; None at the end."""

    decisions: list[StoredDecision]
    next_cursor: str | None


def list_decisions(
    session: Session, client_id: int, decision_filter: DecisionFilter, limit: int, cursor: str | None = None
) -> DecisionPage:
    """The latest decided first, in a total order; four queries, however many there are (J6, J9).

    Raises InvalidInputError when the cursor is not one that an earlier page gave.
    """
    trace = DecisionTrace
    conditions: list[ColumnElement[bool]] = [trace.client_id == client_id]
    if decision_filter.stage is not None:
        conditions.append(trace.stage == decision_filter.stage)
    if decision_filter.draft_id is not None:
        conditions.append(trace.draft_id == decision_filter.draft_id)
    if decision_filter.start_date is not None:
        conditions.append(trace.decided_at >= day_start(decision_filter.start_date))
    if decision_filter.end_date is not None:
        conditions.append(trace.decided_at < day_start(decision_filter.end_date + timedelta(days=1)))
    if cursor is not None:
        moment, number = read_cursor(cursor, utc_moment, row_number)
        conditions.append(or_(trace.decided_at < moment, and_(trace.decided_at == moment, trace.id < number)))
    query = select(trace).where(*conditions).order_by(trace.decided_at.desc(), trace.id.desc()).limit(limit + 1)
    rows = list(session.scalars(query))
    page = rows[:limit]
    posts = _decided_posts(session, {row.draft_id for row in page if row.draft_id is not None})
    last = write_cursor(page[-1].decided_at, page[-1].id) if len(rows) > limit else None
    return DecisionPage([_shown(row, posts) for row in page], last)


def _shown(row: DecisionTrace, posts: Mapping[int, list[DecidedPost]]) -> StoredDecision:
    own = StoredDecision.__dataclass_fields__.keys() - {"posts"}
    values: dict[str, Any] = {name: getattr(row, name) for name in own}
    return StoredDecision(**values, posts=posts.get(row.draft_id or 0, []))


def _decided_posts(session: Session, drafts: Collection[int]) -> dict[int, list[DecidedPost]]:
    columns = (Post.draft_id, Post.id, Post.account_id, Post.platform_post_id, Post.published_at)
    rows = session.execute(select(*columns).where(among(Post.draft_id, drafts)).order_by(Post.id)).all()
    outcomes = _stored_outcomes(session, [row.id for row in rows])
    found: dict[int, list[DecidedPost]] = defaultdict(list)
    for draft, number, account, name, published_at in rows:
        found[draft or 0].append(DecidedPost(number, account, name, published_at, outcomes.get(number, {})))
    return found


def _stored_outcomes(session: Session, posts: Collection[int]) -> dict[int, dict[str, dict[str, StoredOutcome]]]:
    earlier: dict[tuple[int, str, str], list[EarlierOutcome]] = defaultdict(list)
    revisions = select(PostOutcomeRevision).where(among(PostOutcomeRevision.post_id, posts))
    for old in session.scalars(revisions.order_by(PostOutcomeRevision.replaced_at)):
        earlier_outcome = EarlierOutcome(old.value, old.read_at, old.measured_at, old.replaced_at)
        earlier[old.post_id, old.age, old.metric].append(earlier_outcome)
    found: dict[int, dict[str, dict[str, StoredOutcome]]] = defaultdict(lambda: defaultdict(dict))
    current = select(PostOutcome).where(among(PostOutcome.post_id, posts))
    for row in session.scalars(current.order_by(PostOutcome.read_at, PostOutcome.metric)):
        before = earlier.get((row.post_id, row.age, row.metric), [])
        found[row.post_id][row.age][row.metric] = StoredOutcome(
            row.value, row.read_at, reporting_day(row.read_at), row.measured_at, before
        )
    return found


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What the decisions of one client are judged from."""

    decisions: list[Decision]
    posts: list[JudgedPost]
    approvals: list[ApprovalFact]


def decision_facts(
    session: Session, since: date, *, client_id: int | None = None, as_of: datetime | None = None
) -> dict[int, DecisionFacts]:
    """{client: what its decisions since that day and the year before it are judged from}, as it was known at a moment.

    Five queries at most, however many clients, decisions and posts there are; clients that decided nothing are left out.
    """
    first = day_start(since) - LOOKED_BACK
    known = DecisionTrace.recorded_at <= as_of if as_of is not None else true()
    mine = DecisionTrace.client_id == client_id if client_id is not None else true()
    rows = session.scalars(select(DecisionTrace).where(mine, known, DecisionTrace.decided_at >= first))
    found: dict[int, DecisionFacts] = {}
    for row in rows:
        facts = found.setdefault(row.client_id, DecisionFacts([], [], []))
        facts.decisions.append(
            Decision(
                id=row.id,
                draft_id=row.draft_id,
                stage=row.stage,
                decided_at=row.decided_at,
                age=row.predicted_age,
                predictions=readable_predictions(row.predicted or {}),
                confidence=row.confidence,
            )
        )
    if not found:
        return found
    decisions = [decision for facts in found.values() for decision in facts.decisions]
    metrics = {metric for one in decisions for metric in one.predictions}
    wanted = metrics, {one.age for one in decisions}
    outcomes = _outcomes(session, list(found), first, wanted, as_of)
    _add_posts(session, found, first, outcomes, as_of)
    _add_approvals(session, found, {one.draft_id for one in decisions if one.draft_id is not None}, as_of)
    return found


def _outcomes(
    session: Session,
    clients: Collection[int],
    first: datetime,
    wanted: tuple[Collection[str], Collection[str]],
    as_of: datetime | None,
) -> list[SavedOutcome]:
    """Those of these metrics and ages, of posts published since `first`, as they were known at a moment."""
    metrics, ages = wanted

    def of(table: type[PostOutcome | PostOutcomeRevision], *conditions: ColumnElement[bool]) -> list[SavedOutcome]:
        columns = (table.post_id, table.age, table.metric, table.value, table.read_at)
        rows = session.execute(
            select(*columns)
            .join(Post, Post.id == table.post_id)
            .join(Account, Account.id == Post.account_id)
            .where(
                among(Account.client_id, clients),
                Post.published_at >= first,
                among(table.metric, metrics),
                among(table.age, ages),
                *conditions,
            )
        )
        return [(post, age, metric, value, read_at) for post, age, metric, value, read_at in rows]

    if as_of is None:
        return of(PostOutcome)
    old = PostOutcomeRevision
    return of(PostOutcome, PostOutcome.measured_at <= as_of) + of(
        old, old.measured_at <= as_of, old.replaced_at > as_of
    )


def _add_posts(
    session: Session,
    found: Mapping[int, DecisionFacts],
    first: datetime,
    outcomes: Sequence[SavedOutcome],
    as_of: datetime | None,
) -> None:
    by_post: dict[int, dict[str, dict[str, Outcome]]] = defaultdict(lambda: defaultdict(dict))
    for number, age, metric, value, read_at in outcomes:
        by_post[number][age][metric] = Outcome(value, read_at)
    seen = Post.first_seen_at <= as_of if as_of is not None else true()
    rows = session.execute(
        select(Account.client_id, Post.id, Post.draft_id, Post.account_id, Post.kind, Post.published_at)
        .join(Account, Account.id == Post.account_id)
        .where(among(Account.client_id, list(found)), Post.published_at >= first, seen)
        .order_by(Post.id)
    )
    for client, number, draft, account, kind, published_at in rows:
        found[client].posts.append(
            JudgedPost(
                post_id=number,
                draft_id=draft,
                account_id=account,
                kind=ObjectKind(kind),
                published_at=published_at,
                outcomes=by_post.get(number, {}),
            )
        )


def _add_approvals(
    session: Session, found: Mapping[int, DecisionFacts], drafts: Collection[int], as_of: datetime | None
) -> None:
    event = ApprovalEvent
    by_draft: dict[int, list[ApprovalFact]] = defaultdict(list)
    until = event.happened_at <= as_of if as_of is not None else true()
    for row in session.scalars(select(event).where(among(event.draft_id, drafts), until).order_by(event.id)):
        by_draft[row.draft_id].append(ApprovalFact(row.id, row.draft_id, row.kind, row.happened_at))
    for facts in found.values():
        mine = {decision.draft_id for decision in facts.decisions if decision.draft_id is not None}
        facts.approvals.extend(fact for draft in sorted(mine) for fact in by_draft.get(draft, ()))


@dataclass(frozen=True, slots=True)
class WeekScore:
    """The kept score of one stage in one closed week, `period_end` excluded."""

    stage: str
    period_start: date
    period_end: date
    sample_size: int
    skill: float | None
    details: dict[str, Any]
    computed_at: datetime


def week_scores(session: Session, client_id: int, window: DateRange) -> list[WeekScore]:
    """The kept scores of weeks that begin in the window, oldest first."""
    score = DecisionQualityScore
    rows = session.scalars(
        select(score)
        .where(score.client_id == client_id, score.period_start >= window.start, score.period_start < window.end)
        .order_by(score.period_start, score.id)
    )
    names = WeekScore.__dataclass_fields__
    return [WeekScore(**{name: getattr(row, name) for name in names} | {"details": row.details or {}}) for row in rows]


def newest_scored(session: Session) -> dict[int, date]:
    """{client: the Monday of the newest week that was scored for it}."""
    score = DecisionQualityScore
    return dict(session.execute(select(score.client_id, func.max(score.period_start)).group_by(score.client_id)).all())
