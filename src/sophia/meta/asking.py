"""Asks an account's insights so that one bad name or one heavy window costs itself and nothing else (B3).

One unknown metric fails a whole insights call. So a call that fails is divided: by names, and where it is too heavy by
days, until what is to blame stands alone. Every part that succeeds is an answer that counts, so nothing is asked twice;
what Meta refuses is remembered, so that the next run does not ask again.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sophia.meta.caller import Caller
from sophia.meta.catalogue import ObjectKind, Platform, Question
from sophia.meta.envelope import Answer, object_id
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.records import Refusal

ABOUT_A_METRIC = frozenset({Remedy.WITHOUT_METRIC, Remedy.METRIC_WITHHELD})
ABOUT_AN_OBJECT = frozenset({Remedy.OBJECT_GONE, Remedy.NO_DATA_YET})
ABOUT_A_PERMISSION = frozenset({Remedy.ASK_PERSON, Remedy.MISTAKE})
PASSING = frozenset({Remedy.AGAIN, Remedy.SMALLER})
# A window that fails without a reason may be too heavy (GRAPH_API §3, code 1/99); below this many days it is not that.
FEWEST_DAYS_ON_SUSPICION = 20
# Calls that fail for a missing permission before it is plain that it is missing for all of them.
FAILURES_TO_BELIEVE = 3


@dataclass(slots=True)
class Ask:
    """What one run knows about one account while it asks. `today` is the reporting day; `refused` grows.

    `resting`: objects that have refused before and are left alone for now. `skipped`: those that refused in this run.
    `withheld`: what was left out for lack of a permission, by edge. `cut`: lists that ended before their end, by edge, and
    why. `only`: the metrics of the account to ask for, where not all are meant.
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
    withheld: dict[str, GraphError] = field(default_factory=dict)
    cut: dict[str, GraphError] = field(default_factory=dict)
    only: frozenset[str] = frozenset()

    @property
    def yesterday(self) -> date:
        return date.fromordinal(self.today.toordinal() - 1)

    def refused_for(self, *kinds: ObjectKind) -> set[str]:
        return set().union(*(self.refused.get(kind, set()) for kind in kinds))

    def refuse(self, kinds: Iterable[ObjectKind], names: Collection[str], error: GraphError) -> None:
        """Remember that Meta refuses these metrics for these kinds of object."""
        everywhere = error.remedy is Remedy.WITHOUT_METRIC
        for kind in kinds:
            new = set(names) - self.refused.setdefault(kind, set())
            self.refused[kind] |= new
            self.refusals += [
                Refusal(kind, name, everywhere, error.code, error.subcode, error.message) for name in sorted(new)
            ]


@dataclass(frozen=True, slots=True)
class Window:
    """Days from first to last, both included, and how they are asked for."""

    first: date
    last: date
    params: Callable[[date, date], Mapping[str, str]]

    def halves(self) -> tuple["Window", "Window"]:
        middle = self.first + (self.last - self.first) // 2
        return replace(self, last=middle), replace(self, first=middle + timedelta(days=1))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the names, for some of the days; without a window the question names its days itself."""

    names: tuple[str, ...]
    window: Window | None

    def by_name(self) -> tuple["Part", ...]:
        half = len(self.names) // 2
        return replace(self, names=self.names[:half]), replace(self, names=self.names[half:])

    def by_days(self) -> tuple["Part", ...]:
        return tuple(replace(self, window=half) for half in self.window.halves()) if self.window else ()

    def divided(self, error: GraphError) -> tuple["Part", ...]:
        """What to ask instead of this; nothing when it is what is to blame."""
        days = self.window.days if self.window else 1
        if error.remedy is Remedy.AGAIN:
            return self.by_days() if error.may_be_too_heavy and days > FEWEST_DAYS_ON_SUSPICION else ()
        if error.remedy is Remedy.SMALLER and days > 1:
            return self.by_days()
        if len(self.names) > 1:
            return self.by_name()
        return ()


@dataclass(slots=True)
class Findings:
    """What became of the parts of one question."""

    refused: list[tuple[str, GraphError]] = field(default_factory=list)
    failed: list[GraphError] = field(default_factory=list)
    answered: int = 0
    denied: int = 0


async def insist(
    ask: Ask,
    kind: ObjectKind,
    question: Question,
    params: Mapping[str, str],
    subject: str,
    window: Window | None = None,
) -> AsyncGenerator[Answer, None]:
    """Ask an account's insights and yield every answer that can be had; `window` is what may be asked in pieces.

    Raises GraphError at the end when a part failed in a way that passes: it must be asked again. Raises it at once when
    Meta refuses all of several names: then it is not the names.
    """
    found = Findings()
    names = tuple(name for name in question.names if not ask.only or name in ask.only)
    if not names:
        return
    async for answer in _ask_part(ask, Part(names, window), params, subject, found):
        yield answer
    if found.refused and not found.answered and len(names) > 1:
        raise found.refused[0][1]
    for name, error in found.refused:
        ask.refuse([kind], [name], error)
    if found.failed:
        raise found.failed[0]


async def _ask_part(
    ask: Ask, part: Part, params: Mapping[str, str], subject: str, found: Findings
) -> AsyncGenerator[Answer, None]:
    days = part.window.params(part.window.first, part.window.last) if part.window else {}
    query = {"metric": ",".join(part.names), **params, **days}
    try:
        answer = await ask.caller.edge(f"{object_id(ask.account)}/insights", query, subject)
    except GraphError as error:
        pieces = _pieces(part, error, found)
    else:
        found.answered += 1
        yield answer
        return
    for piece in pieces:
        async for answer in _ask_part(ask, piece, params, subject, found):
            yield answer


def _pieces(part: Part, error: GraphError, found: Findings) -> tuple[Part, ...]:
    """What to ask after a failure; notes what is to blame when nothing is left to divide. Raises what no division mends."""
    if error.remedy in STOPS | ABOUT_AN_OBJECT:
        raise error
    if error.remedy in ABOUT_A_PERMISSION:
        found.denied += 1
        if not found.answered and (found.denied >= FAILURES_TO_BELIEVE or len(part.names) == 1):
            raise error
    blamed = error.culprits(part.names) if error.remedy in ABOUT_A_METRIC else frozenset()
    if blamed:
        found.refused += [(name, error) for name in sorted(blamed)]
        rest = tuple(name for name in part.names if name not in blamed)
        return (replace(part, names=rest),) if rest else ()
    pieces = part.divided(error)
    if not pieces and error.remedy in PASSING:
        found.failed.append(error)
    elif not pieces:
        found.refused.append((part.names[0], error))
    return pieces
