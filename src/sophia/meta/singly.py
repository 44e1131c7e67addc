"""Asks objects by their ids, so that what one refuses costs that object only (B8)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sophia.meta.asking import ABOUT_A_METRIC, ABOUT_A_PERMISSION, Ask
from sophia.meta.caller import MOST_BATCH_ITEMS, MOST_IDS
from sophia.meta.envelope import Answer, object_id
from sophia.meta.errors import STOPS, GraphError, Remedy

# Ten times fifty objects in one HTTP call is what Meta answers well within its time; more risks items of null.
ITEMS_PER_BATCH = 10
# Objects that are denied in the same words before it is plain that it is not the objects.
DENIALS_TO_BELIEVE = 3

Probe = Callable[[tuple[str, ...]], Awaitable[object]]


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


def expand(edge: str, names: Sequence[str], breakdown: str | None = None) -> str:
    """Field expansion: the insights of an object together with its other fields."""
    split = f".breakdown({breakdown})" if breakdown else ""
    return f"{edge}.metric({','.join(names)}).period(lifetime){split}{{name,period,values,total_value}}"


async def one_by_one(
    ask: Ask,
    ids: Sequence[str],
    names: Sequence[str],
    edge: str,
    subject: str,
    breakdown: str | None = None,
) -> list[Answer]:
    """Insights of single objects, fifty to an HTTP call. What one object refuses costs that object only.

    Raises GraphError when a permission is missing for all of them.
    """
    answers: list[Answer] = []
    denied: list[GraphError] = []
    extra = {"breakdown": breakdown} if breakdown else {}
    query = {"metric": ",".join(names), **extra}
    wanted = [one for one in ids if one not in ask.resting and one not in ask.skipped]
    for start in range(0, len(wanted), MOST_BATCH_ITEMS):
        chunk = wanted[start : start + MOST_BATCH_ITEMS]
        results = await ask.caller.batch([(f"{object_id(one)}/{edge}", query, 1) for one in chunk], subject)
        for one, result in zip(chunk, results, strict=True):
            if isinstance(result, Answer):
                answers.append(result)
            elif result.remedy in ABOUT_A_PERMISSION:
                ask.skipped[one] = result
                denied.append(result)
            else:
                answers += await _save_what_can_be_had(ask, one, tuple(names), edge, subject, extra, result)
        if not answers and len(denied) >= DENIALS_TO_BELIEVE and len(denied) == len(wanted[: start + len(chunk)]):
            for one in wanted:
                ask.skipped.pop(one, None)
            raise denied[0]
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
    if error.remedy in STOPS:
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

    def without(self, left_alone: frozenset[str]) -> "ByIdGroup":
        return replace(self, ids=tuple(one for one in self.ids if one not in left_alone))


async def by_id(ask: Ask, groups: Iterable[ByIdGroup]) -> AsyncGenerator[Answer, None]:
    """Ask each group's question of its objects: fifty ids an item, several items an HTTP call."""
    left_alone = ask.resting | frozenset(ask.skipped)
    pieces = [piece for group in groups if group.names for piece in group.without(left_alone).pieces()]
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
    if result.remedy in STOPS:
        raise result
    return await one_by_one(ask, piece.ids, piece.names, piece.edge, piece.single_subject, piece.breakdown)
