"""Pairs decisions with the outcomes of posts: cases that can be scored, and predictions that wait or came too late."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from sophia.analytics.decisions.predictions import (
    BASELINE_NEWEST,
    EVENTS,
    Case,
    Chance,
    Outcome,
    PostReading,
    Prediction,
    Stage,
    trailing_median,
)
from sophia.analytics.figures.ages import AGES, Age
from sophia.analytics.figures.facts import ApprovalFact
from sophia.analytics.figures.figures import Number, total
from sophia.analytics.kpis.approvals import DECISIONS as DECIDING
from sophia.analytics.kpis.approvals import decided_drafts
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import DateRange

CONFIDENCE = "confidence of "
HistoryKey = tuple[int, ObjectKind, Age, str]  # account, kind, age, metric


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A value of a post's counter, the present value or one that was replaced.

    `name` is Meta's and `metric` canonical; several names can add up to one metric. `order` is that of the fetches.
    """

    name: str
    metric: str
    day: date
    read_at: datetime
    order: int
    value: Number


def post_readings(values: Iterable[StoredValue]) -> list[PostReading]:
    """Return the values of one post at each moment at which Meta was asked for it.

    Within a day a counter is stored again only if it changed. So at each reading of the post on a day, its other counters
    still had their values. A metric of several counters is known once all counters of that day are known.
    """
    readings: list[PostReading] = []
    in_order = sorted(values, key=lambda value: (value.day, value.read_at, value.order))
    for _, group in groupby(in_order, key=attrgetter("day")):
        of_day = list(group)
        names_of: dict[str, set[str]] = {}
        for value in of_day:
            names_of.setdefault(value.metric, set()).add(value.name)
        current: dict[str, Number] = {}
        for moment, read in groupby(of_day, key=attrgetter("read_at")):
            current |= {value.name: value.value for value in read}
            for metric, names in names_of.items():
                metric_value = total(current[name] for name in names) if names <= current.keys() else None
                if metric_value is not None:
                    readings.append(PostReading(metric, moment, metric_value))
    return readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The parts of a decision that can be judged; `age` is the age of its predictions."""

    id: int
    draft_id: int | None
    stage: Stage
    decided_at: datetime
    age: Age
    predictions: Mapping[str, Prediction]
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPost:
    """A post with its known outcomes at each age."""

    post_id: int
    draft_id: int | None
    account_id: int
    kind: ObjectKind
    published_at: datetime
    outcomes: Mapping[Age, Mapping[str, Outcome]]


@dataclass(frozen=True, slots=True)
class DatedCase:
    """A case, and the moment from which its outcome could be known."""

    case: Case
    due_at: datetime


@dataclass(slots=True)
class JudgedPredictions:
    """The cases whose outcome is due, and by stage the number of predictions that wait or were made too late."""

    cases: list[DatedCase] = field(default_factory=list)
    waiting: Counter[str] = field(default_factory=Counter)
    too_late: Counter[str] = field(default_factory=Counter)

    def within(self, window: DateRange, day_of: Callable[[datetime], date]) -> list[Case]:
        """Return the cases whose outcome was due on a day of the window, its end excluded (I7)."""
        return [dated.case for dated in self.cases if day_of(dated.due_at) in window]


def judge(
    decisions: Iterable[Decision], posts: Iterable[JudgedPost], approvals: Iterable[ApprovalFact], now: datetime
) -> JudgedPredictions:
    """Pair every prediction with its outcome at `now`.

    A prediction counts if it was made before the post was published. Of several for one post, stage and metric, the last
    counts. The baseline comes from the outcomes of the account's posts of the same kind that were known when the prediction
    was made. A confidence is the probability that the post reaches that baseline in the first metric of its decision.
    """
    judging = _Judging(list(posts), list(approvals), now)
    for decision in sorted(decisions, key=lambda decision: (decision.decided_at, decision.id)):
        for name, prediction in decision.predictions.items():
            if name in EVENTS:
                judging.add_event(decision, name, prediction)
            else:
                judging.add_metric(decision, name, prediction)
    judging.result.cases = list(judging.last.values())
    return judging.result


class _Judging:
    """The state while decisions are judged in order of time. `last` has the last case of each post, stage and metric."""

    def __init__(self, posts: Sequence[JudgedPost], approvals: Sequence[ApprovalFact], now: datetime) -> None:
        self.now = now
        self.result = JudgedPredictions()
        self.last: dict[tuple[int, str, str], DatedCase] = {}
        self.history: dict[HistoryKey, list[tuple[datetime, float]]] = {}
        self.posts: dict[int | None, list[JudgedPost]] = {}
        self.events: dict[int | None, list[ApprovalFact]] = {}
        for post in posts:
            self._add_post(post)
        for values in self.history.values():
            values.sort()
        for event in approvals:
            self.events.setdefault(event.draft_id, []).append(event)

    def _add_post(self, post: JudgedPost) -> None:
        if post.draft_id is not None:
            self.posts.setdefault(post.draft_id, []).append(post)
        for age, metrics in post.outcomes.items():
            known_at = post.published_at + AGES[age]
            for metric, outcome in metrics.items():
                key = post.account_id, post.kind, age, metric
                self.history.setdefault(key, []).append((known_at, outcome.value))

    def baseline(self, decision: Decision, post: JudgedPost, metric: str) -> float | None:
        values = self.history.get((post.account_id, post.kind, decision.age, metric), [])
        before = bisect_left(values, decision.decided_at, key=lambda pair: pair[0])
        return trailing_median(values[max(before - BASELINE_NEWEST, 0) : before], decision.decided_at)

    def add_metric(self, decision: Decision, metric: str, prediction: Prediction) -> None:
        posts = self.posts.get(decision.draft_id, [])
        timely = [post for post in posts if decision.decided_at <= post.published_at]
        if posts and not timely:
            self.result.too_late[decision.stage] += 1
            return
        due = [post for post in timely if post.published_at + AGES[decision.age] <= self.now]
        if not due:
            self.result.waiting[decision.stage] += 1
        first = next(name for name in decision.predictions if name not in EVENTS)
        for post in timely:
            # An earlier prediction no longer counts, even if this one still waits for its outcome.
            self.last.pop((post.post_id, decision.stage, metric), None)
            self.last.pop((post.post_id, decision.stage, CONFIDENCE + metric), None)
            if post in due:
                self._add_case(decision, post, metric, prediction, with_confidence=metric == first)

    def _add_case(
        self, decision: Decision, post: JudgedPost, metric: str, prediction: Prediction, *, with_confidence: bool
    ) -> None:
        outcome = post.outcomes.get(decision.age, {}).get(metric)
        case = Case(
            post_id=post.post_id,
            stage=decision.stage,
            metric=metric,
            prediction=prediction,
            actual=None if outcome is None else outcome.value,
            baseline=self.baseline(decision, post, metric),
        )
        due_at = post.published_at + AGES[decision.age]
        self.last[post.post_id, decision.stage, metric] = DatedCase(case, due_at)
        if (
            with_confidence
            and decision.confidence is not None
            and case.actual is not None
            and case.baseline is not None
        ):
            chance = replace(case, prediction=Chance(decision.confidence, case.baseline))
            self.last[post.post_id, decision.stage, CONFIDENCE + metric] = DatedCase(chance, due_at)

    def add_event(self, decision: Decision, name: str, prediction: Prediction) -> None:
        """Add whether the draft was approved, by the last approval event after the decision."""
        events = self.events.get(decision.draft_id, [])
        drafts = decided_drafts(events, decision.decided_at, self.now)
        if not drafts:
            self.result.waiting[decision.stage] += 1
            return
        (draft,) = drafts
        happened = draft.approved and (name == "approved" or not (draft.edits or draft.regenerations))
        moment = max(event.at for event in events if event.kind in DECIDING and event.at < self.now)
        case = Case(
            post_id=draft.draft_id, stage=decision.stage, metric=name, prediction=prediction, actual=float(happened)
        )
        self.last[draft.draft_id, decision.stage, name] = DatedCase(case, moment)
