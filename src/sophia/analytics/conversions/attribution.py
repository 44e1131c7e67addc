"""Credits sales to the channels or drafts that led to them, by three models side by side."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from fractions import Fraction

from sophia.analytics.conversions.commerce import distinct_events
from sophia.analytics.conversions.event_types import CONVERSION, TOUCHES
from sophia.analytics.figures.currencies import smallest_unit
from sophia.analytics.figures.facts import ConversionFact, Money
from sophia.meta.reporting_zone import DateRange

LOOKBACK_DAYS = 30


class AttributionModel(StrEnum):
    """An attribution model. Linear gives the same credit to every touch."""

    FIRST_TOUCH = "first_touch"
    LAST_TOUCH = "last_touch"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Credit:
    """Credited conversions, which may be fractions, and their revenue by currency."""

    conversions: float
    revenue: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class ChannelCredit(Credit):
    """The credit of a channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class DraftCredit(Credit):
    """The credit of a draft by its own tags or links. Without a draft: sales that name none."""

    content_draft_id: int | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The credits of one model. `channels` and `unattributed` add up to all conversions and all revenue."""

    model: AttributionModel
    channels: tuple[ChannelCredit, ...]
    unattributed: Credit


def by_source(event: ConversionFact) -> str:
    """Return the source of a touch as its channel."""
    return event.source


def by_draft(event: ConversionFact) -> str:
    """Return the draft of a touch as its channel."""
    return "no draft" if event.draft_id is None else f"post_{event.draft_id}"


def last_click_source(event: ConversionFact) -> str | None:
    """Return the channel of the visit that led to a sale, if the sale names it."""
    return event.last_click


def last_click_draft(event: ConversionFact) -> str | None:
    """Return the draft that a sale names by its tags or its link."""
    return None if event.draft_id is None else by_draft(event)


def credit_by_draft(events: Iterable[ConversionFact], window: DateRange) -> list[DraftCredit]:
    """Credit each conversion of the window to the draft of its own tags or link; those without a draft come last."""
    sales: dict[int | None, list[ConversionFact]] = {}
    for event in distinct_events(events):
        if event.event_type == CONVERSION and event.day in window:
            sales.setdefault(event.draft_id, []).append(event)
    draft_ids = sorted(sales, key=lambda draft_id: (draft_id is None, draft_id or 0))
    return [DraftCredit(float(len(sales[draft_id])), _revenue(sales[draft_id]), draft_id) for draft_id in draft_ids]


def _revenue(sales: Iterable[ConversionFact]) -> dict[str, Decimal]:
    by_currency: dict[str, Decimal] = {}
    for sale in sales:
        if sale.revenue is not None:
            _add(by_currency, sale.revenue.currency, sale.revenue.amount)
    return by_currency


def _add(by_currency: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    by_currency[currency] = by_currency.get(currency, Decimal(0)) + amount


def attribute(
    history: Iterable[ConversionFact],
    window: DateRange,
    channel_of: Callable[[ConversionFact], str] = by_source,
    lookback_days: int = LOOKBACK_DAYS,
    last_click_of: Callable[[ConversionFact], str | None] = last_click_source,
) -> list[Attribution]:
    """Credit the conversions of the window to the earlier touches of the same customer, once for each model.

    `history` starts `lookback_days` before the window. A conversion without such touches is credited to the channel that
    it names itself, in every model. Without that it is unattributed.
    """
    touches: dict[str, list[ConversionFact]] = {}
    sales: list[tuple[ConversionFact, list[str]]] = []
    for event in distinct_events(history):
        if event.event_type in TOUCHES and event.customer is not None:
            touches.setdefault(event.customer, []).append(event)
        elif event.event_type == CONVERSION and event.day in window:
            earliest = event.day - timedelta(days=lookback_days)
            earlier_touches = [touch for touch in touches.get(event.customer or "", []) if touch.day >= earliest]
            last_click = last_click_of(event)
            channels = [channel_of(touch) for touch in earlier_touches] or ([] if last_click is None else [last_click])
            sales.append((event, channels))
    return [_attribution(model, sales) for model in AttributionModel]


def _attribution(model: AttributionModel, sales: Sequence[tuple[ConversionFact, list[str]]]) -> Attribution:
    """Return the credits of one model; `sales` are (sale, channels of its touches). The key None collects the rest."""
    conversions: dict[str | None, Fraction] = {None: Fraction(0)}
    revenue: dict[str | None, dict[str, Decimal]] = {None: {}}
    for sale, channels in sales:
        shares = _shares(model, channels)
        for channel, share in shares:
            conversions[channel] = conversions.get(channel, Fraction(0)) + share
            revenue.setdefault(channel, {})
        if sale.revenue is not None:
            for (channel, _), amount in zip(shares, split_money(sale.revenue, len(shares)), strict=True):
                _add(revenue[channel], sale.revenue.currency, amount)
    credited = sorted(channel for channel in conversions if channel is not None)
    return Attribution(
        model,
        tuple(ChannelCredit(float(conversions[channel]), revenue[channel], channel) for channel in credited),
        Credit(float(conversions[None]), revenue[None]),
    )


def _shares(model: AttributionModel, channels: Sequence[str]) -> list[tuple[str | None, Fraction]]:
    if not channels:
        return [(None, Fraction(1))]
    if model is AttributionModel.FIRST_TOUCH:
        return [(channels[0], Fraction(1))]
    if model is AttributionModel.LAST_TOUCH:
        return [(channels[-1], Fraction(1))]
    return [(channel, Fraction(1, len(channels))) for channel in channels]


def split_money(money: Money, parts: int) -> list[Decimal]:
    """Divide money into equal parts of whole cents, yen or fils; the first parts get the units that are left over."""
    unit = smallest_unit(money.currency)
    part = (money.amount / parts).quantize(unit, rounding=ROUND_DOWN)
    extra = int((money.amount - part * parts) / unit)
    amounts = [part + (unit if index < extra else 0) for index in range(parts)]
    # Old rows may hold a fraction of the smallest unit, such as half a yen. The last part gets it.
    amounts[-1] += money.amount - sum(amounts, Decimal(0))
    return amounts
