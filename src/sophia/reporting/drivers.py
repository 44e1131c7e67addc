"""What drove a change, as bars on one scale."""

from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit, Part
from sophia.display.formatting import DASH, MINUS, PLATFORM_LABELS, decimal
from sophia.display.languages import ENGLISH, Language, LanguageCode, language, reason_text
from sophia.display.values import Bar
from sophia.reporting.document import DriverPanel, DriverRow

DRIVER_SCALE = 50.0  # percent at either end of the scale on which intervals of drivers are drawn


def driver_panel(platform: str, split: DriverSplit, code: LanguageCode = ENGLISH) -> DriverPanel:
    """Return the parts of a change on one platform, on one scale from −50 % to +50 %."""
    words = language(code)
    rows = []
    for name in DRIVERS:
        label, part = words.say(f"drivers.{name}"), split.part(name)
        if part is None:
            reason = split.reasons.get(name, words.say("numbers.none"))
            rows.append(DriverRow(label, None, DASH, reason_text(reason, code)))
            continue
        is_clear = part.verdict in ("up", "down")
        text = _percent(part.percent, words) if is_clear else words.say("drivers.unclear")
        rows.append(DriverRow(label, _bar(part, words), text, ""))
    notes = [words.count("drivers.compared", split.others), _included(split, words), words.say("drivers.scale")]
    title = words.say("drivers.title", platform=PLATFORM_LABELS[platform])
    return DriverPanel(title, tuple(rows), " ".join(note for note in notes if note))


def _included(split: DriverSplit, words: Language) -> str:
    """Return which unknown parts are inside the distribution, or nothing."""
    if not split.inseparable:
        return ""
    name = split.inseparable[0] if len(split.inseparable) == 1 else "both"
    return words.say(f"drivers.includes_{name}")


def _bar(part: Part, words: Language) -> Bar | None:
    if part.percent_interval is None:
        return None
    low, high = part.percent_interval
    start, end = _position(low), _position(high)
    label = words.say("interval.text", low=_percent(low, words), high=_percent(high, words))
    return Bar(start, round(end - start, 1), _position(part.percent), label)


def _percent(percent: float, words: Language) -> str:
    return words.say("numbers.percent", number=_signed(percent, words.code))


def _signed(percent: float, code: LanguageCode) -> str:
    text = decimal(abs(percent), 0, code)
    if text == "0" and percent:
        # An interval that does not reach zero must not look as if it did.
        text = decimal(abs(percent), 1, code)
        text = f"<{decimal(0.1, 1, code)}" if text == decimal(0, 1, code) else text
    return text if not percent else f"{'+' if percent > 0 else MINUS}{text}"


def _position(percent: float) -> float:
    return round(min(max((percent + DRIVER_SCALE) / (2 * DRIVER_SCALE), 0.0), 1.0) * 100, 1)
