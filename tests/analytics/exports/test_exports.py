"""Exports hold exactly the rows of the views, in every format, and appear complete or not at all."""

import csv
import io
import json
import random
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from sqlalchemy import text
from tests.analytics.reports.conftest import MONDAY, Agency, furnish
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling
from tests.dashboard.furnishing import furnish_pages
from typer.testing import CliRunner

from sophia.analytics.anomalies.models import AnomalyEntry
from sophia.analytics.conversions.versions import delete_conversion
from sophia.analytics.exports.datasets import DATASETS, ExportFilter, export_query
from sophia.analytics.exports.formats import open_format
from sophia.analytics.exports.names import ColumnKind, DatasetName, FileFormat, format_of
from sophia.analytics.exports.writing import export_dataset, new_file
from sophia.analytics.figures.documents import figure_document
from sophia.analytics.figures.figures import Figure, FigureUnit, Interval, week_of
from sophia.analytics.kpis.store import ComputedWeek, save_week
from sophia.cli import app
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange

EVERYTHING = ExportFilter()


def furnish_store(filling: Filling) -> int:
    """Two clients with readings, posts, a campaign, sales, a week of KPIs and an anomaly; the id of the first."""
    hats, account = furnish(Agency(filling), clients=2)
    furnish_pages(filling, hats, account)
    figures = {
        "rate": Figure(value=4.5, unit=FigureUnit.PERCENT, n=12, interval=Interval(3.25, 6.5)),
        "reach": Figure(value=None, unit=FigureUnit.PEOPLE, at_least=70, at_most=210, reason="Not added"),
        "revenue": Figure(value=Decimal("12.30"), unit=FigureUnit.MONEY, currency="EUR"),
    }
    documents = {name: figure_document(figure) for name, figure in figures.items()}
    with filling.database.write() as session:
        save_week(session, week_of(MONDAY), [ComputedWeek(hats, None, documents, {}, {})], NOW)
    told: dict[str, datetime] = {"first_told_at": NOW, "changed_at": NOW}
    anomaly = {"metric": "views", "kind": "rise", "since": MONDAY, "noticed": MONDAY, "value": 900.5}
    filling.add(AnomalyEntry(account_id=account, provisional=False, **anomaly, **told))
    return hats


def exported(filling: Filling, name: DatasetName, export_filter: ExportFilter = EVERYTHING) -> list[dict[str, Any]]:
    """The rows of a query, as they are written."""
    with filling.database.read() as session:
        rows = session.execute(export_query(name, export_filter)).all()
    return [dict(zip(DATASETS[name].columns, row, strict=True)) for row in rows]


def plain(value: Any) -> Any:
    """A value that is equal however a database or a format writes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal | int) else value


@pytest.mark.parametrize("name", list(DatasetName))
def test_rows_are_those_of_the_view(filling: Filling, name: DatasetName) -> None:
    """The same columns in the same order, and the same rows, on both databases."""
    furnish_store(filling)
    rows = exported(filling, name)
    assert rows, "there is something to compare"
    view = DATASETS[name].view
    with filling.database.read() as session:
        stored = session.execute(text(f"SELECT * FROM {view}"))  # noqa: S608
        assert list(stored.keys()) == list(DATASETS[name].columns)
        kinds = list(DATASETS[name].columns.values())
        of_view = [tuple(as_typed(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in stored]
    assert sorted(map(repr, of_view)) == sorted(repr(tuple(map(plain, row.values()))) for row in rows)


def as_typed(value: Any, kind: ColumnKind) -> Any:
    """A value of SQLite, where moments are texts without a zone."""
    if kind is ColumnKind.MOMENT and isinstance(value, str):
        return plain(datetime.fromisoformat(value))
    return plain(value)


@pytest.fixture
def furnished(sqlite_database: Any) -> Filling:
    filling = Filling(sqlite_database)
    furnish_store(filling)
    return filling


def read_file(path: Path, columns: dict[str, ColumnKind]) -> list[dict[str, Any]]:
    """The rows of a file, read by other programs than the one that wrote it."""
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        return [{name: plain(value) for name, value in row.items()} for row in rows]
    if path.suffix == ".jsonl":
        return [
            {name: of_text(value, columns[name]) for name, value in json.loads(line).items()}
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: of_text(value or None, columns[name]) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]  # fmt: skip


def of_text(value: Any, kind: ColumnKind) -> Any:
    if value is None:
        return None
    if kind in (ColumnKind.NUMBER, ColumnKind.MONEY, ColumnKind.INTEGER):
        return float(value)
    return plain(datetime.fromisoformat(value)) if kind is ColumnKind.MOMENT else value


@pytest.mark.parametrize("name", list(DatasetName))
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_files_are_read_back_equal(furnished: Filling, tmp_path: Path, name: DatasetName, suffix: str) -> None:
    path = tmp_path / f"{name}.{suffix}"
    rows = export_dataset(furnished.database, name, path, format_of(path), EVERYTHING)
    columns = dict(DATASETS[name].columns)
    # CSV has one kind of empty cell; no column of a view has both NULL and empty texts.
    expected = [
        {key: plain(value) if suffix != "csv" or value != "" else None for key, value in row.items()}
        for row in exported(furnished, name)
    ]
    assert read_file(path, columns) == expected
    assert rows == len(expected)
    assert path.stat().st_mode & 0o077 == 0, "only its owner may read it"
    assert [file.name for file in tmp_path.glob("[!s]*")] == [path.name]


def test_sqlite_reads_the_csv_and_adds_up_the_same(furnished: Filling, tmp_path: Path) -> None:
    """A third program: SQLite's own sums over an imported CSV file equal those of the store."""
    path = tmp_path / "readings.csv"
    export_dataset(furnished.database, DatasetName.READINGS, path, FileFormat.CSV, EVERYTHING)
    query = "SELECT client, metric_name, count(*), sum(metric_value) FROM {} GROUP BY 1, 2 ORDER BY 1, 2"
    with closing(sqlite3.connect(":memory:")) as other, path.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
        other.execute(f"CREATE TABLE imported ({', '.join(f'{name} NUMERIC' for name in heading)})")
        other.executemany(f"INSERT INTO imported VALUES ({', '.join('?' * len(heading))})", rows)  # noqa: S608
        imported = other.execute(query.format("imported")).fetchall()
    with furnished.database.read() as session:
        stored = session.connection().exec_driver_sql(query.format("readings_flat")).all()
    assert imported == [tuple(row) for row in stored]


