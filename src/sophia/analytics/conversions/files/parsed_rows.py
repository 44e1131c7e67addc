"""The content of a row of a file."""

from dataclasses import dataclass
from decimal import Decimal

from sophia.analytics.conversions.incoming import Conversion

# An amount, which may be negative, and its currency.
SignedMoney = tuple[Decimal, str]


@dataclass(frozen=True, slots=True)
class CountedRow:
    """The events that a row of an analytics report counts. `key` is a hash of the row's dimensions."""

    origin: str
    key: str
    events: tuple[Conversion, ...]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """The events of a row, or why it has none (`skipped`).

    `withdrawn` are (origin, external id) of events that no longer count. `refunds_without_day`: the file has a refund
    without a day, which gets the day of the order.
    """

    events: tuple[Conversion, ...] = ()
    counted: tuple[CountedRow, ...] = ()
    withdrawn: tuple[tuple[str, str], ...] = ()
    withdrawn_because: str = ""
    skipped: str | None = None
    refunds_without_day: bool = False
