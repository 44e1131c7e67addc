"""What Meta's refusals mean for a post that was to go out."""

from datetime import UTC, datetime

import pytest

from sophia.meta.errors import GraphError, Remedy
from sophia.meta.publishing import Verdict, moment_of, same_text, verdict_on

TABLE = [
    (-2, 2207003, Verdict.LATER),
    (-1, 2207001, Verdict.LATER),
    (24, 2207008, Verdict.LATER),
    (9007, 2207027, Verdict.LATER),
    (9, 2207042, Verdict.TOMORROW),
    (36000, None, Verdict.NEVER),
    (506, None, Verdict.DUPLICATE),
    (368, None, Verdict.BLOCKED),
    (190, 460, Verdict.RECONNECT),
    (102, None, Verdict.RECONNECT),
    (100, None, Verdict.NEVER),
    (200, None, Verdict.NEVER),
    (10, None, Verdict.NEVER),
    (1, None, Verdict.UNKNOWN),
    (2, None, Verdict.UNKNOWN),
    (3, None, Verdict.REST),
    *((code, None, Verdict.REST) for code in (4, 17, 32, 341, 613, 80001, 80002)),
]


@pytest.mark.parametrize(("code", "subcode", "verdict"), TABLE)
def test_every_error_has_a_verdict(code: int, subcode: int | None, verdict: Verdict) -> None:
    """C3: code and subcode decide, whatever the status."""
    for status in (200, 400, 500):
        assert verdict_on(GraphError("x", code=code, subcode=subcode, status=status)) is verdict


def test_no_answer_and_a_gateways_answer_leave_a_doubt() -> None:
    """C8: silence, an unreadable body, and a gateway that asks to wait: the post may be there all the same."""
    assert verdict_on(GraphError("silence", remedy=Remedy.AGAIN)) is Verdict.UNKNOWN
    assert verdict_on(GraphError("no JSON", status=502)) is Verdict.UNKNOWN
    assert verdict_on(GraphError("no JSON", status=503, remedy=Remedy.PAUSE)) is Verdict.UNKNOWN
    assert verdict_on(GraphError("x", code=2, status=500, remedy=Remedy.PAUSE)) is Verdict.UNKNOWN
    assert verdict_on(GraphError("too long", remedy=Remedy.SMALLER)) is Verdict.UNKNOWN


def test_what_was_never_asked_leaves_none() -> None:
    """C6: a budget that rests, and a host that is left alone, have heard nothing."""
    assert verdict_on(GraphError("rests", remedy=Remedy.PAUSE, resume_at=datetime.now(UTC))) is Verdict.REST
    assert verdict_on(GraphError("nobody answers", remedy=Remedy.UNREACHABLE)) is Verdict.REST


def test_texts_are_compared_as_meta_keeps_them() -> None:
    assert same_text("Caf\u00e9  au lait\n", " Cafe\u0301 au lait")
    assert not same_text("One", "one")
    assert not same_text("One", "One two")


def test_a_moment_that_is_none_is_no_reason_to_end_a_list() -> None:
    assert moment_of("2026-11-20T15:00:00+0000") == datetime(2026, 11, 20, 15, tzinfo=UTC)
    for odd in (None, "", "yesterday"):
        with pytest.raises(GraphError, match="no moment"):
            moment_of(odd)
