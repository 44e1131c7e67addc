"""What fails leaves nothing, and any sequence of answers ends with the same rows."""

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from tests.analytics.readings.writer.conftest import (
    DAY,
    ONE_DAY,
    Office,
    batch,
    clicks,
    numbers,
    open_office,
    page_views,
    post,
)

from sophia.analytics.readings.writer import AccountWriter
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Period
from sophia.meta.records import Batch, Reading, RejectedItem

# -- failures ----------------------------------------------------------------------------------------------------------


class InjectedError(Exception):
    """What goes wrong in the middle of a transaction."""


@pytest.mark.parametrize(
    "moment", ["fetches", "posts", "metrics", "metric_series", "engagement_metrics", "account_totals"]
)
def test_a_failure_leaves_nothing(office: Office, moment: str) -> None:
    """C1, C2: whichever statement fails, nothing of the answers is kept, and the same writer saves them next time."""
    writer = office.writer()
    writer.save([batch([page_views(1, DAY - 9 * ONE_DAY)])])
    before = office.counts(), office.readings(), office.rows("SELECT readings FROM account_totals")
    answer = batch(
        [page_views(5), Reading(None, "page_new_name", Period.DAY, "", DAY, 1), clicks("1_1", 2)], [post("1_1")]
    )

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith((f"INSERT INTO {moment} ", f"UPDATE {moment} ")):
            raise InjectedError

    event.listen(office.database.engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(InjectedError):
            writer.save([batch([page_views(3, DAY - 3 * ONE_DAY)]), answer])
    finally:
        event.remove(office.database.engine, "before_cursor_execute", fail)
    assert (office.counts(), office.readings(), office.rows("SELECT readings FROM account_totals")) == before
    assert numbers(writer.save([answer])) == (3, 0, 0)
    assert numbers(writer.save([answer])) == (0, 0, 3)


NUL = "a\x00b"


@pytest.mark.parametrize(
    "answer",
    [
        batch([page_views(5)], [post("1_1", text=NUL)]),
        batch([page_views(5), Reading(None, "page_follows_city", Period.DAY, f"city={NUL}", DAY, 1)]),
        batch([page_views(5)], rejected_items=[RejectedItem(NUL, NUL, "x", "x")]),
    ],
    ids=["caption", "breakdown", "oddity"],
)
def test_a_zero_character_costs_nothing(office: Office, answer: Batch) -> None:
    """A16, C2: JSON may hold the character zero, PostgreSQL's texts may not; the rest of the answer is kept."""
    office.writer().save([answer])
    assert 5 in office.readings().values()


# -- any sequence ------------------------------------------------------------------------------------------------------

VALUES = st.integers(0, 3) | st.sampled_from([0.5, 1.25])
ANSWERS = st.lists(
    st.dictionaries(st.tuples(st.sampled_from([None, "1_1", "1_2"]), st.integers(0, 2)), VALUES, max_size=5), max_size=5
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_any_sequence_of_answers(sqlite_database: Database, answers: list[Any], renew: list[bool]) -> None:
    """A1, A13: the newest value stands, each value that it replaced is kept once, and the total counts the readings."""
    office = Office(sqlite_database)
    with sqlite_database.write() as session:
        session.execute(text("DELETE FROM clients"))
    office = open_office(sqlite_database)
    writer = office.writer()
    writer.save([batch(posts=[post("1_1"), post("1_2")])])
    truth: dict[tuple[str | None, int], float] = {}
    changes = 0
    for answer, new in zip(answers, renew, strict=False):
        writer = office.writer() if new else writer
        saved = writer.save(
            [batch([Reading(p, "post_clicks", Period.DAY, "", DAY - d * ONE_DAY, v) for (p, d), v in answer.items()])]
        )
        changed = sum(key in truth and truth[key] != value for key, value in answer.items())
        added = sum(key not in truth for key in answer)
        assert numbers(saved) == (added, changed, len(answer) - added - changed)
        changes += changed
        truth |= answer
    stored = {(p, (DAY - day).days): value for (p, _, _, _, day), value in office.readings().items()}
    assert stored == truth
    assert office.one("SELECT count(*) FROM metric_revisions") == changes
    assert office.rows("SELECT readings FROM account_totals") == ([(len(truth),)] if truth else [])


def test_accounts_that_add_the_same_metrics_at_once(office: Office) -> None:
    """C2, E1: writers of different accounts that store the same new metrics, in any order, never end in a deadlock."""
    names = [f"page_new_{number}" for number in range(12)]

    def answers(order: list[str]) -> list[Batch]:
        return [batch([Reading(None, name, Period.DAY, "", DAY, 1)]) for name in order]

    writers = [office.writer(), office.writer(account=office.new_account(office.client))]
    failures: list[BaseException] = []

    def write(writer: AccountWriter, order: list[str]) -> None:
        try:
            writer.save(answers(order))
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=write, args=pair) for pair in zip(writers, (names, names[::-1]), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
