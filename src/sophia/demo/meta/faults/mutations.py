"""Insights answers with invalid parts: named changes of the parsed true answer, and the readings that they altered."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.graph.windows import last_days, read_window
from sophia.demo.meta.world.objects import Video
from sophia.demo.meta.world.pacific import pacific_day
from sophia.demo.meta.world.world import World, account_of

_ID = re.compile(r"\d+(_\d+)*")
_NO_PAGE_POST_ID = "999000999000999_1"


class Touched(NamedTuple):
    """A reading that a mutation altered; all parts of a dictionary are one reading."""

    object_id: str
    metric: str
    period: str
    day: date | None
    breakdown: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListTarget:
    """A list in the answer, `holder[key]`, whose members belong to `object_id`."""

    object_id: str
    holder: dict[str, Any]
    key: str

    @property
    def members(self) -> list[Any]:
        members: list[Any] = self.holder[self.key]
        return members


@dataclass(frozen=True, slots=True)
class Item:
    """One value: `entry["value"]`, in a list of `siblings` unless it is a total."""

    entry: dict[str, Any]
    siblings: list[Any] | None
    touched: Touched


@dataclass(frozen=True, slots=True)
class _Question:
    """The request and its world."""

    world: World
    request: Request

    def day_of(self, entry: Mapping[str, Any], period: str, *, is_total: bool) -> date | None:
        """Return the day that the `end_time` of an entry closes, or for a daily total the last day of the window."""
        if "end_time" in entry:
            return pacific_day(datetime.fromisoformat(entry["end_time"]) - timedelta(seconds=1))
        if is_total and period == "day":
            window = read_window(self.request.parameters, self.request.now, last_days(self.request.now, 1))
            return max(window.days(), default=None)
        return None

    def foreign_id(self) -> str:
        """Return the id of another Page's post, or an unused id if there is no other Page."""
        named = (*self.request.ids, *self.request.path[:1])
        node = self.world.node(named[0]) if named else None
        own = None if node is None else self.world.business_of(account_of(self.world, node).id).page
        others = (page for page in self.world.pages if page != own)
        return next((self.world.posts(page.id)[-1].id for page in others), _NO_PAGE_POST_ID)

    def owner(self, object_id: str) -> str:
        """Return the id that readings of the object have: for a video that of its post."""
        node = self.world.node(object_id) if _ID.fullmatch(object_id) else None
        if node is None:
            return object_id
        return node.post.id if isinstance(node, Video) else node.id


def _is_block(part: Any) -> bool:
    return isinstance(part, dict) and ("values" in part or "total_value" in part)


def _block_lists(part: Any, object_id: str) -> Iterator[ListTarget]:
    """Return all lists of blocks in the answer: of the requested object, of each id, or of each object of a list."""
    if isinstance(part, list):
        for element in part:
            element_id = str(element.get("id", object_id)) if isinstance(element, dict) else object_id
            yield from _block_lists(element, element_id)
    if not isinstance(part, dict):
        return
    data = part.get("data")
    if isinstance(data, list) and data and _is_block(data[0]):
        yield ListTarget(object_id, part, "data")
        return
    for key, value in part.items():
        yield from _block_lists(value, key if _ID.fullmatch(key) else object_id)


def _object_lists(part: Any, object_id: str) -> Iterator[ListTarget]:
    """Return the list of objects that the answer is, or those of each id; no lists inside of objects."""
    if not isinstance(part, dict):
        return
    data = part.get("data")
    if isinstance(data, list) and data and not _is_block(data[0]):
        yield ListTarget(object_id, part, "data")
    for key, value in part.items():
        if _ID.fullmatch(key):
            yield from _object_lists(value, key)


def _items(question: _Question, object_id: str, block: dict[str, Any]) -> Iterator[Item]:
    """Yield all values of a block."""
    owner, name, period = question.owner(object_id), block.get("name", ""), block.get("period", "")
    for entry in block.get("values", ()):
        tags = tuple((key, str(tag)) for key, tag in entry.items() if key not in {"value", "end_time"})
        day = question.day_of(entry, period, is_total=False)
        yield Item(entry, block["values"], Touched(owner, name, period, day, tags))
    total = block.get("total_value", {})
    day = question.day_of({}, period, is_total=True)
    if "value" in total:
        yield Item(total, None, Touched(owner, name, period, day, ()))
    for breakdown in total.get("breakdowns", ()):
        for entry in breakdown.get("results", ()):
            parts = tuple(zip(breakdown["dimension_keys"], entry["dimension_values"], strict=True))
            yield Item(entry, breakdown["results"], Touched(owner, name, period, day, parts))


