"""Meta's codes and what to do about them. Decided on code, subcode and message, never on the HTTP status (C3).

Nearly every error of Meta is HTTP 400; `is_transient` is often absent, which does not mean false.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from sophia.errors import SophiaError

WORTH_RETRYING_STATUS = 500
TOO_MANY_REQUESTS = 429  # seen in no recording of Meta's, and yet what a proxy before it may say
METRIC_WORDS = re.compile(
    r"insights metric|does not support the .* metric|metric\[|following metrics|nonexisting metric"
)
BLAMED_POSITION = re.compile(r"metric\[(\d+)\] must be one of")
BLAMED_NAME = re.compile(r"does not support the (\w+) metric")


class Remedy(StrEnum):
    """What the collector does after an error."""

    AGAIN = "again"  # a passing fault: the same call may go through in a moment
    SMALLER = "smaller"  # too heavy: the same call never goes through, half of it may
    PAUSE = "pause"  # a rate limit: this budget rests, others go on
    WITHOUT_METRIC = "without_metric"  # Meta has no such metric for this kind of object
    METRIC_WITHHELD = "metric_withheld"  # Meta has it, but not for this account: too small, not monetised
    NO_DATA_YET = "no_data_yet"  # too few viewers so far; ask later
    OBJECT_GONE = "object_gone"  # deleted, hidden or older than the professional account
    WITHOUT_FIELD = "without_field"  # one field needs a permission that is missing
    RECONNECT = "reconnect"  # the token is dead; only a person can mend that
    ASK_PERSON = "ask_person"  # a permission, a role or a setting is missing
    MISTAKE = "mistake"  # we asked for something that does not exist: a fault of ours


@dataclass(frozen=True, slots=True)
class Rule:
    code: int
    remedy: Remedy
    subcode: int | None = None
    message: str = ""


# The first rule that fits decides: subcodes before codes, words before none. Facts: GRAPH_API §3.
RULES = (
    Rule(1, Remedy.SMALLER, message="reduce the amount of data"),
    Rule(1, Remedy.ASK_PERSON, subcode=2853006),
    Rule(1, Remedy.AGAIN),
    Rule(2, Remedy.AGAIN),
    Rule(3, Remedy.ASK_PERSON),
    *(Rule(code, Remedy.PAUSE) for code in (4, 17, 32, 341, 613, *range(80000, 80015))),
    Rule(10, Remedy.NO_DATA_YET, message="not enough viewers"),
    Rule(10, Remedy.WITHOUT_FIELD, message="pages_read_user_content"),
    Rule(10, Remedy.ASK_PERSON),
    Rule(12, Remedy.OBJECT_GONE),
    Rule(100, Remedy.OBJECT_GONE, subcode=33),
    Rule(100, Remedy.OBJECT_GONE, subcode=2108006),
    Rule(100, Remedy.MISTAKE),
    *(Rule(code, Remedy.RECONNECT) for code in (102, 190)),
    Rule(104, Remedy.ASK_PERSON),
    Rule(200, Remedy.METRIC_WITHHELD, subcode=1504029),
    *(Rule(code, Remedy.ASK_PERSON) for code in range(200, 300)),
    Rule(368, Remedy.ASK_PERSON),
    Rule(803, Remedy.OBJECT_GONE),
    Rule(2874008, Remedy.METRIC_WITHHELD),
    *(Rule(code, Remedy.METRIC_WITHHELD) for code in range(2932001, 2932011)),
)


class GraphError(SophiaError):
    """Meta answered with an error, or not in a form that can be read, or not at all."""

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        subcode: int | None = None,
        status: int | None = None,
        is_transient: bool = False,
        trace: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        """`code` 0: no answer of Meta at all. `trace` is the fbtrace_id that Meta's support asks for."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.status = status
        self.is_transient = is_transient
        self.trace = trace
        self.remedy = remedy or decide(code, subcode, message, status, is_transient=is_transient)

    def __str__(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        trace = f" (fbtrace_id {self.trace})" if self.trace else ""
        return f"Meta, error {number}: {self.message}{trace}" if self.code else self.message

    def culprits(self, metrics: tuple[str, ...]) -> frozenset[str]:
        """Those of the metrics asked that Meta's message blames; often it blames none by name.

        Some messages list what would be valid, so a name in the message is not yet a name that is blamed.
        """
        blamed: set[str] = set()
        if position := BLAMED_POSITION.search(self.message):
            blamed = set(metrics[int(position.group(1)) : int(position.group(1)) + 1])
        elif name := BLAMED_NAME.search(self.message):
            blamed = {name.group(1)}
        return frozenset(blamed) & frozenset(metrics)


def decide(code: int, subcode: int | None, message: str, status: int | None, *, is_transient: bool) -> Remedy:
    """The remedy for an error, from the table above."""
    words = message.lower()
    if code == 100 and subcode is None and METRIC_WORDS.search(words):  # noqa: PLR2004 - Meta's "bad parameter"
        return Remedy.WITHOUT_METRIC
    for rule in RULES:
        if rule.code == code and rule.subcode in (None, subcode) and rule.message in words:
            return rule.remedy
    if status == TOO_MANY_REQUESTS:
        return Remedy.PAUSE
    if is_transient or code == 0 or (status is not None and status >= WORTH_RETRYING_STATUS):
        return Remedy.AGAIN
    return Remedy.MISTAKE
