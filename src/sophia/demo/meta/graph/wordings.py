"""Texts in which Meta refuses one metric of a request: publicly known ones, and invented ones.

No list of Meta's texts is complete, so a program that interprets them must cope with unknown ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.world.noise import seed_of

# Meta's lists of valid names are long; so many names make a similar one.
_LISTED_NAMES = 30


@dataclass(frozen=True, slots=True)
class Wording:
    """A text with its code. `message` and `user_message` may hold these in braces:

    `metric` the refused name; `place` its position in the request, from 0; `valid` valid names with commas; `others`
    the other names of the request, or valid ones if it has none. `is_public`: other projects or Meta's documentation
    recorded the text; the others are invented.
    """

    code: int
    message: str
    subcode: int | None = None
    title: str | None = None
    user_message: str | None = None
    is_public: bool = False

    @property
    def names_metric(self) -> bool:
        """Whether the error names the refused metric."""
        return "{metric}" in f"{self.message} {self.user_message}"

    def error(self, metric: str, requested: Sequence[str], valid: Sequence[str]) -> GraphError:
        """Return the refusal of `metric` in a request for the names `requested`, where `valid` names would be accepted."""
        allowed = [name for name in valid if name != metric][:_LISTED_NAMES]
        others = [name for name in requested if name != metric] or allowed[:2]
        parts = {
            "metric": metric,
            "place": str(list(requested).index(metric)),
            "valid": ", ".join(allowed),
            "others": ", ".join(others),
        }
        return GraphError(
            self.message.format(**parts),
            self.code,
            self.subcode,
            title=self.title,
            user_message=None if self.user_message is None else self.user_message.format(**parts),
        )


_PUBLIC = {
    "valid insights metric": Wording(100, "(#100) The value must be a valid insights metric", is_public=True),
    "one of the values": Wording(
        100, "(#100) metric[{place}] must be one of the following values: {valid}", is_public=True
    ),
    "media product type": Wording(
        100,
        "(#100) The Media Insights API does not support the {metric} metric for this media product type",
        is_public=True,
    ),
    "incompatible with the media": Wording(100, "(#100) Incompatible metric ({metric}) with the media", is_public=True),
    "deprecated": Wording(100, "(#100) The metric {metric} has been deprecated.", is_public=True),
    "not enough permission": Wording(
        200, "(#200) There is not enough permission to view the metric", 1504029, is_public=True
    ),
}

_INVENTED = {
    "cannot be served": Wording(100, "(#100) One of the requested insights cannot be served for this object."),
    "parameter with a list": Wording(100, "(#100) Parameter 'metric' must be one of: {valid}"),
    "did you mean": Wording(100, "(#100) Unknown name in metric. Did you mean: {others}?"),
    "sunset": Wording(100, "(#100) {metric} was sunset in all versions. See the changelog for alternatives."),
    "position only": Wording(100, "(#100) Enum value at insights.metric[{place}] cannot be resolved"),
    "invalid parameter for people": Wording(
        100,
        "Invalid parameter",
        2207999,
        title="Insight not available",
        user_message="You asked for {metric}, which is not available here. Choose another insight.",
    ),
    "unnamed for people": Wording(
        100,
        "Invalid parameter",
        title="Insights changed",
        user_message="An insight that you asked for has been replaced. Update your selection.",
    ),
    "german": Wording(100, "(#100) Die Kennzahl {metric} wird für dieses Objekt nicht unterstützt."),
    "spanish": Wording(100, "(#100) El valor solicitado ya no está disponible para este objeto."),
    "japanese": Wording(100, "(#100) 指定された指標はサポートされていません。"),
    "restricted": Wording(10, "(#10) Insights of type {metric} are restricted for this application"),
    "invalid query": Wording(
        3001, "(#3001) Invalid query", 1504018, user_message="Column {metric} does not exist in this table."
    ),
    "cannot be viewed": Wording(200, "(#200) Some of the requested columns cannot be viewed"),
    "cannot be combined": Wording(100, "(#100) Columns cannot be combined: {others}"),
}

WORDINGS: Mapping[str, Wording] = MappingProxyType({**_PUBLIC, **_INVENTED})


def choose_wording(seed: int, kind: str, metric: str) -> str:
    """Return the name of a wording, picked by `seed`: the same for the same arguments."""
    return list(WORDINGS)[seed_of(seed, "wording", kind, metric) % len(WORDINGS)]
