"""From decisions and the outcomes of posts to cases that can be scored: what counts, at which moment, against what."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from sophia.analytics.decisions.predictions import (
    AGES,
    BASELINE_NEWEST,
    EVENTS,
    Case,
    Chance,
    Outcome,
    PostReading,
    Prediction,
    trailing_median,
)
from sophia.analytics.figures.facts import ApprovalFact
from sophia.analytics.figures.figures import Number, total
from sophia.analytics.kpis.approvals import DECISIONS as DECIDING
from sophia.analytics.kpis.approvals import decided_drafts
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import DateRange

CONFIDENCE = "confidence of "
Group = tuple[int, ObjectKind, str, str]  # account, kind, age, metric


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A value that a stored counter of a post had, also one that was replaced since.

    `name` is Meta's, `metric` canonical; several names can make one metric. `order` is that of the fetches.
    """

    name: str
    metric: str
    day: date
    read_at: datetime
    order: int
    value: Number


def as_read(kept: Iterable[KeptValue]) -> list[PostReading]:
    """What was known of one post each time that it was read.

    Within a day a counter is written again only when it has changed: so at every moment of a day at which anything of
    the post was read, the others still had what they had. A metric of several counters is known once all are that were
    read on the day.
    """
    post_readings: list[PostReading] = []
    in_order = sorted(kept, key=lambda one: (one.day, one.read_at, one.order))
    for _, group in groupby(in_order, key=attrgetter("day")):
        of_day = list(group)
        parts: dict[str, set[str]] = {}
        for one in of_day:
            parts.setdefault(one.metric, set()).add(one.name)
        now: dict[str, Number] = {}
        for moment, read in groupby(of_day, key=attrgetter("read_at")):
            now |= {one.name: one.value for one in read}
            for metric, names in parts.items():
                value = total(now[name] for name in names) if names <= now.keys() else None
                if value is not None:
                    post_readings.append(PostReading(metric, moment, value))
    return post_readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision as far as it can be judged; `age` is the one that its predictions speak of."""

    id: int
    draft_id: int | None
    stage: str
    decided_at: datetime
    age: str
    predictions: Mapping[str, Prediction]
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPost:
    """A post with what it had at each age, as far as that is known."""

    post_id: int
    draft_id: int | None
    account_id: int
    kind: ObjectKind
    published_at: datetime
    outcomes: Mapping[str, Mapping[str, Outcome]]


@dataclass(frozen=True, slots=True)
class DatedCase:
    """A case, and the moment from which its outcome could be known."""

    case: Case
    due_at: datetime


@dataclass(slots=True)
class Judged:
    """What was predicted: cases whose outcome is due, and by stage how many wait for theirs or were made too late."""

    cases: list[DatedCase] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    too_late: dict[str, int] = field(default_factory=dict)

    def within(self, window: DateRange, day_of: Callable[[datetime], date]) -> list[Case]:
        """The cases whose outcome was due on a day of the window, its end excluded (I7)."""
        return [one.case for one in self.cases if day_of(one.due_at) in window]


def judge(
    decisions: Iterable[Decision], posts: Iterable[JudgedPost], approvals: Iterable[ApprovalFact], now: datetime
) -> Judged:
    """Every prediction with what became of it by `now`.

    A prediction counts when it was made before the post was published; of several for one post, stage and metric the
    last of those. The baseline is what was known of the account's posts of the same kind when it was made. A confidence
    is the chance that a post comes to at least that baseline, in the first metric that its decision predicts.
    """
    bench = _Bench(list(posts), list(approvals), now)
    for decision in sorted(decisions, key=lambda one: (one.decided_at, one.id)):
        for name, prediction in decision.predictions.items():
            if name in EVENTS:
                bench.take_event(decision, name, prediction)
            else:
                bench.take_metric(decision, name, prediction)
    bench.found.cases = list(bench.last.values())
    return bench.found


class _Bench:
    """Where decisions are judged, one after the other, oldest first."""

    def __init__(self, posts: Sequence[JudgedPost], approvals: Sequence[ApprovalFact], now: datetime) -> None:
        self.now = now
        self.found = Judged()
        self.last: dict[tuple[int, str, str], DatedCase] = {}
        self.history: dict[Group, list[tuple[datetime, float]]] = {}
        self.posts: dict[int | None, list[JudgedPost]] = {}
        self.events: dict[int | None, list[ApprovalFact]] = {}
        for post in posts:
            self._remember(post)
        for values in self.history.values():
            values.sort()
        for event in approvals:
            self.events.setdefault(event.draft_id, []).append(event)

    def _remember(self, post: JudgedPost) -> None:
        if post.draft_id is not None:
            self.posts.setdefault(post.draft_id, []).append(post)
        for age, metrics in post.outcomes.items():
            known_at = post.published_at + AGES[age]
            for metric, outcome in metrics.items():
                group = post.account_id, post.kind, age, metric
                self.history.setdefault(group, []).append((known_at, outcome.value))

    def baseline(self, decision: Decision, post: JudgedPost, metric: str) -> float | None:
        values = self.history.get((post.account_id, post.kind, decision.age, metric), [])
        before = bisect_left(values, decision.decided_at, key=lambda pair: pair[0])
        return trailing_median(values[max(before - BASELINE_NEWEST, 0) : before], decision.decided_at)

    def take_metric(self, decision: Decision, metric: str, prediction: Prediction) -> None:
        posts = self.posts.get(decision.draft_id, [])
        timely = [post for post in posts if decision.decided_at <= post.published_at]
        if posts and not timely:
            count(self.found.too_late, decision.stage)
            return
        due = [post for post in timely if post.published_at + AGES[decision.age] <= self.now]
        if not due:
            count(self.found.waiting, decision.stage)
        first = next(name for name in decision.predictions if name not in EVENTS)
        for post in timely:
            # An earlier word no longer counts, even if this one has to wait for its outcome.
            self.last.pop((post.post_id, decision.stage, metric), None)
            self.last.pop((post.post_id, decision.stage, CONFIDENCE + metric), None)
            if post in due:
                self._add(decision, post, metric, prediction, with_confidence=metric == first)

    def _add(
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

    def take_event(self, decision: Decision, name: str, prediction: Prediction) -> None:
        """Whether the draft was approved, by the last word that fell after the decision."""
        events = self.events.get(decision.draft_id, [])
        drafts = decided_drafts(events, decision.decided_at, self.now)
        if not drafts:
            count(self.found.waiting, decision.stage)
            return
        (draft,) = drafts
        came = draft.approved and (name == "approved" or not (draft.edits or draft.regenerations))
        moment = max(event.at for event in events if event.kind in DECIDING and event.at < self.now)
        case = Case(
            post_id=draft.draft_id, stage=decision.stage, metric=name, prediction=prediction, actual=float(came)
        )
        self.last[draft.draft_id, decision.stage, name] = DatedCase(case, moment)


def count(counts: dict[str, int], stage: str) -> None:
    counts[stage] = counts.get(stage, 0) + 1
