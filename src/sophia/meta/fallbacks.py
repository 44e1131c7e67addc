"""Requests an account's insights so that one bad name or one heavy window affects nothing else (B3).

A call that fails is divided until its cause is isolated (`bisection`). What Meta refuses is remembered for the kind of
object, so that the next run does not request it.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sophia.meta.bisection import FEWEST_DAYS_ON_SUSPICION, Findings, Part, RequestedDays, search
from sophia.meta.caller import Caller
from sophia.meta.catalogue.questions import Question
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.envelope import Answer
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.records import Refusal

NOT_ABOUT_THE_OBJECT = frozenset({Remedy.ASK_PERSON, Remedy.MISTAKE})


@dataclass(slots=True)
class RunContext:
    """The state of one run's requests for one account. `today` is the reporting day; `refused` grows.

    `resting`: objects that refused before and are left alone for now. `skipped`: those that refused in this run.
    `answered`: ids of the account and of its objects whose insights answered in this run. `incomplete`: metrics that
    one object alone refuses, as "id metric". `withheld`: what was left out for lack of a permission, by edge. `cut`:
    lists that ended early, by edge, and why. `only`: the metrics of the account to request, if not all.
    """

    caller: Caller
    platform: Platform
    account: str
    scopes: frozenset[str]
    today: date
    also: frozenset[str] = frozenset()
    refused: dict[ObjectKind, set[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    resting: frozenset[str] = frozenset()
    skipped: dict[str, GraphError] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    incomplete: dict[str, GraphError] = field(default_factory=dict)
    withheld: dict[str, GraphError] = field(default_factory=dict)
    cut: dict[str, GraphError] = field(default_factory=dict)
    only: frozenset[str] = frozenset()

    @property
    def yesterday(self) -> date:
        return date.fromordinal(self.today.toordinal() - 1)

    def refused_for(self, *kinds: ObjectKind) -> set[str]:
        return set().union(*(self.refused.get(kind, set()) for kind in kinds))

    def is_left_alone(self, object_id: str) -> bool:
        """Return whether an object has refused its insights, in this run or recently."""
        return object_id in self.resting or object_id in self.skipped

    def refuse(self, kinds: Iterable[ObjectKind], names: Collection[str], error: GraphError) -> None:
        """Record that Meta refuses these metrics for these kinds of object."""
        everywhere = error.remedy is Remedy.WITHOUT_METRIC
        for kind in kinds:
            new = set(names) - self.refused.setdefault(kind, set())
            self.refused[kind] |= new
            self.refusals += [
                Refusal(kind, name, everywhere, error.code, error.subcode, error.text) for name in sorted(new)
            ]


async def request_insights(
    context: RunContext,
    kind: ObjectKind,
    question: Question,
    params: Mapping[str, str],
    subject: str,
    window: RequestedDays | None = None,
) -> AsyncGenerator[Answer, None]:
    """Request an account's insights and yield every available answer; `window` is the part that may be divided.

    Raises GraphError if a part failed temporarily, because it must be requested again; and if all names fail alone,
    because then the names are not the cause.
    """
    refused = context.refused_for(kind)
    labels = {name: question.label(name) for name in question.names}
    names = tuple(
        name
        for name, label in labels.items()
        if refused.isdisjoint((name, label)) and (not context.only or label in context.only)
    )
    if not names:
        return
    part = Part(context.account, "insights", names, tuple(params.items()), window)
    try:
        answer = await context.caller.edge(part.path, part.query, subject)
    except GraphError as error:
        findings = await _divide(context, part, error, subject)
    else:
        context.answered.add(context.account)
        yield answer
        return
    for _, answer in findings.answers:
        yield answer
    _conclude(context, kind, question, part, findings)


async def _divide(context: RunContext, failed_part: Part, error: GraphError, subject: str) -> Findings:
    """Search for the cause of a failed call. Raises the error if no division helps.

    A temporary error was retried already. Only a long window, while other requests are answered, may be too heavy.
    """
    may_be_heavy = bool(context.answered)
    is_heavy = may_be_heavy and failed_part.days > FEWEST_DAYS_ON_SUSPICION
    if error.remedy in STOPS or (error.remedy is Remedy.AGAIN and not is_heavy):
        raise error
    part = Part(
        failed_part.object_id,
        failed_part.edge,
        failed_part.names,
        failed_part.params,
        failed_part.window,
        is_retry=error.remedy is Remedy.AGAIN,
    )
    return await search(context.caller, [(part, error)], subject, may_be_heavy=may_be_heavy)


def _conclude(context: RunContext, kind: ObjectKind, question: Question, failed_part: Part, findings: Findings) -> None:
    """Record the names that failed alone while others answered; raise an error that needs another request."""
    if findings.answers:
        context.answered.add(context.account)
    for error in (*findings.objects.values(), *([findings.denied] if findings.denied else [])):
        raise error
    # A question with one name is judged by the other questions of the account.
    has_evidence = findings.answers or (len(failed_part.names) == 1 and context.account in context.answered)
    if findings.refused and not has_evidence:
        raise findings.refused[0][1]
    answered = {name for part, _ in findings.answers for name in part.names}
    for part, error in findings.refused:
        if part.names[0] in answered:  # on other days: Meta knows the name
            raise error
        context.refuse([kind], [question.label(part.names[0])], error)
    for _, error in findings.temporary:
        raise error
