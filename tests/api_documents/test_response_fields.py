"""Fields of responses are required in the OpenAPI document, fields of requests are as they are declared."""

from typing import Any

from sophia.api_documents.response_fields import REFERENCE, require_response_fields


def reference(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"items": {"$ref": REFERENCE + name}, "type": "array"}}}}


def test_fields_of_responses_are_required() -> None:
    """A schema that a response reaches through another one, too; one that requests use as well stays as it is."""
    fields = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}
    schemas: dict[str, Any] = {name: dict(fields) for name in ("Sent", "Inner", "Both", "Problem")}
    schemas["Outer"] = {"properties": {"inner": {"$ref": REFERENCE + "Inner"}, "both": {"$ref": REFERENCE + "Both"}}}
    operation = {
        "requestBody": {"content": {"application/json": {"schema": {"anyOf": [{"$ref": REFERENCE + "Sent"}]}}}},
        "parameters": [{"name": "x", "schema": {"$ref": REFERENCE + "Both"}}],
        "responses": {"200": reference("Outer"), "404": reference("Problem")},
    }
    require_response_fields({"paths": {"/x": {"post": operation}}, "components": {"schemas": schemas}})
    assert {name: schema["required"] for name, schema in schemas.items()} == {
        "Sent": ["a"],
        "Inner": ["a", "b"],
        "Both": ["a"],
        "Problem": ["a"],
        "Outer": ["inner", "both"],
    }
