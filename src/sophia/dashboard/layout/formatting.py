"""Numbers, dates and changes as text, in the language of the reader."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from sophia.analytics.figures.ages import ONE_HOUR, written_age
from sophia.analytics.figures.figures import Change, Figure, FigureUnit, Number, change_ratio, pending_week
from sophia.dashboard.layout.values import Bar, ChangeText, Tone, Value
from sophia.meta.reporting_zone import DateRange

DASH = "–"
PLATFORM_LABELS = {"facebook": "Facebook", "instagram": "Instagram"}
MINUS = "−"
# Babel takes 20 µs a number, a portfolio of 200 clients has 7,000, and the next reader sees the same ones.
MOST_TEXTS = 20_000
HUNDRED = 100
# A change that rounds to nothing has no direction.
SMALLEST_CHANGE = 0.05
# {unit: (decimals, suffix)} of the units that are no counts.
SUFFIXES = {
    FigureUnit.PERCENT: (1, " %"),
    FigureUnit.PERCENTAGE_POINTS: (1, " pts"),
    FigureUnit.FACTOR: (2, " ×"),
    FigureUnit.RATIO: (2, ""),
}


def beginning(text: str, length: int) -> str:
    """Return a text on one line; a longer one is cut to `length` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


@lru_cache(maxsize=MOST_TEXTS)
def whole(number: Number, locale: str = "en") -> str:
    """Return a number in whole digits, such as 37,912."""
    from babel.numbers import format_decimal  # noqa: PLC0415

    text: str = format_decimal(round(float(number)), locale=locale)
    return text.replace("-", MINUS)


def compact(number: Number, locale: str = "en") -> str:
    """Return a number with three significant digits, such as 37.9K."""
    from babel.numbers import format_compact_decimal, format_decimal  # noqa: PLC0415

    size = abs(float(number))
    if size < 10_000:  # noqa: PLR2004 - up to here all digits fit a card
        text: str = format_decimal(round(float(number)), locale=locale)
    else:
        digits = 1 if len(str(round(size))) % 3 != 0 else 0
        text = format_compact_decimal(float(number), locale=locale, fraction_digits=digits)
    return text.replace("-", MINUS)


def decimal(number: Number, digits: int = 1, locale: str = "en") -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415

    text: str = format_decimal(round(float(number), digits), format=f"#,##0.{'0' * digits}", locale=locale)
    return text.replace("-", MINUS)


def money(amount: Number, currency: str | None, locale: str = "en") -> str:
    from babel.numbers import format_currency  # noqa: PLC0415

    if currency is None:
        return decimal(amount, 2, locale)
    text: str = format_currency(Decimal(str(amount)), currency, locale=locale)
    return text.replace("-", MINUS)


@lru_cache(maxsize=MOST_TEXTS)
def number_text(number: Number, unit: FigureUnit, currency: str | None, *, short: bool, locale: str = "en") -> str:
    """Return a number in its unit."""
    if unit is FigureUnit.MONEY:
        return money(number, currency, locale)
    if unit is FigureUnit.MILLISECONDS:
        return f"{decimal(float(number) / 1000, 1, locale)} s"
    if unit in SUFFIXES:
        digits, suffix = SUFFIXES[unit]
        return f"{decimal(number, digits, locale)}{suffix}"
    return compact(number, locale) if short else whole(number, locale)


def value_of(figure: Figure, *, short: bool = False, locale: str = "en") -> Value:
    """Return the text of a figure: its value, else its bounds, else a dash with the reason."""

    def text(number: Number, *, is_short: bool) -> str:
        return number_text(number, figure.unit, figure.currency, short=is_short, locale=locale)

    if figure.value is not None:
        exact = text(figure.value, is_short=False)
        return Value(text(figure.value, is_short=short), exact if exact != text(figure.value, is_short=short) else "")
    if figure.at_least is not None and figure.at_most is not None:
        low, high = (text(bound, is_short=short) for bound in (figure.at_least, figure.at_most))
        exact = f"{text(figure.at_least, is_short=False)}–{text(figure.at_most, is_short=False)}"
        return Value(f"{low}–{high}", exact)
    if figure.at_least is not None:
        return Value(f"≥ {text(figure.at_least, is_short=short)}", f"at least {text(figure.at_least, is_short=False)}")
    return Value(DASH, reason=figure.reason or "There is no value.")


def change_of(change: Change, figure: Figure | None = None, *, short: bool = True, locale: str = "en") -> ChangeText:
    """Return a change as an arrow, a figure and words. A change of percentages is in points.

    `figure` is shown beside it: where the change compares another value, the text has that value and its days or age.
    """
    before = value_of(change.before, short=short, locale=locale)
    text = _size_and_direction(change, "" if before.reason else before.text, locale)
    if figure is None or change.after.value is None or text.text == DASH or change.after is figure:
        return text
    coverage = change.after.coverage
    is_part = coverage is not None and not coverage.is_complete
    if change.after.value == figure.value and change.after.age_hours == figure.age_hours and not is_part:
        return text
    days = "on the days compared" if coverage is None else same_days(coverage.days_with_data)
    days = basis_note(change.after) or days
    return replace(text, until=value_of(change.after, short=short, locale=locale).text, days=days)


