"""Migrations make what the models say, on both databases, and say what to do when a store is not current."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint, inspect, text

import sophia.access.keys
import sophia.analytics.models
import sophia.portfolio.models
from sophia.analytics.benchmarks.comparison import SEED
from sophia.database.columns import Base, day_number
from sophia.database.engine import Database
from sophia.errors import StoreError
from sophia.migrations import configuration, expect_current, expect_newest, upgrade

TABLES = (sophia.access.keys, sophia.analytics.models, sophia.portfolio.models)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def downgrade(database: Database, revision: str = "base") -> None:
    config = configuration()
    with database.engine.connect().execution_options(sophia_write=True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()


def schema(database: Database) -> dict[str, Any]:
    """Tables with their columns, and views."""
    found = inspect(database.engine)
    tables = {table: [str(column) for column in found.get_columns(table)] for table in found.get_table_names()}
    return {"tables": tables, "views": found.get_view_names()}


def test_models_equal_migrations(database: Database) -> None:
    """K4: Alembic finds nothing to change, types and indexes included."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_checks_equal_migrations(database: Database) -> None:
    """K2, K4: Alembic does not compare checks, so their names are compared here; and unique keys with them."""
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        checks = {check["name"] for check in found.get_check_constraints(table.name)}
        wanted = {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        assert checks == wanted, table.name
        uniques = {tuple(unique["column_names"]) for unique in found.get_unique_constraints(table.name)}
        keys = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
        assert uniques == {tuple(column.name for column in one.columns) for one in keys}, table.name


def test_rules_of_deletion_equal_migrations(database: Database) -> None:
    """K4, K5: what happens to rows when their owner is deleted is in the migrations too."""
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        stored = {
            (tuple(key["constrained_columns"]), key["referred_table"], key["options"].get("ondelete"))
            for key in found.get_foreign_keys(table.name)
        }
        wanted = {
            (tuple(key.column_keys), key.referred_table.name, key.ondelete) for key in table.foreign_key_constraints
        }
        assert stored == wanted, table.name


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    """K4: a store that is current is left alone, its rows too."""
    with database.write() as session:
        session.execute(text("INSERT INTO leases VALUES ('a', 'b', '2026-11-22 00:00:00')"))
    before = schema(database)
    upgrade(database)
    upgrade(database)
    assert schema(database) == before
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM leases")).scalar_one() == 1


def test_down_and_up_again(database: Database) -> None:
    """K4: every step has a way back, which leaves nothing, and the way up works again."""
    before = schema(database)
    downgrade(database)
    assert schema(database)["tables"].keys() <= {"alembic_version"}
    assert schema(database)["views"] == []
    with pytest.raises(StoreError, match="is empty"):
        expect_current(database)
    upgrade(database)
    assert schema(database) == before


def test_benchmarks_are_shipped(database: Database) -> None:
    """K4, G9: a new store has every row of the seed."""
    query = text("SELECT industry, platform, value_percent, numerator, source FROM industry_benchmarks")
    with database.read() as session:
        stored = {tuple(row) for row in session.execute(query.columns(value_percent=Numeric(10, 4)))}
    assert stored == {
        (
            benchmark.industry,
            benchmark.platform.value,
            benchmark.value_percent.quantize(Decimal("0.0001")),
            benchmark.numerator,
            benchmark.source,
        )
        for benchmark in SEED
    }


def test_one_line_of_revisions() -> None:
    """K4: two heads would mean that nobody knows which schema is the newest."""
    script = ScriptDirectory.from_config(configuration())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_a_store_that_is_not_current() -> None:
    """K4: the message says which schema the store has, which one is expected, and which command upgrades it."""
    expect_newest("0015", "0014", "0015")
    with pytest.raises(StoreError, match=r"has schema 0014, .* works with 0015\. Run `sophia db upgrade`"):
        expect_newest("0014", "0014", "0015")


@pytest.mark.parametrize("revision", ["0001", "0002", "0013"])
def test_a_store_from_before_the_first_schema(database: Database, revision: str) -> None:
    """K4: it stays as it is, and the message says how to move its data into a new store."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    before = schema(database)
    for meet in (expect_current, upgrade):
        with pytest.raises(StoreError, match=rf"has schema {revision}, .*db export FOLDER.*db import FOLDER"):
            meet(database)
    assert schema(database) == before


def test_an_empty_store(tmp_path: Path) -> None:
    """K4: an empty file says so; upgrade makes the folder that is missing."""
    database = Database(f"sqlite:///{tmp_path}/new/folder/sophia.db")
    upgrade(database)
    expect_current(database)
    database.close()
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreError, match=r"is empty\. Run `sophia db upgrade`"):
        expect_current(empty)
    empty.close()


@pytest.mark.parametrize("post", [None, "1_1"])
def test_readings_are_flat(database: Database, post: str | None) -> None:
    """K4: the view for BI tools: one wide row a reading, the day as a day, account series included."""
    day = date(2026, 11, 20)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("clients", {"id": 1, "name": "Bakery", "slug": "b", "timezone": "UTC", "status": "active", "created_at": NOW}),
        (
            "accounts",
            {
                "id": 2,
                "client_id": 1,
                "platform": "facebook",
                "external_id": "9",
                "name": "Page",
                "status": "active",
                "token_scopes": "[]",
                "connected_at": NOW,
            },
        ),
        (
            "posts",
            {
                "id": 3,
                "account_id": 2,
                "platform_post_id": "1_1",
                "kind": "reel",
                "published_at": NOW,
                "first_seen_at": NOW,
            },
        ),
        (
            "metrics",
            {
                "id": 4,
                "platform": "facebook",
                "level": "post" if post else "account",
                "metric_name": "x",
                "period": "day",
                "breakdown": "",
                "classification": "unclassified",
            },
        ),
        ("metric_series", {"id": 5, "account_id": 2, "post_id": 3 if post else None, "metric_id": 4}),
        (
            "engagement_metrics",
            {"series_id": 5, "metric_date": day_number(day), "metric_value": 7, "fetch_id": 1},
        ),
    ]
    with database.write() as session:
        for table, given in rows:
            values = {key: str(value) if isinstance(value, datetime) else value for key, value in given.items()}
            columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
            session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), values)  # noqa: S608
    with database.read() as session:
        (row,) = session.execute(text("SELECT * FROM readings_flat")).mappings()
    assert str(row["metric_date"]) == "2026-11-20"
    assert (row["client"], row["account"], row["platform"], row["level"]) == (
        "Bakery",
        "Page",
        "facebook",
        "post" if post else "account",
    )
    assert (row["platform_post_id"], row["post_kind"]) == ((post, "reel") if post else (None, None))
    assert int(row["metric_value"]) == 7


def test_a_store_of_a_newer_sophia(database: Database) -> None:
    """K4: it is left as it is, whichever command meets it, and the message does not send anybody to `db upgrade`."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = schema(database)
    for meet in (expect_current, upgrade):
        with pytest.raises(StoreError, match="made by a newer Sophia") as refused:
            meet(database)
        assert "db upgrade" not in str(refused.value)
    assert schema(database) == before
