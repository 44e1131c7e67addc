"""What both databases promise: aware moments, exact numbers, one parameter for many values, writers that queue."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from tests.conftest import PATIENCE_SECONDS

from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.run_models import Lease, Watermark
from sophia.database.columns import EPOCH, day_number, day_of, from_decimal, to_decimal
from sophia.database.engine import Database
from sophia.database.statements import among, put_rows
from sophia.errors import ConfigurationError
from sophia.portfolio.models import Account, Client, Post

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)
SAME_STORE = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def client(name: str = "a", created_at: datetime = NOW) -> Client:
    return Client(name=name, slug=name, timezone="UTC", created_at=created_at)


def new_series(database: Database) -> int:
    with database.write() as session:
        owner = client()
        session.add(owner)
        session.flush()
        account = Account(client_id=owner.id, platform="facebook", external_id="1", name="A", connected_at=NOW)
        metric = StoredMetric(
            platform="facebook", level="account", metric_name="x", period="day", classification="unclassified"
        )
        session.add_all([account, metric])
        session.flush()
        series = MetricSeries(account_id=account.id, metric_id=metric.id)
        session.add(series)
        session.flush()
        return series.id


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "x", "mysql://u:hunter2@h/n", "sqlite://", "sqlite:///:memory:", "postgres//u:hunter2@h/n"],
)
def test_addresses_that_are_none(url: str) -> None:
    """E1: refused when the program starts, by name, and without the password that stands in it."""
    with pytest.raises(ConfigurationError, match="SOPHIA_DATABASE_URL") as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    """K9: a Database opens no file and no connection by being made."""
    Database(f"sqlite:///{tmp_path}/sophia.db").close()
    Database("postgresql://nobody@127.0.0.1:1/nothing").close()
    assert list(tmp_path.iterdir()) == []


# -- types -------------------------------------------------------------------------------------------------------------


def test_naive_moments_are_refused(database: Database) -> None:
    """K7: a moment without a zone is stored nowhere, by insert, by update, and finds nothing."""
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StatementError, match="without a time zone"), database.write() as session:
        session.add(client(created_at=naive))
    with pytest.raises(StatementError, match="without a time zone"), database.write() as session:
        session.execute(update(Client).values(created_at=naive))
    with pytest.raises(StatementError, match="without a time zone"), database.read() as session:
        session.execute(select(Client).where(Client.created_at > naive))


@pytest.mark.parametrize("hours", [-10, 0, 5.75, 14])
def test_moments_come_back_in_utc(database: Database, hours: float) -> None:
    """K7: the same moment, to the microsecond, whatever zone it was written in."""
    zone = timezone(timedelta(hours=hours))
    with database.write() as session:
        session.add(client(created_at=NOW.astimezone(zone)))
    with database.read() as session:
        found = session.scalars(select(Client.created_at).where(Client.created_at == NOW.astimezone(zone))).one()
    assert found == NOW
    assert found.utcoffset() == timedelta(0)


@given(st.dates())
def test_a_day_is_a_number(day: date) -> None:
    """K6: days since 1970, there and back."""
    assert day_of(day_number(day)) == day
    assert day_number(EPOCH) == 0


def test_days_on_disk(database: Database) -> None:
    """K6: a Day column holds the number, compares as a day, and gives a day back."""
    series = new_series(database)
    day = date(2026, 11, 20)
    with database.write() as session:
        account = session.scalars(select(Account.id)).one()
        session.add(Watermark(account_id=account, family="x", from_day=day, through_day=day, updated_at=NOW))
        put_rows(session, EngagementMetric, COLUMNS, [(series, day_number(day), 1, 1)])
    with database.read() as session:
        assert session.scalars(select(Watermark.from_day)).one() == day
        assert session.execute(text("SELECT from_day FROM watermarks")).scalar_one() == day_number(day)
        assert (
            session.scalars(select(EngagementMetric.metric_date).where(EngagementMetric.metric_date >= day)).one()
            == day
        )


COLUMNS = ("series_id", "metric_date", "metric_value", "fetch_id")
VALUES = st.one_of(
    st.integers(0, 2**63 - 1),
    st.floats(0, 1e15, allow_nan=False),
    st.sampled_from([0, 0.1, 0.30000000000000004, 1e-7, 5e-324, 2**53 + 1, 12.0]),
)


@SAME_STORE
@given(st.lists(VALUES, min_size=1, max_size=8))
def test_numbers_are_exact(database: Database, values: list[float]) -> None:
    """A17: what comes back equals what went in, integers and decimals mixed, by put_rows and by the ORM."""
    with database.write() as session:
        session.execute(text("DELETE FROM clients"))
        session.execute(text("DELETE FROM metric_series"))
        session.execute(text("DELETE FROM metrics"))
    series = new_series(database)
    first = day_number(date(2026, 1, 1))
    with database.write() as session:
        put_rows(session, EngagementMetric, COLUMNS, [(series, first + i, v, 1) for i, v in enumerate(values)])
        for index, value in enumerate(values):
            day = day_of(first + 100 + index)
            session.add(EngagementMetric(series_id=series, metric_date=day, metric_value=value, fetch_id=1))
    with database.read() as session:
        found = session.scalars(select(EngagementMetric.metric_value).order_by(EngagementMetric.metric_date)).all()
    assert list(found) == values * 2
    assert {type(one) for one in found} <= {int, float}


@given(VALUES)
def test_decimals_and_back(value: float) -> None:
    """A17: PostgreSQL's decimals mean the same number."""
    decimal = to_decimal(value)
    assert decimal is not None
    assert from_decimal(Decimal(decimal)) == value
    assert to_decimal(None) is None


