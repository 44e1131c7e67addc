"""Legacy features that Meta refuses to new apps, and how the refusal sounds (GRAPH_API.md, 0.11)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.requests import Request

LegacyFeature = Literal["multi-id", "field alias", "date format", "method override", "jsonp", "asynchronous batch"]

# Whether a simulated app counts as created after 4 November 2026 when nothing else is said.
NEW_APP = True
# An app that is older keeps `?ids=` up to this version.
LAST_MULTI_ID_VERSION = 25

_ALIAS = re.compile(r"\.as\(")


@dataclass(frozen=True, slots=True)
class _Words:
    """How a refusal names the feature: in prose, and by the parameter that asks for it."""

    prose: str
    parameter: str


_WORDS: Mapping[LegacyFeature, _Words] = MappingProxyType(
    {
        "multi-id": _Words("Multi-ID requests", "ids"),
        "field alias": _Words("Field aliases", "fields"),
        "date format": _Words("Custom date formats", "date_format"),
        "method override": _Words("HTTP method overrides", "method"),
        "jsonp": _Words("JSONP callbacks", "callback"),
        "asynchronous batch": _Words("Asynchronous batch requests", "asyncbatch"),
    }
)
# The real code is not recorded, so refusals take these in turn.
_REFUSALS = (
    (3, "(#3) Application does not have the capability to make this API call."),
    (10, "(#10) {prose} are not available to this application."),
    (12, "(#12) {prose} are deprecated for versions v26.0 and higher"),
    (100, "(#100) Unsupported parameter: {parameter}"),
    (2500, "{prose} have been removed. Send ordinary requests, alone or in a batch."),
)


def legacy_features(request: Request) -> tuple[LegacyFeature, ...]:
    """The legacy features that `request`, or one item of a batch, makes use of."""
    given = request.parameters
    uses: dict[LegacyFeature, bool] = {
        "multi-id": "ids" in given,
        "field alias": _ALIAS.search(given.get("fields", "")) is not None,
        "date format": "date_format" in given,
        "method override": "method" in given,
        "jsonp": "callback" in given,
        "asynchronous batch": "asyncbatch" in given,
    }
    return tuple(feature for feature, is_used in uses.items() if is_used)


def is_refused(feature: LegacyFeature, version: int, *, new_app: bool) -> bool:
    """Whether Meta refuses `feature` on Graph API version `version`.

    A new app gets nothing. An older app may go on with `?ids=`; the other features it never used, and may not begin to.
    """
    return new_app or feature != "multi-id" or version > LAST_MULTI_ID_VERSION


def legacy_refusal(feature: LegacyFeature, turn: int) -> GraphError:
    """The refusal number `turn` (from 0); codes 3, 10, 12, 100 and 2500 take turns."""
    code, message = _REFUSALS[turn % len(_REFUSALS)]
    words = _WORDS[feature]
    return GraphError(message.format(prose=words.prose, parameter=words.parameter), code)
