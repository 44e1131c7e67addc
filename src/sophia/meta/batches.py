"""Requests objects by their ids in ordinary batches, so that a refusal affects one object only (B8).

Fifty objects travel in one HTTP call, each as an item of its own; Meta counts each item. Answers to the same question
are joined to one, with an object per id, because the store keeps every answer.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from sophia.meta.bisection import Findings, Part, ask_parts, chunks, is_about_object, search
from sophia.meta.caller import MOST_BATCH_ITEMS
from sophia.meta.catalogue.questions import refusal_label
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.envelope import Answer
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.fallbacks import RunContext

# Objects of a sample that may answer nothing before the objects are no longer the suspected cause.
DENIALS_TO_BELIEVE = 3
# Objects of each kind that are searched before other failing objects of the batch are left to the next run.
MOST_SEARCHES = 4
# Objects of each question in the first batch: a metric that Meta refuses then costs a few items and not fifty.
FIRST_OF_EACH = 2

Failed = list[tuple[Part, GraphError]]
Answered = list[tuple[Part, Answer]]


def expand(edge: str, names: Sequence[str], breakdown: str | None = None) -> str:
    """Return the field expansion that requests the insights of an object together with its other fields."""
    split = f".breakdown({breakdown})" if breakdown else ""
    return f"{edge}.metric({','.join(names)}).period(lifetime){split}{{name,period,values,total_value}}"


@dataclass(frozen=True, slots=True, eq=False)
class ByIdGroup:
    """The same question to several objects of one kind. For an unknown kind (None) no refusal is remembered."""

    kind: ObjectKind | None
    edge: str  # insights, video_insights
    subject: str
    names: tuple[str, ...]
    ids: tuple[str, ...]
    breakdown: str | None = None
    period: str = "lifetime"  # without one, Meta answers each period that it has (GRAPH_API §1b)

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        params = (("period", self.period), ("breakdown", self.breakdown))
        return tuple((name, value) for name, value in params if value)


async def by_id(
    context: RunContext, groups: Iterable[ByIdGroup], *, is_sample: bool = False
) -> AsyncGenerator[Answer, None]:
    """Yield the answers to each group's question for its objects, fifty items per HTTP call.

    Refused metrics are remembered for the kind; objects without insights are skipped. Raises GraphError if no object
    answers at all. `is_sample`: these are a few of many objects, so fewer than three of them prove nothing.
    """
    work = ById(context, DENIALS_TO_BELIEVE if is_sample else 1)
    items = [
        (group, object_id)
        for group in groups
        if group.names
        for object_id in group.ids
        if not context.is_left_alone(object_id)
    ]
    for chunk in ordered_batches(items):
        for answer in await work.ask_chunk(chunk):
            yield answer


def ordered_batches(items: Sequence[tuple[ByIdGroup, str]]) -> list[Sequence[tuple[ByIdGroup, str]]]:
    """Return the items in batches. Several batches begin with the first objects of each group."""
    if len(items) <= MOST_BATCH_ITEMS:
        return [items] if items else []
    taken: dict[ByIdGroup, int] = defaultdict(int)
    first: list[tuple[ByIdGroup, str]] = []
    rest: list[tuple[ByIdGroup, str]] = []
    for item in items:
        taken[item[0]] += 1
        (first if taken[item[0]] <= FIRST_OF_EACH else rest).append(item)
    return [*chunks(first, MOST_BATCH_ITEMS), *chunks(rest, MOST_BATCH_ITEMS)]


@dataclass(slots=True)
class ById:
    """The state of requests by id.

    `complete`: groups of which an object answered every name. `without`: names that failed in this run. `silent`:
    objects of which no metric answered, and why.
    """

    context: RunContext
    denials_to_believe: int
    complete: set[ByIdGroup] = field(default_factory=set)
    without: dict[ByIdGroup, set[str]] = field(default_factory=lambda: defaultdict(set))
    silent: dict[str, GraphError] = field(default_factory=dict)
    groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], ByIdGroup] = field(default_factory=dict)
    has_answer: bool = False

    async def ask_chunk(self, items: Sequence[tuple[ByIdGroup, str]]) -> list[Answer]:
        """Return the answers about these objects, joined by question."""
        parts = [
            self._part(group, object_id) for group, object_id in items if not self.context.is_left_alone(object_id)
        ]
        answered, failed = await self._ask([part for part in parts if part.names])
        for _ in range(MOST_SEARCHES):
            failed = self._without_invalid_objects(failed)
            if not failed:
                break
            first = {self._group(part): (part, error) for part, error in reversed(failed)}
            findings = await search(self.context.caller, list(first.values()), failed[0][0].edge)
            answered += findings.answers
            self._note(findings.answers)
            for part, error in first.values():
                self._judge(part, error, findings)
            others = [
                replace(part, names=self._names(self._group(part)))
                for part, error in failed
                if (part, error) not in first.values()
            ]
            more, failed = await self._ask([part for part in others if part.names])
            answered += more
        for part, error in failed:
            if part.object_id not in self.context.answered:
                self.silent[part.object_id] = error
            self._skip(part, error)
        self._raise_if_nothing_answers()
        return self._joined(answered)

    def _part(self, group: ByIdGroup, object_id: str) -> Part:
        part = Part(object_id, group.edge, self._names(group), group.params)
        self.groups[object_id, group.edge, group.params] = group
        return part

    def _group(self, part: Part) -> ByIdGroup:
        return self.groups[part.object_id, part.edge, part.params]

    def _names(self, group: ByIdGroup) -> tuple[str, ...]:
        """Return the names that are still requested of this group."""
        refused = self.context.refused_for(group.kind) if group.kind else set()
        return tuple(
            name
            for name in group.names
            if name not in self.without[group] and refused.isdisjoint((name, refusal_label(name, group.breakdown)))
        )

    async def _ask(self, parts: Sequence[Part]) -> tuple[Answered, Failed]:
        """Send the requests. A temporary failure is tried once more, and then left to the next run."""
        if not parts:
            return [], []
        subject = self._group(parts[0]).subject
        answers, failed = await ask_parts(self.context.caller, parts, subject)
        again = [part for part, error in failed if error.remedy is Remedy.AGAIN]
        if again:
            late, still = await ask_parts(self.context.caller, again, subject)
            answers += late
            failed = [(part, error) for part, error in failed if error.remedy is not Remedy.AGAIN]
            lasting = [(part, error) for part, error in still if error.remedy is Remedy.AGAIN]
            if len(lasting) == len(parts) and not self.has_answer:
                raise lasting[0][1]
            self.context.skipped.update({part.object_id: error for part, error in lasting})
            failed += [(part, error) for part, error in still if error.remedy is not Remedy.AGAIN]
        self._note(answers)
        return answers, failed

    def _note(self, answers: Answered) -> None:
        self.has_answer = self.has_answer or bool(answers)
        for part, _ in answers:
            self.context.answered.add(part.object_id)
            if set(part.names) >= set(self._group(part).names):
                self.complete.add(self._group(part))

    def _without_invalid_objects(self, failed: Failed) -> Failed:
        """Set aside the objects that cause their own failure, and return the other failures.

        "Object does not exist" is accepted for an object that answered nothing while others of its kind answer.
        """
        left: Failed = []
        for part, error in failed:
            is_gone = error.remedy is Remedy.OBJECT_GONE and part.object_id not in self.context.answered
            if is_about_object(error) or (is_gone and self._group(part) in self.complete):
                self._skip(part, error)
            else:
                left.append((part, error))
        return left

    def _judge(self, part: Part, error: GraphError, findings: Findings) -> None:
        """Record the result of a search for one object: metrics that its kind lacks, or an object without insights."""
        group, key = self._group(part), (part.object_id, part.edge, part.params)
        refused = {
            other.names[0]: why for other, why in findings.refused if (other.object_id, other.edge, other.params) == key
        }
        if part.object_id in findings.objects:
            self._skip(part, findings.objects[part.object_id])
            return
        if part.object_id not in self.context.answered:
            self.silent[part.object_id] = error
            self.context.skipped[part.object_id] = error
            return
        for other, why in findings.temporary:
            if (other.object_id, other.edge, other.params) == key:
                self._skip(part, why)
        for name, why in refused.items():
            self._refuse(group, part.object_id, name, why)
        self.without[group] |= set(refused)

    def _refuse(self, group: ByIdGroup, object_id: str, name: str, error: GraphError) -> None:
        """Record a refused metric for the kind or, if other objects of the kind have it, for this object alone."""
        label = refusal_label(name, group.breakdown)
        if group.kind is None or group in self.complete:
            self.context.incomplete[f"{object_id} {label}"] = error
        else:
            self.context.refuse([group.kind], [label], error)

    def _skip(self, part: Part, error: GraphError) -> None:
        """Leave an object alone. One that answers other questions lacks only this one."""
        if part.object_id in self.context.answered and not is_about_object(error):
            group = self._group(part)
            for name in part.names:
                self.context.incomplete[f"{part.object_id} {refusal_label(name, group.breakdown)}"] = error
        else:
            self.context.skipped[part.object_id] = error

    def _raise_if_nothing_answers(self) -> None:
        """Raise an error if all objects refuse everything: then the objects are not the cause."""
        denied = {
            object_id: error for object_id, error in self.silent.items() if error.remedy is not Remedy.OBJECT_GONE
        }
        if self.has_answer or not denied or len(denied) < self.denials_to_believe:
            return
        for object_id in denied:
            self.context.skipped.pop(object_id, None)
        raise next(iter(denied.values()))

    def _joined(self, answered: Answered) -> list[Answer]:
        """Return one answer per question, with the answers of its objects under their ids."""
        questions: dict[tuple[str, Part], Answered] = defaultdict(list)
        for part, answer in answered:
            questions[self._group(part).subject, replace(part, object_id="", is_retry=False)].append((part, answer))
        return [join(subject, question) for (subject, _), question in questions.items()]


def join(subject: str, answered: Answered) -> Answer:
    """Join answers to the same question to one. Its request names no object: the ids are the keys of its body."""
    part, first = answered[0]
    items = [b'"%s":%s' % (part.object_id.encode(), answer.source.body) for part, answer in answered]
    source = replace(
        first.source,
        subject=subject,
        request=f"BATCH /{part.edge}?{urlencode(part.query)}",
        body=b"{" + b",".join(items) + b"}",
    )
    return Answer({part.object_id: answer.data for part, answer in answered}, source)
