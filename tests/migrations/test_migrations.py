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
from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint, inspect, select, text
from sqlalchemy.orm import Session

import sophia.access
import sophia.analytics.models
import sophia.portfolio.models
from sophia.analytics.benchmarks.comparison import SEED
from sophia.analytics.benchmarks.queries import list_benchmarks
from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.decisions.models import DecisionTrace
from sophia.database.columns import Base, day_number
from sophia.database.engine import Database
from sophia.errors import StoreError
from sophia.migrations import configuration, expect_current, upgrade

TABLES = (sophia.access, sophia.analytics.models, sophia.portfolio.models)
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


def test_decisions_of_before_stay(database: Database) -> None:
    """K4, I1, I8: what was recorded before outcomes were kept is there afterwards, with a key of its own each."""
    downgrade(database, "0006")
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO clients (id, name, slug, timezone, status, created_at) VALUES (1, 'B', 'b', 'UTC', 'active', :at)"
            ),
            {"at": str(NOW)},
        )
        for number in (7, 8):
            session.execute(
                text(
                    "INSERT INTO decision_traces (id, client_id, stage, decision, predicted, confidence, decided_at)"
                    " VALUES (:id, 1, 'angle', 'warm', '{\"reach\": 5}', 0.5, :at)"
                ),
                {"id": number, "at": str(NOW)},
            )
    upgrade(database)
    with database.read() as session:
        rows = session.execute(select(DecisionTrace).order_by(DecisionTrace.id)).scalars().all()
    assert [(row.id, row.predicted, row.confidence, row.predicted_age) for row in rows] == [
        (7, {"reach": 5}, 0.5, "7d"),
        (8, {"reach": 5}, 0.5, "7d"),
    ]
    assert {row.recorded_at for row in rows} == {NOW}
    assert len({row.idempotency_key for row in rows}) == 2
    downgrade(database, "0006")
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM decision_traces WHERE actual IS NULL")).scalar_one() == 2


def test_keys_of_before_keep_their_clients_and_may_do_what_they_could(database: Database) -> None:
    """L16, K4: each becomes *admin* of the clients that it was limited to; on the way back the clients stay too."""
    downgrade(database, "0011")
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO clients (id, name, slug, timezone, status, created_at) VALUES (1, 'B', 'b', 'UTC', 'active', :at)"
            ),
            {"at": str(NOW)},
        )
        for name, limited in (("reader", True), ("agency", False)):
            session.execute(
                text(
                    "INSERT INTO api_keys (name, prefix, sha256, limited, created_at) VALUES (:name, :name, :name, :limited, :at)"
                ),
                {"name": name, "limited": limited, "at": str(NOW)},
            )
        session.execute(text("INSERT INTO api_key_clients SELECT id, 1 FROM api_keys WHERE limited"))
    upgrade(database)
    with database.read() as session:
        keys = sophia.access.list_keys(session)
        assert [(key.name, key.role, [one.client_id for one in key.clients]) for key in keys] == [
            ("reader", "admin", [1]),
            ("agency", "admin", []),
        ]
    downgrade(database, "0011")
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM api_key_clients")).scalar_one() == 1


def test_benchmarks_are_shipped_once(database: Database) -> None:
    """K4, G9: a new store has every row of the seed; on the way back they go, and what somebody wrote stays as it is."""
    shipped = {(one.industry, one.platform.value, one.value_percent, one.source) for one in SEED}

    def stored(session: Session) -> set[tuple[Any, ...]]:
        rows = text("SELECT industry, platform, value_percent, source FROM industry_benchmarks")
        columns = rows.columns(value_percent=Numeric(10, 4))
        return {tuple(row) for row in session.execute(columns)}

    with database.read() as session:
        assert stored(session) == {
            (*rest, value.quantize(Decimal("0.0001")), source) for *rest, value, source in shipped
        }
    with database.write() as session:
        session.execute(
            text("UPDATE industry_benchmarks SET value_percent = 7, is_own = true WHERE industry = 'retail'")
        )
    before = ScriptDirectory.from_config(configuration()).get_revision("0008").down_revision
    downgrade(database, str(before))
    with database.read() as session:
        assert len(stored(session)) == 2
    upgrade(database)
    with database.read() as session:
        assert len(stored(session)) == len(SEED)
        assert {value for industry, _, value, _ in stored(session) if industry == "retail"} == {Decimal(7)}


