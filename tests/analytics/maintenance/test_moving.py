"""A store written out, read back, and compared, value by value."""

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Column, Table, select, text
from tests.conftest import NOW
from tests.portfolio.conftest import Agency

from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.analytics.benchmarks.comparison import SEED
from sophia.analytics.benchmarks.store import write_benchmarks
from sophia.analytics.conversions.models import ConversionEvent, MarketingCost
from sophia.analytics.decisions.outcomes import save_outcomes
from sophia.analytics.decisions.predictions import Outcome
from sophia.analytics.decisions.requests import NewDecision
from sophia.analytics.decisions.store import record_decision
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.maintenance.exporting import MANIFEST, export_store
from sophia.analytics.maintenance.importing import IMPORTED, import_store
from sophia.analytics.maintenance.tables import decoder, encoder, exported_tables
from sophia.analytics.maintenance.verifying import verify_store
from sophia.analytics.readings.models import EngagementMetric, Fetch
from sophia.database.columns import Base
from sophia.database.engine import Database
from sophia.errors import ConflictError, InvalidInputError, StoreError
from sophia.jobs.collecting import collect_comments, collect_daily
from sophia.portfolio.models import Account, Client, Post
from sophia.portfolio.revising import set_industry
from sophia.portfolio.service import create_client, list_accounts


@pytest.fixture
def collected(agency: Agency) -> Agency:
    """Two clients, collected once."""
    agency.connect(2)
    agency.run(collect_daily)
    agency.run(collect_comments)
    return agency


@pytest.fixture
def other(agency: Agency, request: pytest.FixtureRequest) -> Database:
    """An empty store of the other kind: an export must not care."""
    name = "postgres_database" if agency.database.is_sqlite else "sqlite_database"
    found: Database = request.getfixturevalue(name)
    return found


def rows(database: Database, table: Table) -> list[tuple[object, ...]]:
    columns = [column for column in table.columns if column.name != "token_encrypted"]
    with database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*table.primary_key))]


def judge_a_decision(database: Database) -> None:
    """A decision, an outcome, and what the outcome was before."""
    predicted = {"save_rate": 0.1, "reach": {"q10": 1, "q50": 2, "q90": 3}}
    decision = NewDecision(stage="angle", decision="warm", predicted=predicted, confidence=1 / 3)
    with database.write() as session:
        client_id, post = session.scalars(select(Client.id)).first(), session.scalars(select(Post.id)).first()
        assert client_id is not None
        assert post is not None
        record_decision(session, client_id, decision, "a", NOW)
        for value in (0.1, 2 / 3):
            save_outcomes(session, {post: {"7d": {"save_rate": Outcome(value, NOW)}}}, NOW)


def test_what_is_exported_comes_back_in_the_other_database(collected: Agency, other: Database, tmp_path: Path) -> None:
    """K8: every table, row and value is the same; only the accounts wait for their tokens, and the store is whole."""
    folder = tmp_path / "out"
    with collected.database.write() as session:
        client = session.scalars(select(Account.client_id)).first()
        session.add(
            TargetAudienceEntry(
                client_id=client, name="i", genders=["F"], countries=["CA"], places=[], created_at=NOW, updated_at=NOW
            )
        )
        for value in (1, 2):
            own = replace(SEED[0], source="Our survey", value_percent=Decimal(value))
            write_benchmarks(session, [own], NOW)
        set_industry(session, client or 0, "hats", NOW)
    judge_a_decision(collected.database)
    manifest = export_store(collected.database, folder, NOW)
    assert manifest["tables"]["engagement_metrics"]["rows"] > 500
    assert manifest["tables"]["industry_benchmarks"]["rows"] == len(SEED) + 2
    assert {manifest["tables"][name]["rows"] for name in ("decision_traces", "post_outcome_revisions")} == {1}
    assert manifest["tables"]["comments"]["rows"] > 50
    done = import_store(other, folder)
    assert done == {name: table["rows"] for name, table in manifest["tables"].items()}
    for table in exported_tables(other):
        if table.name != "accounts":
            assert rows(other, table) == rows(collected.database, table), table.name
    assert [check for check in verify_store(other) if check.wrong] == []
    with other.write() as session:
        accounts = list_accounts(session)
        assert {(one.status, one.status_reason, one.has_token) for one in accounts} == {
            ("needs_reconnect", IMPORTED, False)
        }
        assert create_client(session, "New", "UTC", NOW).id > max(one.client_id for one in accounts)


