"""Asks for insights so that one bad name or one bad object costs itself and nothing else (B3, B8).

One unknown metric fails a whole insights call, and one odd post fails a whole page of a hundred. So a page that fails
is looked at closer: is it the page's size, a metric, or a post? Only what is bad is left out, and what Meta refuses is
remembered, so that the next run does not ask again.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sophia.meta.catalogue import ObjectKind, Platform, Question
from sophia.meta.client import MOST_BATCH_ITEMS, MOST_IDS, Answer, Caller, next_cursor, object_id
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.records import Refusal
from sophia.meta.reporting_zone import parse_moment

PAGE_SIZE = 100
MOST_PAGES = 1000
# Ten times fifty objects in one HTTP call is what Meta answers well within its time; more risks items of null.
ITEMS_PER_BATCH = 10
ABOUT_A_METRIC = frozenset({Remedy.WITHOUT_METRIC, Remedy.METRIC_WITHHELD})
ABOUT_AN_OBJECT = frozenset({Remedy.OBJECT_GONE, Remedy.NO_DATA_YET})


@dataclass(slots=True)
class Ask:
    """What one run knows about one account while it asks. `today` is the reporting day; `refused` grows."""

    caller: Caller
    platform: Platform
    account: str
    scopes: frozenset[str]
    today: date
    also: frozenset[str] = frozenset()
    refused: dict[ObjectKind, set[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    skipped: dict[str, GraphError] = field(default_factory=dict)

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


Probe = Callable[[tuple[str, ...]], Awaitable[object]]


async def insist(ask: Ask, kind: ObjectKind, question: Question, params: dict[str, str], subject: str) -> list[Answer]:
    """Ask an account's insights; when a name is refused, halve the list until what is refused stands alone.

    Every half that succeeds is an answer that counts, so nothing is asked twice. Raises GraphError when Meta refuses
    all of several names: then it is not the names.
    """
    refused: list[tuple[str, GraphError]] = []
    answers = await _halve(ask, question.names, params, subject, refused)
    if refused and not answers and len(question.names) > 1:
        raise refused[0][1]
    for name, error in refused:
        ask.refuse([kind], [name], error)
    return answers


async def _halve(
    ask: Ask, names: tuple[str, ...], params: dict[str, str], subject: str, refused: list[tuple[str, GraphError]]
) -> list[Answer]:
    try:
        path = f"{object_id(ask.account)}/insights"
        return [await ask.caller.get(path, {"metric": ",".join(names), **params}, subject)]
    except GraphError as error:
        if error.remedy not in ABOUT_A_METRIC and not (error.remedy is Remedy.AGAIN and len(names) > 1):
            raise
        if len(names) == 1:
            refused.append((names[0], error))
            return []
        if blamed := error.culprits(names):
            refused += [(name, error) for name in sorted(blamed)]
            return await _halve(ask, tuple(name for name in names if name not in blamed), params, subject, refused)
    half = len(names) // 2
    answers = await _halve(ask, names[:half], params, subject, refused)
    return answers + await _halve(ask, names[half:], params, subject, refused)


async def find_refused(probe: Probe, names: tuple[str, ...]) -> list[tuple[str, GraphError]]:
    """Which of the names make `probe` fail, by bisection; the whole list is known to fail."""

    async def failure(part: tuple[str, ...]) -> GraphError | None:
        try:
            await probe(part)
        except GraphError as error:
            if error.remedy not in ABOUT_A_METRIC:
                raise
            return error
        return None

    async def search(part: tuple[str, ...], error: GraphError) -> list[tuple[str, GraphError]]:
        if len(part) == 1:
            return [(part[0], error)]
        if blamed := error.culprits(part):
            rest = tuple(name for name in part if name not in blamed)
            more = await failure(rest)
            return [(name, error) for name in sorted(blamed)] + (await search(rest, more) if more else [])
        left, right = part[: len(part) // 2], part[len(part) // 2 :]
        left_error = await failure(left)
        if left_error is None:
            return await search(right, error)
        found = await search(left, left_error)
        right_error = await failure(right)
        return found + (await search(right, right_error) if right_error else [])

    whole = await failure(names)
    return await search(names, whole) if whole else []


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list objects with their insights: the edge, its fields, and what to ask of every object on it."""

    edge: str  # published_posts, media …
    subject: str
    fields: str
    gated_fields: str  # need a permission that a token may lack
    expansion: str  # insights, video_insights
    kinds: tuple[ObjectKind, ...]
    names: tuple[str, ...]
    single_subject: str  # subject of an answer about one object
    moment: str = "created_time"

    def wanted(self, ask: Ask) -> tuple[str, ...]:
        """The names that Meta does not refuse for any of the kinds on this edge."""
        refused = ask.refused_for(*self.kinds)
        return tuple(name for name in self.names if name not in refused)

    def select(self, names: Sequence[str], *, gated: bool) -> str:
        """The `fields` of the request: field expansion brings the insights of a whole page in one call."""
        parts = [self.fields]
        if gated and self.gated_fields:
            parts.append(self.gated_fields)
        if names:
            parts.append(expand(self.expansion, names))
        return ",".join(parts)


