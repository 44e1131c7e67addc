"""Finds which metric, which days or which object make an insights call fail, by requesting its parts (GRAPH_API §0.1).

One unknown metric fails a whole insights call. The search decides by requesting the metric alone and the others without
it, never by the wording or the code of the error: Meta has many wordings, in many languages. Names in a message are
requested apart first, which saves calls. Every part that succeeds is a valid answer.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sophia.meta.caller import MOST_BATCH_ITEMS, Caller
from sophia.meta.envelope import Answer, object_id
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.reporting_zone import ONE_DAY, DateRange

T = TypeVar("T")
TEMPORARY = frozenset({Remedy.AGAIN, Remedy.SMALLER, Remedy.FAILING})
OLDER_THAN_THE_PROFESSIONAL_ACCOUNT = 2108006
# From this length a window that keeps failing without a reason may be too heavy (GRAPH_API §3, code 1/99).
FEWEST_DAYS_ON_SUSPICION = 20
# Rounds without any answer after which a missing permission counts as the cause: 8 parts have failed by then.
ROUNDS_TO_BELIEVE = 3
PERMISSION_REMEDIES = frozenset({Remedy.ASK_PERSON, Remedy.WITHOUT_FIELD})
# More rounds than halving the names and the days, with one retry each, can take.
MOST_ROUNDS = 24
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
POSITION = re.compile(r"metric\[(\d{1,3})\]")
VALID_NAMES = re.compile(r"one of|(?:valid|allowed|supported) (?:values|metrics|names)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RequestedDays:
    """Days that a request asks for, and the function that writes them as parameters."""

    days: DateRange
    params: Callable[[DateRange], Mapping[str, str]]

    def halves(self) -> tuple["RequestedDays", "RequestedDays"]:
        middle = self.days.start + (self.days.end - self.days.start + ONE_DAY) // 2
        first, second = DateRange(self.days.start, middle), DateRange(middle, self.days.end)
        return replace(self, days=first), replace(self, days=second)


@dataclass(frozen=True, slots=True)
class Part:
    """Some metrics of one object, for some days; without a window the question names its days itself.

    `is_retry`: it failed temporarily before. `is_half`: half of a window that may be too heavy.
    """

    object_id: str
    edge: str  # insights, video_insights
    names: tuple[str, ...]
    params: tuple[tuple[str, str], ...] = ()
    window: RequestedDays | None = None
    is_retry: bool = False
    is_half: bool = False

    @property
    def path(self) -> str:
        return f"{object_id(self.object_id)}/{self.edge}"

    @property
    def query(self) -> dict[str, str]:
        days = self.window.params(self.window.days) if self.window else {}
        return {"metric": ",".join(self.names), **dict(self.params), **days}

    @property
    def days(self) -> int:
        return self.window.days.days if self.window else 1

    def by_name(self, message: str) -> tuple["Part", ...]:
        """Return the names that the message contains apart from the rest, or halves if it contains none."""
        first = suspected_names(message, self.names) or self.names[: len(self.names) // 2]
        rest = tuple(name for name in self.names if name not in first)
        return replace(self, names=first), replace(self, names=rest)

    def by_days(self, *, on_suspicion: bool = False) -> tuple["Part", ...]:
        if self.window is None:
            return ()
        is_retry = self.is_retry or on_suspicion
        return tuple(
            replace(self, window=half, is_retry=is_retry, is_half=on_suspicion) for half in self.window.halves()
        )


def suspected_names(message: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a message mentions, except names that it lists as valid.

    The result is a hint that saves calls. It is empty if the message mentions none of them, or all.
    """
    listing = VALID_NAMES.search(message)
    valid = set(WORD.findall(message[listing.end() :])) if listing else set()
    blamed = set(WORD.findall(message[: listing.start()] if listing else message))
    for position in POSITION.findall(message):
        blamed.update(names[int(position) : int(position) + 1])
    suspected = tuple(name for name in names if name in blamed - valid)
    return suspected if len(suspected) < len(names) else ()


def is_about_object(error: GraphError) -> bool:
    """Return whether only the object explains the error: too few viewers, or older than the professional account."""
    return error.remedy is Remedy.NO_DATA_YET or error.subcode == OLDER_THAN_THE_PROFESSIONAL_ACCOUNT


