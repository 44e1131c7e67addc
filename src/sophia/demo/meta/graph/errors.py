"""Meta's error bodies (GRAPH_API.md, 3). Nearly all are HTTP 400 and differ by code and subcode."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from pydantic_core import to_json

OAUTH = "OAuthException"
METHOD = "GraphMethodException"


@dataclass(eq=False)
class GraphError(Exception):
    """One refusal, ready to be written as Meta's error envelope."""

    message: str
    code: int
    subcode: int | None = None
    _: KW_ONLY
    kind: str = OAUTH
    status: int = 400
    is_transient: bool | None = None
    title: str | None = None
    user_message: str | None = None

    def __str__(self) -> str:
        return self.message

    def body(self, trace_id: str) -> str:
        """Return the JSON text of the answer. Like Meta, omit absent parts."""
        optional: dict[str, Any] = {
            "error_subcode": self.subcode,
            "is_transient": self.is_transient,
            "error_user_title": self.title,
            "error_user_msg": self.user_message,
        }
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        error |= {key: value for key, value in optional.items() if value is not None}
        return as_json({"error": {**error, "fbtrace_id": trace_id}})


def as_json(value: Any) -> str:
    return to_json(value).decode()


def error_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return `body` in an error envelope unless it already has one."""
    return dict(body) if "error" in body else {"error": {"type": OAUTH, **body}}


def bad_parameter(message: str) -> GraphError:
    return GraphError(f"(#100) {message}", 100)


def invalid_metric() -> GraphError:
    """Return the refusal, which does not name the wrong metric: dead and misspelt names look alike."""
    return bad_parameter("The value must be a valid insights metric")


def invalid_instagram_metric(index: int, valid: Iterable[str]) -> GraphError:
    return bad_parameter(f"metric[{index}] must be one of the following values: {', '.join(valid)}")


def no_metric() -> GraphError:
    return GraphError("(#3001) Invalid query", 3001, 1504028, user_message="No metric was specified to be fetched.")


def needs_total_value(names: Iterable[str]) -> GraphError:
    listed = ",".join(names)
    return bad_parameter(f"The following metrics ({listed}) should be specified with parameter metric_type=total_value")


def window_too_long(days: int) -> GraphError:
    return bad_parameter(f"There cannot be more than {days} days ({days * 86400} s) between since and until")


def wrong_product(metric: str) -> GraphError:
    return bad_parameter(f"The Media Insights API does not support the {metric} metric for this media product type")


def too_few_viewers() -> GraphError:
    return GraphError("(#10) Not enough viewers for the media to show insights", 10)


def before_professional() -> GraphError:
    return GraphError(
        "Invalid parameter",
        100,
        2108006,
        is_transient=False,
        title="Media posted before business account conversion",
        user_message="The media was posted before the most recent time that the account became a business account.",
    )


def small_page() -> GraphError:
    return GraphError("(#200) There is not enough permission to view the metric", 200, 1504029, is_transient=False)


def not_monetised() -> GraphError:
    """Return one of the few refusals whose status is not 400."""
    return GraphError("(#200) The Page is not eligible for monetization insights", 200, status=403)


def mixed_with_money() -> GraphError:
    return GraphError(
        "An unexpected error has occurred. Please retry your request later.", 2, status=500, is_transient=True
    )


def permission_missing(permission: str) -> GraphError:
    return GraphError(f"(#10) This endpoint requires the '{permission}' permission or the related feature.", 10)


def business_permission_missing() -> GraphError:
    return GraphError(
        "(#200) Requires business_management permission to manage the object",
        200,
        title="Permission required",
        user_message="Give this app access to your business portfolio.",
    )


def page_migrated(old_id: str, new_id: str) -> GraphError:
    return GraphError(
        f"(#21) Page ID {old_id} was migrated to page ID {new_id}. Please update your API calls to the new ID",
        21,
        title="Page replaced",
        user_message="This Page was merged into another one. Use the new Page.",
    )


def unknown_object(object_id: str) -> GraphError:
    return GraphError(
        f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation",
        100,
        33,
        kind=METHOD,
    )


def unknown_field(name: str, node_type: str) -> GraphError:
    return bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")


def unknown_path(path: str) -> GraphError:
    return GraphError(f"Unknown path components: /{path}", 2500)


def bad_syntax(text: str) -> GraphError:
    return GraphError(f'Syntax error "Expected end of string instead of {text[:20]}"', 2500)


def token_missing() -> GraphError:
    return GraphError("An access token is required to request this resource.", 104)


def proof_missing() -> GraphError:
    return GraphError("API calls from the server require an appsecret_proof argument", 104, kind=METHOD)


def proof_wrong() -> GraphError:
    return GraphError("Invalid appsecret_proof provided in the API argument", 104, kind=METHOD)


def token_invalid() -> GraphError:
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190)


def token_dead(subcode: int) -> GraphError:
    reasons = {
        458: "The user has not authorized application.",
        460: "The session has been invalidated because the user changed their password or Facebook has changed the "
        "session for security reasons.",
        463: "Session has expired.",
        467: "The session is invalid because the user logged out.",
    }
    reason = reasons.get(subcode, "The session is invalid.")
    return GraphError(f"Error validating access token: {reason}", 190, subcode)


def page_token_required() -> GraphError:
    return GraphError(
        "User Access Token Is Not Supported",
        190,
        2069032,
        title="User Access Token Is Not Supported",
        user_message="A Page access token is required for this call for the new Pages experience.",
    )


def too_many_ids() -> GraphError:
    return bad_parameter("Too many IDs. Maximum: 50")


def batch_too_big() -> GraphError:
    return GraphError("Too many requests in batch message. Maximum batch size is 50", 0, kind="GraphBatchException")
