"""Numbers, dates and changes as text, in the language of the reader."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from sophia.analytics.figures.figures import Change, Figure, FigureUnit, Number, change_ratio, pending_week
from sophia.display.languages import ENGLISH, LanguageCode, age_text, day_first, language, reason_text
from sophia.display.values import Bar, ChangeText, Tone, Value
from sophia.meta.reporting_zone import DateRange

DASH = "–"
PLATFORM_LABELS = {"facebook": "Facebook", "instagram": "Instagram"}
MINUS = "−"
# Babel takes 20 µs a number, a portfolio of 200 clients has 7,000, and the next reader sees the same ones.
MOST_TEXTS = 20_000
HUNDRED = 100
# A change that rounds to nothing has no direction.
SMALLEST_CHANGE = 0.05
# {unit: (decimals, key of the text around the number)} of the units that are no counts.
UNITS = {
    FigureUnit.PERCENT: (1, "numbers.percent"),
    FigureUnit.PERCENTAGE_POINTS: (1, "numbers.points"),
    FigureUnit.FACTOR: (2, "numbers.factor"),
}


def beginning(text: str, length: int) -> str:
    """Return a text on one line; a longer one is cut to `length` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


@lru_cache(maxsize=MOST_TEXTS)
def whole(number: Number, locale: LanguageCode = ENGLISH) -> str:
    """Return a number in whole digits, such as 37,912."""
    from babel.numbers import format_decimal  # noqa: PLC0415

    text: str = format_decimal(round(float(number)), locale=locale)
    return text.replace("-", MINUS)


def compact(number: Number, locale: LanguageCode = ENGLISH) -> str:
    """Return a number with three significant digits, such as 37.9K."""
    from babel.numbers import format_compact_decimal, format_decimal  # noqa: PLC0415

    size = abs(float(number))
    if size < 10_000:  # noqa: PLR2004 - up to here all digits fit a card
        text: str = format_decimal(round(float(number)), locale=locale)
    else:
        digits = 1 if len(str(round(size))) % 3 != 0 else 0
        text = format_compact_decimal(float(number), locale=locale, fraction_digits=digits)
        if text.strip("-").isdecimal():
            # German has no short word for a thousand.
            text = format_decimal(round(float(number)), locale=locale)
    return text.replace("-", MINUS)


def decimal(number: Number, digits: int = 1, locale: LanguageCode = ENGLISH) -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415

    text: str = format_decimal(round(float(number), digits), format=f"#,##0.{'0' * digits}", locale=locale)
    return text.replace("-", MINUS)


def money(amount: Number, currency: str | None, locale: LanguageCode = ENGLISH) -> str:
    from babel.numbers import format_currency  # noqa: PLC0415

    if currency is None:
        return decimal(amount, 2, locale)
    text: str = format_currency(Decimal(str(amount)), currency, locale=locale)
    return text.replace("-", MINUS)


@lru_cache(maxsize=MOST_TEXTS)
def number_text(
    number: Number, unit: FigureUnit, currency: str | None, *, short: bool, locale: LanguageCode = ENGLISH
) -> str:
    """Return a number in its unit."""
    if unit is FigureUnit.MONEY:
        return money(number, currency, locale)
    if unit is FigureUnit.MILLISECONDS:
        return language(locale).say("numbers.seconds", number=decimal(float(number) / 1000, 1, locale))
    if unit is FigureUnit.RATIO:
        return decimal(number, 2, locale)
    if unit in UNITS:
        digits, key = UNITS[unit]
        return language(locale).say(key, number=decimal(number, digits, locale))
    return compact(number, locale) if short else whole(number, locale)


@lru_cache(maxsize=MOST_TEXTS)
def value_of(figure: Figure, *, short: bool = False, locale: LanguageCode = ENGLISH) -> Value:
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
        exact = language(locale).say("numbers.at_least", number=text(figure.at_least, is_short=False))
        return Value(f"≥ {text(figure.at_least, is_short=short)}", exact)
    return Value(DASH, reason=reason_text(figure.reason or language(ENGLISH).say("numbers.none"), locale))


