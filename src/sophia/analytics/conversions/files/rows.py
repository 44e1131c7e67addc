"""Reads conversions from the rows of a file, by the same rules as the API."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sophia.analytics.conversions.attribution import split_money
from sophia.analytics.conversions.event_types import CONVERSION, REFUND
from sophia.analytics.conversions.files.column_plan import ColumnPlan
from sophia.analytics.conversions.files.columns import ANY_VISIT, EVENT_NAMES, FileFormat, plain_name
from sophia.analytics.conversions.files.headings import BLANKS, GRAND_TOTALS, SOURCE_AND_MEDIUM
from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.orders import read_order
from sophia.analytics.conversions.files.parsed_rows import CountedRow, ParsedRow, SignedMoney
from sophia.analytics.conversions.files.tables import Table
from sophia.analytics.conversions.files.values import read_amount, read_count, read_day
from sophia.analytics.conversions.incoming import Conversion, checked_conversion, expect_event_date
from sophia.analytics.figures.facts import Money
from sophia.analytics.utm.reading import read_tags
from sophia.errors import InvalidInputError

GA4_ORIGIN = "ga4"
UNTAGGED_VISITS = "visits without our tags"
NO_EVENTS = "rows that count nothing"
GRAND_TOTAL_ROWS = "grand totals"
_DIRECT = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "link_url", "customer_key", "external_id")
_SOURCE_AND_MEDIUM = frozenset(plain_name(name) for name in SOURCE_AND_MEDIUM)


@dataclass
class RowReader:
    """A reader of the rows of one table, in their order. `orders` are the order numbers that it has read."""

    table: Table
    options: FileOptions
    plan: ColumnPlan
    orders: set[str] = field(default_factory=set)

    def read(self, cells: list[str]) -> ParsedRow:
        """Return the content of a row. Raises InvalidInputError with the reason if the row is not usable."""
        if self._is_grand_total(cells):
            return ParsedRow(skipped=GRAND_TOTAL_ROWS)
        if len(cells) != len(self.table.headings):
            raise InvalidInputError(
                f"The row has {len(cells)} cells, but there are {len(self.table.headings)} headings. Put text that contains the"
                " separator in quotation marks."
            )
        values = {name: cells[index] for name, index in self.table.columns.items()}
        values = {name: text for name, text in values.items() if text.casefold() not in BLANKS}
        if self.table.format is FileFormat.SHOPIFY:
            return read_order(self, values)
        return self._read_event(cells, values)

    def _is_grand_total(self, cells: list[str]) -> bool:
        """Return whether a cell contains a label of totals and the row has no day."""
        index = self.table.columns["event_date"]
        day = cells[index] if index < len(cells) else ""
        has_day = day.casefold() not in BLANKS | GRAND_TOTALS
        return not has_day and any(cell.casefold().rstrip(":") in GRAND_TOTALS for cell in cells)

    def _read_event(self, cells: list[str], values: Mapping[str, str]) -> ParsedRow:
        name = values.get("event_type", "").casefold()
        event_type = EVENT_NAMES.get(name, name) or (CONVERSION if self.plan.counts_sales else self.options.event_type)
        if event_type is None:
            raise InvalidInputError("The row has no event type. Give --event-type if no column has it.")
        fields: dict[str, Any] = {key: values.get(key) for key in _DIRECT} | self._source_fields(values)
        if name == ANY_VISIT and not (fields["utm_content"] or read_tags(fields["link_url"] or "").get("utm_content")):
            return ParsedRow(skipped=UNTAGGED_VISITS)
        if "content_draft_id" in values:
            text = values["content_draft_id"]
            fields["content_draft_id"] = int(text) if text.isascii() and text.isdecimal() else text
        fields |= {"event_type": event_type, "event_date": self.day(values)}
        count = self._count(cells)
        parts = self._parts(values, event_type, count, is_named=bool(name))
        events = tuple(
            conversion
            for part_type, count, money in parts
            for conversion in self._conversions(values, fields | {"event_type": part_type}, count, money)
        )
        if self.table.format is FileFormat.GA4 and "transaction_id" not in values and values.get("external_id") is None:
            return self._counted(fields, events, event_type, count)
        return ParsedRow(events, skipped=None if events else NO_EVENTS)

    def _count(self, cells: list[str]) -> int:
        """Return how many events the row counts; 1 without a column that counts."""
        if self.plan.count_column is None:
            return 1
        text = cells[self.plan.count_column]
        if text.casefold() in BLANKS:
            return 1 if self.table.format is FileFormat.EVENTS else 0
        return read_count(text)

    def _parts(
        self, values: Mapping[str, str], event_type: str, count: int, *, is_named: bool
    ) -> list[tuple[str, int, SignedMoney | None]]:
        """Return the parts of the row: (type, number of events, their total money)."""
        net, gross, refunded = (self.money(values, name) for name in ("revenue_amount", "gross", "refunded"))
        if event_type == REFUND:
            return [(REFUND, count, self._refunded(net, refunded, count))]
        if event_type != CONVERSION:
            # Reports have a 0 in every row. The rules of conversions refuse any other amount.
            return [(event_type, count, next((money for money in (net, gross) if money and money[0] != 0), None))]
        has_refund = refunded is not None and refunded[0] != 0
        if is_named and (has_refund or (net is not None and net[0] < 0)):
            raise InvalidInputError(
                "The row of a purchase contains a refund. The event of a refund must be named refund: correct the row or"
                " export the event name."
            )
        return self._sales(net, gross, refunded if has_refund else None, count)

    def _sales(
        self, net: SignedMoney | None, gross: SignedMoney | None, refunded: SignedMoney | None, count: int
    ) -> list[tuple[str, int, SignedMoney | None]]:
        """Return the purchases and the refund of a row. Google's purchase revenue excludes refunds."""
        if refunded is None and gross is None and net is not None and net[0] < 0 and count == 0:
            refunded, net = net, None
        refunded = None if refunded is None else (abs(refunded[0]), refunded[1])
        sales = gross
        if gross is None and net is not None:
            sales = net if refunded is None else (net[0] + refunded[0], net[1])
        if sales is not None and sales[0] < 0:
            raise InvalidInputError(
                f"The purchases of the row are {sales[0]}: refunds exceed purchases. Export Gross purchase revenue"
                " and Refund amount, or a row per transaction."
            )
        if count == 0 and sales is not None and sales[0] > 0:
            raise InvalidInputError(
                f"The row has revenue of {sales[0]} and no purchase. Export the revenue of purchases only, or name the column"
                " that counts them: --count-column"
            )
        parts: list[tuple[str, int, SignedMoney | None]] = [(CONVERSION, count, sales)]
        return parts if refunded is None else [*parts, (REFUND, 1, refunded)]

    def _refunded(self, net: SignedMoney | None, refunded: SignedMoney | None, count: int) -> SignedMoney | None:
        """Return the refund in the row of a refund, which may have a minus sign."""
        amounts = {abs(money[0]): money for money in (net, refunded) if money is not None and money[0] != 0}
        if len(amounts) > 1:
            raise InvalidInputError(f"The row contains two refunds: {' and '.join(map(str, amounts))}.")
        for amount, (_, currency) in amounts.items():
            return amount, currency
        if count and (net is not None or refunded is not None or self.table.format is FileFormat.GA4):
            raise InvalidInputError("The refund has no amount. Export Refund amount, or write the amount into the row.")
        return None

    def _conversions(
        self, values: Mapping[str, str], fields: Mapping[str, Any], count: int, money: SignedMoney | None
    ) -> list[Conversion]:
        if count == 0:
            return []
        event_type, number = fields["event_type"], fields["external_id"]
        transaction = values.get("transaction_id") if number is None else None
        if count > 1 and (number is not None or transaction is not None):
            raise InvalidInputError(
                f"{count} events in one row share the number {number or transaction}. Export one row per transaction."
            )
        if count > 1 and money is not None and self.table.format is FileFormat.EVENTS:
            raise InvalidInputError(f"{count} sales in one row have one amount. Write one row per sale.")
        extra: dict[str, Any] = {}
        if transaction is not None:
            number = transaction
            if event_type == REFUND:
                # A sale and its refunds share the number of the transaction, so the day distinguishes them.
                day = f":{fields['event_date']}" if self.table.format is FileFormat.GA4 else ""
                number, extra = f"refund:{transaction}{day}", {"transaction_id": transaction}
        if self.table.format is FileFormat.GA4:
            extra |= {"origin": self.options.source or GA4_ORIGIN, "from_analytics": True}
        amounts = [None] * count if money is None else split_money(Money(*money), count)
        currency = None if money is None else money[1]
        # The events differ in their amounts only, so one check is enough.
        checked = self.checked(dict(fields) | {"external_id": number} | _revenue(amounts[0], currency), **extra)
        return [replace(checked, revenue_amount=amount) for amount in amounts]

    def _counted(
        self, fields: Mapping[str, Any], events: tuple[Conversion, ...], event_type: str, count: int
    ) -> ParsedRow:
        """Return the events with the key of the row's dimensions, so that the next export of the row replaces them."""
        rows = tuple(
            CountedRow(
                self.options.source or GA4_ORIGIN,
                _row_key(dict(fields) | {"event_type": row_type}),
                tuple(event for event in events if event.event_type == row_type),
            )
            for row_type in ((CONVERSION, REFUND) if event_type == CONVERSION else (event_type,))
        )
        return ParsedRow(counted=rows, skipped=NO_EVENTS if count == 0 and not events else None)

    def _source_fields(self, values: Mapping[str, str]) -> dict[str, str | None]:
        """Return source and medium, which may come from one column."""
        texts = {name: values.get(name) for name in ("source", "utm_source", "utm_medium")}
        for name, text in texts.items():
            index = self.table.columns.get(name)
            heading = "" if index is None else self.table.headings[index]
            if text is not None and plain_name(heading) in _SOURCE_AND_MEDIUM:
                source, _, medium = text.partition(" / ")
                part = medium if name == "utm_medium" else source
                texts[name] = None if part.casefold() in BLANKS else part
        texts["source"] = self.options.source or texts["source"] or texts["utm_source"] or "import"
        return texts

    def day(self, values: Mapping[str, str], name: str = "event_date") -> date:
        """Return the day of a field on the client's calendar. Raises InvalidInputError."""
        zone = self.options.client_zone
        day = read_day(values.get(name, ""), self.options.file_zone or zone, zone)
        expect_event_date(day, self.options.today)
        return day

    def money(self, values: Mapping[str, str], name: str) -> SignedMoney | None:
        """Return the amount of a field, which may be negative, with its currency; None for an empty cell."""
        if name not in values:
            return None
        currency = values.get("currency") or self.options.currency
        amount = read_amount(values[name], self.options.decimal_mark, currency)
        if currency is None:
            raise InvalidInputError("The row has an amount but no currency. Give --currency if no column has it.")
        return amount, currency.upper()

    def checked(self, values: Mapping[str, Any], **extra: Any) -> Conversion:
        """Return a conversion by the rules of the API. Raises InvalidInputError."""
        return Conversion.from_new(checked_conversion(values), **extra)


def _revenue(amount: Decimal | None, currency: str | None) -> dict[str, Any]:
    return {} if amount is None else {"revenue_amount": amount, "currency": currency}


def _row_key(fields: Mapping[str, Any]) -> str:
    """Return a hash of the dimensions of a row: all its known fields without their numbers."""
    parts = [f"{name}={fields[name]}" for name in sorted(fields) if fields[name] is not None]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
