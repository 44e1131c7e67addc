"""Which fields of the OpenAPI document are always there: FastAPI calls fields with a default optional, also in responses."""

from collections.abc import Iterable, Iterator
from typing import Any

REFERENCE = "#/components/schemas/"
# `errors` is left out of a problem document unless the request was invalid.
NOT_ALWAYS_COMPLETE = frozenset({"Problem"})


def require_response_fields(document: dict[str, Any]) -> None:
    """Mark every property as required in the schemas that only responses use."""
    schemas = document.get("components", {}).get("schemas", {})
    operations = [operation for path in document.get("paths", {}).values() for operation in path.values()]
    sent = reachable(
        schemas, [{key: operation.get(key) for key in ("requestBody", "parameters")} for operation in operations]
    )
    answered = reachable(schemas, [operation["responses"] for operation in operations])
    for name in answered - sent - NOT_ALWAYS_COMPLETE:
        if properties := schemas[name].get("properties"):
            schemas[name]["required"] = list(properties)


def reachable(schemas: dict[str, Any], roots: Iterable[Any]) -> set[str]:
    """Return the names of the schemas that these parts of a document refer to, directly or through other schemas."""
    names: set[str] = set()
    waiting = {name for root in roots for name in references(root)}
    while waiting:
        name = waiting.pop()
        names.add(name)
        waiting |= set(references(schemas[name])) - names
    return names


def references(part: Any) -> Iterator[str]:
    """Yield the name of every schema that a part of a document refers to directly."""
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(REFERENCE):
            yield reference.removeprefix(REFERENCE)
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
