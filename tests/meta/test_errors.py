"""Meta's errors → what to do: every row of GRAPH_API §3, and whom a message blames."""

import pytest

from sophia.errors import SophiaError
from sophia.meta.client import may_pass
from sophia.meta.envelope import as_error
from sophia.meta.errors import GraphError, Remedy, decide

AGAIN, PAUSE, ASK, GONE = Remedy.AGAIN, Remedy.PAUSE, Remedy.ASK_PERSON, Remedy.OBJECT_GONE
RECONNECT, MISTAKE, WITHHELD = Remedy.RECONNECT, Remedy.MISTAKE, Remedy.METRIC_WITHHELD
NO_SUCH_METRIC = "(#100) The value must be a valid insights metric"
NOT_OF_THIS_PRODUCT = "(#100) The Media Insights API does not support the reposts metric for this media product type."
TOTAL_ONLY = "(#100) The following metrics (views,likes) should be specified with parameter metric_type=total_value"
TOO_MANY_DAYS = "(#100) There cannot be more than 30 days (2592000 s) between since and until"
ONE_OF = "(#100) metric[1] must be one of the following values: impressions, reach, views"
SMALL_PAGE = "(#200) You do not have enough permission to view the metric"
CONTENT = "(#10) This endpoint requires the 'pages_read_user_content' permission or the 'Page Public Content Access'"

TABLE = [
    (1, None, "Please reduce the amount of data you're asking for, then retry your request", Remedy.SMALLER),
    (1, 99, "An unknown error occurred", AGAIN),
    (1, None, "An unknown error has occurred.", AGAIN),
    (1, 2853006, "The viewer lacks permission", ASK),
    (2, None, "Service temporarily unavailable", AGAIN),
    (3, None, "Application does not have the capability to make this API call", ASK),
    (4, None, "(#4) Application request limit reached", PAUSE),
    (17, None, "(#17) User request limit reached", PAUSE),
    (17, 2446079, "(#17) User request limit reached", PAUSE),
    (32, None, "(#32) Page request limit reached", PAUSE),
    (613, None, "(#613) Calls to this api have exceeded the rate limit", PAUSE),
    (613, 1996, "(#613) Odd traffic", PAUSE),
    (341, None, "(#341) Feed action request limit reached", PAUSE),
    (80001, None, "(#80001) There have been too many calls to this Page account", PAUSE),
    (80002, None, "(#80002) There have been too many calls to this Instagram account", PAUSE),
    (80005, None, "(#80005) There have been too many leadgen api calls", PAUSE),
    (80006, None, "(#80006) There have been too many messenger api calls", PAUSE),
    (10, None, CONTENT, Remedy.WITHOUT_FIELD),
    (10, None, "(#10) Application does not have permission for this action", ASK),
    (10, None, "(#10) Not enough viewers for the media to show insights", Remedy.NO_DATA_YET),
    (12, None, "(#12) Page recommendations are gone", GONE),
    (100, None, NO_SUCH_METRIC, Remedy.WITHOUT_METRIC),
    (100, None, NOT_OF_THIS_PRODUCT, Remedy.WITHOUT_METRIC),
    (100, None, ONE_OF, Remedy.WITHOUT_METRIC),
    (100, None, TOTAL_ONLY, Remedy.WITHOUT_METRIC),
    (100, None, TOO_MANY_DAYS, MISTAKE),
    (100, None, "(#100) Tried accessing nonexisting field (foo) on node type (Page)", MISTAKE),
    (100, None, "(#100) The After Cursor specified exceeds the max limit supported by this endpoint", MISTAKE),
    (100, 33, "Unsupported get request. Object with ID '1' does not exist, cannot be loaded", GONE),
    (100, 2108006, "Media posted before business account conversion", GONE),
    (102, None, "Session key invalid", RECONNECT),
    *((190, sub, "Error validating access token", RECONNECT) for sub in (None, 458, 459, 460, 463, 464, 466, 467, 492)),
    (190, 2069032, "A Page access token is required for this call", RECONNECT),
    (104, None, "Invalid appsecret_proof provided in the API argument", Remedy.STOP_APPLICATION),
    (200, 1504029, SMALL_PAGE, WITHHELD),
    *((code, None, "(#200) Permissions error", ASK) for code in (200, 210, 230, 283, 299)),
    (368, None, "The action attempted has been deemed abusive or is otherwise disallowed", PAUSE),
    (506, None, "Duplicate status message", MISTAKE),
    (803, None, "(#803) Cannot query users by their username", GONE),
    (2500, None, "Unknown path components: /insight", MISTAKE),
    (3001, 1504028, "(#3001) No metric was specified to be fetched", MISTAKE),
    (2874008, None, "Page has less than 100 followers", WITHHELD),
    *((code, None, "This post has no insights", GONE) for code in (2932001, 2932005, 2932010)),
]


