"""What a newer file says of an order replaces what an older one said; the past stays what it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from tests.analytics.conversions.files.invented import ALL_DAYS, GA4, net, order, put, sales, stored
from tests.conftest import NOW, ON_SQLITE, Filling

from sophia.analytics.conversions.models import ConversionEventRevision
from sophia.analytics.conversions.versions import amend_conversion, delete_conversion, restore_conversion
from sophia.analytics.kpis.client_events import client_events

HOUR = timedelta(hours=1)


def net_as_of(filling: Filling, client: int, hours: int) -> Decimal:
    """Net revenue as a report knew it so many hours after NOW."""
    with filling.database.read() as session:
        facts = client_events(session, [client], [ALL_DAYS], NOW + hours * HOUR)[client].conversions
    signs = {"conversion": 1, "refund": -1}
    return sum((signs[fact.event_type] * fact.revenue.amount for fact in facts if fact.revenue), Decimal(0))


def test_the_newest_refund_counts(filling: Filling) -> None:
    """L13: Shopify's refunded amount is a sum; reports of the past say what was known then, the import what changed."""
    client = filling.client("Hats")
    for hours, (status, refunded) in enumerate((("paid", "0.00"), ("partially_refunded", "10.00"))):
        put(filling, client, order(status=status, refunded=refunded), now=NOW + hours * HOUR)
    report = put(filling, client, order(status="partially_refunded", refunded="40.00"), now=NOW + 2 * HOUR)
    assert (report.recorded, report.changed, report.known_before, report.bad) == (0, 1, 1, [])
    assert net(filling, client) == Decimal("60.00")
    assert [net_as_of(filling, client, hours) for hours in (-1, 0, 1, 2)] == [0, 100, 90, 60]
    again = put(filling, client, order(status="partially_refunded", refunded="40.00"), now=NOW + 3 * HOUR)
    assert (again.changed, again.known_before) == (0, 2)
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConversionEventRevision)) == 1


def test_orders_that_change(filling: Filling) -> None:
    """L13: an edited total, a cancellation, an order that is void, partly paid, or refunded no more."""
    client = filling.client("Hats")
    put(filling, client, order())
    assert put(filling, client, order(total="160.00")).changed == 1
    assert net(filling, client) == 160
    put(filling, client, order(total="160.00", status="partially_paid", balance="60.00"))
    assert net(filling, client) == 100
    put(filling, client, order(status="partially_refunded", refunded="10.00"))
    assert put(filling, client, order()).withdrawn == 1
    assert net(filling, client) == 100
    put(filling, client, order(cancelled="2026-11-05 10:00:00 +0000"))
    assert sales(filling, client) == [
        ("conversion", date(2026, 11, 1), Decimal("100.00")),
        ("refund", date(2026, 11, 5), Decimal("100.00")),
    ]
    assert put(filling, client, order(status="voided")).withdrawn == 2
    assert sales(filling, client) == []
    assert put(filling, client, order()).changed == 1
    assert net(filling, client) == 100


def test_customers_who_write_differently_or_are_erased(filling: Filling) -> None:
    """L13: an address in capitals is the same customer; an erased one is a new version and no bad row."""
    client = filling.client("Hats")
    put(filling, client, order())
    shouted = put(filling, client, order(email="ANN@Demo.example"))
    assert (shouted.known_before, shouted.changed, shouted.bad) == (1, 0, [])
    erased = put(filling, client, order(email=""))
    assert (erased.changed, erased.bad) == (1, [])
    assert stored(filling)[0].customer_key is None


def test_each_shop_has_numbers_of_its_own(filling: Filling) -> None:
    """L13: order #1001 of two shops is two sales, whichever is imported again."""
    client = filling.client("Hats")
    for _ in range(2):
        put(filling, client, order(total="10.00"), source="hats.example")
        report = put(filling, client, order(total="10.00"), source="shoes.example")
    assert net(filling, client) == 20
    assert [(pair.sources, pair.by_number, pair.counted) for pair in report.shared] == [
        (("hats.example", "shoes.example"), 1, "both")
    ]


