"""First lines of spreadsheets, and files that are made to break whoever reads them."""

import resource
from datetime import date

import pytest
from tests.analytics.conversions.files.invented import put, stored
from tests.conftest import ON_SQLITE, Filling

from sophia.analytics.conversions.files.tables import MOST_BYTES, read_table
from sophia.errors import InvalidInputError

ROWS = "event_date;event_type;source\r\n2026-06-01;inquiry;shop\r\n"


@ON_SQLITE
@pytest.mark.parametrize("start", ["sep=;\r\n", "\ufeffsep=;\r\n", "\ufeff\ufeff", "# Free form 1\r\n\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_first_lines(filling: Filling, start: str, encoding: str) -> None:
    """L14: the line that tells a spreadsheet the separator, marks of byte order, remarks."""
    client = filling.client("Hats")
    report = put(filling, client, (start + ROWS).encode(encoding))
    assert (report.recorded, report.bad) == (1, [])


@ON_SQLITE
def test_a_mark_of_byte_order_before_the_first_row(filling: Filling) -> None:
    """L14: two files put together."""
    client = filling.client("Hats")
    report = put(filling, client, ROWS.replace("\r\n2026", "\r\n\ufeff2026"))
    assert (report.recorded, report.bad, stored(filling)[0].event_date) == (1, [], date(2026, 6, 1))


@ON_SQLITE
def test_grand_totals_are_skipped_by_name(filling: Filling) -> None:
    """L14: with a cell more than the headings; a source of that name is no sum."""
    client = filling.client("Hats")
    text = "Event name,Date,Transaction ID,Session source / medium,Event count,Purchase revenue\n"
    text += ",,,,2,340.00,Grand total\npurchase,20260601,T1,facebook / social,1,100.00\n"
    report = put(filling, client, text + "purchase,20260602,T2,total / referral,1,240.00\n")
    assert (report.recorded, report.bad, report.passed_over) == (2, [], {"grand totals": 1})


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"a" * (MOST_BYTES + 1), "bytes"),
        (b"event_date," + b"x" * 2_000_000, "characters"),
        (b"event_date,event_type\n2026-06-01," + b"x" * 40_000_000, "characters"),
        (b'event_date,event_type\n2026-06-01,"' + b"x\n" * 20_000_000, "line 2"),
        (b"," * 900_000, "columns"),
        (b"event_date" + b",x" * 20_000_000, "characters"),
        (b"PK\x03\x04" + b"\x00" * 100, "spreadsheet or zip"),
        (b"\x1f\x8b\x08" + b"\x00" * 100, "gzip"),
        ("event_date,source\n".encode("utf-16-le"), "NUL"),
        ("event_date,source\n".encode("utf-32"), "NUL"),
        (b"\n" * 3_000_000, "lines"),
    ],
    ids=["size", "heading", "cell", "open quotation", "commas", "columns", "zip", "gzip", "utf-16", "utf-32", "lines"],
)
def test_bombs_are_refused_in_little_memory(raw: bytes, reason: str) -> None:
    """L14: the reason is said, and memory stays within a few times the size of the largest file."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with pytest.raises(InvalidInputError, match=reason):
        for _ in read_table(raw).rows():
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert peak - before < 6 * MOST_BYTES


@ON_SQLITE
def test_names_of_files_in_cells_are_text(filling: Filling) -> None:
    """L14: a path in a cell opens nothing, a formula computes nothing."""
    client = filling.client("Hats")
    rows = "event_date,event_type,source\n2026-06-01,inquiry,../../etc/passwd\n2026-06-01,inquiry,=cmd()\n"
    assert put(filling, client, rows).recorded == 2
    assert [row.source for row in stored(filling)] == ["../../etc/passwd", "=cmd()"]