def test_clients_and_days_select_rows(filling: Filling) -> None:
    """Both days are included; a post belongs to the Pacific day on which it was published."""
    hats = furnish_store(filling)
    window = DateRange(MONDAY, MONDAY + 3 * ONE_DAY)
    selected = exported(filling, DatasetName.READINGS, ExportFilter(client_id=hats, window=window))
    assert {row["client"] for row in selected} == {"Hats"}
    assert {row["metric_date"] for row in selected} == {MONDAY + days * ONE_DAY for days in range(3)}
    everything = exported(filling, DatasetName.READINGS)
    assert selected == [row for row in everything if row["client_id"] == hats and row["metric_date"] in window]
    posts = exported(filling, DatasetName.POSTS, ExportFilter(window=window))
    assert 0 < len(posts) < len(exported(filling, DatasetName.POSTS))
    # MONDAY is in November, when Pacific time is eight hours behind UTC.
    start = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 8, tzinfo=UTC)
    assert all(start <= row["published_at"] < start + timedelta(days=3) for row in posts)


def test_a_past_moment_has_the_values_of_then(filling: Filling) -> None:
    """Replaced readings have their former value, later ones are left out, and a conversion deleted since is there."""
    client = filling.client("Bakery")
    account = filling.account(client)
    series = filling.daily(account, "page_media_view", {YESTERDAY - ONE_DAY: 100})
    later = filling.fetch(account, NOW + ONE_DAY)
    filling.revise(series, YESTERDAY - ONE_DAY, 140, later)
    filling.readings(account, series, {YESTERDAY: 7}, later)
    then = exported(filling, DatasetName.READINGS, ExportFilter(as_of=NOW))
    assert [(row["metric_date"], row["metric_value"]) for row in then] == [(YESTERDAY - ONE_DAY, 100)]
    assert [row["metric_value"] for row in exported(filling, DatasetName.READINGS)] == [140, 7]
    hats, page = furnish(Agency(filling), clients=1)
    furnish_pages(filling, hats, page)
    sales = exported(filling, DatasetName.CONVERSIONS)
    with filling.database.write() as session:
        delete_conversion(session, hats, sales[0]["conversion_id"], "A test", NOW + ONE_DAY)
    assert exported(filling, DatasetName.CONVERSIONS) == sales[1:]
    assert exported(filling, DatasetName.CONVERSIONS, ExportFilter(as_of=NOW)) == sales
    with pytest.raises(InvalidInputError, match="as they are now only"):
        export_query(DatasetName.KPIS, ExportFilter(as_of=NOW))