def test_a_new_attribution_replaces_the_old(filling: Filling) -> None:
    """L13, L14: Google learns the channel of a transaction later; the channel is no part of its number."""
    client = filling.client("Hats")
    put(filling, client, GA4 + "20261101,purchase,T100,(direct) / (none),100.00\n")
    report = put(filling, client, GA4 + "20261101,purchase,T100,facebook / social,100.00\n")
    assert (report.changed, report.recorded) == (1, 0)
    assert net(filling, client) == 100
    assert [(row.source, row.attributed_by) for row in stored(filling)] == [("facebook", "utm_source")]


def test_two_refunds_of_a_transaction_add_up(filling: Filling) -> None:
    """L13: Google reports each refund by its day, not their sum."""
    client = filling.client("Hats")
    put(filling, client, GA4 + "20261101,purchase,T1,facebook / social,100\n20261102,refund,T1,facebook / social,-10\n")
    put(filling, client, GA4 + "20261105,refund,T1,facebook / social,-30\n")
    assert net(filling, client) == 60


def test_a_person_has_the_last_word_until_the_source_says_something_new(filling: Filling) -> None:
    """L13: the same file does not undo an amendment, a newer one does and says so; what is deleted stays deleted."""
    client = filling.client("Hats")
    put(filling, client, order())
    (row,) = stored(filling)
    with filling.database.write() as session:
        amend_conversion(session, client, row.id, {"revenue_amount": Decimal(90)}, "A discount", NOW + HOUR)
    assert put(filling, client, order(), now=NOW + 2 * HOUR).known_before == 1
    assert net(filling, client) == 90
    newer = put(filling, client, order(total="95.00"), now=NOW + 3 * HOUR)
    assert (newer.changed, newer.amendments_replaced) == (1, 1)
    assert net(filling, client) == 95
    with filling.database.write() as session:
        delete_conversion(session, client, row.id, "A test order", NOW + 4 * HOUR)
    for total in ("95.00", "97.00"):
        report = put(filling, client, order(total=total), now=NOW + 5 * HOUR)
        assert (report.kept_deleted, report.changed) == (1, 0)
        assert net(filling, client) == 0
    with filling.database.write() as session:
        restore_conversion(session, client, row.id, "It was real", NOW + 6 * HOUR)
    assert net(filling, client) == 95
    assert [net_as_of(filling, client, hours) for hours in (0, 1, 3, 4, 6)] == [100, 90, 95, 0, 95]


def test_rows_of_a_report_are_replaced_with_their_numbers(filling: Filling) -> None:
    """L13, L14: a row that counts more, fewer or no sales later, with other revenue, leaves what the newest file says."""
    client = filling.client("Hats")
    head = "Date,Session source / medium,Ecommerce purchases,Purchase revenue\n"
    for purchases, revenue in ((5, "500.00"), (6, "560.00"), (3, "299.99")):
        put(filling, client, f"{head}20261101,facebook / social,{purchases},{revenue}\n")
        assert (len(sales(filling, client)), net(filling, client)) == (purchases, Decimal(revenue))
    report = put(filling, client, f"{head}20261101,facebook / social,0,0\n")
    assert (report.withdrawn, sales(filling, client)) == (3, [])


@ON_SQLITE
def test_one_file_says_two_things(filling: Filling) -> None:
    """L13: nothing tells which of two rows of one file is right; the second is a bad row that names the first."""
    client = filling.client("Hats")
    report = put(filling, client, GA4 + "20261101,purchase,T1,a / b,10\n20261101,purchase,T1,a / b,12\n")
    assert [(row.line, "line 2" in row.reason) for row in report.bad] == [(3, True)]
    assert net(filling, client) == 10


def test_two_imports_at_once_keep_every_version_once(filling: Filling) -> None:
    """L13: of two processes that change the same orders, one makes the version and the other finds it."""
    client = filling.client("Hats")
    head, *_ = order().splitlines()
    lines = [order(f"#{number}").splitlines()[1] for number in range(40)]
    put(filling, client, "\n".join([head, *lines]))
    changed = "\n".join([head, *lines]).replace(",100.00,0.00", ",120.00,0.00")
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: put(filling, client, changed), range(2)))
    assert sum(report.changed for report in reports) == 40
    assert net(filling, client) == 40 * 120
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConversionEventRevision)) == 40