@lru_cache(maxsize=MOST_TEXTS)
def change_of(
    change: Change, figure: Figure | None = None, *, short: bool = True, locale: LanguageCode = ENGLISH
) -> ChangeText:
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
    days = basis_note(change.after, locale) or _days_compared(
        None if coverage is None else coverage.days_with_data, locale
    )
    return replace(text, until=value_of(change.after, short=short, locale=locale).text, days=days)


def basis_note(figure: Figure, locale: LanguageCode = ENGLISH) -> str:
    """Return the age of the posts of a figure and its mix of platforms, or nothing."""
    mix = "" if figure.mix is None else reason_text(figure.mix, locale)
    return ", ".join(text for text in (age_note(figure, locale), mix) if text)


def age_note(figure: Figure, locale: LanguageCode = ENGLISH) -> str:
    """Return the age of the posts of a figure, such as `at 3 days`, or nothing."""
    if figure.age_hours is None:
        return ""
    return language(locale).say("ages.at", age=age_text(figure.age_hours, locale))


def small_note(figure: Figure, locale: LanguageCode = ENGLISH) -> str:
    """Return the mark of a small base, such as `small base: 12 interactions`."""
    text = "" if figure.small_base is None else reason_text(figure.small_base, locale).removesuffix(".")
    return f"{text[:1].lower()}{text[1:]}"


def _days_compared(count: int | None, locale: LanguageCode) -> str:
    if count is None:
        return language(locale).say("change.days_compared")
    return same_days(count, locale)


def same_days(count: int, locale: LanguageCode = ENGLISH) -> str:
    """Return the words for a comparison of so many corresponding days of two periods."""
    return language(locale).count("change.same_days", count)


def _size_and_direction(change: Change, since: str, locale: LanguageCode) -> ChangeText:
    words = language(locale).section("change")
    points = change.after.unit is FigureUnit.PERCENT
    # A total that became negative has no sensible percentage.
    is_percent = change.percent.value is not None and change.percent.value >= -HUNDRED
    shown = change.percent if is_percent and not points else change.absolute
    if shown.value is None:
        reason = reason_text(shown.reason or language(ENGLISH).say("change.no_value"), locale)
        return ChangeText("", DASH, words["no_comparison"], "flat", "", reason)
    size = abs(float(shown.value))
    if size < SMALLEST_CHANGE:
        return ChangeText("", "±0", words["none"], "flat", since)
    tone: Tone = "flat" if shown.small_base is not None else "up" if shown.value > 0 else "down"
    arrow = "↑" if shown.value > 0 else "↓"
    ratio = change_ratio(float(shown.value)) if shown.unit is FigureUnit.PERCENT else None
    if ratio is not None:
        text = language(locale).say("numbers.factor", number=decimal(ratio, 1, locale))
        return ChangeText(arrow, text, words["as_many"], tone, since)
    positive = Figure(value=type(shown.value)(size), unit=shown.unit, currency=shown.currency)
    word = words["more" if shown.value > 0 else "less"]
    return ChangeText(arrow, value_of(positive, locale=locale).text, word, tone, since)


def interval_bar(figure: Figure, low: float, high: float, *, locale: LanguageCode = ENGLISH) -> Bar | None:
    """Return the 95 % interval of a figure on the scale from `low` to `high`, or None if it has none."""
    if figure.interval is None or figure.value is None or high <= low:
        return None

    def position(number: float) -> float:
        return round(min(max((number - low) / (high - low), 0.0), 1.0) * HUNDRED, 1)

    start, end = position(figure.interval.low), position(figure.interval.high)
    return Bar(start, round(end - start, 1), position(float(figure.value)), interval_text(figure, locale=locale))


def interval_text(figure: Figure, *, locale: LanguageCode = ENGLISH) -> str:
    """Return the 95 % interval of a figure in words, or nothing if it has none."""
    if figure.interval is None:
        return ""
    low, high = (number_text(end, figure.unit, figure.currency, short=False, locale=locale) for end in figure.interval)
    return language(locale).say("interval.text", low=low, high=high)