# Values. A function for one number is applied to every number of a dictionary.


def _numbers(value: Any) -> list[float]:
    values = value.values() if isinstance(value, dict) else [value]
    return [number for number in values if isinstance(number, int | float)]


def _mapped(change: Callable[[Any], Any]) -> Callable[[Item], None]:
    def apply(item: Item) -> None:
        value = item.entry["value"]
        is_dict = isinstance(value, dict)
        item.entry["value"] = {key: change(number) for key, number in value.items()} if is_dict else change(value)

    return apply


def _set(key: str, value: Any) -> Callable[[Item], None]:
    def apply(item: Item) -> None:
        item.entry[key] = value

    return apply


def _drop(key: str) -> Callable[[Item], None]:
    def apply(item: Item) -> None:
        del item.entry[key]

    return apply


def _has_number(item: Item) -> bool:
    return bool(_numbers(item.entry.get("value")))


def _has_thousands(item: Item) -> bool:
    return any(number >= 1000 for number in _numbers(item.entry.get("value")))


def _has_end(item: Item) -> bool:
    return "end_time" in item.entry


def _has_siblings(item: Item) -> bool:
    return item.siblings is not None and _has_number(item)


def _repeat(item: Item) -> None:
    if item.siblings is not None:
        item.siblings.append(deepcopy(item.entry))


def _contradict(item: Item) -> None:
    if item.siblings is not None:
        other = Item(deepcopy(item.entry), None, item.touched)
        _mapped(lambda number: number + 1)(other)
        item.siblings.append(other.entry)


@dataclass(frozen=True, slots=True)
class ValueMutation:
    """A change of one value. `loses`: whether the answer no longer shows its true value with certainty."""

    change: Callable[[Item], None]
    fits: Callable[[Item], bool] = _has_number
    loses: bool = True


@dataclass(frozen=True, slots=True)
class BlockMutation:
    """A change of one block; `change` also takes the id of another Page's post."""

    change: Callable[[dict[str, Any], str], None]
    loses: bool = True


@dataclass(frozen=True, slots=True)
class ListMutation:
    """A change of one list, of blocks or (`of_blocks` False) of objects; `change` also takes another Page's post id."""

    change: Callable[[ListTarget, str], None]
    of_blocks: bool = True
    loses: bool = True


def _rename(name: str | None) -> Callable[[dict[str, Any], str], None]:
    def apply(block: dict[str, Any], _foreign: str) -> None:
        block["name"] = name

    return apply


def _foreign_block(block: dict[str, Any], foreign: str) -> None:
    _, _, rest = str(block.get("id", "")).partition("/")
    block["id"] = f"{foreign}/{rest}"


def _foreign_object(target: ListTarget, foreign: str) -> None:
    target.members.insert(1, {**deepcopy(target.members[0]), "id": foreign})


def _null(target: ListTarget, _foreign: str) -> None:
    target.holder[target.key] = None


def _insert_text(target: ListTarget, _foreign: str) -> None:
    target.members.insert(1, "unexpected")


def _empty(target: ListTarget, _foreign: str) -> None:
    target.members.clear()


def _show_product(name: str | None) -> Callable[[ListTarget, str], None]:
    """Return a change that gives every second object with a `media_product_type` another one, or none."""

    def apply(target: ListTarget, _foreign: str) -> None:
        rows = [row for row in target.members if isinstance(row, dict) and "media_product_type" in row]
        for row in rows[::2]:
            if name is None:
                del row["media_product_type"]
            else:
                row["media_product_type"] = name

    return apply


def _turn_round(target: ListTarget, _foreign: str) -> None:
    target.members.reverse()


Mutation = ValueMutation | BlockMutation | ListMutation

MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {
        "missing value": ValueMutation(_drop("value")),
        "null value": ValueMutation(_set("value", None)),
        "nan": ValueMutation(_mapped(lambda _number: float("nan"))),
        "infinity": ValueMutation(_mapped(lambda _number: float("inf"))),
        "number as text": ValueMutation(_mapped(str)),
        "number with comma": ValueMutation(_mapped(lambda number: f"{number:,}"), _has_thousands),
        "negative": ValueMutation(_mapped(lambda number: -number - 1)),
        "boolean": ValueMutation(_mapped(lambda _number: True)),
        "gigantic number": ValueMutation(_mapped(lambda _number: 10**25)),
        "list": ValueMutation(_mapped(lambda number: [number])),
        "dictionary": ValueMutation(_mapped(lambda number: {"unexpected": number})),
        "nested dictionary": ValueMutation(_mapped(lambda number: {"unexpected": {"deeper": number}})),
        "no end_time": ValueMutation(_drop("end_time"), _has_end),
        "garbage end_time": ValueMutation(_set("end_time", "garbage"), _has_end),
        "epoch end_time": ValueMutation(_set("end_time", 1785654000), _has_end),
        "end_time in 9999": ValueMutation(_set("end_time", "9999-12-31T08:00:00+0000"), _has_end),
        "repeated value": ValueMutation(_repeat, _has_siblings, loses=False),
        "contradicting value": ValueMutation(_contradict, _has_siblings),
        "null name": BlockMutation(_rename(None)),
        "unknown name": BlockMutation(_rename("metric_of_next_year")),
        "foreign block": BlockMutation(_foreign_block, loses=False),
        "null data": ListMutation(_null),
        "empty data": ListMutation(_empty),
        "text among blocks": ListMutation(_insert_text, loses=False),
        "blocks in another order": ListMutation(_turn_round, loses=False),
        "null objects": ListMutation(_null, of_blocks=False),
        "text among objects": ListMutation(_insert_text, of_blocks=False, loses=False),
        "missing product type": ListMutation(_show_product(None), of_blocks=False, loses=False),
        "unknown product type": ListMutation(_show_product("HOLOGRAM"), of_blocks=False, loses=False),
        "foreign object": ListMutation(_foreign_object, of_blocks=False, loses=False),
    }
)


def mutate(
    name: str, answer: Any, request: Request, world: World, *, every: int | None = None, metric: str | None = None
) -> list[Touched]:
    """Change the parsed `answer` in place; return the readings that it no longer shows.

    If `every` is None, the mutation changes the first value of each block, the first block of each list, or each list.
    Otherwise it changes the first of every so many in the whole answer. `metric` is a pattern for whole names: the
    mutation changes only values and blocks with such names. Raise KeyError for an unknown mutation.
    """
    mutation = MUTATIONS[name]
    question = _Question(world, request)
    first_id = request.path[0] if request.path else ""
    if isinstance(mutation, ListMutation):
        find = _block_lists if mutation.of_blocks else _object_lists
        touched = _mutate_lists(mutation, question, [[target] for target in find(answer, first_id)], every)
    else:
        blocks = [
            [
                (_block_list, block)
                for block in _block_list.members
                if metric is None or re.fullmatch(metric, block.get("name", ""))
            ]
            for _block_list in _block_lists(answer, first_id)
        ]
        if isinstance(mutation, BlockMutation):
            touched = _mutate_blocks(mutation, question, blocks, every)
        else:
            touched = _mutate_values(mutation, question, blocks, every)
    # The generator makes the changes, so it must run even if the mutation loses nothing.
    touched_readings = list(touched)
    return touched_readings if mutation.loses else []


def _hit(groups: Iterable[Sequence[Any]], every: int | None) -> list[Any]:
    if every is None:
        return [group[0] for group in groups if group]
    return [member for group in groups for member in group][::every]


def _mutate_values(
    mutation: ValueMutation, question: _Question, blocks: list[list[tuple[ListTarget, Any]]], every: int | None
) -> Iterator[Touched]:
    groups = [
        [item for item in _items(question, target.object_id, block) if mutation.fits(item)]
        for members in blocks
        for target, block in members
    ]
    for item in _hit(groups, every):
        mutation.change(item)
        yield item.touched


def _mutate_blocks(
    mutation: BlockMutation, question: _Question, blocks: list[list[tuple[ListTarget, Any]]], every: int | None
) -> Iterator[Touched]:
    for target, block in _hit(blocks, every):
        yield from [item.touched for item in _items(question, target.object_id, block)]
        mutation.change(block, question.foreign_id())


def _mutate_lists(
    mutation: ListMutation, question: _Question, lists: list[list[ListTarget]], every: int | None
) -> Iterator[Touched]:
    for target in _hit(lists, every):
        for _block_list in list(_block_lists(target.holder, target.object_id)):
            for block in _block_list.members:
                yield from [item.touched for item in _items(question, _block_list.object_id, block)]
        mutation.change(target, question.foreign_id())