@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize(("code", "subcode", "message", "remedy"), TABLE)
def test_every_row_of_the_table(code: int, subcode: int | None, message: str, remedy: Remedy, status: int) -> None:
    """C3: code, subcode and message decide; the HTTP status does not."""
    assert decide(code, subcode, message, status, is_transient=False) is remedy


@pytest.mark.parametrize(("code", "subcode", "message", "remedy"), TABLE)
def test_is_transient_does_not_overrule_the_table(code: int, subcode: int | None, message: str, remedy: Remedy) -> None:
    """C3: what the table knows stays: a throttle that is transient is a throttle, not a reason to hammer."""
    found = decide(code, subcode, message, 500, is_transient=True)
    assert found is (AGAIN if (code, subcode) in {(506, None), (2500, None), (3001, 1504028)} else remedy)


@pytest.mark.parametrize("code", [80000, 80003, 80004, 80008, 80009, 80014])
def test_every_business_limit_is_a_limit(code: int) -> None:
    """C3: 80000–80014 are throttles."""
    assert decide(code, None, "There have been too many calls", 400, is_transient=False) is PAUSE


def test_too_many_requests() -> None:
    """C5: HTTP 429 is a throttle even when no body says so (§3: handle it anyway)."""
    assert as_error(None, 429).remedy is PAUSE


@pytest.mark.parametrize(
    ("code", "status", "transient", "remedy"),
    [
        (987654, 400, False, MISTAKE),
        (987654, 400, True, AGAIN),
        (987654, 503, False, AGAIN),
        (0, 404, False, AGAIN),
        (-1, 400, False, MISTAKE),
    ],
)
def test_codes_that_nobody_has_seen(code: int, status: int, transient: bool, remedy: Remedy) -> None:
    """C3: an unknown code is tried again when Meta says that it passes, or fails with a server error; else it is ours."""
    assert decide(code, None, "odd", status, is_transient=transient) is remedy


def test_only_again_is_tried_again() -> None:
    """C7: no other remedy repeats the same call."""
    for remedy in Remedy:
        assert may_pass(GraphError("x", remedy=remedy)) is (remedy is Remedy.AGAIN)
    spurious = GraphError("A Page access token is required", code=190, subcode=2069032)
    assert may_pass(spurious, failures=1)
    assert not may_pass(spurious, failures=2)


def test_what_a_person_reads() -> None:
    """C3: the error says its numbers and the trace that Meta's support asks for, and is one of ours."""
    error = as_error({"message": "No", "code": 190, "error_subcode": 463, "fbtrace_id": "AbC"}, 400)
    assert isinstance(error, SophiaError)
    assert str(error) == "Meta, error 190/463: No (fbtrace_id AbC)"
    assert (error.code, error.subcode, error.status, error.trace) == (190, 463, 400, "AbC")
    assert str(GraphError("Meta did not answer in time", remedy=AGAIN)) == "Meta did not answer in time"


@pytest.mark.parametrize("error", [None, "gone", 5, [], {}, {"code": "x", "message": None}, {"error_subcode": []}])
def test_error_objects_of_odd_shape(error: object) -> None:
    """A16, C8: an error that is no error object still becomes one exception."""
    found = as_error(error, 400)
    assert found.remedy in Remedy
    assert found.message


TOO_WIDE = "The picture has an aspect ratio that cannot be published."


def test_metas_text_for_users_is_shown_next_to_its_text_for_developers() -> None:
    """L10: "Invalid parameter" alone tells nobody what to change; Meta says it in error_user_title and error_user_msg."""
    body = {"message": "Invalid parameter", "code": 100, "error_subcode": 2207089, "error_user_title": "Too wide"}
    error = as_error({**body, "error_user_msg": TOO_WIDE, "fbtrace_id": "Ab1"}, 400)
    assert str(error) == f"Meta, error 100/2207089: Invalid parameter. Too wide. {TOO_WIDE} (fbtrace_id Ab1)"
    assert error.text == f"Invalid parameter. Too wide. {TOO_WIDE}"


