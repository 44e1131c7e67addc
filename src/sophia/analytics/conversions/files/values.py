"""Reads amounts, days and counts as files write them. It refuses ambiguous values and never guesses."""

import re
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from sophia.errors import InvalidInputError

DecimalMark = Literal[".", ","]
MOST_EVENTS_PER_ROW = 10_000
# The ASCII hyphen and the typographic minus sign.
_MINUS = "-\u2212"
_SPACES = " \u00a0\u2009\u202f"
_GROUP_MARKS = f".,'\u2019{_SPACES}"
_DIGITS_AND_MARKS = re.compile(f"[0-9][0-9{_GROUP_MARKS}]*")
_PLAIN_GROUPS = re.compile(f"[0-9]{{1,3}}(?P<mark>[{_GROUP_MARKS}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*")
_INDIAN_GROUPS = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_SIGNS = {
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "GIP", "FKP", "SHP", "SYP", "LBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
    "zł": frozenset({"PLN"}),
    "R$": frozenset({"BRL"}),
    # Some twenty dollars and pesos use this sign, so it contradicts no currency.
    "$": None,
}
_CURRENCY = re.compile(r"R\$|[€£¥₹$]|zł|[A-Z]{3}")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:([0-9]{2}))?")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:[T ]+([0-9]{1,2})(:[0-9]{2}.*))?")
_OFFSET = re.compile(r" (?=[+-][0-9]{2}:?[0-9]{2}$)")
_THOUSAND = 3


def read_amount(text: str, mark: DecimalMark | None, currency: str | None = None) -> Decimal:
    """Read an amount, which may be negative: `1.234,56`, `1,234.56`, `19,9`, `-5`, `(12.00)`, `€12.00`, `12,00 EUR`.

    Groups of thousands have three digits, or the Indian form (`1,23,456.00`). If `.` and `,` both occur, the last one is
    the decimal mark. If one of them occurs once, it is the decimal mark, but `1,234` is ambiguous without `mark`. Raises
    InvalidInputError for anything else, and for the sign of another currency than `currency`.
    """
    bare = text.strip()
    is_negative = bare.startswith("(") and bare.endswith(")")
    bare = _without_currency(bare[1:-1].strip() if is_negative else bare, text, currency)
    if not is_negative and bare[:1] and bare[0] in _MINUS:
        is_negative = True
        bare = _without_currency(bare[1:].strip(), text, currency)
    if not _DIGITS_AND_MARKS.fullmatch(bare):
        raise InvalidInputError(f"{text!r} is not an amount of money. Write it in digits, such as 1234.56.")
    integer, decimals = _parts(bare, mark, text)
    amount = Decimal(f"{integer}.{decimals or 0}")
    return -amount if is_negative and amount else amount


def _without_currency(bare: str, text: str, currency: str | None) -> str:
    """Return the text without a currency sign or code at either end. Raises InvalidInputError for another currency."""
    match = _CURRENCY.match(bare) or re.search(f"(?:{_CURRENCY.pattern})$", bare)
    if match is None:
        return bare
    sign = match[0]
    allowed = _SIGNS.get(sign, frozenset({sign}))
    if allowed is not None and currency is not None and currency.upper() not in allowed:
        raise InvalidInputError(f"{text!r} is not in {currency.upper()}, the currency of the row or of --currency.")
    return (bare[: match.start()] + bare[match.end() :]).strip()


def _parts(bare: str, mark: DecimalMark | None, text: str) -> tuple[str, str]:
    """Return the digits before and after the decimal mark."""
    decimal_mark = mark or _decimal_mark(bare, text)
    integer, separator, decimals = bare.rpartition(decimal_mark)
    if not separator:
        integer, decimals = bare, ""
    elif not decimals.isdigit() or decimal_mark in integer:
        raise InvalidInputError(
            f"{text!r} is not an amount of money: {decimal_mark} may occur once only, before the cents."
        )
    return _ungrouped(integer, text), decimals


def _decimal_mark(bare: str, text: str) -> str:
    """Return the decimal mark of an amount. Raises InvalidInputError if it is ambiguous."""
    marks = [character for character in bare if character in ".,"]
    if not marks:
        return "."
    if len(set(marks)) > 1:
        return marks[-1]
    other = "," if marks[0] == "." else "."
    if len(marks) > 1:
        return other
    before, _, after = bare.partition(marks[0])
    if len(after) == _THOUSAND and len(before) <= _THOUSAND and before.isdigit():
        raise InvalidInputError(
            f"{text!r} is ambiguous: its mark may separate thousands or decimals. Name the decimal mark: --decimal . or --decimal ,"
        )
    return marks[0]


def _ungrouped(digits: str, text: str) -> str:
    """Return the digits without separators of thousands. Raises InvalidInputError for groups of another length."""
    if digits.isdigit():
        return digits
    if _PLAIN_GROUPS.fullmatch(digits) or _INDIAN_GROUPS.fullmatch(digits):
        return re.sub(r"[^0-9]", "", digits)
    raise InvalidInputError(
        f"{text!r} is not an amount of money: groups of thousands have three digits. Correct it in the file."
    )


def read_day(text: str, file_zone: tzinfo, client_zone: tzinfo) -> date:
    """Return the day on the client's calendar. A time without an offset is in the file's zone; a day alone has no zone.

    Reads `2026-02-28`, `20260228`, `28.2.2026`, `2026022813` (with the hour), times in ISO 8601 or as Shopify's
    `2026-02-28 23:30:00 -0500`, and `28.2.2026 9:30`. Raises InvalidInputError, also for the ambiguous 02/03/2026.
    """
    try:
        if parts := _DAY.fullmatch(text):
            year, month, day, hour = (int(part or 0) for part in parts.groups())
            if parts[4] is None:
                return date(year, month, day)
            return datetime(year, month, day, hour, tzinfo=file_zone).astimezone(client_zone).date()
        if parts := _GERMAN_DAY.fullmatch(text):
            german_day = date(int(parts[3]), int(parts[2]), int(parts[1]))
            if parts[4] is None:
                return german_day
        iso = f"{german_day} {parts[4]:0>2}{parts[5]}" if parts else text
        moment = datetime.fromisoformat(_OFFSET.sub("", iso))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=file_zone)
        return aware.astimezone(client_zone).date()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{text!r} is not a clear date. Write it as 2026-02-28.") from None


def read_count(text: str) -> int:
    """Read a count from 0 to 10,000, which may have groups of thousands: `1,204`. Raises InvalidInputError."""
    digits = re.sub(r"[^0-9]", "", text) if _PLAIN_GROUPS.fullmatch(text) else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9 or int(digits) > MOST_EVENTS_PER_ROW:  # noqa: PLR2004
        raise InvalidInputError(f"{text!r} is not a count from 0 to {MOST_EVENTS_PER_ROW:,}.")
    return int(digits)
