"""Files of conversions as a shop and Google Analytics write them, and what a store says after their import."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from tests.conftest import NOW, Filling

from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.recording import ImportReport, import_conversions
from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.conversions.queries import conversion_facts
from sophia.meta.reporting_zone import DateRange

READING = FileOptions(client_zone=ZoneInfo("UTC"), today=date(2026, 11, 22))
ALL_DAYS = DateRange(date(2026, 1, 1), date(2027, 1, 1))
SHOP = "Name,Email,Financial Status,Currency,Total,Refunded Amount,Created at,Cancelled at,Outstanding Balance\n"
GA4 = "Date,Event name,Transaction ID,Session source / medium,Purchase revenue\n"


def put(filling: Filling, client: int, text: str | bytes, **options: Any) -> ImportReport:
    """Import a file as of `now`, with further options of `FileOptions`."""
    now, dry_run = options.pop("now", NOW), options.pop("dry_run", False)
    details = {name: getattr(READING, name) for name in FileOptions.__slots__} | {"currency": "EUR"} | options
    raw = text if isinstance(text, bytes) else text.encode()
    return import_conversions(filling.database, client, raw, FileOptions(**details), now, dry_run=dry_run)


def order(
    number: str = "#1001",
    status: str = "paid",
    total: str = "100.00",
    refunded: str = "0.00",
    email: str = "ann@demo.example",
    cancelled: str = "",
    balance: str = "",
) -> str:
    return SHOP + f"{number},{email},{status},EUR,{total},{refunded},2026-11-01 10:00:00 +0000,{cancelled},{balance}\n"


def sales(filling: Filling, client: int, window: DateRange = ALL_DAYS) -> list[tuple[str, date, Decimal]]:
    """(type, day, amount) of the sales and refunds that count."""
    with filling.database.read() as session:
        facts = conversion_facts(session, client, window)
    found = [(fact.event_type, fact.day, fact.revenue.amount if fact.revenue else Decimal(0)) for fact in facts]
    return sorted(found)


def net(filling: Filling, client: int) -> Decimal:
    """Counted revenue less counted refunds."""
    amounts = (amount if kind == "conversion" else -amount for kind, _, amount in sales(filling, client))
    return sum(amounts, Decimal(0))


def stored(filling: Filling) -> list[ConversionEvent]:
    with filling.database.read() as session:
        return list(session.scalars(select(ConversionEvent).order_by(ConversionEvent.id)))
