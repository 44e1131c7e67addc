"""Files as Google Analytics, Shopify and people write them: what is recorded, what is refused, and nothing twice."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.conftest import NOW, ON_SQLITE, Filling

from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.recording import ImportReport, import_conversions
from sophia.analytics.conversions.models import ConversionEvent
from sophia.errors import InvalidInputError

TORONTO = ZoneInfo("America/Toronto")
READING = FileOptions(client_zone=TORONTO, today=date(2026, 11, 22))
GA4 = """# ----------------------------------------
# Sales by link
# 20261101-20261121

Date,Event name,Session source / medium,Session campaign,Session manual ad content,Transaction ID,Event count,Total revenue
20261120,session_start,facebook / social,tips,post_{draft},(not set),3,0
20261120,session_start,google / organic,(organic),(not set),(not set),40,0
20261120,purchase,facebook / social,tips,post_{draft},T-1,1,49.9
20261121,refund,(direct) / (none),(direct),(not set),T-1,1,49.90
20261121,generate_lead,instagram / social,tips,post_999,(not set),1,0
20261121,scroll,facebook / social,tips,post_{draft},(not set),9,0
,,,,,,53,99.8
"""
SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem name,Refunded Amount,Source
#1001,ann@example.com,paid,2026-11-20 23:30:00 -0500,CAD,59.00,2026-11-20 23:30:00 -0500,"Hat, red",0.00,web
#1001,ann@example.com,,,,,2026-11-20 23:30:00 -0500,Scarf,,
#1002,Ann@Example.com,partially_refunded,2026-11-21 10:00:00 -0500,CAD,20.00,2026-11-21 10:00:00 -0500,Cap,5.00,web
#1003,bob@example.com,pending,,CAD,80.00,2026-11-21 11:00:00 -0500,Hat,0.00,web
"""


def put(filling: Filling, client: int, text: str, *, dry_run: bool = False, **options: Any) -> ImportReport:
    details = {name: getattr(READING, name) for name in FileOptions.__slots__} | options
    reading = FileOptions(**details)
    return import_conversions(filling.database, client, text.encode(), reading, NOW, dry_run=dry_run)


def stored(filling: Filling) -> list[ConversionEvent]:
    with filling.database.read() as session:
        return list(session.scalars(select(ConversionEvent).order_by(ConversionEvent.id)))


def test_google_analytics(filling: Filling) -> None:
    """F12, J5: clicks become events, one each; sale and refund share a number; twice adds nothing; bad rows have lines."""
    client = filling.client("Hats")
    draft = filling.draft(client)
    text = GA4.format(draft=draft)
    report = put(filling, client, text, currency="CAD")
    assert (report.rows, report.recorded, report.known_before, report.unattributed) == (7, 6, 0, 1)
    assert report.passed_over == {"visits without our tags": 1}
    assert [row.line for row in report.bad] == [11, 12]
    assert "event_type" in report.bad[0].reason
    rows = stored(filling)
    assert [row.event_type for row in rows] == ["utm_click"] * 3 + ["conversion", "refund", "inquiry"]
    assert {row.content_draft_id for row in rows[:4]} == {draft}
    assert [row.attributed_by for row in rows] == ["utm_content"] * 4 + [None, "utm_source"]
    assert [(row.external_id, row.revenue_amount, row.currency) for row in rows[3:5]] == [
        ("T-1", Decimal("49.90"), "CAD"),
        ("refund:T-1:2026-11-21", Decimal("49.90"), "CAD"),
    ]
    assert (rows[0].source, rows[0].utm_medium, rows[0].utm_campaign) == ("facebook", "social", "tips")
    again = put(filling, client, text, currency="CAD")
    assert (again.recorded, again.known_before, len(stored(filling))) == (0, 6, 6)
    more = put(filling, client, text.replace("(not set),3,0", "(not set),5,0"), currency="CAD")
    assert (more.recorded, len(stored(filling))) == (2, 8)


def test_shopify(filling: Filling) -> None:
    """G15, G17: an order is one sale however many lines it has; a refund is an event of its own; nobody's e-mail is kept."""
    client = filling.client("Hats", timezone="America/Toronto")
    report = put(filling, client, SHOPIFY)
    assert (report.rows, report.recorded, report.bad) == (4, 3, [])
    assert report.passed_over == {"further lines of an order": 1, "orders that are not paid": 1}
    rows = stored(filling)
    assert [(row.event_type, row.event_date, row.revenue_amount) for row in rows] == [
        ("conversion", date(2026, 11, 20), Decimal("59.00")),
        ("conversion", date(2026, 11, 21), Decimal("20.00")),
        ("refund", date(2026, 11, 21), Decimal("5.00")),
    ]
    assert len({row.customer_key for row in rows}) == 1
    assert "@" not in str([vars(row) for row in rows])
    assert report.refunds_without_day == 1
    assert put(filling, client, SHOPIFY).known_before == 3
    headings, cancelled = (
        SHOPIFY.splitlines()[0],
        "#1004,cy@example.com,refunded,,CAD,9.00,2026-10-30 10:00:00 -0400,Hat,9.00,web",
    )
    report = put(filling, client, f"{headings},Cancelled at\n{cancelled},2026-11-03 23:30:00 -0500\n")
    assert (report.recorded, report.refunds_without_day) == (2, 0)
    assert [row.event_date for row in stored(filling)[-2:]] == [date(2026, 10, 30), date(2026, 11, 3)]


