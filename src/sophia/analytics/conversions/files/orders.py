"""Makes conversions of an order of Shopify: a sale, and what went back of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from sophia.analytics.conversions.files.reading import Reading
from sophia.analytics.conversions.files.row_meaning import Money, RowMeaning
from sophia.analytics.conversions.record_store import Conversion
from sophia.errors import InvalidInputError

SHOPIFY_SOURCE = "shopify"
PAID = frozenset({"paid", "partially_refunded", "refunded"})
PARTLY_PAID = "partially_paid"
NOT_PAID = "orders that are not paid"
FURTHER_LINES = "further lines of an order"


class OrderCells(Protocol):
    """What reading an order needs of the reader of rows."""

    reading: Reading
    orders: set[str]

    def day(self, values: Mapping[str, str], name: str = "event_date") -> Any: ...
    def money(self, values: Mapping[str, str], name: str) -> Money | None: ...
    def checked(self, values: Mapping[str, Any], **extra: Any) -> Conversion: ...


def read_order(cells: OrderCells, values: Mapping[str, str]) -> RowMeaning:
    """Read one row of an export of orders. What the newest export says of an order replaces what earlier ones said.

    `Refunded Amount` is all that went back so far. Of a cancelled order all money counts as gone back; of a partly paid
    one, the paid part counts. Raises InvalidInputError.
    """
    number = values.get("transaction_id", "")
    if not number:
        raise InvalidInputError("The order has no number in the column Name.")
    if number in cells.orders and "revenue_amount" not in values:
        return RowMeaning(skipped=FURTHER_LINES)
    cells.orders.add(number)
    source = cells.reading.source or SHOPIFY_SOURCE
    sale_id, refund_id = (source, number), (source, f"refund:{number}")
    status = values.get("status", "").casefold()
    total, balance = cells.money(values, "revenue_amount"), cells.money(values, "outstanding")
    if status == PARTLY_PAID and total is not None and balance is not None:
        total = total[0] - balance[0], total[1]
    elif status not in PAID:
        because = f"The shop says that the order is {status or 'not paid'}."
        return RowMeaning(withdrawn=(sale_id, refund_id), withdrawn_because=because, skipped=NOT_PAID)
    if total is None or total[0] < 0:
        raise InvalidInputError("The order has no amount of 0 or more in the column Total.")
    common = {"source": source, "event_date": cells.day(values), "customer_key": values.get("customer_key")}
    sale = common | {"event_type": "conversion", "external_id": number} | _amount(total)
    back = _refunded(cells, values, total)
    if back is None:
        because = "The shop says that nothing went back."
        return RowMeaning((cells.checked(sale),), withdrawn=(refund_id,), withdrawn_because=because)
    # Shopify says when an order was cancelled, and of other refunds nothing.
    refund = common | {"event_type": "refund", "external_id": refund_id[1]} | _amount(back)
    refund |= {"event_date": cells.day(values, "refunded_on")} if "refunded_on" in values else {}
    events = cells.checked(sale), cells.checked(refund, transaction_id=number)
    return RowMeaning(events, refunds_without_day="refunded_on" not in values)


def _refunded(cells: OrderCells, values: Mapping[str, str], total: Money) -> Money | None:
    back = cells.money(values, "refunded")
    amount = Decimal(0) if back is None else abs(back[0])
    if "refunded_on" in values:
        amount = max(amount, total[0])
    return (amount, total[1]) if amount > 0 else None


def _amount(money: Money) -> dict[str, Any]:
    return {"revenue_amount": money[0], "currency": money[1]}
