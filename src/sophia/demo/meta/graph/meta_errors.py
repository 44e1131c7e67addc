"""Every error of Meta that GRAPH_API.md (3) lists, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sophia.database.records import as_record
from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.errors import OAUTH, GraphError

# The subject of the error, which must stop; "request" concerns the request's size or syntax, or a passing failure.
Scope = Literal["app", "token", "object", "metric", "field", "request"]
# A collector meets "reading" only; the other errors belong to publishing and advertising.
Area = Literal["reading", "publishing", "ads"]


@dataclass(frozen=True, slots=True)
class MetaError:
    """One row. `status` is the recorded HTTP status; `is_transient` is None if Meta omits it or no recording shows it."""

    name: str
    scope: Scope
    code: int
    subcode: int | None
    message: str
    status: int = 400
    is_transient: bool | None = None
    area: Area = "reading"
    kind: str = OAUTH
    title: str | None = None
    user_message: str | None = None

    def as_error(self) -> GraphError:
        """Return the error to raise for this row, for example in `GraphApi.break_insights`."""
        return as_record(GraphError, self)


def _row(name: str, scope: Scope, error: GraphError) -> MetaError:
    return as_record(MetaError, error, name=name, scope=scope, area="reading")


_INVALID = "Error validating access token: "

_PASSING = (
    MetaError(
        "1 reduce the amount of data",
        "request",
        1,
        None,
        "Please reduce the amount of data you're asking for, then retry your request",
        500,
    ),
    MetaError("1/99 unknown error", "request", 1, 99, "An unknown error occurred", 500),
    _row("2 service down", "app", errors.mixed_with_money()),
)

_LIMITS = (
    MetaError("4 app rate limit", "app", 4, None, "(#4) Application request limit reached", 403, is_transient=True),
    MetaError("17 user rate limit", "token", 17, None, "(#17) User request limit reached"),
    MetaError("17/2446079 user rate limit", "token", 17, 2446079, "User request limit reached", area="ads"),
    MetaError("32 page rate limit", "object", 32, None, "(#32) Page request limit reached"),
    MetaError("341 application limit", "app", 341, None, "(#341) Feed action request limit reached"),
    MetaError("613 custom rate limit", "token", 613, None, "(#613) Calls to this api have exceeded the rate limit."),
    MetaError("613/1996 odd traffic", "token", 613, 1996, "(#613) Calls to this api have been inconsistent."),
    *(
        MetaError(f"{code} {name} rate limit", "object", code, None, f"(#{code}) Too many calls to this {thing}.")
        for code, name, thing in (
            (80001, "page", "Page account"),
            (80002, "instagram", "Instagram account"),
            (80005, "lead generation", "Page's leads"),
            (80006, "messenger", "Page's messages"),
        )
    ),
    *(
        MetaError(f"{code} {name} rate limit", "object", code, None, f"(#{code}) Too many calls: {name}.", area="ads")
        for code, name in (
            (80000, "ads insights"),
            (80003, "custom audience"),
            (80004, "ads management"),
            (80008, "messaging templates"),
            (80009, "catalogue management"),
            (80014, "catalogue batch"),
        )
    ),
)

_PERMISSIONS = (
    MetaError("1/2853006 no permission to view", "object", 1, 2853006, "You do not have permission to view this."),
    MetaError("3 no capability", "app", 3, None, "(#3) Application does not have the capability to make this call."),
    _row("10 permission missing", "field", errors.permission_missing("pages_read_user_content")),
    MetaError(
        "10 permission missing on Instagram",
        "object",
        10,
        None,
        errors.permission_missing("instagram_manage_insights").message,
        403,
    ),
    MetaError("200 permission", "object", 200, None, "(#200) Permissions error"),
    MetaError("200 not monetised", "metric", 200, None, "(#200) The Page may not see monetization insights", 403),
    _row("200/1504029 small Page", "metric", errors.small_page()),
    MetaError("210 Page token needed", "token", 210, None, "(#210) A page access token is required for this."),
    MetaError("283 permissions needed", "token", 283, None, "(#283) Requires extended permission: read_insights"),
    MetaError("299 permission", "object", 299, None, "(#299) Permission denied for this object"),
    MetaError(
        "368 blocked for policy",
        "app",
        368,
        None,
        "The action attempted has been deemed abusive or is disallowed",
        title="You can't use this feature right now",
        user_message="We limit how often you can do certain things in a given amount of time. Try again later.",
    ),
    MetaError(
        "100 permission or feature",
        "object",
        100,
        None,
        "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not "
        "support this operation. This endpoint requires the 'pages_read_engagement' permission or the 'Page Public "
        "Content Access' feature.",
    ),
)

_PARAMETERS = (
    _row("100 bad parameter", "request", errors.bad_parameter("Invalid parameter")),
    _row("100 dead metric", "metric", errors.invalid_metric()),
    _row(
        "100 not among valid metrics",
        "metric",
        errors.invalid_instagram_metric(0, ("reach", "follower_count", "views", "likes")),
    ),
    _row("100 not for this media type", "metric", errors.wrong_product("views")),
    _row("100 metric_type missing", "metric", errors.needs_total_value(["views"])),
    _row("100 more than 30 days", "request", errors.window_too_long(30)),
    _row(
        "100 after-cursor too big",
        "request",
        errors.bad_parameter("The After Cursor specified exceeds the max limit supported by this endpoint"),
    ),
    _row("100 nonexisting field", "field", errors.unknown_field("shares", "Post")),
    _row("2500 bad path", "request", errors.unknown_path("nothing")),
    MetaError("3001/1504028 no metric", "request", 3001, 1504028, "(#3001) No metric was specified to be fetched."),
)

_OBJECTS = (
    _row("10 not enough viewers", "object", errors.too_few_viewers()),
    MetaError("12 gone from the API", "object", 12, None, "(#12) This object is deprecated and can no longer be read"),
    _row("100/33 object missing", "object", errors.unknown_object("1")),
    _row("100/2108006 before professional", "object", errors.before_professional()),
    _row("21 Page migrated", "object", errors.page_migrated("1", "2")),
    MetaError("803 unknown id", "object", 803, None, "(#803) Some of the aliases you requested do not exist: 1"),
    MetaError("2874008 few followers", "object", 2874008, None, "The Page needs at least 100 Page followers"),
    *(
        MetaError(
            f"{code} post without insights", "object", code, None, f"Insights cannot be shown for this post: {why}"
        )
        for code, why in zip(
            range(2932001, 2932011),
            # Which code means which is not recorded; that there are ten, and these reasons among them, is.
            ("not public", "shared", "profile photo", "cover photo", "live", *("not supported",) * 5),
            strict=True,
        )
    ),
)

_TOKENS = (
    MetaError("102 session invalid", "token", 102, None, "(#102) Session key invalid or no longer valid"),
    _row("104 token missing", "app", errors.token_missing()),
    _row("104 proof wrong", "app", errors.proof_wrong()),
    _row("190 invalid", "token", errors.token_invalid()),
    *(
        MetaError(f"190/{subcode} {name}", "token", 190, subcode, message)
        for subcode, name, message in (
            (458, "app removed", _INVALID + "The user has not authorized application 1."),
            (459, "checkpointed", _INVALID + "You cannot access the app till you log in to www.facebook.com."),
            (460, "password changed", _INVALID + "The session has been invalidated: the user changed their password."),
            (463, "expired", _INVALID + "Session has expired on Friday, 20-Nov-26 07:00:00 PST."),
            (464, "unconfirmed", _INVALID + "Sessions for the user are not allowed because the user is not confirmed."),
            (466, "revoked", _INVALID + "The session has been invalidated by a call that revoked it."),
            (467, "logged out", _INVALID + "The session is invalid because the user logged out."),
            (492, "role lost", _INVALID + "The user must be an administrator, editor, or moderator of the page."),
            (2069032, "Page token required", "User Access Token Is Not Supported"),
        )
    ),
)

_PUBLISHING = (
    MetaError("506 duplicate post", "request", 506, None, "(#506) Duplicate status message", area="publishing"),
    *(
        MetaError(f"{code}/{subcode} {name}", "object", code, subcode, message, area="publishing")
        for code, subcode, name, message in (
            (-2, 2207003, "upload timed out", "Timeout: it took too long to download the media."),
            (-1, 2207001, "Instagram server error", "Instagram server error. Try again."),
            (24, 2207008, "container gone", "The media builder does not exist or has expired."),
            (9007, 2207027, "media not ready", "The media is not ready to be published."),
            (9, 2207042, "daily cap", "You reached the maximum number of posts for a day."),
        )
    ),
    MetaError("36000 media fault", "object", 36000, None, "The image size is too large.", area="publishing"),
    MetaError(
        "100/2207089 picture too wide",
        "object",
        100,
        2207089,
        "Invalid parameter",
        area="publishing",
        title="Picture too wide",
        user_message="The picture has an aspect ratio that is not supported. Use one between 4:5 and 1.91:1.",
    ),
)

META_ERRORS: Mapping[str, MetaError] = MappingProxyType(
    {row.name: row for row in (*_PASSING, *_LIMITS, *_PERMISSIONS, *_PARAMETERS, *_OBJECTS, *_TOKENS, *_PUBLISHING)}
)
