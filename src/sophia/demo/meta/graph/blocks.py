"""The JSON text of one block of an insights answer, most of it made once for a whole page of posts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.truth.page_figures import Value

_TITLES: dict[str, str | None] = {
    "page_media_view": "Facebook views",
    "page_follows": "Lifetime Total Follows",
    "page_total_media_view_unique": None,
    "reach": "Accounts reached",
}
EMPTY = '{"data":[]}'
_EVERYTHING = frozenset({"name", "period", "values", "title", "description", "total_value", "id"})


def value_json(value: Value) -> str:
    """A number or dictionary as JSON."""
    return str(value) if isinstance(value, int) else as_json(value)


def metric_names(parameters: Mapping[str, str]) -> list[str]:
    """The names in `metric`, given as a list with commas or as a JSON list, each once."""
    text = parameters.get("metric", "").strip().removeprefix("[").removesuffix("]")
    names = (name.strip().strip('"').strip("'") for name in text.split(","))
    return list(dict.fromkeys(name for name in names if name))


def dimension_names(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The names in `breakdown`, given like those in `metric`."""
    return tuple(metric_names({"metric": parameters.get("breakdown", "")}))


@dataclass(frozen=True, slots=True)
class Block:
    """Everything of a block that does not depend on the object: `head`, then values, `middle`, the object's id, `tail`."""

    head: str
    middle: str
    tail: str
    wanted: frozenset[str]

    def render(self, object_id: str, values: str, total_value: str | None = None) -> str:
        """The block for one object; `values` is the JSON of the entries without brackets."""
        body = f'"values":[{values}],' if "values" in self.wanted else ""
        if total_value is not None and "total_value" in self.wanted:
            body += f'"total_value":{total_value},'
        return f"{self.head}{body}{self.middle}{object_id}{self.tail}"

    def render_total(self, object_id: str, total_value: str) -> str:
        """The block of a metric that has a total and no `values`."""
        body = f'"total_value":{total_value},' if "total_value" in self.wanted else ""
        return f"{self.head}{body}{self.middle}{object_id}{self.tail}"


def make_block(
    metric: str, period: str, wanted: frozenset[str] | None, *, edge: str = "insights", is_broken_down: bool = False
) -> Block:
    """The block of one metric and period, with the keys in `wanted` (None: all); `id` is always there.

    A Facebook answer with a breakdown has the metric's own name as its title and only the object's id as its id.
    """
    keys = _EVERYTHING if wanted is None else wanted
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
    """The answer of an insights edge."""
    data = ",".join(blocks)
    return f'{{"data":[{data}],"paging":{paging}}}' if paging else f'{{"data":[{data}]}}'
