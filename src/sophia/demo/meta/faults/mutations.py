"""Insights answers with something odd in them: named changes of the parsed true answer, and what they touched."""

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
_NOBODY = "999000999000999_1"


class Touched(NamedTuple):
    """A reading that a mutation altered, in the words of `expected.Expected`: all parts of a dictionary at once."""

    object_id: str
    metric: str
    period: str
    day: date | None
    breakdown: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the answer: `holder[key]` is a list, and what it holds is about `object_id`."""

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
class _Asked:
    """What a mutation must know of the request: whose world it is, and what an undated total covers."""

    world: World
    request: Request

    def day_of(self, entry: Mapping[str, Any], period: str, *, is_total: bool) -> date | None:
        """The day of an entry: the one that its `end_time` closes; for a total by day, the last of the window."""
        if "end_time" in entry:
            return pacific_day(datetime.fromisoformat(entry["end_time"]) - timedelta(seconds=1))
        if is_total and period == "day":
            window = read_window(self.request.parameters, self.request.now, last_days(self.request.now, 1))
            return max(window.days(), default=None)
        return None

    def foreign_id(self) -> str:
        """A post of another Page than the one asked about; one of nobody's when there is no other."""
        named = (*self.request.ids, *self.request.path[:1])
        node = self.world.node(named[0]) if named else None
        own = None if node is None else self.world.business_of(account_of(self.world, node).id).page
        others = (page for page in self.world.pages if page != own)
        return next((self.world.posts(page.id)[-1].id for page in others), _NOBODY)

    def owner(self, object_id: str) -> str:
        """Under which id a reading is known: a video's under that of its post."""
        node = self.world.node(object_id) if _ID.fullmatch(object_id) else None
        if node is None:
            return object_id
        return node.post.id if isinstance(node, Video) else node.id


def _is_block(thing: Any) -> bool:
    return isinstance(thing, dict) and ("values" in thing or "total_value" in thing)


def _block_lists(thing: Any, object_id: str) -> Iterator[Place]:
    """All lists of blocks in the answer: of the object asked about, of each id, or of each object of a list."""
    if isinstance(thing, list):
        for each in thing:
            yield from _block_lists(each, str(each.get("id", object_id)) if isinstance(each, dict) else object_id)
    if not isinstance(thing, dict):
        return
    data = thing.get("data")
    if isinstance(data, list) and data and _is_block(data[0]):
        yield Place(object_id, thing, "data")
        return
    for key, value in thing.items():
        yield from _block_lists(value, key if _ID.fullmatch(key) else object_id)


def _object_lists(thing: Any, object_id: str) -> Iterator[Place]:
    """The list of objects that the answer is, or those of each id; no lists inside of objects."""
    if not isinstance(thing, dict):
        return
    data = thing.get("data")
    if isinstance(data, list) and data and not _is_block(data[0]):
        yield Place(object_id, thing, "data")
    for key, value in thing.items():
        if _ID.fullmatch(key):
            yield from _object_lists(value, key)


def _items(asked: _Asked, object_id: str, block: dict[str, Any]) -> Iterator[Item]:
    """All values of a block."""
    owner, name, period = asked.owner(object_id), block.get("name", ""), block.get("period", "")
    for entry in block.get("values", ()):
        tags = tuple((key, str(tag)) for key, tag in entry.items() if key not in {"value", "end_time"})
        day = asked.day_of(entry, period, is_total=False)
        yield Item(entry, block["values"], Touched(owner, name, period, day, tags))
    total = block.get("total_value", {})
    day = asked.day_of({}, period, is_total=True)
    if "value" in total:
        yield Item(total, None, Touched(owner, name, period, day, ()))
    for breakdown in total.get("breakdowns", ()):
        for entry in breakdown.get("results", ()):
            parts = tuple(zip(breakdown["dimension_keys"], entry["dimension_values"], strict=True))
            yield Item(entry, breakdown["results"], Touched(owner, name, period, day, parts))


# Values. A function for one number is applied to every number of a dictionary.


def _numbers(value: Any) -> list[float]:
    values = value.values() if isinstance(value, dict) else [value]
    return [each for each in values if isinstance(each, int | float)]