def interval_ends(figure: Figure, *, locale: LanguageCode = ENGLISH) -> str:
    """Return both ends of the 95 % interval of a figure, such as 0.90 × to 1.40 ×; empty if it has none."""
    if figure.interval is None:
        return ""
    low, high = (number_text(end, figure.unit, figure.currency, short=False, locale=locale) for end in figure.interval)
    return language(locale).say("interval.range", low=low, high=high)


def late_note(figure: Figure, locale: LanguageCode = ENGLISH) -> str:
    """Return the mark of a figure whose values were first read after its period, such as `as of 30 Nov, young`."""
    if figure.late is None:
        return ""
    return language(locale).say("late.young" if figure.late.is_young else "late.note", day=day(figure.late.day, locale))


def day(moment: date, locale: LanguageCode = ENGLISH) -> str:
    """Return a day without its year, such as 16 Nov."""
    from babel.dates import format_skeleton  # noqa: PLC0415

    text: str = format_skeleton("MMMd", moment, locale=day_first(locale))
    return text


def dates(window: DateRange, locale: LanguageCode = ENGLISH) -> str:
    """Return the first and last day of a window, such as 16–22 Nov."""
    from babel.dates import format_interval  # noqa: PLC0415

    last = date.fromordinal(window.end.toordinal() - 1)
    text: str = format_interval(window.start, last, skeleton="MMMd", locale=day_first(locale))
    return text


def weekday(number: int, locale: LanguageCode = ENGLISH) -> str:
    """Return the name of a weekday; 0 is Monday."""
    from babel.dates import get_day_names  # noqa: PLC0415

    return str(get_day_names("wide", locale=locale)[number])


def clock(moment: datetime | None, zone: ZoneInfo, now: datetime) -> Value:
    """Return a moment as the operator's clock shows it: the time of today, or the day of an earlier one."""
    if moment is None:
        return Value(DASH, reason="never")
    local = moment.astimezone(zone)
    text = f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else day(local.date())
    return Value(text, f"{local:%Y-%m-%d %H:%M}")


@lru_cache(maxsize=MOST_TEXTS)
def full_dates(window: DateRange, locale: LanguageCode = ENGLISH) -> str:
    """Return the first and last day of a window with the year, such as 16–22 Nov 2026."""
    from babel.dates import format_interval  # noqa: PLC0415

    last = date.fromordinal(window.end.toordinal() - 1)
    text: str = format_interval(window.start, last, skeleton="yMMMd", locale=day_first(locale))
    return text


def named_dates(before: DateRange, window: DateRange, locale: LanguageCode = ENGLISH) -> str:
    """Return the days of a comparison, with their year where it differs from that of the window."""
    return dates(before, locale) if before.start.year == window.start.year else full_dates(before, locale)


def day_and_time(moment: datetime, zone: ZoneInfo, locale: LanguageCode = ENGLISH) -> str:
    """Return a moment with its weekday, such as Mon 16 Nov, 09:30."""
    from babel.dates import format_skeleton  # noqa: PLC0415

    local = moment.astimezone(zone)
    text: str = format_skeleton("MMMEd", local.replace(tzinfo=None), locale=day_first(locale))
    return f"{text}, {local:%H:%M}"


def at_moment(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a moment in a sentence: the time of today, or the day and time of an earlier one."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else day_and_time(moment, zone)


def completion(
    window: DateRange, complete_at: datetime, zone: ZoneInfo, now: datetime, locale: LanguageCode = ENGLISH
) -> str:
    """Return when the window or the week that has just ended is complete in Meta's Pacific time, or nothing if both are.

    A week that ended at midnight here lasts some hours longer in California.
    """
    pending, words = pending_week(now, zone), language(locale)
    if complete_at > now:
        return words.say("fresh.window", dates=dates(window, locale), moment=day_and_time(complete_at, zone, locale))
    if pending is not None and pending[0].start >= window.end:
        week, end = pending
        return words.say("fresh.week", dates=dates(week, locale), moment=day_and_time(end, zone, locale))
    return ""
