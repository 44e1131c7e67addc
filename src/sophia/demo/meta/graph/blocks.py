"""The JSON text of one block of an insights answer; most of it is made once for a whole page of posts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.truth.values import Value

_TITLES: dict[str, str | None] = {
    "page_media_view": "Facebook views",
    "page_follows": "Lifetime Total Follows",
    "page_total_media_view_unique": None,
    "reach": "Accounts reached",
}
EMPTY = '{"data":[]}'
_EVERYTHING = frozenset({"name", "period", "values", "title", "description", "total_value", "id"})


def value_json(value: Value) -> str:
    """Return a number or dictionary as JSON."""
    return str(value) if isinstance(value, int) else as_json(value)


def metric_names(parameters: Mapping[str, str]) -> list[str]:
    """Return the different names in `metric`, a list with commas or a JSON list."""
    text = parameters.get("metric", "").strip().removeprefix("[").removesuffix("]")
    names = (name.strip().strip('"').strip("'") for name in text.split(","))
    return list(dict.fromkeys(name for name in names if name))


def dimension_names(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names in `breakdown`, which has the form of `metric`."""
    return tuple(metric_names({"metric": parameters.get("breakdown", "")}))


@dataclass(frozen=True, slots=True)
class Block:
    """The parts of a block that do not depend on the object. Values follow `head`, the object's id follows `middle`."""

    head: str
    middle: str
    tail: str
    keys: frozenset[str]

    def render(self, object_id: str, values: str, total_value: str | None = None) -> str:
        """Return the block for one object; `values` is the JSON of the entries without brackets."""
        body = f'"values":[{values}],' if "values" in self.keys else ""
        if total_value is not None and "total_value" in self.keys:
            body += f'"total_value":{total_value},'
        return f"{self.head}{body}{self.middle}{object_id}{self.tail}"

    def render_total(self, object_id: str, total_value: str) -> str:
        """Return the block of a metric that has a total and no `values`."""
        body = f'"total_value":{total_value},' if "total_value" in self.keys else ""
        return f"{self.head}{body}{self.middle}{object_id}{self.tail}"


def make_block(
    metric: str, period: str, keys: frozenset[str] | None, *, edge: str = "insights", is_broken_down: bool = False
) -> Block:
    """Return the block of one metric and period, with its `id` and the keys in `keys` (None: all).

    A Facebook answer with a breakdown has the metric's own name as its title and only the object's id as its id.
    """
    keys = _EVERYTHING if keys is None else keys
    plain = metric.replace("_", " ").strip().capitalize()
    title = metric if is_broken_down else _TITLES.get(metric, plain)
    head = "".join(f'"{key}":"{text}",' for key, text in (("name", metric), ("period", period)) if key in keys)
    middle = ""
    if "title" in keys:
        middle += f'"title":{as_json(title)},'
    if "description" in keys:
        middle += f'"description":"{plain}, counted by period: {period}.",'
    tail = '"}' if is_broken_down else f'/{edge}/{metric}/{period}"}}'
    return Block("{" + head, f'{middle}"id":"', tail, keys)


def insights_json(blocks: Iterable[str], paging: str | None = None) -> str:
    """Return the answer of an insights edge."""
    data = ",".join(blocks)
    return f'{{"data":[{data}],"paging":{paging}}}' if paging else f'{{"data":[{data}]}}'
