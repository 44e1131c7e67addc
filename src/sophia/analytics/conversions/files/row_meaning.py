"""What a row of a file says."""

from dataclasses import dataclass
from decimal import Decimal

from sophia.analytics.conversions.record_store import Conversion

# An amount and its currency.
Money = tuple[Decimal, str]


@dataclass(frozen=True, slots=True)
class CountedRow:
    """Events that a row of an analytics report counts; `key` is a hash of the row's dimensions."""

    origin: str
    key: str
    events: tuple[Conversion, ...]


@dataclass(frozen=True, slots=True)
class RowMeaning:
    """Events of a row, or why it has none (`skipped`).

    `withdrawn` are (origin, external id) of events that the row says are none. `refunds_without_day`: money went back and
    the file does not say when, so that the order's day stands for it.
    """

    events: tuple[Conversion, ...] = ()
    counted: tuple[CountedRow, ...] = ()
    withdrawn: tuple[tuple[str, str], ...] = ()
    withdrawn_because: str = ""
    skipped: str | None = None
    refunds_without_day: bool = False
