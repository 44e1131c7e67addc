"""Meta's error codes and what to do about them, decided by code, subcode and message, never by the HTTP status (C3).

Nearly every error of Meta is HTTP 400; `is_transient` is often absent, which does not mean false.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sophia.errors import SophiaError
from sophia.escaping import escape_controls, shorten
from sophia.vault import redact_secrets

WORTH_RETRYING_STATUS = 500
TOO_MANY_REQUESTS = 429  # in no recording of Meta's, but a proxy before it may send it
METRIC_WORDS = re.compile(
    r"insights metric|does not support the .* metric|metric\[|following metrics|nonexisting metric"
)


class Remedy(StrEnum):
    """What the collector does after an error."""

    AGAIN = "again"  # a temporary error: the same call may succeed in a moment
    SMALLER = "smaller"  # too heavy: the same call never succeeds, half of it may
    PAUSE = "pause"  # a rate limit: this budget rests, others continue
    WITHOUT_METRIC = "without_metric"  # Meta has no such metric for this kind of object
    METRIC_WITHHELD = "metric_withheld"  # Meta has it, but not for this account: too small, not monetised
    NO_DATA_YET = "no_data_yet"  # too few viewers so far; request it later
    OBJECT_GONE = "object_gone"  # deleted, hidden, without insights or older than the professional account
    WITHOUT_FIELD = "without_field"  # one field needs a permission that is missing
    RECONNECT = "reconnect"  # the token is dead; only a person can renew it
    STOP_APPLICATION = "stop_application"  # Meta refuses the whole application: no account can be collected
    UNREACHABLE = "unreachable"  # the host has not answered for a while: no requests until it does
    FAILING = "failing"  # every call of one kind fails temporarily: this run makes no more of that kind
    ASK_PERSON = "ask_person"  # a permission, a role or a setting is missing
    MISTAKE = "mistake"  # a request for something that does not exist: an error in Sophia


# After these the run makes no more requests with the same token.
STOPS_TOKEN = frozenset({Remedy.RECONNECT, Remedy.PAUSE, Remedy.STOP_APPLICATION, Remedy.UNREACHABLE})
# After these the work with the error ends: no smaller request can succeed.
STOPS = STOPS_TOKEN | {Remedy.FAILING}

CONNECT = "Connect this account again: sophia connect"
REPORT = "Report this error in Sophia, with the text and the fbtrace_id."
ADVICE = {
    Remedy.AGAIN: "Nothing: the next run asks again.",
    Remedy.SMALLER: "Nothing: the next run asks for less at once.",
    Remedy.PAUSE: "Nothing: Sophia waits until Meta's limit is over, and then continues.",
    Remedy.WITHOUT_METRIC: "Nothing: Sophia skips this metric and tries it again in two weeks.",
    Remedy.METRIC_WITHHELD: "Nothing: Meta withholds this metric from small accounts; Sophia tries it again in two weeks.",
    Remedy.NO_DATA_YET: "Nothing: Sophia asks again while Meta still has the numbers.",
    Remedy.OBJECT_GONE: "Nothing: Sophia skips this object and reads everything else.",
    Remedy.WITHOUT_FIELD: "To read this field too, connect again with the permission that Meta names: sophia connect",
    Remedy.RECONNECT: CONNECT,
    Remedy.STOP_APPLICATION: "Check your app at developers.facebook.com, SOPHIA_FACEBOOK_APP_ID and its secret.",
    Remedy.UNREACHABLE: "Check the network and SOPHIA_GRAPH_BASE_URL; Sophia tries again later.",
    Remedy.FAILING: "Nothing: Meta fails at the moment; the next run tries again.",
    Remedy.ASK_PERSON: "Check the role of this account and the permissions of its token, then: sophia connect",
    Remedy.MISTAKE: "Sophia does not know this answer of Meta's; the next run tries again. If it persists, do what "
    "Meta's text says, or report the text with its fbtrace_id to the developers of Sophia.",
}


class LimitScope(StrEnum):
    """What a limit applies to, and so what has to rest."""

    APPLICATION = "application"
    TOKEN = "token"  # noqa: S105 - a word, not a token
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Rule:
    """The meaning of an error. `message`: words that must occur in it. `limit_scope` and `rest` (how long, unless Meta
    says) are for limits. `once`: worth one more try, because Meta sometimes sends it temporarily. `advice` replaces the
    remedy's.
    """

    code: int
    remedy: Remedy
    subcode: int | None = None
    message: str = ""
    limit_scope: LimitScope | None = None
    rest: timedelta | None = None
    once: bool = False
    advice: str = ""


HOUR = timedelta(hours=1)
# In lower case. Their meaning does not depend on the code with which Meta sends them.
PERMISSION_WORDS = ("permission", "not authorized", "not authorised", "unauthorized", "public content access")
PERMISSION_NAME = re.compile(
    r"\b(?:pages_[a-z]+_[a-z_]+|instagram_(?:basic|content_publish|manage_[a-z]+|business_[a-z_]+)|read_insights"
    r"|business_management|ads_read|ads_management)\b"
)
NO_SUCH_FIELD = (
    "Meta does not give this field to your app, this token or this version. Check the permissions of the token, and "
    "SOPHIA_GRAPH_API_VERSION; the next run asks again."
)
# Characters of Meta's texts that are read, and that are shown and stored.
LONGEST_READ, LONGEST_SHOWN = 10_000, 300
# An unknown path, and a request without a metric: only a wrong request causes them.
REQUEST_ERRORS = frozenset({2500, 3001})
# The first matching rule decides: subcodes before codes, words before none. Facts: GRAPH_API §3.
RULES = (
    Rule(1, Remedy.SMALLER, message="reduce the amount of data"),
    Rule(1, Remedy.ASK_PERSON, subcode=2853006),
    Rule(1, Remedy.AGAIN),
    Rule(2, Remedy.AGAIN),
    # Meta also sends it for single metrics and features, so it must not stop all accounts of the application.
    Rule(3, Remedy.ASK_PERSON, advice="Your Meta app lacks a capability: see its App Review."),
    *(Rule(code, Remedy.PAUSE, limit_scope=LimitScope.APPLICATION, rest=HOUR) for code in (4, 341)),
    *(Rule(code, Remedy.PAUSE, limit_scope=LimitScope.TOKEN, rest=HOUR) for code in (17, 613)),
    *(Rule(code, Remedy.PAUSE, limit_scope=LimitScope.OBJECT, rest=HOUR) for code in (32, *range(80000, 80015))),
    Rule(10, Remedy.NO_DATA_YET, message="not enough viewers"),
    Rule(10, Remedy.WITHOUT_FIELD, message="pages_read_user_content"),
    Rule(10, Remedy.ASK_PERSON),
    Rule(12, Remedy.OBJECT_GONE),
    Rule(21, Remedy.RECONNECT, advice="Meta replaced this Page by another one. Connect the new Page: sophia connect"),
    Rule(100, Remedy.OBJECT_GONE, subcode=33),
    Rule(100, Remedy.OBJECT_GONE, subcode=2108006),
    # Code 100 has the same refusals as 10 and 200, sometimes without the subcode 33.
    Rule(100, Remedy.OBJECT_GONE, message="object with id"),
    Rule(100, Remedy.WITHOUT_FIELD, message="pages_read_user_content"),
    *(Rule(100, Remedy.ASK_PERSON, message=words) for words in PERMISSION_WORDS),
    Rule(100, Remedy.MISTAKE, message="nonexisting field", advice=NO_SUCH_FIELD),
    Rule(100, Remedy.MISTAKE),
    Rule(101, Remedy.STOP_APPLICATION),
    Rule(102, Remedy.RECONNECT),
    Rule(104, Remedy.STOP_APPLICATION, advice="SOPHIA_FACEBOOK_APP_SECRET is missing, or is not that of this app."),
    # Business Discovery of an unknown name, or of a personal account: Meta's answers do not differ.
    Rule(110, Remedy.OBJECT_GONE, subcode=2207013),
    Rule(190, Remedy.RECONNECT, subcode=458, advice="Somebody removed the app from the account. " + CONNECT),
    Rule(
        190, Remedy.RECONNECT, subcode=459, advice="The person must log in at facebook.com first, for Meta checks it."
    ),
    Rule(190, Remedy.RECONNECT, subcode=464, advice="The person must confirm the account at facebook.com first."),
    Rule(190, Remedy.RECONNECT, subcode=460, advice="The password was changed. " + CONNECT),
    Rule(190, Remedy.RECONNECT, subcode=463, advice="The token has ended. " + CONNECT),
    Rule(
        190, Remedy.RECONNECT, subcode=492, advice="The person lost the role on this Page: give it back, then connect."
    ),
    Rule(190, Remedy.RECONNECT, subcode=2069032, once=True),
    Rule(190, Remedy.RECONNECT),
    Rule(200, Remedy.METRIC_WITHHELD, subcode=1504029),
    *(Rule(code, Remedy.ASK_PERSON) for code in range(200, 300)),
    Rule(
        368,
        Remedy.PAUSE,
        limit_scope=LimitScope.TOKEN,
        rest=6 * HOUR,
        advice="Meta has blocked this account for a while: look at its Support Inbox on Facebook.",
    ),
    Rule(803, Remedy.OBJECT_GONE),
    Rule(2874008, Remedy.METRIC_WITHHELD),
    *(Rule(code, Remedy.OBJECT_GONE) for code in range(2932001, 2932011)),
)


class GraphError(SophiaError):
    """Meta answered with an error, or unreadably, or not at all."""

    def __init__(
        self,
        message: str,
        *,
        user_title: str = "",
        user_message: str = "",
        code: int = 0,
        subcode: int | None = None,
        status: int | None = None,
        is_transient: bool = False,
        trace: str | None = None,
        remedy: Remedy | None = None,
        wait_seconds: float | None = None,
        resume_at: datetime | None = None,
    ) -> None:
        """`code` 0: no answer of Meta at all. `trace` is the fbtrace_id that Meta's support asks for. `wait_seconds` is
        how long Meta asks to wait; `resume_at` (aware) the moment from which a request makes sense again.

        `message` is Meta's text for developers, unchanged, for decisions. `user_title` and `user_message` are Meta's
        texts for users. `text` joins all three for people: without secrets and control characters, and bounded in
        length.
        """
        message, user_title, user_message = (part[:LONGEST_READ] for part in (message, user_title, user_message))
        super().__init__(message)
        self.message = message
        self.user_title = user_title
        self.user_message = user_message
        self.text = text_for_people(message, user_title, user_message)
        self.code = code
        self.subcode = subcode
        self.status = status
        self.is_transient = is_transient
        self.trace = trace
        rule = find_rule(code, subcode, message)
        self.remedy = remedy or decide(code, subcode, message, status, is_transient=is_transient)
        self.limit_scope = (rule and rule.limit_scope) or LimitScope.APPLICATION
        self.rest = (rule and rule.rest) or HOUR
        self.is_worth_one_more_try = rule is not None and rule.once
        self.advice = (rule and rule.advice) or advice_on(code, self.remedy, f"{message} {user_message}")
        self.is_short_limit = False  # a limit that ends within seconds, so the call waits
        self.wait_seconds = wait_seconds
        self.resume_at = resume_at

    def __str__(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        trace = f" (fbtrace_id {self.trace})" if self.trace else ""
        return f"Meta, error {number}: {self.text}{trace}" if self.code else self.text


def find_rule(code: int, subcode: int | None, message: str) -> Rule | None:
    """Return the first rule that matches an error, or None."""
    words = message.lower()
    if code == 100 and subcode is None and METRIC_WORDS.search(words):  # noqa: PLR2004 - Meta's "bad parameter"
        return Rule(code, Remedy.WITHOUT_METRIC)
    fitting = (
        rule for rule in RULES if rule.code == code and rule.subcode in (None, subcode) and rule.message in words
    )
    return next(fitting, None)


def decide(code: int, subcode: int | None, message: str, status: int | None, *, is_transient: bool) -> Remedy:
    """Return the remedy for an error: that of its rule, or for unknown codes the most cautious one that may help."""
    rule = find_rule(code, subcode, message)
    if rule is not None:
        return rule.remedy
    if status == TOO_MANY_REQUESTS:
        return Remedy.PAUSE
    if is_transient or code == 0 or (status is not None and status >= WORTH_RETRYING_STATUS):
        return Remedy.AGAIN
    words = message.lower()
    return Remedy.ASK_PERSON if any(part in words for part in PERMISSION_WORDS) else Remedy.MISTAKE


def advice_on(code: int, remedy: Remedy, message: str) -> str:
    """Return what to do about an error whose rule has no advice; it contains the permissions that Meta's text names."""
    if remedy is Remedy.MISTAKE and code in REQUEST_ERRORS:
        return REPORT
    names = sorted(set(PERMISSION_NAME.findall(message.lower())))
    if remedy is not Remedy.ASK_PERSON or not names:
        return ADVICE[remedy]
    return f"Check that the token has the permission that Meta names ({', '.join(names)}), then: sophia connect"


def text_for_people(message: str, user_title: str, user_message: str) -> str:
    """Return Meta's three texts as one, without repetitions: at most three times LONGEST_SHOWN and a remark."""
    texts = [display_text(part) for part in (message, user_title, user_message)]
    parts: list[str] = []
    for part in texts:
        is_repeated = any(part != other and part in other for other in texts) or part in parts
        if part and not is_repeated:
            parts.append(part)
    *sentences, last = parts or [""]
    ended = [part if part.endswith((".", "!", "?", ":")) else f"{part}." for part in sentences]
    return " ".join([*ended, last])


def display_text(text: str) -> str:
    """Return a text of Meta's on one line, without secrets and control characters, at most LONGEST_SHOWN long."""
    # Secrets first: the pattern would not recognise half a token at the cut.
    return shorten(escape_controls(" ".join(redact_secrets(text).split())), LONGEST_SHOWN)