def _mapped(change: Callable[[Any], Any]) -> Callable[[Item], None]:
    def apply(item: Item) -> None:
        value = item.entry["value"]
        is_dict = isinstance(value, dict)
        item.entry["value"] = {key: change(each) for key, each in value.items()} if is_dict else change(value)

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
    """Alters one value. `loses`: whether its true value can no longer be read from the answer with certainty."""

    change: Callable[[Item], None]
    fits: Callable[[Item], bool] = _has_number
    loses: bool = True


@dataclass(frozen=True, slots=True)
class BlockMutation:
    """Alters one block; gets the id of somebody else's post too."""

    change: Callable[[dict[str, Any], str], None]
    loses: bool = True


@dataclass(frozen=True, slots=True)
class ListMutation:
    """Alters one list, of blocks or (`of_blocks` False) of objects; gets the id of somebody else's post too."""

    change: Callable[[Place, str], None]
    of_blocks: bool = True
    loses: bool = True


def _rename(name: str | None) -> Callable[[dict[str, Any], str], None]:
    def apply(block: dict[str, Any], _foreign: str) -> None:
        block["name"] = name

    return apply


def _foreign_block(block: dict[str, Any], foreign: str) -> None:
    _, _, rest = str(block.get("id", "")).partition("/")
    block["id"] = f"{foreign}/{rest}"


def _foreign_object(place: Place, foreign: str) -> None:
    place.members.insert(1, {**deepcopy(place.members[0]), "id": foreign})


def _null(place: Place, _foreign: str) -> None:
    place.holder[place.key] = None


def _insert_text(place: Place, _foreign: str) -> None:
    place.members.insert(1, "unexpected")


def _empty(place: Place, _foreign: str) -> None:
    place.members.clear()


def _show_product(name: str | None) -> Callable[[Place, str], None]:
    """Give every second object another `media_product_type`, or none; objects that show none are left alone."""

    def apply(place: Place, _foreign: str) -> None:
        rows = [row for row in place.members if isinstance(row, dict) and "media_product_type" in row]
        for row in rows[::2]:
            if name is None:
                del row["media_product_type"]
            else:
                row["media_product_type"] = name

    return apply


def _turn_round(place: Place, _foreign: str) -> None:
    place.members.reverse()


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
    """Change the parsed `answer` in place; return the readings that can no longer be had from it.

    With `every` None the first value of each block, the first block of each list, and each list are hit; with a number
    the first of so many in the whole answer, counted through. `metric` is a pattern for the whole name: only its values
    and blocks count. KeyError for an unknown name.
    """
    mutation = MUTATIONS[name]
    asked = _Asked(world, request)
    first_id = request.path[0] if request.path else ""
    if isinstance(mutation, ListMutation):
        find = _block_lists if mutation.of_blocks else _object_lists
        touched = _mutate_lists(mutation, asked, [[place] for place in find(answer, first_id)], every)
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
            touched = _mutate_blocks(mutation, asked, blocks, every)
        else:
            touched = _mutate_values(mutation, asked, blocks, every)
    # What is hit is changed while it is looked through, whether or not the change loses anything.
    found = list(touched)
    return found if mutation.loses else []


def _hit(groups: Iterable[Sequence[Any]], every: int | None) -> list[Any]:
    if every is None:
        return [group[0] for group in groups if group]
    return [each for group in groups for each in group][::every]


def _mutate_values(
    mutation: ValueMutation, asked: _Asked, blocks: list[list[tuple[Place, Any]]], every: int | None
) -> Iterator[Touched]:
    groups = [
        [item for item in _items(asked, place.object_id, block) if mutation.fits(item)]
        for members in blocks
        for place, block in members
    ]
    for item in _hit(groups, every):
        mutation.change(item)
        yield item.touched


def _mutate_blocks(
    mutation: BlockMutation, asked: _Asked, blocks: list[list[tuple[Place, Any]]], every: int | None
) -> Iterator[Touched]:
    for place, block in _hit(blocks, every):
        yield from [item.touched for item in _items(asked, place.object_id, block)]
        mutation.change(block, asked.foreign_id())


def _mutate_lists(
    mutation: ListMutation, asked: _Asked, lists: list[list[Place]], every: int | None
) -> Iterator[Touched]:
    for place in _hit(lists, every):
        for _block_list in list(_block_lists(place.holder, place.object_id)):
            for block in _block_list.members:
                yield from [item.touched for item in _items(asked, _block_list.object_id, block)]
        mutation.change(place, asked.foreign_id())