@pytest.mark.parametrize(
    ("message", "title", "text", "shown"),
    [
        (TOO_WIDE, None, TOO_WIDE, TOO_WIDE),
        (TOO_WIDE, "", f"Sorry. {TOO_WIDE}", f"Sorry. {TOO_WIDE}"),
        ("(#100) Param image_url: " + TOO_WIDE, "Error", TOO_WIDE, f"(#100) Param image_url: {TOO_WIDE} Error"),
        ("Fatal", 7, ["odd"], "Fatal. 7. ['odd']"),
        (None, None, None, "no message"),
    ],
)
def test_a_text_is_shown_once(message: object, title: object, text: object, shown: str) -> None:
    """L10: Meta often repeats one text in several fields; a person reads it once. Odd types cost nothing."""
    body = {"message": message, "code": 100, "error_user_title": title, "error_user_msg": text}
    assert as_error(body, 400).text == shown


@pytest.mark.parametrize("name", ["message", "error_user_title", "error_user_msg", "fbtrace_id"])
def test_texts_of_meta_cannot_control_a_terminal(name: str) -> None:
    """L21, L10: escape sequences and reversed text are shown as characters, and no text is long."""
    attack = "a\x1b]0;title\x07b\x9b2Jc\u202ed\r\n\x00e\ud800" + "x" * 100_000
    error = as_error({"message": "No", "code": 1, name: attack}, 400)
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert "\\u001b" in str(error)


def test_a_secret_at_the_end_of_a_long_text_is_not_cut_in_half() -> None:
    """L10, D2: a text is shortened after the secrets in it were replaced."""
    token = "EAA" + "Zb3" * 60
    for length in range(250, 300, 7):
        assert "EAAZ" not in as_error({"message": "x" * length + " " + token, "code": 190}, 400).text


REFUSED_PERMISSIONS = [
    (100, None, "(#100) Requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature"),
    (100, 33001, "You do not have permission to view this. Missing: pages_read_engagement"),
    (100, None, "Application not authorized: pages_read_engagement"),
    (10, None, "(#10) This action needs pages_read_engagement"),
    (987654, None, "Unknown refusal: missing permissions (pages_read_engagement)"),
]


@pytest.mark.parametrize(("code", "subcode", "message"), REFUSED_PERMISSIONS)
def test_a_missing_permission_is_named(code: int, subcode: int | None, message: str) -> None:
    """L10: a refusal for a permission asks a person for that permission, under whatever code Meta sends it."""
    error = GraphError(message, code=code, subcode=subcode, status=400)
    assert error.remedy is ASK
    assert "pages_read_engagement" in error.advice
    assert "sophia connect" in error.advice


def test_a_permission_for_one_field_costs_that_field_only() -> None:
    """L10: the gated field is left out under code 100 as it is under code 10."""
    assert GraphError("(#100) needs pages_read_user_content", code=100).remedy is Remedy.WITHOUT_FIELD


def test_an_object_that_may_be_hidden_is_left_out() -> None:
    """L10: without the subcode 33 the same text still means that the object is gone or hidden, not a fault."""
    message = "Unsupported get request. Object with ID '17' does not exist, cannot be loaded due to missing permissions"
    assert GraphError(message, code=100).remedy is GONE


def test_a_page_that_was_replaced_must_be_connected_anew() -> None:
    """L10: error 21 ends the account, and the advice names the only way on."""
    error = GraphError("(#21) Page ID 5 was migrated to page ID 999. Please update your API calls", code=21)
    assert error.remedy is RECONNECT
    assert "new Page" in error.advice
    assert "999" in error.text


@pytest.mark.parametrize(("code", "subcode", "message", "remedy"), [*TABLE, (987654, None, "odd", MISTAKE)])
def test_only_a_wrong_request_is_called_a_fault_of_sophia(
    code: int, subcode: int | None, message: str, remedy: Remedy
) -> None:
    """L10: what Meta refuses for its own reasons is no fault of Sophia's, and neither is what nobody knows."""
    del remedy
    error = GraphError(message, code=code, subcode=subcode, status=400)
    assert ("error in Sophia" in error.advice) is (code in {2500, 3001})