@ON_SQLITE
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings(filling: Filling, separator: str, encoding: str) -> None:
    """J5: as spreadsheets of all countries write them; decimal comma, thousands, quotes and CRLF."""
    client = filling.client("Hats")
    lines = [
        ["event_date", "Event name", "source", "revenue_amount", "currency"],
        ["2026-11-20", "conversion", "größe", '"1.234,50"', "EUR"],
        ["20.11.2026", "purchase", "größe", '"19,9"', "eur"],
    ]
    raw = "\r\n".join(separator.join(cells) for cells in lines).encode(encoding)
    report = import_conversions(filling.database, client, raw, READING, NOW)
    assert (report.recorded, report.bad) == (2, [])
    rows = stored(filling)
    assert [(row.source, row.revenue_amount) for row in rows] == [
        ("größe", Decimal("1234.50")),
        ("größe", Decimal("19.90")),
    ]
    assert {row.event_date for row in rows} == {date(2026, 11, 20)}


def test_a_dry_run_says_the_same_and_writes_nothing(filling: Filling) -> None:
    client = filling.client("Hats")
    tried = put(filling, client, GA4.format(draft=1), currency="CAD", dry_run=True)
    assert stored(filling) == []
    done = put(filling, client, GA4.format(draft=1), currency="CAD")
    assert (tried.recorded, tried.bad, tried.passed_over) == (done.recorded, done.bad, done.passed_over)
    assert len(stored(filling)) == done.recorded > 0


def test_the_same_row_twice_is_two_events(filling: Filling) -> None:
    """J5: two equal inquiries of one day are two, and stay two."""
    client = filling.client("Hats")
    text = "event_date,event_type,source\n" + "2026-11-20,inquiry,form\n" * 2
    assert put(filling, client, text).recorded == 2
    assert put(filling, client, text + "2026-11-20,inquiry,form\n").recorded == 1
    assert len(stored(filling)) == 3


def test_the_same_number_for_something_else_is_told(filling: Filling) -> None:
    """J5: an external id is one event, whoever sent it first."""
    client = filling.client("Hats")
    head = "event_date,event_type,source,external_id\n"
    put(filling, client, head + "2026-11-20,inquiry,form,A-1\n")
    report = put(filling, client, head + "2026-11-20,inquiry,form,A-1\n2026-11-21,inquiry,form,A-1\n")
    assert (report.known_before, report.recorded, [row.line for row in report.bad]) == (1, 0, [3])
    assert "external_id" in report.bad[0].reason


def test_zones(filling: Filling) -> None:
    """G18: the day is the client's; a time without an offset is in the zone that is given; a day stays what it is."""
    client = filling.client("Hats", timezone="America/Toronto")
    text = "event_date,event_type,source\n2026-11-21T02:30:00Z,dm,a\n2026-11-21 02:30:00,dm,b\n2026-11-21,dm,c\n2026112102,dm,d\n"
    put(filling, client, text, file_zone=ZoneInfo("Europe/Berlin"))
    days = {row.source: row.event_date.day for row in stored(filling)}
    assert days == {"a": 20, "b": 20, "c": 21, "d": 20}


@ON_SQLITE
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-11-20,conversion,form,-5,EUR", "named refund"),
        ("2026-11-20,conversion,form,NaN,EUR", "not an amount"),
        ("2026-11-20,conversion,form,1e300,EUR", "not an amount"),
        ("2026-11-20,conversion,form,1.999,EUR", "--decimal"),
        ("2026-11-20,conversion,form,5,", "--currency"),
        ("2026-11-20,conversion,form,5,ABC", "currency"),
        ("2026-11-20,save,form,5,EUR", "has no revenue"),
        ("2026-11-20,,form,,", "--event-type"),
        ("2026-11-30,dm,form,,", "event_date"),
        ("02/03/2026,dm,form,,", "2026-02-28"),
        ("0001-01-01,dm,form,,", "event_date"),
        (",dm,form,,", "2026-02-28"),
        ("2026-11-20,dm,form,19,90,EUR", "cells"),
        ("2026-11-20,dm,a\x00b,,", "source"),
    ],
)
def test_rows_that_cannot_be(filling: Filling, row: str, reason: str) -> None:
    """J4, G17: each is told with its line and why, and its neighbours are kept."""
    client = filling.client("Hats")
    good = "2026-11-20,conversion,form,5,EUR"
    report = put(filling, client, f"event_date,event_type,source,revenue_amount,currency\n{good}\n{row}\n{good}")
    assert [bad.line for bad in report.bad] == [3]
    assert reason in report.bad[0].reason
    assert len(stored(filling)) == 2


@ON_SQLITE
@pytest.mark.parametrize("raw", [b"", b"\n\n# x\n", b"a,b\n1,2\n", b"\xff\xfe\x00", "größe,date\n".encode("latin-1")])
def test_files_that_cannot_be(filling: Filling, raw: bytes) -> None:
    client = filling.client("Hats")
    with pytest.raises(InvalidInputError):
        import_conversions(filling.database, client, raw, READING, NOW)
    assert stored(filling) == []
