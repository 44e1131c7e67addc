"""Every language has every text with its placeholders, its plurals, and numbers as its readers write them."""

import re
from collections.abc import Iterator
from datetime import date
from importlib import import_module

import pytest

from sophia.analytics.figures.figures import FigureUnit
from sophia.analytics.kpis.labels import LABELS
from sophia.display.formatting import compact, dates, full_dates, money, number_text, weekday, whole
from sophia.display.languages import (
    LANGUAGES,
    Language,
    LanguageCode,
    expect_language,
    full_day,
    language,
    long_day,
    reason_text,
)
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange

OTHERS: tuple[LanguageCode, ...] = tuple(code for code in LANGUAGES if code != "en")
WEEK = DateRange(date(2026, 11, 16), date(2026, 11, 23))
# Modules with the reasons that reports show.
REASON_MODULES = (
    "sophia.analytics.figures.figures",
    "sophia.analytics.kpis.kpis",
    "sophia.analytics.kpis.followers",
    "sophia.analytics.kpis.approvals",
    "sophia.analytics.kpis.like_for_like",
    "sophia.analytics.conversions.commerce",
    "sophia.analytics.goals.progress",
)
# Texts of those modules that are the beginning of a reason, or are not in reports.
NO_REASONS = {"NO_COST_CURRENCY"}
MADE_REASONS = (
    "No data for 3 of 12 posts.",
    "None of 5 posts has both values.",
    "The only post does not have all values.",
    "Posts were collected for only 6 of 7 days.",
    "The amounts are in several currencies: CAD, EUR.",
    "The costs of this period are in several currencies: CAD, EUR.",
    "Only 6 of 7 days of the previous period and 5 of 7 days of the current period have data.",
    "there are 3 other clients to compare with, and 5 are needed",
    "there is 1 other client to compare with, and 5 are needed",
    "This KPI is not compared.",
)


def placeholders(text: str) -> set[str]:
    """The names in a text; a metric may be written as in a heading or as inside a sentence."""
    return {"metric" if name == "small" else name for name in re.findall(r"{(\w+)}", text)}


def flat(words: Language) -> dict[str, set[str]]:
    """{key, with its plural form: its placeholders}. A form for one may leave the number out."""
    found = {}
    for key, text in words.texts.items():
        for form, part in text.items() if not isinstance(text, str) else [("", text)]:
            found[f"{key} {form}".strip()] = placeholders(part) - ({"n"} if form == "one" else set())
    return found


def constants() -> Iterator[str]:
    for name in REASON_MODULES:
        module = import_module(name)
        for constant, text in vars(module).items():
            if constant.isupper() and isinstance(text, str) and " " in text and constant not in NO_REASONS:
                yield text


@pytest.mark.parametrize("code", OTHERS)
def test_each_language_has_all_texts_with_their_placeholders(code: LanguageCode) -> None:
    english, other = flat(language("en")), flat(language(code))
    assert set(other) == set(english)
    assert {key: names for key, names in other.items() if names != english[key]} == {}
    assert {key for key in other if key.startswith("kpis.")} == {f"kpis.{name}" for name in LABELS}


@pytest.mark.parametrize("code", OTHERS)
def test_no_language_is_a_copy_of_another(code: LanguageCode) -> None:
    english, other = language("en").texts, language(code).texts
    sentences = [key for key, text in english.items() if isinstance(text, str) and text.count(" ") > 3]
    assert [key for key in sentences if other[key] == english[key]] == []


@pytest.mark.parametrize(
    ("code", "one", "none", "many"),
    [
        ("en", "Approve 1 planned", "Approve 0 planned posts", "1,000,000 planned posts"),
        ("de", "1 geplanten Beitrag", "0 geplante Beiträge", "1.000.000 geplante Beiträge"),
        # In French, 0 is singular.
        ("fr", "Approuvez 1 publication prévue", "Approuvez 0 publication prévue", "publications prévues"),
        ("es", "Apruebe 1 publicación", "Apruebe 0 publicaciones", "1.000.000 publicaciones"),
        ("pt", "Aprove 1 publicação", "Aprove 0 publicação", "1.000.000 publicações"),
    ],
)
def test_plurals_follow_the_language(code: LanguageCode, one: str, none: str, many: str) -> None:
    counted = [language(code).count("needs.approve", number) for number in (1, 0, 1_000_000)]
    for text, beginning in zip(counted, (one, none, many), strict=True):
        assert beginning in text