def test_no_secret_is_exported(collected: Agency, tmp_path: Path) -> None:
    """K8, D5: neither a token, nor what it is encrypted to, nor a key of the API or its hash."""
    with collected.database.read() as session:
        secrets = [str(one) for one in session.scalars(select(Account.token_encrypted))]
    world = collected.meta.world
    secrets += [world.user_token, world.app_secret, *(page.access_token for page in world.pages)]
    export_store(collected.database, tmp_path / "out", NOW)
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir()).decode()
    assert not [secret for secret in secrets if secret in written]
    assert not (tmp_path / "out" / "api_keys.csv").exists()
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_an_export_into_a_folder_with_files_is_refused(agency: Agency, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("x")
    with pytest.raises(InvalidInputError, match="not empty"):
        export_store(agency.database, tmp_path, NOW)


def test_an_import_needs_an_empty_store_and_a_whole_export(agency: Agency, other: Database, tmp_path: Path) -> None:
    """K8: nothing is mixed, nothing damaged is read, and what fails leaves nothing behind."""
    agency.connect()
    folder = tmp_path / "out"
    export_store(agency.database, folder, NOW)
    with pytest.raises(ConflictError, match="not empty"):
        import_store(agency.database, folder)
    clients = folder / "clients.csv"
    whole = clients.read_bytes()
    clients.write_bytes(whole.replace(b"Bakery", b"Backery"))
    with pytest.raises(InvalidInputError, match="not the file that was exported"):
        import_store(other, folder)
    clients.write_bytes(whole)
    manifest = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(manifest.replace('"schema": "', '"schema": "older'))
    with pytest.raises(StoreError, match="older"):
        import_store(other, folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(InvalidInputError, match="not a complete export"):
        import_store(other, folder)
    with other.read() as session:
        assert session.scalars(select(Client)).all() == []


@pytest.mark.parametrize("revision", ["0013", "0015", "9999"])
def test_exports_of_other_schemas_are_refused(agency: Agency, other: Database, tmp_path: Path, revision: str) -> None:
    """K4, K8: their tables have other columns."""
    agency.connect()
    folder = tmp_path / "out"
    manifest = export_store(agency.database, folder, NOW)
    text_of_manifest = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(
        text_of_manifest.replace(f'"schema": "{manifest["schema"]}"', f'"schema": "{revision}"')
    )
    with pytest.raises(StoreError, match=f"has schema {revision}"):
        import_store(other, folder)


def test_an_unknown_table_stops_an_export(agency: Agency, tmp_path: Path) -> None:
    """K8: an export that silently leaves something out is worse than none."""
    with agency.database.write() as session:
        session.execute(text("CREATE TABLE stranger (id INTEGER)"))
    with pytest.raises(StoreError, match="stranger"):
        export_store(agency.database, tmp_path / "out", NOW)


def column_of(model: type[Base], name: str) -> Column[Any]:
    return cast("Table", model.__table__).c[name]


@pytest.mark.parametrize("value", ["", "\\N", "\\", 'a,b"c\nd\r\n', "=1+1", "null", "größe 花"])
def test_every_text_survives_a_csv_file(value: str, tmp_path: Path) -> None:
    column = column_of(Client, "industry")
    path = tmp_path / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow([encoder(column)(value), encoder(column)(None)])
    with path.open(newline="", encoding="utf-8") as file:
        [[written, nothing]] = csv.reader(file)
    assert (decoder(column)(written), decoder(column)(nothing)) == (value, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (column_of(EngagementMetric, "metric_value"), 12),
        (column_of(EngagementMetric, "metric_value"), 0.1),
        (column_of(ConversionEvent, "details"), {"a": [None, "\\N"]}),
        (column_of(Fetch, "sha256"), b"\x00\xff"),
        (column_of(Account, "connected_at"), NOW),
        (column_of(AnomalyEntry, "score"), -3.25),
        (column_of(AnomalyEntry, "until"), None),
        (column_of(MonitoredMetric, "together"), [1.5, None]),
        (column_of(ClientGoal, "at_most"), True),
        (column_of(MarketingCost, "amount"), Decimal("9.90")),
    ],
)
def test_every_type_survives(column: Column[Any], value: object) -> None:
    found = decoder(column)(encoder(column)(value))
    assert (found, type(found)) == (value, type(value))
