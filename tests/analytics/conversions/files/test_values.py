"""Amounts and counts: what could mean two things is refused, never guessed."""

from decimal import Decimal
from random import Random

import pytest
from babel.numbers import format_decimal, parse_decimal

from sophia.analytics.conversions.files.values import DecimalMark, read_amount, read_count
from sophia.errors import InvalidInputError

WRONG = [
    "12.05.2026",
    "1.2.3",
    "12,34,5",
    "1.00E+03",
    "\uff11\uff12.00",
    "5-",
    "12.",
    ".5",
    "1 23",
    "1'2345",
    "--5",
    "(5",
    "1.234,567.8",
]


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("mark", [None, ".", ","])
def test_misplaced_marks_are_no_amount(text: str, mark: DecimalMark | None) -> None:
    """L14: a day, a thousandth or ten times the amount never comes of a mark in the wrong place."""
    with pytest.raises(InvalidInputError, match="not an amount"):
        read_amount(text, mark)


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1.230,00", None, "1230.00"),
        ("€12.00", None, "12.00"),
        ("12,00 €", None, "12.00"),
        ("(12.00)", None, "-12.00"),
        ("−5.00", None, "-5.00"),
        ("1,23,456.00", None, "123456.00"),
        ("1'234.50", None, "1234.50"),
        ("1 234,5", None, "1234.5"),
        ("1\u202f234,50", None, "1234.50"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("EUR 5.00", None, "5.00"),
    ],
)
def test_amounts_as_they_are_written(text: str, mark: DecimalMark | None, amount: str) -> None:
    """L14: groups of three or India's, one decimal mark, a minus or parentheses, the sign of the currency."""
    assert read_amount(text, mark, "EUR") == Decimal(amount)


def test_amounts_of_many_countries_are_read_as_their_countries_do() -> None:
    """L14: what another library writes and reads in eight locales is read the same, or refused as ambiguous."""
    chance = Random(7)
    for locale in ("de", "de_CH", "en", "en_IN", "fr", "es", "it", "pt_BR"):
        for _ in range(200):
            amount = Decimal(chance.randrange(10 ** chance.randrange(1, 10))) / 100
            text = format_decimal(amount, format="#,##,##0.00" if locale == "en_IN" else "#,##0.00", locale=locale)
            assert parse_decimal(text, locale=locale) == amount
            assert read_amount(text, None) == amount, (locale, text)


@pytest.mark.parametrize(
    ("text", "mark", "reason"),
    [("1,234", None, "--decimal"), ("USD 5", None, "not in EUR"), ("£5", None, "not in EUR")],
)
def test_what_may_be_two_things_is_asked(text: str, mark: DecimalMark | None, reason: str) -> None:
    """L14: one mark before three digits; another currency than that of the row."""
    with pytest.raises(InvalidInputError, match=reason):
        read_amount(text, mark, "EUR")


def test_counts_have_thousands() -> None:
    """L14: grouped in threes as any country writes it; nothing else."""
    assert [read_count(text) for text in ("1,204", "1.204", "1 204", "7")] == [1204, 1204, 1204, 7]
    for text in ("1,20", "1.5", "-1", "10,001", "1,2,3", "", "٣"):
        with pytest.raises(InvalidInputError):
            read_count(text)