def expand(edge: str, names: Sequence[str], breakdown: str | None = None) -> str:
    split = f".breakdown({breakdown})" if breakdown else ""
    return f"{edge}.metric({','.join(names)}).period(lifetime){split}{{name,period,values,total_value}}"


async def walk(
    ask: Ask,
    listing: Listing,
    since: datetime | None,
    *,
    scope: str = "",
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> AsyncGenerator[Answer, None]:
    """Every page of an edge, newest first, back to the posts of `since`, with the objects that had to be asked alone.

    `scope` is the permission that the gated fields need; without it they are not asked. `cursor` begins further down;
    `limit` is the size of a page, which is halved when Meta finds it too heavy.
    """
    path = f"{object_id(ask.account)}/{listing.edge}"
    gated = not scope or scope in ask.scopes
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        names = listing.wanted(ask)
        place = {"limit": str(limit), **({"after": cursor} if cursor else {})}
        alone: list[Answer] = []
        try:
            answer = await ask.caller.get(
                path, {"fields": listing.select(names, gated=gated), **place}, listing.subject
            )
        except GraphError as error:
            if error.remedy is Remedy.SMALLER and limit > 1:
                limit //= 2
                continue
            if error.remedy is Remedy.WITHOUT_FIELD and gated:
                gated = False
                continue
            if error.remedy not in ABOUT_A_METRIC | ABOUT_AN_OBJECT:
                raise
            if error.remedy in ABOUT_A_METRIC and await _learn_refusals(ask, listing, path, names):
                continue
            answer = await ask.caller.get(path, {"fields": listing.select((), gated=gated), **place}, listing.subject)
            alone = await one_by_one(ask, ids_of(answer), names, listing.expansion, listing.single_subject)
        yield answer
        for single in alone:
            yield single
        cursor = next_cursor(answer.data)
        if cursor is None or cursor in seen or is_past(answer, listing.moment, since):
            return
        seen.add(cursor)


async def _learn_refusals(ask: Ask, listing: Listing, path: str, names: tuple[str, ...]) -> bool:
    """Whether metrics are to blame: those that fail for the newest object alone are refused from now on."""

    async def probe(part: tuple[str, ...]) -> None:
        await ask.caller.get(path, {"fields": f"id,{expand(listing.expansion, part)}", "limit": "1"}, listing.subject)

    found = await find_refused(probe, names)
    if len(found) == len(names) > 1:
        return False
    for name, error in found:
        ask.refuse(listing.kinds, [name], error)
    return bool(found)


async def one_by_one(
    ask: Ask,
    ids: Sequence[str],
    names: Sequence[str],
    edge: str,
    subject: str,
    breakdown: str | None = None,
) -> list[Answer]:
    """Insights of single objects, fifty to an HTTP call. What one object refuses costs that object only."""
    answers: list[Answer] = []
    extra = {"breakdown": breakdown} if breakdown else {}
    for start in range(0, len(ids), MOST_BATCH_ITEMS):
        chunk = ids[start : start + MOST_BATCH_ITEMS]
        query = {"metric": ",".join(names), **extra}
        results = await ask.caller.batch([(f"{object_id(one)}/{edge}", query, 1) for one in chunk], subject)
        for one, result in zip(chunk, results, strict=True):
            if isinstance(result, Answer):
                answers.append(result)
            else:
                answers += await _save_what_can_be_had(ask, one, tuple(names), edge, subject, extra, result)
    return answers


async def _save_what_can_be_had(
    ask: Ask, one: str, names: tuple[str, ...], edge: str, subject: str, extra: dict[str, str], error: GraphError
) -> list[Answer]:
    """An object failed inside a batch: leave out the metric that it refuses, or skip it, and say why."""

    async def probe(part: tuple[str, ...]) -> Answer:
        return await ask.caller.get(f"{object_id(one)}/{edge}", {"metric": ",".join(part), **extra}, subject)

    try:
        if error.remedy is Remedy.AGAIN:
            return [await probe(names)]
        if error.remedy in ABOUT_A_METRIC and len(names) > 1:
            bad = {name for name, _ in await find_refused(probe, names)}
            good = tuple(name for name in names if name not in bad)
            return [await probe(good)] if good else []
    except GraphError as again:
        error = again
    if error.remedy in (Remedy.RECONNECT, Remedy.PAUSE):
        raise error
    ask.skipped[one] = error
    return []


@dataclass(frozen=True, slots=True)
class ByIdGroup:
    """The same question to several objects, by their ids: what only some kinds have, or what needs a breakdown."""

    edge: str  # insights, video_insights
    subject: str
    single_subject: str
    names: tuple[str, ...]
    ids: tuple[str, ...]
    breakdown: str | None = None

    def pieces(self) -> list["ByIdGroup"]:
        """The group in parts of as many ids as Meta takes at once."""
        starts = range(0, len(self.ids), MOST_IDS)
        return [replace(self, ids=self.ids[start : start + MOST_IDS]) for start in starts]

    def query(self) -> tuple[str, dict[str, str], int]:
        ids = ",".join(object_id(one) for one in self.ids)
        return "", {"ids": ids, "fields": expand(self.edge, self.names, self.breakdown)}, len(self.ids)


async def by_id(ask: Ask, groups: Iterable[ByIdGroup]) -> AsyncGenerator[Answer, None]:
    """Ask each group's question of its objects: fifty ids an item, several items an HTTP call."""
    pieces = [piece for group in groups if group.names for piece in group.pieces()]
    for start in range(0, len(pieces), ITEMS_PER_BATCH):
        batch = pieces[start : start + ITEMS_PER_BATCH]
        results = await ask.caller.batch([piece.query() for piece in batch], batch[0].subject)
        for piece, result in zip(batch, results, strict=True):
            for answer in await settle(ask, piece, result):
                yield answer


async def settle(ask: Ask, piece: ByIdGroup, result: Answer | GraphError) -> list[Answer]:
    """The answers of a batch's item; one that failed is asked again object by object, so each costs itself (B8)."""
    if isinstance(result, Answer):
        return [result.about(piece.subject)]
    if result.remedy in (Remedy.RECONNECT, Remedy.PAUSE):
        raise result
    return await one_by_one(ask, piece.ids, piece.names, piece.edge, piece.single_subject, piece.breakdown)


def listed(answer: Answer, subject: str) -> list[dict[str, Any]]:
    """The objects that a page lists; answers about single objects, which follow a page that failed, list none."""
    items = answer.data.get("data") if answer.source.subject == subject else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def ids_of(answer: Answer) -> list[str]:
    """The ids of the objects that a page lists."""
    items = answer.data.get("data")
    return (
        [str(item["id"]) for item in items if isinstance(item, dict) and "id" in item]
        if isinstance(items, list)
        else []
    )


def is_past(answer: Answer, moment: str, since: datetime | None) -> bool:
    """Whether the page reached posts older than `since`; pages come newest first."""
    items = answer.data.get("data")
    if since is None or not isinstance(items, list) or not items:
        return False
    last = items[-1]
    try:
        return parse_moment(last[moment]) < since
    except (KeyError, TypeError, ValueError):
        return False