# -- many values -------------------------------------------------------------------------------------------------------


def statements(database: Database) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    return seen


@pytest.mark.parametrize("count", [0, 1, 5, 40_000])
def test_among_takes_any_number_of_values(database: Database, count: int) -> None:
    """G12: one parameter however many values there are; past both databases' limits on parameters."""
    with database.write() as session:
        session.add_all([client(name) for name in ("a", "b'); DROP", "c")])
    seen = statements(database)
    wanted = ["b'); DROP", *(f"n{index}" for index in range(count))][:count]
    with database.read() as session:
        ids = session.scalars(select(Client.id).where(among(Client.name, wanted))).all()
        rest = session.scalars(select(Client.name).where(~among(Client.id, list(ids)), Client.id > 0)).all()
        more = session.scalars(select(Client.id).where(among(Client.id, [*ids, *range(10**6, 10**6 + count)]))).all()
    assert len(ids) == min(count, 1)
    assert len(rest) == 3 - len(ids)
    assert more == ids
    assert len(next(one for one in seen if "SELECT" in one[0])[1]) == 1


PLANS = [
    select(Post.id).where(Post.account_id == 1, among(Post.platform_post_id, ["1", "2"])),
    select(EngagementMetric.metric_value).where(among(EngagementMetric.series_id, [1, 2])),
    select(MetricSeries.id).where(among(MetricSeries.post_id, [1, 2])),
    select(Client.id).where(among(Client.id, [1, 2])),
]


@pytest.mark.parametrize("number", range(len(PLANS)))
def test_among_uses_the_index(sqlite_database: Database, number: int) -> None:
    """K3: SQLite searches the table by its key and reads none of it from end to end."""
    with sqlite_database.read() as session:
        seen = statements(sqlite_database)
        session.execute(PLANS[number]).all()
        sql, values = seen[-1]
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    tables = [line for line in plan if "json_each" not in line and not line.startswith("LIST SUBQUERY")]
    assert any(line.startswith("SEARCH") for line in tables), plan
    assert not any(line.startswith("SCAN") for line in tables), plan


# -- put_rows ----------------------------------------------------------------------------------------------------------


def test_put_rows(database: Database) -> None:
    """A1: rows that exist are left alone, or have the named columns overwritten; no rows are no statement."""
    series = new_series(database)
    first = day_number(date(2026, 1, 1))
    with database.write() as session:
        put_rows(session, EngagementMetric, COLUMNS, [])
        put_rows(session, EngagementMetric, COLUMNS, [(series, first, 1, 1), (series, first + 1, 0.5, 1)])
        put_rows(session, EngagementMetric, COLUMNS, [(series, first, 9, 9), (series, first + 2, 3, 2)])
        replaced = [(series, first + 1, 7, 9)]
        put_rows(session, EngagementMetric, COLUMNS, replaced, replace=("metric_value",))
    with database.read() as session:
        order = select(EngagementMetric.metric_value, EngagementMetric.fetch_id).order_by(EngagementMetric.metric_date)
        assert [tuple(row) for row in session.execute(order)] == [(1, 1), (7, 1), (3, 2)]


