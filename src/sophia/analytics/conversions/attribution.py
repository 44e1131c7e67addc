"""Which touch a sale is credited to: the first, the last, or all of them alike, side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from fractions import Fraction

from sophia.analytics.conversions.commerce import CONVERSION, each_event
from sophia.analytics.figures.currencies import smallest_unit
from sophia.analytics.figures.facts import ConversionFact, Money
from sophia.meta.reporting_zone import DateRange

TOUCHES = ("utm_click", "save", "follow", "dm", "inquiry")
LOOKBACK_DAYS = 30


class Model(StrEnum):
    """How credit is given."""

    FIRST_TOUCH = "first_touch"
    LAST_TOUCH = "last_touch"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Credit:
    """Conversions, possibly parts of them, and the revenue they brought, by currency."""

    conversions: float
    revenue: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What one model credits to each channel; with `unattributed` it adds up to all conversions and all revenue."""

    model: Model
    channels: Mapping[str, Credit]
    unattributed: Credit


def by_source(event: ConversionFact) -> str:
    """The channel of a touch: where it came from."""
    return event.source


def by_draft(event: ConversionFact) -> str:
    """The draft whose link or post was behind a touch, as its links name it."""
    return "no draft" if event.draft_id is None else f"post_{event.draft_id}"


def last_click_source(event: ConversionFact) -> str | None:
    """The channel that a sale itself names: that of the visit in which it was made."""
    return event.last_click


def last_click_draft(event: ConversionFact) -> str | None:
    """The draft that a sale itself names, by its tags or its link."""
    return None if event.draft_id is None else by_draft(event)


def credit_by_draft(events: Iterable[ConversionFact], window: DateRange) -> dict[int | None, Credit]:
    """The conversions in the window by the draft that their own tags or link name; under None those that name none."""
    sales: dict[int | None, list[ConversionFact]] = {}
    for event in each_event(events):
        if event.event_type == CONVERSION and event.day in window:
            sales.setdefault(event.draft_id, []).append(event)
    return {draft: Credit(len(sold), _revenue(sold)) for draft, sold in sales.items()}


def _revenue(sold: Sequence[ConversionFact]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in sold:
        if one.revenue is not None:
            found[one.revenue.currency] = found.get(one.revenue.currency, Decimal(0)) + one.revenue.amount
    return found


def attribute(
    history: Iterable[ConversionFact],
    window: DateRange,
    channel_of: Callable[[ConversionFact], str] = by_source,
    lookback_days: int = LOOKBACK_DAYS,
    last_click_of: Callable[[ConversionFact], str | None] = last_click_source,
) -> dict[Model, Attribution]:
    """Credit the conversions in the window to the touches of the same customer up to 30 days before, by each model.

    `history` reaches back `lookback_days` before the window. Where no touch of its customer is known, the channel that
    the conversion itself names is its only touch, and has the credit in every model. Without either it is not
    attributed.
    """
    events = each_event(history)
    touches: dict[str, list[ConversionFact]] = {}
    sales: list[tuple[ConversionFact, list[str]]] = []
    for event in events:
        if event.event_type in TOUCHES and event.customer is not None:
            touches.setdefault(event.customer, []).append(event)
        elif event.event_type == CONVERSION and event.day in window:
            earliest = event.day - timedelta(days=lookback_days)
            led = [one for one in touches.get(event.customer or "", []) if one.day >= earliest]
            own = last_click_of(event)
            sales.append((event, [channel_of(touch) for touch in led] or ([] if own is None else [own])))
    return {model: _attribution(model, sales) for model in Model}


def _attribution(model: Model, sales: Sequence[tuple[ConversionFact, list[str]]]) -> Attribution:
    parts: dict[str | None, Fraction] = {}
    revenue: dict[str | None, dict[str, Decimal]] = {None: {}}
    for event, channels in sales:
        shares = _shares(model, channels)
        for channel, share in shares:
            parts[channel] = parts.get(channel, Fraction(0)) + share
            revenue.setdefault(channel, {})
        if event.revenue is not None:
            for (channel, _), amount in zip(shares, split_money(event.revenue, len(shares)), strict=True):
                held = revenue[channel]
                held[event.revenue.currency] = held.get(event.revenue.currency, Decimal(0)) + amount
    credits_ = {channel: Credit(float(parts.get(channel, 0)), revenue[channel]) for channel in revenue}
    unattributed = credits_.pop(None)
    named = {channel: credit for channel, credit in credits_.items() if channel is not None}
    return Attribution(model, dict(sorted(named.items())), unattributed)


def _shares(model: Model, channels: Sequence[str]) -> list[tuple[str | None, Fraction]]:
    if not channels:
        return [(None, Fraction(1))]
    if model is Model.FIRST_TOUCH:
        return [(channels[0], Fraction(1))]
    if model is Model.LAST_TOUCH:
        return [(channels[-1], Fraction(1))]
    return [(channel, Fraction(1, len(channels))) for channel in channels]


def split_money(money: Money, parts: int) -> list[Decimal]:
    """Equal parts in whole cents, yen or fils; the first ones hold those that are left over."""
    unit = smallest_unit(money.currency)
    each = (money.amount / parts).quantize(unit, rounding=ROUND_DOWN)
    extra = int((money.amount - each * parts) / unit)
    split = [each + (unit if index < extra else 0) for index in range(parts)]
    # Half a yen was let in once: the last part takes what is smaller than the unit.
    split[-1] += money.amount - sum(split, Decimal(0))
    return split