@pytest.mark.parametrize(
    ("code", "thousands", "short", "percent", "amount", "week"),
    [
        ("en", "37,912", "37.9K", "12.3 %", "€1,234.50", "16–22 Nov 2026"),
        ("de", "37.912", "37.912", "12,3 %", "1.234,50\u00a0€", "16.–22. Nov. 2026"),
        ("fr", "37\u202f912", "37,9\u00a0k", "12,3 %", "1\u202f234,50\u00a0€", "16–22 nov. 2026"),
        ("es", "37.912", "37,9\u00a0mil", "12,3 %", "1.234,50\u00a0€", "16–22 nov 2026"),
        ("pt", "37.912", "37,9\u00a0mil", "12,3%", "€\u00a01.234,50", "16\u2009–\u200922 de nov. de 2026"),
    ],
)
def test_numbers_and_dates_are_those_of_the_language(
    code: LanguageCode, thousands: str, short: str, percent: str, amount: str, week: str
) -> None:
    assert whole(37_912, code) == thousands
    assert compact(37_912, code) == short
    assert number_text(12.34, FigureUnit.PERCENT, None, short=True, locale=code) == percent
    assert money(1234.5, "EUR", code) == amount
    assert full_dates(WEEK, code) == week


def test_the_first_of_a_month_is_written_as_it_is_read() -> None:
    first, eleventh = date(2026, 12, 1), date(2026, 12, 11)
    assert [long_day(first, code) for code in ("fr", "pt", "de")] == ["1er décembre", "1º de dezembro", "1. Dezember"]
    assert full_day(first, "fr") == "1er décembre 2026"
    assert [long_day(eleventh, code) for code in ("fr", "pt")] == ["11 décembre", "11 de dezembro"]
    assert [weekday(0, code) for code in ("en", "de", "fr")] == ["Monday", "Montag", "lundi"]


def test_an_abbreviation_at_the_end_has_one_full_stop() -> None:
    text = language("de").say("captions.previous", dates=dates(WEEK, "de"))
    assert text == "Vorheriger Zeitraum: 16.–22. Nov."


@pytest.mark.parametrize("code", OTHERS)
def test_every_reason_of_the_calculations_is_translated(code: LanguageCode) -> None:
    unknown = language(code).say("numbers.none")
    reasons = [*constants(), *MADE_REASONS]
    assert len(reasons) > 40
    assert [reason for reason in reasons if reason_text(reason, code) == unknown] == []


def test_numbers_and_days_of_a_reason_stay() -> None:
    late = "Values were first read on 30 Nov 2026. The first period with a fair comparison is 1 Dec 2026 to 7 Dec 2026."
    assert reason_text(late, "de") == (
        "Die Werte wurden erstmals am 30. November 2026 abgerufen. Der erste Zeitraum mit einem fairen Vergleich ist "
        "1. Dezember 2026 bis 7. Dezember 2026."
    )
    assert reason_text("No data for 3 of 12 posts.", "es") == "Sin datos de 3 de 12 publicaciones."
    both = "Only 6 of 7 days of the previous period and 5 of 7 days of the current period have data."
    assert reason_text(both, "de") == (
        "Nur für 6 von 7 Tagen des vorherigen und 5 von 7 Tagen des aktuellen Zeitraums liegen Daten vor."
    )
    currencies = "The costs of this period are in several currencies: CAD, EUR."
    assert reason_text(currencies, "pt") == "Os custos deste período estão em várias moedas: CAD, EUR."
    assert reason_text("No data for 3 of 12 posts.", "en") == "No data for 3 of 12 posts."
    assert reason_text("Something nobody has translated.", "fr") == "Il n'y a pas de valeur."


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not in 'it'"):
        expect_language("it")
