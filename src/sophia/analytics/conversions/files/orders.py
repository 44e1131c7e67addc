"""Reads orders of Shopify: a sale, and its refund."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.parsed_rows import ParsedRow, SignedMoney
from sophia.analytics.conversions.incoming import Conversion
from sophia.errors import InvalidInputError

SHOPIFY_SOURCE = "shopify"
PAID = frozenset({"paid", "partially_refunded", "refunded"})
PARTLY_PAID = "partially_paid"
UNPAID_ORDERS = "orders that are not paid"
FURTHER_ORDER_LINES = "further lines of an order"


class OrderCells(Protocol):
    """The part of the row reader that orders need."""

    options: FileOptions
    orders: set[str]

    def day(self, values: Mapping[str, str], name: str = "event_date") -> Any: ...
    def money(self, values: Mapping[str, str], name: str) -> SignedMoney | None: ...
    def checked(self, values: Mapping[str, Any], **extra: Any) -> Conversion: ...


def read_order(cells: OrderCells, values: Mapping[str, str]) -> ParsedRow:
    """Read a row of an export of orders. The newest export of an order replaces earlier ones.

    `Refunded Amount` is the sum of all refunds so far. A cancelled order is fully refunded, and of a partly paid order the
    paid part counts. Raises InvalidInputError.
    """
    number = values.get("transaction_id", "")
    if not number:
        raise InvalidInputError("The order has no number in the column Name.")
    if number in cells.orders and "revenue_amount" not in values:
        return ParsedRow(skipped=FURTHER_ORDER_LINES)
    cells.orders.add(number)
    source = cells.options.source or SHOPIFY_SOURCE
    sale_id, refund_id = (source, number), (source, f"refund:{number}")
    status = values.get("status", "").casefold()
    total, balance = cells.money(values, "revenue_amount"), cells.money(values, "outstanding")
    if status == PARTLY_PAID and total is not None and balance is not None:
        total = total[0] - balance[0], total[1]
    elif status not in PAID:
        reason = f"The order is {status or 'not paid'} in the shop."
        return ParsedRow(withdrawn=(sale_id, refund_id), withdrawn_because=reason, skipped=UNPAID_ORDERS)
    if total is None or total[0] < 0:
        raise InvalidInputError("The order has no amount of 0 or more in the column Total.")
    common = {"source": source, "event_date": cells.day(values), "customer_key": values.get("customer_key")}
    sale = common | {"event_type": "conversion", "external_id": number} | _amount(total)
    refunded = _refunded(cells, values, total)
    if refunded is None:
        reason = "The shop has no refund for this order."
        return ParsedRow((cells.checked(sale),), withdrawn=(refund_id,), withdrawn_because=reason)
    # Shopify exports the day of a cancellation, but not of other refunds.
    refund = common | {"event_type": "refund", "external_id": refund_id[1]} | _amount(refunded)
    refund |= {"event_date": cells.day(values, "refunded_on")} if "refunded_on" in values else {}
    events = cells.checked(sale), cells.checked(refund, transaction_id=number)
    return ParsedRow(events, refunds_without_day="refunded_on" not in values)


def _refunded(cells: OrderCells, values: Mapping[str, str], total: SignedMoney) -> SignedMoney | None:
    refunded = cells.money(values, "refunded")
    amount = Decimal(0) if refunded is None else abs(refunded[0])
    if "refunded_on" in values:
        amount = max(amount, total[0])
    return (amount, total[1]) if amount > 0 else None


def _amount(money: SignedMoney) -> dict[str, Any]:
    return {"revenue_amount": money[0], "currency": money[1]}