def test_benchmarks_of_before_hold(database: Database) -> None:
    """K4, A13, G9: whoever brought one before moments were kept has it now and in every past; what ended goes again."""
    own = "UPDATE industry_benchmarks SET is_own = true, source = 'Ours' WHERE industry = 'retail'"
    ended = "UPDATE industry_benchmarks SET replaced_at = recorded_at WHERE industry = 'media'"
    downgrade(database, "0010")
    with database.write() as session:
        session.execute(text(own))
    upgrade(database)
    with database.write() as session:
        now, then = (list_benchmarks(session, as_of=moment) for moment in (None, NOW.replace(year=2020)))
        assert now == then
        assert (len(now), {one.industry for one in now if one.source == "Ours"}) == (len(SEED), {"retail"})
        session.execute(
            text("UPDATE industry_benchmarks SET recorded_at = '2026-11-22 00:00:00' WHERE industry = 'media'")
        )
        session.execute(text(ended))
    downgrade(database, "0010")
    with database.read() as session:
        left = text("SELECT count(*) FROM industry_benchmarks")
        assert session.execute(left).scalar_one() == len(SEED) - 2


def test_conversions_of_before_stay(database: Database) -> None:
    """L13, K4: each keeps its number and content, its origin is known, and the way back leaves what counts."""
    downgrade(database, "0011")
    rows = (
        (1, "shop", None, "conversion", "#1001", "external-a"),
        (2, "shop", None, "refund", "refund:#1001", "external-b"),
        (3, "facebook", "facebook", "conversion", "T1", "external-c"),
        (4, "facebook", "facebook", "refund", "refund:T1", "external-d"),
        (5, "form", None, "inquiry", None, "row-1-1"),
    )
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO clients (id, name, slug, timezone, status, created_at) VALUES (1, 'B', 'b', 'UTC', 'active', :at)"
            ),
            {"at": str(NOW)},
        )
        for number, source, tag, kind, external, key in rows:
            session.execute(
                text(
                    "INSERT INTO conversion_events (id, client_id, event_type, source, utm_source, event_date, external_id,"
                    " idempotency_key, content_sha256, recorded_at) VALUES (:id, 1, :kind, :source, :tag, '2026-11-20',"
                    " :external, :key, '', :at)"
                ),
                {
                    "id": number,
                    "source": source,
                    "tag": tag,
                    "kind": kind,
                    "external": external,
                    "key": key,
                    "at": str(NOW),
                },
            )
    upgrade(database)
    with database.read() as session:
        found = session.execute(select(ConversionEvent).order_by(ConversionEvent.id)).scalars().all()
    assert [(row.id, row.origin, row.external_id, row.transaction_key, row.attributed_by) for row in found] == [
        (1, "shop", "#1001", "1001", None),
        (2, "shop", "refund:#1001", "1001", None),
        (3, "ga4", "T1", "t1", "utm_source"),
        (4, "ga4", "refund:T1:2026-11-20", "t1", "utm_source"),
        (5, "form", None, None, None),
    ]
    with database.write() as session:
        # Another shop's order of the same number, and one that a person deleted.
        session.execute(
            text(
                "INSERT INTO conversion_events (id, client_id, event_type, source, event_date, external_id, idempotency_key,"
                " content_sha256, recorded_at, origin, from_analytics, removed_at) SELECT id + 10, client_id, event_type,"
                " source, event_date, external_id, idempotency_key || '+', '', recorded_at, origin || '+', from_analytics,"
                " CASE id WHEN 5 THEN recorded_at END FROM conversion_events"
            )
        )
    downgrade(database, "0011")
    with database.read() as session:
        left = session.execute(text("SELECT id, external_id FROM conversion_events ORDER BY id")).all()
    assert [tuple(row) for row in left][:5] == [(number, external) for number, *_, external, _ in rows]
    assert [tuple(row) for row in left][5:] == [(number, None) for number in (11, 12, 13, 14)]


def test_one_line_of_revisions() -> None:
    """K4: two heads would mean that nobody knows which schema is the newest."""
    script = ScriptDirectory.from_config(configuration())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_a_store_that_is_not_current(database: Database) -> None:
    """K4: the message says what is found, what is expected, and which command mends it."""
    expect_current(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(StoreError, match=r"has schema 0000, .* Run `sophia db upgrade`"):
        expect_current(database)


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
