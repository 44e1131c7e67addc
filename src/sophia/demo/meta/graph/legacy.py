"""Legacy features that Meta refuses new apps, and the texts of the refusals (GRAPH_API.md, 0.11)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.requests import Request

LegacyFeature = Literal["multi-id", "field alias", "date format", "method override", "jsonp", "asynchronous batch"]

# By default a simulated app was created after 4 November 2026.
NEW_APP = True
# An older app may use `?ids=` up to this version.
LAST_MULTI_ID_VERSION = 25

_ALIAS = re.compile(r"\.as\(")


@dataclass(frozen=True, slots=True)
class _FeatureName:
    """The two names of a feature in refusals: in prose, and by its parameter."""

    prose: str
    parameter: str


_FEATURE_NAMES: Mapping[LegacyFeature, _FeatureName] = MappingProxyType(
    {
        "multi-id": _FeatureName("Multi-ID requests", "ids"),
        "field alias": _FeatureName("Field aliases", "fields"),
        "date format": _FeatureName("Custom date formats", "date_format"),
        "method override": _FeatureName("HTTP method overrides", "method"),
        "jsonp": _FeatureName("JSONP callbacks", "callback"),
        "asynchronous batch": _FeatureName("Asynchronous batch requests", "asyncbatch"),
    }
)
# No recording shows the real code, so refusals take these in turn.
_REFUSALS = (
    (3, "(#3) Application does not have the capability to make this API call."),
    (10, "(#10) {prose} are not available to this application."),
    (12, "(#12) {prose} are deprecated for versions v26.0 and higher"),
    (100, "(#100) Unsupported parameter: {parameter}"),
    (2500, "{prose} have been removed. Send ordinary requests, alone or in a batch."),
)


def legacy_features(request: Request) -> tuple[LegacyFeature, ...]:
    """Return the legacy features that `request`, or one item of a batch, uses."""
    parameters = request.parameters
    uses: dict[LegacyFeature, bool] = {
        "multi-id": "ids" in parameters,
        "field alias": _ALIAS.search(parameters.get("fields", "")) is not None,
        "date format": "date_format" in parameters,
        "method override": "method" in parameters,
        "jsonp": "callback" in parameters,
        "asynchronous batch": "asyncbatch" in parameters,
    }
    return tuple(feature for feature, is_used in uses.items() if is_used)


def is_refused(feature: LegacyFeature, version: int, *, new_app: bool) -> bool:
    """Return whether Meta refuses `feature` on Graph API version `version`.

    Meta refuses a new app every feature. An older app may go on using `?ids=`, and may not begin to use the others.
    """
    return new_app or feature != "multi-id" or version > LAST_MULTI_ID_VERSION


def legacy_refusal(feature: LegacyFeature, turn: int) -> GraphError:
    """Return the refusal number `turn` (from 0); codes 3, 10, 12, 100 and 2500 take turns."""
    code, message = _REFUSALS[turn % len(_REFUSALS)]
    name = _FEATURE_NAMES[feature]
    return GraphError(message.format(prose=name.prose, parameter=name.parameter), code)
