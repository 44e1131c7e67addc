"""A few kills at random moments; `python -m tests.reliability.kills` does it fifty times, on either store."""

import random

import pytest
from tests.reliability.kills import Campaign


@pytest.mark.campaign
def test_a_run_killed_at_any_moment_is_made_good_by_the_next() -> None:
    """C1, E2, A1, A13: kill -9 at random moments, then a normal run: the store equals the truth, nothing is lost, doubled
    or changed without a revision.
    """
    rounds = list(Campaign(random.Random(5), businesses=1).rounds(4))
    assert [reason for one in rounds for reason in one.wrong] == []
    assert any(len(one.stored) > one.too_late for one in rounds), "every run had ended before it was killed"
