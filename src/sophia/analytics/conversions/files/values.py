"""Amounts, days and counts as files write them. What could mean two things is refused, never guessed."""

import re
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from sophia.errors import InvalidInputError

DecimalMark = Literal[".", ","]
MOST_OF_ONE_ROW = 10_000
# A minus sign, as a typewriter and as typography write it.
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
    # Of some twenty dollars and pesos: the sign alone contradicts none of them.
    "$": None,
}
_CURRENCY = re.compile(r"R\$|[€£¥₹$]|zł|[A-Z]{3}")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:([0-9]{2}))?")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:[T ]+([0-9]{1,2})(:[0-9]{2}.*))?")
_OFFSET = re.compile(r" (?=[+-][0-9]{2}:?[0-9]{2}$)")
_THOUSAND = 3


def read_amount(text: str, mark: DecimalMark | None, currency: str | None = None) -> Decimal:
    """Read an amount, which may be negative: `1.234,56`, `1,234.56`, `19,9`, `-5`, `(12.00)`, `€12.00`, `12,00 EUR`.

    Groups of thousands have three digits, or stand as in India (`1,23,456.00`). Where `.` and `,` both occur, the last
    one is the decimal mark. One of them alone is it, unless exactly three digits follow up to three. `mark` decides.
    Raises InvalidInputError for anything else, and for a sign of another currency than `currency`.
    """
    bare = text.strip()
    is_negative = bare.startswith("(") and bare.endswith(")")
    bare = _without_currency(bare[1:-1].strip() if is_negative else bare, text, currency)
    if not is_negative and bare[:1] and bare[0] in _MINUS:
        is_negative = True
        bare = _without_currency(bare[1:].strip(), text, currency)
    if not _DIGITS_AND_MARKS.fullmatch(bare):
        raise InvalidInputError(f"{text!r} is no amount of money. Write it in digits, such as 1234.56.")
    whole, decimals = _parts(bare, mark, text)
    amount = Decimal(f"{whole}.{decimals or 0}")
    return -amount if is_negative and amount else amount


def _without_currency(bare: str, text: str, currency: str | None) -> str:
    """The rest without a sign or code of a currency at either end. Raises InvalidInputError for another currency."""
    found = _CURRENCY.match(bare) or re.search(f"(?:{_CURRENCY.pattern})$", bare)
    if found is None:
        return bare
    sign = found[0]
    allowed = _SIGNS.get(sign, frozenset({sign}))
    if allowed is not None and currency is not None and currency.upper() not in allowed:
        raise InvalidInputError(f"{text!r} is not in {currency.upper()}, which the row or --currency names.")
    return (bare[: found.start()] + bare[found.end() :]).strip()


def _parts(bare: str, mark: DecimalMark | None, text: str) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    known = mark or _mark_of(bare, text)
    whole, found, decimals = bare.rpartition(known)
    if not found:
        whole, decimals = bare, ""
    elif not decimals.isdigit() or known in whole:
        raise InvalidInputError(f"{text!r} is no amount of money: {known} can only stand once, before the cents.")
    return _ungrouped(whole, text), decimals


def _mark_of(bare: str, text: str) -> str:
    """The decimal mark of an amount, by its place. Raises InvalidInputError when it could be either."""
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
        raise InvalidInputError(f"{text!r} may be thousands or not. Name the decimal mark: --decimal . or --decimal ,")
    return marks[0]


def _ungrouped(whole: str, text: str) -> str:
    """The digits without marks between thousands. Raises InvalidInputError where groups have other lengths."""
    if whole.isdigit():
        return whole
    if _PLAIN_GROUPS.fullmatch(whole) or _INDIAN_GROUPS.fullmatch(whole):
        return re.sub(r"[^0-9]", "", whole)
    raise InvalidInputError(
        f"{text!r} is no amount of money: groups of thousands have three digits. Correct it in the file."
    )


def read_day(text: str, file_zone: tzinfo, client_zone: tzinfo) -> date:
    """The day on the client's calendar. A moment without an offset is in the file's zone; a day alone stays what it is.

    `2026-02-28`, `20260228`, `28.2.2026`, `2026022813` (with the hour), and moments as in ISO 8601 or Shopify's
    `2026-02-28 23:30:00 -0500`, or `28.2.2026 9:30`. Raises InvalidInputError; 02/03/2026 may be either of two days.
    """
    try:
        if found := _DAY.fullmatch(text):
            year, month, day, hour = (int(part or 0) for part in found.groups())
            if found[4] is None:
                return date(year, month, day)
            return datetime(year, month, day, hour, tzinfo=file_zone).astimezone(client_zone).date()
        if found := _GERMAN_DAY.fullmatch(text):
            day_alone = date(int(found[3]), int(found[2]), int(found[1]))
            if found[4] is None:
                return day_alone
        iso = f"{day_alone} {found[4]:0>2}{found[5]}" if found else text
        moment = datetime.fromisoformat(_OFFSET.sub("", iso))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=file_zone)
        return aware.astimezone(client_zone).date()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{text!r} is no day that can be told. Write it as 2026-02-28.") from None


def read_count(text: str) -> int:
    """Read how often, from 0 to 10,000; thousands may be grouped: `1,204`. Raises InvalidInputError."""
    digits = re.sub(r"[^0-9]", "", text) if _PLAIN_GROUPS.fullmatch(text) else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9 or int(digits) > MOST_OF_ONE_ROW:  # noqa: PLR2004
        raise InvalidInputError(f"{text!r} is no count from 0 to {MOST_OF_ONE_ROW:,}.")
    return int(digits)