def test_an_interrupted_export_leaves_the_file_as_it_was(furnished: Filling, tmp_path: Path) -> None:
    """Neither half a file nor a remainder of it; the earlier export stays."""
    path = tmp_path / "readings.csv"
    path.write_text("the export of yesterday")

    def stop(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_dataset(furnished.database, DatasetName.READINGS, path, FileFormat.CSV, EVERYTHING, stop)
    assert path.read_text() == "the export of yesterday"
    assert [file.name for file in tmp_path.iterdir() if "readings" in file.name] == [path.name]
    with pytest.raises(InvalidInputError, match="cannot be written: No such file"), new_file(tmp_path / "no" / "x.csv"):
        pass


def test_numbers_of_every_size(tmp_path: Path) -> None:
    """Exact in all formats; an integer that a float cannot hold is refused in Parquet and exact elsewhere."""
    columns = {"name": ColumnKind.TEXT, "value": ColumnKind.NUMBER, "amount": ColumnKind.MONEY}
    chance = random.Random(5)
    numbers = [0, 1, 2**53, chance.random(), 1e-300, 123.456, None]
    rows = [(f'ä\n"{index}', number, Decimal("19.99")) for index, number in enumerate(numbers)]  # fmt: skip

    def written(file_format: FileFormat, rows: list[tuple[Any, ...]]) -> bytes:
        file = io.BytesIO()
        with open_format(file_format, file, columns) as write:
            write(rows)
        return file.getvalue()

    table = pyarrow.parquet.read_table(io.BytesIO(written(FileFormat.PARQUET, rows)))
    assert table.column("value").to_pylist() == numbers
    assert table.column("amount").to_pylist() == [Decimal("19.990")] * len(rows)
    assert table.column("name").to_pylist() == [row[0] for row in rows]
    lines = written(FileFormat.JSONL, rows).splitlines()
    assert [json.loads(line)["value"] for line in lines] == numbers
    assert json.loads(lines[0])["amount"] == "19.99"
    cells = list(csv.DictReader(io.StringIO(written(FileFormat.CSV, rows).decode(), newline="")))
    assert [None if cell["value"] == "" else float(cell["value"]) for cell in cells] == numbers
    huge = [("x", 2**53 + 1, None)]
    with pytest.raises(InvalidInputError, match="too large to be exact in Parquet"):
        written(FileFormat.PARQUET, huge)
    assert json.loads(written(FileFormat.JSONL, huge))["value"] == 2**53 + 1


def test_no_spreadsheet_runs_a_text(tmp_path: Path) -> None:
    """A post that begins with = is a text in CSV, and unchanged in the other formats."""
    rows = [("=HYPERLINK(1)",)]
    for file_format, expected in (
        (FileFormat.CSV, b"text\n'=HYPERLINK(1)\n"),
        (FileFormat.JSONL, b'{"text":"=HYPERLINK(1)"}\n'),
    ):
        file = io.BytesIO()
        with open_format(file_format, file, {"text": ColumnKind.TEXT}) as write:
            write(rows)
        assert file.getvalue() == expected


@pytest.fixture
def variables(furnished: Filling) -> dict[str, str]:
    assert furnished.database.path is not None
    return {"SOPHIA_DATA_DIR": str(furnished.database.path.parent)}


def test_the_command(furnished: Filling, variables: dict[str, str], tmp_path: Path) -> None:
    """It says how many rows there are, and refuses what it cannot do before it writes."""

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["export", *arguments], env=variables)

    path = tmp_path / "hats.jsonl"
    done = run("posts", str(path), "--client", "Hats", "--from", "2026-01-01", "--json")
    assert json.loads(done.stdout) == {"file": str(path), "format": "jsonl", "rows": len(path.read_text().splitlines())}
    assert {json.loads(line)["client"] for line in path.read_text().splitlines()} == {"Hats"}
    shown = run("kpis", str(tmp_path / "kpis.csv"))
    assert (shown.exit_code, shown.stdout) == (0, f"3 rows are in {tmp_path / 'kpis.csv'}.\n")
    for arguments, message in (
        (("posts", str(tmp_path / "a.xlsx")), "does not name a format"),
        (("posts", str(tmp_path / "a.csv"), "--as-of", "2026-11-01"), "as they are now only"),
        (("posts", str(tmp_path / "a.csv"), "--from", "2026-02-01", "--to", "2026-01-01"), "is before --from"),
        (("posts", str(tmp_path / "a.csv"), "--client", "Nobody"), "no client 'Nobody'"),
    ):
        refused = run(*arguments)
        assert refused.exit_code in (1, 2)
        assert message in " ".join(refused.output.replace("│", " ").split()), refused.output
        assert not (tmp_path / "a.csv").exists()
