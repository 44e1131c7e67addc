"""The recipes of docs/bi-tools.md run as the read-only role on a PostgreSQL, and return the numbers of the store."""

import re
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from tests.analytics.reports.conftest import MONDAY, Agency, furnish
from tests.conftest import NOW, ONE_DAY, Filling
from tests.dashboard.furnishing import furnish_pages

from sophia.analytics.anomalies.models import AnomalyEntry
from sophia.analytics.figures.documents import figure_document
from sophia.analytics.figures.figures import Figure, FigureUnit, Interval, week_of
from sophia.analytics.kpis.store import ComputedWeek, save_week
from sophia.database.engine import Database
from sophia.migrations import upgrade

PAGE = Path(__file__).parent.parent / "docs" / "bi-tools.md"
ROLE, RATE, POSTS, CAMPAIGNS, VIEWS, ANOMALIES, PEOPLE = re.findall(
    r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
SECRETS = ("accounts", "api_keys", "users", "comments", "clients", "conversion_events")


def as_tool_sends(query: str, client: str | None = None) -> str:
    """The query as Metabase and Grafana send it: optional clauses and macros are replaced."""
    if client is None:
        query = re.sub(r"\[\[.*?\]\]", "", query)
    query = query.replace("[[", "").replace("]]", "").replace("{{client}}", f"'{client}'")
    return re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN '2026-11-01T00:00:00Z' AND '2026-11-30T00:00:00Z'", query)


def furnish_store(database: Database) -> None:
    """An agency with posts, a campaign, sales, a week of KPIs and an open anomaly."""
    filling = Filling(database)
    hats, account = furnish(Agency(filling), clients=2)
    furnish_pages(filling, hats, account)
    rate = Figure(value=4.5, unit=FigureUnit.PERCENT, n=12, interval=Interval(3.25, 6.5))
    week = ComputedWeek(hats, None, {"engagement_rate_by_reach": figure_document(rate)}, {}, {})
    with database.write() as session:
        save_week(session, week_of(MONDAY), [week], NOW)
    told: dict[str, datetime] = {"first_told_at": NOW, "changed_at": NOW}
    anomaly = {"metric": "views", "kind": "rise", "since": MONDAY, "noticed": MONDAY, "value": 900.0}
    filling.add(AnomalyEntry(account_id=account, provisional=False, **anomaly, **told))


@pytest.fixture(scope="module")
def reader(postgres_server: Any) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection of the role of the page to a filled store."""
    from tests.conftest import new_postgres  # noqa: PLC0415 - a context manager of the shared fixtures

    role = f"reader_{uuid.uuid4().hex}"
    with new_postgres(postgres_server) as url:
        database = Database(url.render_as_string(hide_password=False))
        upgrade(database)
        furnish_store(database)
        database.close()
        admin = url.render_as_string(hide_password=False)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(ROLE.replace("sophia_reader", role).encode())
        as_role = url.set(username=role, password="replace-this-password").render_as_string(hide_password=False)
        with psycopg.connect(as_role, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
            yield connection
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP OWNED BY "{role}"'.encode())
            connection.execute(f'DROP ROLE "{role}"'.encode())


Reader = psycopg.Connection[dict[str, Any]]


def rows(reader: Reader, query: str) -> list[dict[str, Any]]:
    return reader.execute(query.encode()).fetchall()


def test_the_role_sees_the_views_and_nothing_else(reader: Reader) -> None:
    """Neither tables with tokens, keys or people, nor any write."""
    seen = rows(reader, "SELECT table_name FROM information_schema.role_table_grants ORDER BY table_name")
    assert len(seen) == 6
    assert all(row["table_name"].endswith("_flat") for row in seen)
    for table in SECRETS:
        with pytest.raises(InsufficientPrivilege):
            rows(reader, f"SELECT * FROM {table}")  # noqa: S608
    with pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
        rows(reader, "CREATE TABLE mine (id int)")
    assert rows(reader, "SHOW statement_timeout") == [{"statement_timeout": "1min"}]
    assert rows(reader, "SHOW default_transaction_read_only") == [{"default_transaction_read_only": "on"}]


def test_metabase(reader: Reader) -> None:
    (rate,) = rows(reader, as_tool_sends(RATE))
    assert (rate["week_start"], rate["client"], rate["value"]) == (MONDAY, "Hats", Decimal("4.5"))
    assert (rate["interval_low"], rate["interval_high"], rate["n"]) == (3.25, 6.5, 12)
    assert rows(reader, as_tool_sends(RATE, "Hats")) == [rate]
    assert rows(reader, as_tool_sends(RATE, "Nobody")) == []
    best = rows(reader, as_tool_sends(POSTS, "Hats"))
    assert best[0]["engagements"] == max(post["engagements"] for post in best) > 0
    everybody = rows(reader, as_tool_sends(POSTS))
    assert len(everybody) > len(best)


def test_campaigns_have_their_net_revenue(reader: Reader) -> None:
    """Sales of 40 and 60, less a refund of 10."""
    (campaign,) = rows(reader, CAMPAIGNS)
    assert (campaign["campaign"], campaign["currency"], campaign["events"]) == ("Autumn", "EUR", 3)
    assert campaign["net_revenue"] == 90


def test_grafana(reader: Reader) -> None:
    """A point for each client and Pacific day."""
    points = rows(reader, as_tool_sends(VIEWS))
    assert {point["metric"] for point in points} == {"Hats", "Other 0"}
    hats = [point for point in points if point["metric"] == "Hats"]
    expected = rows(
        reader,
        "SELECT count(*) AS days, sum(metric_value) AS views FROM readings_flat WHERE client = 'Hats' AND period = 'day' "
        "AND level = 'account' AND canonical = 'views' AND metric_date >= '2026-11-01'",
    )
    assert [{"days": len(hats), "views": sum(point["value"] for point in hats)}] == expected
    assert all(point["time"].utctimetuple().tm_hour in (7, 8) for point in points), "midnight in Los Angeles"
    (anomaly,) = rows(reader, ANOMALIES)
    assert (anomaly["since"], anomaly["kind"], anomaly["value"]) == (MONDAY, "rise", 900.0)


def test_looker_studio(reader: Reader) -> None:
    """A row for each account and day; a metric without a reading is empty."""
    days: dict[date, dict[str, Any]] = {row["day"]: row for row in rows(reader, PEOPLE) if row["client"] == "Hats"}
    assert MONDAY in days
    assert all(row["views"] is None or row["views"] > 0 for row in days.values())
    assert days[MONDAY]["views"] is not None
    assert days[MONDAY + ONE_DAY]["people"] is not None


def test_metabase_on_sqlite(sqlite_database: Database) -> None:
    """The same queries on a SQLite file."""
    furnish_store(sqlite_database)
    with sqlite_database.read() as session:
        connection = session.connection()
        (rate,) = connection.exec_driver_sql(as_tool_sends(RATE, "Hats")).all()
        assert tuple(rate) == (str(MONDAY), "Hats", 4.5, 3.25, 6.5, 12)
        assert connection.exec_driver_sql(as_tool_sends(POSTS)).all()
        (campaign,) = connection.exec_driver_sql(CAMPAIGNS).all()
        assert tuple(campaign) == ("Hats", "Autumn", "EUR", 90, 3)
