"""Makes conversions of one row of a file, by the same rules as the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from typing import Any

from pydantic import ValidationError

from sophia.analytics.conversion_files.columns import (
    ANY_VISIT,
    BLANKS,
    EVENT_NAMES,
    SOURCE_AND_MEDIUM,
    FileFormat,
    plain_name,
)
from sophia.analytics.conversion_files.tables import Table
from sophia.analytics.conversion_files.values import DecimalMark, read_amount, read_count, read_day
from sophia.analytics.schemas import EARLIEST_EVENT, NewConversion, expect_event_date
from sophia.analytics.utm import read_tags
from sophia.errors import InvalidInputError

PAID = frozenset({"paid", "partially_refunded", "refunded"})
NOT_PAID = "orders that are not paid"
FURTHER_LINES = "further lines of an order"
NO_TAG = "visits without our tags"
NONE_HAPPENED = "rows that count nothing"
_DIRECT = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "link_url", "customer_key", "external_id")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read: what its columns do not say. `file_zone` is that of moments without an offset."""

    client_zone: tzinfo
    today: date
    file_zone: tzinfo | None = None
    event_type: str | None = None
    source: str | None = None
    currency: str | None = None
    decimal_mark: DecimalMark | None = None


@dataclass(frozen=True, slots=True)
class RowMeaning:
    """What a row says: events, each so often, or why it says nothing that counts. `refunds_without_day`: money went back and
    nobody says when, so that the order's day stands for it.
    """

    events: tuple[NewConversion, ...] = ()
    times: int = 1
    passed_over: str | None = None
    refunds_without_day: bool = False


@dataclass
class RowReader:
    """Reads the rows of one table in their order; remembers the orders that it has met."""

    table: Table
    reading: Reading
    orders: set[str] = field(default_factory=set)

    def read(self, cells: list[str]) -> RowMeaning:
        """Raises InvalidInputError with the reason why the row cannot be used."""
        if len(cells) != len(self.table.headings):
            raise InvalidInputError(f"The row has {len(cells)} cells, the headings are {len(self.table.headings)}.")
        values = {name: cells[index] for name, index in self.table.columns.items()}
        values = {name: text for name, text in values.items() if text.casefold() not in BLANKS}
        return self._order(values) if self.table.format is FileFormat.SHOPIFY else self._event(values)

    def _order(self, values: Mapping[str, str]) -> RowMeaning:
        number = values.get("transaction_id", "")
        if number in self.orders and "revenue_amount" not in values:
            return RowMeaning(passed_over=FURTHER_LINES)
        self.orders.add(number)
        if values.get("status", "").casefold() not in PAID:
            return RowMeaning(passed_over=NOT_PAID)
        common = {"source": self.reading.source or "shopify", "event_date": self._day(values)}
        common |= {"customer_key": values.get("customer_key")}
        sale = {"event_type": "conversion", "external_id": number} | self._money(values, "revenue_amount")
        events = [self._checked(common | sale)]
        back = self._money(values, "refunded")
        if back and back["revenue_amount"] > 0:
            # Shopify says when an order was cancelled, and of other refunds nothing.
            back |= {"event_date": self._day(values, "refunded_on")} if "refunded_on" in values else {}
            events.append(self._checked(common | {"event_type": "refund", "external_id": f"refund:{number}"} | back))
        return RowMeaning(tuple(events), refunds_without_day=len(events) > 1 and "refunded_on" not in values)

    def _event(self, values: Mapping[str, str]) -> RowMeaning:
        name = values.get("event_type", "").casefold()
        event_type = EVENT_NAMES.get(name, name) or self.reading.event_type
        if event_type is None:
            raise InvalidInputError("The row does not say what happened. Give --event-type when no column does.")
        found: dict[str, Any] = {key: values.get(key) for key in _DIRECT}
        found |= self._of_source(values)
        if name == ANY_VISIT and not (found["utm_content"] or read_tags(found["link_url"] or "").get("utm_content")):
            return RowMeaning(passed_over=NO_TAG)
        if found["external_id"] is None and "transaction_id" in values:
            # A sale and its refund share the number of the order.
            prefix = "refund:" if event_type == "refund" else ""
            found["external_id"] = prefix + values["transaction_id"]
        if "content_draft_id" in values:
            text = values["content_draft_id"]
            found["content_draft_id"] = int(text) if text.isascii() and text.isdecimal() else text
        money = self._money(values, "revenue_amount")
        if money and (money["revenue_amount"] != 0 or event_type in ("conversion", "refund")):
            found |= money
        times = read_count(values["count"]) if "count" in values else 1
        if times == 0:
            return RowMeaning(passed_over=NONE_HAPPENED)
        if times > 1 and (money.get("revenue_amount") or found["external_id"]):
            raise InvalidInputError(f"{times} events in one row cannot be told apart. Export a row per transaction.")
        event = self._checked(found | {"event_type": event_type, "event_date": self._day(values)})
        return RowMeaning((event,), times)

    def _of_source(self, values: Mapping[str, str]) -> dict[str, str | None]:
        """Source and medium; where one column holds both, they are parted."""
        found = {name: values.get(name) for name in ("source", "utm_source", "utm_medium")}
        for name, text in found.items():
            index = self.table.columns.get(name)
            heading = "" if index is None else self.table.headings[index]
            if text is not None and plain_name(heading) == plain_name(SOURCE_AND_MEDIUM):
                source, _, medium = text.partition(" / ")
                part = medium if name == "utm_medium" else source
                found[name] = None if part in BLANKS else part
        found["source"] = self.reading.source or found["source"] or found["utm_source"] or "import"
        return found

    def _day(self, values: Mapping[str, str], name: str = "event_date") -> date:
        zone = self.reading.client_zone
        day = read_day(values.get(name, ""), self.reading.file_zone or zone, zone)
        expect_event_date(day, EARLIEST_EVENT, self.reading.today + timedelta(days=1))
        return day

    def _money(self, values: Mapping[str, str], name: str) -> dict[str, Any]:
        if name not in values:
            return {}
        currency = values.get("currency") or self.reading.currency
        if currency is None:
            raise InvalidInputError("The row has an amount and no currency. Give --currency when no column does.")
        amount = read_amount(values[name], self.reading.decimal_mark)
        return {"revenue_amount": amount, "currency": currency.upper()}

    def _checked(self, values: Mapping[str, Any]) -> NewConversion:
        try:
            return NewConversion.model_validate({name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            said = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
            raise InvalidInputError("; ".join(said)) from None