# -- transactions ------------------------------------------------------------------------------------------------------


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Client.name).order_by(Client.name)))


def fail_after_flush(database: Database) -> None:
    with database.write() as session:
        session.add(client("lost"))
        session.flush()
        raise RuntimeError


def test_a_block_that_fails_is_rolled_back(database: Database) -> None:
    """C2: nothing of it is kept, whatever was flushed, and the next block works, also after a constraint failed."""
    for _ in range(3):
        with pytest.raises(RuntimeError):
            fail_after_flush(database)
    with database.write() as session:
        session.add(client("kept"))
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(client("kept"))
    with database.write() as session:
        session.add(client("kept too"))
    assert names(database) == ["kept", "kept too"]


def test_reading_keeps_nothing(database: Database) -> None:
    """E1: what is changed through a reader is gone; on PostgreSQL it is refused."""
    try:
        with database.read() as session:
            session.add(client("lost"))
            session.flush()
    except DBAPIError:
        assert not database.is_sqlite
    assert names(database) == []


def test_a_reader_sees_one_state(database: Database) -> None:
    """E1: what others commit while a report is computed does not appear in its middle; and nobody waits."""
    with database.write() as session:
        session.add(client("a"))
    with database.read() as reader:
        assert reader.scalars(select(Client.name)).all() == ["a"]
        with database.write() as session:
            session.add(client("b"))
        reader.expire_all()
        assert reader.scalars(select(Client.name)).all() == ["a"]
    assert names(database) == ["a", "b"]


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    """E1: a page can be shown while a collection writes."""
    with database.write() as session:
        session.add(client("half"))
        session.flush()
        # A reader that waited would end with an error, because this thread does not go on meanwhile.
        assert names(database) == []


def test_foreign_keys_are_enforced(database: Database) -> None:
    """K1: SQLite enforces them only when it is told to, on every connection."""
    for _ in range(2):
        with pytest.raises(IntegrityError), database.write() as session:
            session.add(Account(client_id=99, platform="facebook", external_id="1", name="A", connected_at=NOW))


OTHER_PROCESS = """
import sys
from sqlalchemy import text
from sophia.database.engine import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for index in range(int(sys.argv[2])):
    with database.write() as session:
        value = session.execute(text("SELECT count(*) FROM leases")).scalar_one()
        session.execute(text("INSERT INTO leases VALUES (:name, :holder, '2026-11-22 00:00:00')"),
                        {"name": f"process {index}", "holder": str(value)})
database.close()
"""


def test_two_programs_write_at_once(sqlite_database: Database) -> None:
    """E1, E2: four threads here and a second process, each reading before it writes: nobody is told `locked`."""
    each = 40
    url = f"sqlite:///{sqlite_database.path}"
    command = [sys.executable, "-c", OTHER_PROCESS, url, str(each)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for index in range(each):
                with sqlite_database.write() as session:
                    count = session.execute(text("SELECT count(*) FROM leases")).scalar_one()
                    session.add(Lease(name=f"thread {number} {index}", holder=str(count), expires_at=NOW))
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        _, complaints = process.communicate("go\n", timeout=PATIENCE_SECONDS)
        for thread in threads:
            thread.join()
    assert (failures, complaints, process.returncode) == ([], "", 0)
    with sqlite_database.read() as session:
        # Each saw exactly those that were committed before it: no two transactions overlapped.
        seen = sorted(int(holder) for holder in session.scalars(select(Lease.holder)))
    assert seen == list(range(5 * each))


def test_many_readers_and_a_writer(sqlite_database: Database) -> None:
    """E1: readers that come and go never fail while somebody writes, and always see both rows or neither."""
    stop = threading.Event()
    failures: list[object] = []

    def look() -> None:
        while not stop.is_set():
            try:
                found = len(names(sqlite_database))
            except Exception as error:  # noqa: BLE001 - shown below
                failures.append(error)
                return
            if found % 2:
                failures.append(found)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for index in range(30):
        with sqlite_database.write() as session:
            session.add(client(f"a{index}"))
            session.flush()
            session.add(client(f"b{index}"))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
