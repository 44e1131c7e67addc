"""Approvals: the last decision of each draft, in the client's own days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import client

from sophia.analytics.figures.facts import ApprovalFact
from sophia.analytics.kpis.approvals import (
    NO_DECISIONS,
    approval_rate,
    decided_drafts,
    edit_rate,
    edits_per_draft,
    regenerations_per_draft,
    rejection_rate,
)
from sophia.errors import InvalidInputError

MORNING = datetime(2026, 11, 4, 9, tzinfo=UTC)
KINDS = st.sampled_from(["approved", "rejected", "edited", "regenerated", "published", "recovered"])
HISTORIES = st.lists(st.tuples(st.integers(1, 6), KINDS), max_size=30)


def history(*steps: tuple[int, str]) -> tuple[ApprovalFact, ...]:
    """One event an hour: (draft, kind)."""
    return tuple(ApprovalFact(i, draft, kind, MORNING + timedelta(hours=i)) for i, (draft, kind) in enumerate(steps))


def test_what_follows_a_decision_is_no_decision() -> None:
    """G5: approved → published → recovered is an approval rate of 100 %."""
    now = client(approvals=history((1, "approved"), (1, "published"), (1, "recovered")))
    assert (approval_rate(now).value, rejection_rate(now).value, approval_rate(now).n) == (100.0, 0.0, 1)


def test_the_last_decision_counts() -> None:
    """G5: per draft; edits and regenerations before it are counted apart."""
    steps = ((1, "rejected"), (1, "edited"), (1, "edited"), (1, "approved"), (1, "edited"))
    others = ((2, "regenerated"), (2, "rejected"), (3, "approved"), (4, "edited"))
    now = client(approvals=history(*steps, *others))
    assert approval_rate(now).value == pytest.approx(200 / 3)
    assert rejection_rate(now).value == pytest.approx(100 / 3)
    assert edit_rate(now).value == pytest.approx(100 / 3)
    assert edits_per_draft(now).value == pytest.approx(2 / 3)
    assert regenerations_per_draft(now).value == pytest.approx(1 / 3)
    interval = approval_rate(now).interval
    assert interval is not None
    assert tuple(interval) == pytest.approx((20.77, 93.85), abs=0.01)


def test_a_week_ends_at_the_clients_midnight() -> None:
    """G6: Sunday 20:30 in Toronto is Monday in UTC, and belongs to the week that ends."""
    toronto = ZoneInfo("America/Toronto")
    late = ApprovalFact(1, 1, "approved", datetime(2026, 11, 8, 20, 30, tzinfo=toronto))
    now = client(approvals=(late,), zone=toronto)
    assert approval_rate(now).value == 100.0
    assert approval_rate(replace(now, zone=UTC)).value is None
    exactly = ApprovalFact(1, 1, "approved", datetime(2026, 11, 9, tzinfo=toronto))
    assert approval_rate(replace(now, approvals=(exactly,))).reason == NO_DECISIONS
    with pytest.raises(InvalidInputError, match="time zone"):
        ApprovalFact(1, 1, "approved", datetime(2026, 11, 9))


def test_edits_before_the_window_belong_to_the_decision() -> None:
    edited = ApprovalFact(1, 7, "edited", MORNING - timedelta(days=20))
    now = client(approvals=(edited, ApprovalFact(2, 7, "approved", MORNING)))
    assert edit_rate(now).value == 100.0


def test_no_decisions() -> None:
    """A12: nothing decided is no rate of 0."""
    now = client(approvals=history((1, "edited")))
    for kpi in (approval_rate, rejection_rate, edit_rate, edits_per_draft, regenerations_per_draft):
        assert (kpi(now).value, kpi(now).reason) == (None, NO_DECISIONS)


@given(HISTORIES, st.randoms())
def test_any_history(steps: list[tuple[int, str]], random: Random) -> None:
    """G5: approved and rejected make up all; order and repetition of the input change nothing."""
    events = history(*steps)
    now = client(approvals=events)
    shares = [approval_rate(now).value, rejection_rate(now).value]
    known = [float(share) for share in shares if share is not None]
    assert len(known) in (0, 2)
    assert not known or sum(known) == pytest.approx(100)
    again = client(approvals=tuple(random.sample([*events, *events], 2 * len(events))))
    assert decided_drafts(again.approvals, now.start_at, now.end_at) == decided_drafts(events, now.start_at, now.end_at)


@pytest.mark.parametrize(("seconds", "drafts"), [(-1, 0), (0, 1), (3600, 0)])
def test_a_window_includes_its_start_and_excludes_its_end(seconds: int, drafts: int) -> None:
    """G6: a decision at midnight belongs to the day that begins, and to no other."""
    decision = ApprovalFact(1, 1, "approved", MORNING + timedelta(seconds=seconds))
    assert len(decided_drafts([decision], MORNING, MORNING + timedelta(hours=1))) == drafts