@dataclass(slots=True)
class Findings:
    """The results of a search. `refused`: single metrics that failed alone. `objects`: objects without any insights.

    `passing`: parts that failed temporarily. `denied`: the error of a permission that is missing for everything.
    """

    answers: list[tuple[Part, Answer]] = field(default_factory=list)
    refused: list[tuple[Part, GraphError]] = field(default_factory=list)
    temporary: list[tuple[Part, GraphError]] = field(default_factory=list)
    denied: GraphError | None = None
    _no_insights: list[tuple[Part, GraphError]] = field(default_factory=list)

    @property
    def objects(self) -> dict[str, GraphError]:
        return {part.object_id: error for part, error in self._no_insights}

    def pieces(self, part: Part, error: GraphError, *, may_be_heavy: bool) -> tuple[Part, ...]:
        """Return the parts to request instead of a failed part, or record it as a finding. Raise an error that stops a
        run.
        """
        if error.remedy in STOPS:
            raise error
        if is_about_object(error) and not self._answered(part.object_id):
            self._no_insights.append((part, error))
            return ()
        if error.remedy is Remedy.AGAIN and not part.is_retry:
            return (replace(part, is_retry=True),)
        heavy = may_be_heavy and not part.is_half and part.days > FEWEST_DAYS_ON_SUSPICION
        if error.remedy is Remedy.AGAIN and heavy:
            return part.by_days(on_suspicion=True)
        if error.remedy is Remedy.SMALLER and part.days > 1:
            return part.by_days()
        if error.remedy is not Remedy.AGAIN and len(part.names) > 1:
            return part.by_name(error.message)
        (self.temporary if error.remedy in TEMPORARY else self.refused).append((part, error))
        return ()

    def doubtful_parts(self) -> list[tuple[Part, GraphError]]:
        """Return parts that failed as if their object had no insights, while it has answered another part since."""
        doubtful_parts = [(part, error) for part, error in self._no_insights if self._answered(part.object_id)]
        self._no_insights = [(part, error) for part, error in self._no_insights if not self._answered(part.object_id)]
        return doubtful_parts

    def _answered(self, name: str) -> bool:
        return any(part.object_id == name for part, _ in self.answers)


async def search(
    caller: Caller, failed: Sequence[tuple[Part, GraphError]], subject: str, *, may_be_heavy: bool = False
) -> Findings:
    """Request the parts of what failed, round by round, until each metric has answered or failed alone.

    All parts of a round travel together, so a refused metric among 30 costs 5 HTTP calls for any number of objects.
    `may_be_heavy`: other requests were answered, so a long window that keeps failing may be requested in halves. Raises
    GraphError for an error that stops a run.
    """
    findings = Findings()
    work = list(failed)
    for number in range(MOST_ROUNDS):
        if number >= ROUNDS_TO_BELIEVE and not findings.answers and is_same_permission(work):
            findings.denied = work[0][1]
            return findings
        pieces = [piece for part, error in work for piece in findings.pieces(part, error, may_be_heavy=may_be_heavy)]
        if not pieces:
            return findings
        answers, work = await ask_parts(caller, pieces, subject)
        findings.answers += answers
        work += findings.doubtful_parts()
    return findings


def is_same_permission(failed: Sequence[tuple[Part, GraphError]]) -> bool:
    """Return whether all of these failed because of the same missing permission."""
    return len({(error.code, error.subcode) for _, error in failed}) == 1 and all(
        error.remedy in PERMISSION_REMEDIES for _, error in failed
    )


async def ask_parts(
    caller: Caller, parts: Sequence[Part], subject: str
) -> tuple[list[tuple[Part, Answer]], list[tuple[Part, GraphError]]]:
    """Return the answers and the failures of these parts, fifty per HTTP call. Raises an error that stops a run."""
    answers: list[tuple[Part, Answer]] = []
    failed: list[tuple[Part, GraphError]] = []
    for chunk in chunks(parts, MOST_BATCH_ITEMS):
        results = await caller.batch([(part.path, part.query, 1) for part in chunk], subject)
        for part, result in zip(chunk, results, strict=True):
            if isinstance(result, Answer) and isinstance(result.data.get("data"), list):
                answers.append((part, result))
            elif isinstance(result, Answer):
                failed.append((part, GraphError("Meta answered without a list of data", remedy=Remedy.AGAIN)))
            elif result.remedy in STOPS:
                raise result
            else:
                failed.append((part, result))
    return answers, failed


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
