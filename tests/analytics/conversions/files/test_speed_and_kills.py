"""Large files, files of earlier versions of Sophia, and imports that are killed."""

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from sqlalchemy import func, select, text
from tests.analytics.conversions.files.invented import GA4, net, put, stored
from tests.conftest import NOW, ON_SQLITE, Filling

from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.conversions.record_store import Conversion

# The import of a file as a process of its own: database, client, file.
IMPORT = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from sophia.analytics.conversions.files.reading import Reading
from sophia.analytics.conversions.files.recording import import_conversions
from sophia.database.engine import Database

url, client, file = sys.argv[1:]
reading = Reading(ZoneInfo("UTC"), date(2026, 11, 22), currency="EUR")
now = datetime(2026, 11, 22, 12, tzinfo=UTC)
print("begins", flush=True)
report = import_conversions(Database(url), int(client), Path(file).read_bytes(), reading, now)
print(report.recorded, report.known_before, len(report.bad))
"""


def many(rows: int) -> str:
    """Sales with numbers, and inquiries without: the same ones again and again."""
    lines = [f"202611{1 + index % 20:02},purchase,T{index},facebook / social,10.00\n" for index in range(rows // 2)]
    lines += [f"202611{1 + index % 20:02},generate_lead,,facebook / social,\n" for index in range(rows - rows // 2)]
    return GA4 + "".join(lines)


def test_a_killed_import_is_completed_by_the_next(filling: Filling, tmp_path: Path) -> None:
    """L13, E8: after SIGKILL between its transactions the same file leaves every row once."""
    client = filling.client("Hats")
    file = tmp_path / "sales.csv"
    file.write_text(many(6_000))
    url = filling.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", IMPORT, url, str(client), str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    kept = 0
    # Wait for the first transactions, not for a time: the machine may be slow.
    while kept == 0 and process.poll() is None:
        with filling.database.read() as session:
            kept = session.scalar(select(func.count()).select_from(ConversionEvent)) or 0
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert 0 < kept < 6_000
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    recorded, known, bad = map(int, done.stdout.split()[1:])
    assert (recorded + known, bad) == (6_000, 0)
    assert known >= kept
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConversionEvent)) == 6_000
        by_number = select(func.count(ConversionEvent.external_id.distinct()))
        assert session.scalar(by_number) == 6_000
    assert net(filling, client) == 30_000


@ON_SQLITE
def test_ten_thousand_rows_take_seconds(filling: Filling) -> None:
    """L13: look-ups go by batches, new or known; some three seconds, and thrice that on a busy machine."""
    client = filling.client("Hats")
    raw = many(10_000)
    for _ in range(2):
        began = time.process_time()
        report = put(filling, client, raw)
        assert time.process_time() - began < 9
        assert (report.recorded + report.known_before, report.bad) == (10_000, [])


def test_files_of_earlier_versions_are_known(filling: Filling) -> None:
    """L13: rows of a report that were recorded under keys of their content are adopted, and add nothing."""
    client = filling.client("Hats")
    old = Conversion(
        "inquiry", "facebook", date(2026, 11, 20), None, None, None, None, utm_source="facebook", utm_medium="social"
    )
    for number in (1, 2):
        filling.add(
            ConversionEvent(
                client_id=client,
                event_type="inquiry",
                source="facebook",
                origin="facebook",
                event_date=old.event_date,
                utm_source="facebook",
                utm_medium="social",
                idempotency_key=f"row-{old.sha256}-{number}",
                content_sha256=old.sha256,
                recorded_at=NOW,
            )
        )
    report_rows = "Date,Event name,Session source / medium,Event count\n20261120,generate_lead,facebook / social,"
    report = put(filling, client, f"{report_rows}3\n")
    assert (report.recorded, report.known_before) == (1, 2)
    assert (put(filling, client, f"{report_rows}2\n").withdrawn, len(stored(filling))) == (1, 3)
    with filling.database.read() as session:
        digest = session.scalars(text("SELECT DISTINCT content_sha256 FROM conversion_events")).all()
    assert len(digest) == 3