def basis_note(figure: Figure) -> str:
    """Return the age of the posts of a figure and its mix of platforms, or nothing."""
    return ", ".join(text for text in (age_note(figure), figure.mix) if text)


def age_note(figure: Figure) -> str:
    """Return the age of the posts of a figure, such as `at 3 days`, or nothing."""
    return "" if figure.age_hours is None else f"at {written_age(figure.age_hours * ONE_HOUR)}"


def same_days(count: int) -> str:
    """Return the words for a comparison of so many corresponding days of two periods."""
    return "on the same day" if count == 1 else f"on the same {count} days"


def _size_and_direction(change: Change, since: str, locale: str) -> ChangeText:
    points = change.after.unit is FigureUnit.PERCENT
    # A total that became negative has no sensible percentage.
    is_percent = change.percent.value is not None and change.percent.value >= -HUNDRED
    shown = change.percent if is_percent and not points else change.absolute
    if shown.value is None:
        return ChangeText("", DASH, "no comparison", "flat", "", shown.reason or "There is no value to compare with.")
    size = abs(float(shown.value))
    if size < SMALLEST_CHANGE:
        return ChangeText("", "±0", "no change", "flat", since)
    tone: Tone = "flat" if shown.small_base is not None else "up" if shown.value > 0 else "down"
    arrow = "↑" if shown.value > 0 else "↓"
    ratio = change_ratio(float(shown.value)) if shown.unit is FigureUnit.PERCENT else None
    if ratio is not None:
        text = f"{decimal(ratio, 1, locale)} ×"
        return ChangeText(arrow, text, "as many", tone, since)
    positive = Figure(value=type(shown.value)(size), unit=shown.unit, currency=shown.currency)
    return ChangeText(arrow, value_of(positive, locale=locale).text, "more" if shown.value > 0 else "less", tone, since)


def interval_bar(figure: Figure, low: float, high: float, *, locale: str = "en") -> Bar | None:
    """Return the 95 % interval of a figure on the scale from `low` to `high`, or None if it has none."""
    if figure.interval is None or figure.value is None or high <= low:
        return None

    def position(number: float) -> float:
        return round(min(max((number - low) / (high - low), 0.0), 1.0) * HUNDRED, 1)

    start, end = position(figure.interval.low), position(figure.interval.high)
    return Bar(start, round(end - start, 1), position(float(figure.value)), interval_text(figure, locale=locale))


def interval_text(figure: Figure, *, locale: str = "en") -> str:
    """Return the 95 % interval of a figure in words, or nothing if it has none."""
    if figure.interval is None:
        return ""
    ends = (number_text(end, figure.unit, figure.currency, short=False, locale=locale) for end in figure.interval)
    return f"95 % interval {' to '.join(ends)}"


def interval_ends(figure: Figure, *, locale: str = "en") -> str:
    """Return both ends of the 95 % interval of a figure, such as 0.90 × to 1.40 ×; empty if it has none."""
    if figure.interval is None:
        return ""
    ends = (number_text(end, figure.unit, figure.currency, short=False, locale=locale) for end in figure.interval)
    return " to ".join(ends)


def late_note(figure: Figure) -> str:
    """Return the mark of a figure whose values were first read after its period, such as `as of 30 Nov, young`."""
    if figure.late is None:
        return ""
    return f"as of {day(figure.late.day)}" + (", young" if figure.late.is_young else "")


def day(moment: date, locale: str = "en") -> str:
    """Return a day without its year, such as 16 Nov."""
    from babel.dates import format_skeleton  # noqa: PLC0415

    text: str = format_skeleton("MMMd", moment, locale=_day_first(locale))
    return text


def dates(window: DateRange, locale: str = "en") -> str:
    """Return the first and last day of a window, such as 16–22 Nov."""
    from babel.dates import format_interval  # noqa: PLC0415

    last = date.fromordinal(window.end.toordinal() - 1)
    text: str = format_interval(window.start, last, skeleton="MMMd", locale=_day_first(locale))
    return text


def clock(moment: datetime | None, zone: ZoneInfo, now: datetime) -> Value:
    """Return a moment as the operator's clock shows it: the time of today, or the day of an earlier one."""
    if moment is None:
        return Value(DASH, reason="never")
    local = moment.astimezone(zone)
    text = f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else day(local.date())
    return Value(text, f"{local:%Y-%m-%d %H:%M}")


def completion(window: DateRange, complete_at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return when the window or the week that has just ended is complete in Meta's Pacific time, or nothing if both are.

    A week that ended at midnight here lasts some hours longer in California.
    """
    pending = pending_week(now, zone)
    if complete_at > now:
        return f"{dates(window)} is complete on {_moment(complete_at, zone)}, when Meta's Pacific day ends."
    if pending is not None and pending[0].start >= window.end:
        week, end = pending
        return f"The week {dates(week)} is complete on {_moment(end, zone)}, when Meta's Pacific day ends."
    return ""


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%a} {day(local.date())}, {local:%H:%M}"


def _day_first(locale: str) -> str:
    # Meta's own tools and most of the world write the day first; "en" alone means American order in CLDR.
    return "en_GB" if locale == "en" else locale
