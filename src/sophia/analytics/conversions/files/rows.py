"""Makes conversions of one row of a file, by the same rules as the API."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from sophia.analytics.conversions.attribution import split_money
from sophia.analytics.conversions.files.column_plan import ColumnPlan
from sophia.analytics.conversions.files.columns import ANY_VISIT, EVENT_NAMES, FileFormat, plain_name
from sophia.analytics.conversions.files.headings import BLANKS, GRAND_TOTALS, SOURCE_AND_MEDIUM
from sophia.analytics.conversions.files.orders import read_order
from sophia.analytics.conversions.files.reading import Reading
from sophia.analytics.conversions.files.row_meaning import CountedRow, Money, RowMeaning
from sophia.analytics.conversions.files.tables import Table
from sophia.analytics.conversions.files.values import read_amount, read_count, read_day
from sophia.analytics.conversions.record_store import Conversion
from sophia.analytics.conversions.schemas import EARLIEST_EVENT, NewConversion, expect_event_date
from sophia.analytics.figures.facts import Money as Amount
from sophia.analytics.utm.reading import read_tags
from sophia.errors import InvalidInputError

GA4_ORIGIN = "ga4"
NO_TAG = "visits without our tags"
NONE_HAPPENED = "rows that count nothing"
SUMS = "grand totals"
CONVERSION, REFUND = "conversion", "refund"
_DIRECT = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "link_url", "customer_key", "external_id")
_SOURCE_AND_MEDIUM = frozenset(plain_name(name) for name in SOURCE_AND_MEDIUM)


@dataclass
class RowReader:
    """Reads the rows of one table in their order; remembers the orders that it has met."""

    table: Table
    reading: Reading
    plan: ColumnPlan
    orders: set[str] = field(default_factory=set)

    def read(self, cells: list[str]) -> RowMeaning:
        """Raises InvalidInputError with the reason why the row cannot be used."""
        if self._is_grand_total(cells):
            return RowMeaning(skipped=SUMS)
        if len(cells) != len(self.table.headings):
            raise InvalidInputError(
                f"The row has {len(cells)} cells, the headings are {len(self.table.headings)}. Put text that holds the"
                " separator in quotation marks."
            )
        values = {name: cells[index] for name, index in self.table.columns.items()}
        values = {name: text for name, text in values.items() if text.casefold() not in BLANKS}
        if self.table.format is FileFormat.SHOPIFY:
            return read_order(self, values)
        return self._read_event(cells, values)

    def _is_grand_total(self, cells: list[str]) -> bool:
        """Whether a cell says so, and the row has no day of its own."""
        index = self.table.columns["event_date"]
        day = cells[index] if index < len(cells) else ""
        has_day = day.casefold() not in BLANKS | GRAND_TOTALS
        return not has_day and any(cell.casefold().rstrip(":") in GRAND_TOTALS for cell in cells)

    def _read_event(self, cells: list[str], values: Mapping[str, str]) -> RowMeaning:
        name = values.get("event_type", "").casefold()
        event_type = EVENT_NAMES.get(name, name) or (CONVERSION if self.plan.counts_sales else self.reading.event_type)
        if event_type is None:
            raise InvalidInputError("The row does not say what happened. Give --event-type when no column does.")
        fields: dict[str, Any] = {key: values.get(key) for key in _DIRECT} | self._source_fields(values)
        if name == ANY_VISIT and not (fields["utm_content"] or read_tags(fields["link_url"] or "").get("utm_content")):
            return RowMeaning(skipped=NO_TAG)
        if "content_draft_id" in values:
            text = values["content_draft_id"]
            fields["content_draft_id"] = int(text) if text.isascii() and text.isdecimal() else text
        fields |= {"event_type": event_type, "event_date": self.day(values)}
        times = self._times(cells)
        parts = self._parts(values, event_type, times, is_named=bool(name))
        events = tuple(
            conversion
            for part_type, count, money in parts
            for conversion in self._conversions(values, fields | {"event_type": part_type}, count, money)
        )
        if self.table.format is FileFormat.GA4 and "transaction_id" not in values and values.get("external_id") is None:
            return self._counted(fields, events, event_type, times)
        return RowMeaning(events, skipped=None if events else NONE_HAPPENED)

    def _times(self, cells: list[str]) -> int:
        """How many events the row counts; each row is one where no column counts."""
        if self.plan.count_column is None:
            return 1
        text = cells[self.plan.count_column]
        if text.casefold() in BLANKS:
            return 1 if self.table.format is FileFormat.EVENTS else 0
        return read_count(text)

    def _parts(
        self, values: Mapping[str, str], event_type: str, times: int, *, is_named: bool
    ) -> list[tuple[str, int, Money | None]]:
        """What the row says happened: (type, how often, all its money)."""
        net, gross, back = (self.money(values, name) for name in ("revenue_amount", "gross", "refunded"))
        if event_type == REFUND:
            return [(REFUND, times, self._refunded(net, back, times))]
        if event_type != CONVERSION:
            # Reports have a 0 in every row; any other amount is refused by the rules of conversions.
            return [(event_type, times, next((money for money in (net, gross) if money and money[0] != 0), None))]
        has_refund = back is not None and back[0] != 0
        if is_named and (has_refund or (net is not None and net[0] < 0)):
            raise InvalidInputError(
                "The row of a purchase says that money went back. When it is a refund, its event must be named refund;"
                " correct the row or export the event name."
            )
        return self._sales(net, gross, back if has_refund else None, times)

    def _sales(
        self, net: Money | None, gross: Money | None, back: Money | None, times: int
    ) -> list[tuple[str, int, Money | None]]:
        """Purchases of a row and what went back. Google's purchase revenue is without what was refunded."""
        if back is None and gross is None and net is not None and net[0] < 0 and times == 0:
            back, net = net, None
        back = None if back is None else (abs(back[0]), back[1])
        sold = gross
        if gross is None and net is not None:
            sold = net if back is None else (net[0] + back[0], net[1])
        if sold is not None and sold[0] < 0:
            raise InvalidInputError(
                f"The purchases of the row come to {sold[0]}: more went back than was bought. Export Gross purchase revenue"
                " and Refund amount, or a row per transaction."
            )
        if times == 0 and sold is not None and sold[0] > 0:
            raise InvalidInputError(
                f"The row has {sold[0]} of revenue and no purchase. Export revenue of purchases only, or name the column"
                " that counts them: --count-column"
            )
        parts: list[tuple[str, int, Money | None]] = [(CONVERSION, times, sold)]
        return parts if back is None else [*parts, (REFUND, 1, back)]

    def _refunded(self, net: Money | None, back: Money | None, times: int) -> Money | None:
        """What a row of a refund says went back, written with a minus or without."""
        amounts = {abs(money[0]): money for money in (net, back) if money is not None and money[0] != 0}
        if len(amounts) > 1:
            raise InvalidInputError(f"The row names two amounts that went back: {' and '.join(map(str, amounts))}.")
        for amount, (_, currency) in amounts.items():
            return amount, currency
        if times and (net is not None or back is not None or self.table.format is FileFormat.GA4):
            raise InvalidInputError(
                "The refund does not say how much went back. Export Refund amount, or write the amount into the row."
            )
        return None

    def _conversions(
        self, values: Mapping[str, str], fields: Mapping[str, Any], count: int, money: Money | None
    ) -> list[Conversion]:
        if count == 0:
            return []
        event_type, number = fields["event_type"], fields["external_id"]
        transaction = values.get("transaction_id") if number is None else None
        if count > 1 and (number is not None or transaction is not None):
            raise InvalidInputError(
                f"{count} events in one row share the number {number or transaction}. Export a row per transaction."
            )
        if count > 1 and money is not None and self.table.format is FileFormat.EVENTS:
            raise InvalidInputError(f"{count} sales in one row have one amount. Write a row per sale.")
        extra: dict[str, Any] = {}
        if transaction is not None:
            number = transaction
            if event_type == REFUND:
                # A sale and its refunds share the number of the transaction; they have days of their own.
                day = f":{fields['event_date']}" if self.table.format is FileFormat.GA4 else ""
                number, extra = f"refund:{transaction}{day}", {"transaction_id": transaction}
        if self.table.format is FileFormat.GA4:
            extra |= {"origin": self.reading.source or GA4_ORIGIN, "from_analytics": True}
        amounts = [None] * count if money is None else split_money(Amount(*money), count)
        currency = None if money is None else money[1]
        # All parts but the amount are alike: they are checked once.
        checked = self.checked(dict(fields) | {"external_id": number} | _revenue(amounts[0], currency), **extra)
        return [replace(checked, revenue_amount=amount) for amount in amounts]

    def _counted(
        self, fields: Mapping[str, Any], events: tuple[Conversion, ...], event_type: str, times: int
    ) -> RowMeaning:
        """The row under its dimensions, so that the next export of the same row replaces what this one said."""
        keys = {kind: _row_key(dict(fields) | {"event_type": kind}) for kind in {event_type, CONVERSION, REFUND}}
        relevant = (CONVERSION, REFUND) if event_type == CONVERSION else (event_type,)
        rows = tuple(
            CountedRow(
                self.reading.source or GA4_ORIGIN,
                keys[kind],
                tuple(event for event in events if event.event_type == kind),
            )
            for kind in relevant
        )
        return RowMeaning(counted=rows, skipped=NONE_HAPPENED if times == 0 and not events else None)

    def _source_fields(self, values: Mapping[str, str]) -> dict[str, str | None]:
        """Source and medium; where one column holds both, they are parted."""
        found = {name: values.get(name) for name in ("source", "utm_source", "utm_medium")}
        for name, text in found.items():
            index = self.table.columns.get(name)
            heading = "" if index is None else self.table.headings[index]
            if text is not None and plain_name(heading) in _SOURCE_AND_MEDIUM:
                source, _, medium = text.partition(" / ")
                part = medium if name == "utm_medium" else source
                found[name] = None if part.casefold() in BLANKS else part
        found["source"] = self.reading.source or found["source"] or found["utm_source"] or "import"
        return found

    def day(self, values: Mapping[str, str], name: str = "event_date") -> date:
        zone = self.reading.client_zone
        day = read_day(values.get(name, ""), self.reading.file_zone or zone, zone)
        expect_event_date(day, EARLIEST_EVENT, self.reading.today + timedelta(days=1))
        return day

    def money(self, values: Mapping[str, str], name: str) -> Money | None:
        """An amount, possibly below 0, with its currency; None when the cell is empty."""
        if name not in values:
            return None
        currency = values.get("currency") or self.reading.currency
        amount = read_amount(values[name], self.reading.decimal_mark, currency)
        if currency is None:
            raise InvalidInputError("The row has an amount and no currency. Give --currency when no column does.")
        return amount, currency.upper()

    def checked(self, values: Mapping[str, Any], **extra: Any) -> Conversion:
        try:
            valid = NewConversion.model_validate({name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            reasons = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
            raise InvalidInputError("; ".join(reasons)) from None
        return Conversion(**dict(valid), **extra)


def _revenue(amount: Decimal | None, currency: str | None) -> dict[str, Any]:
    return {} if amount is None else {"revenue_amount": amount, "currency": currency}


def _row_key(fields: Mapping[str, Any]) -> str:
    """A hash of what tells rows of a report apart: all that is understood of them but their numbers."""
    parts = [f"{name}={fields[name]}" for name in sorted(fields) if fields[name] is not None]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
