"""The words of each language: one file of whole sentences per language, with the same keys in all of them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from sophia.analytics.kpis.labels import LABELS
from sophia.errors import InvalidInputError

LanguageCode = Literal["en", "de", "fr", "es", "pt"]
LANGUAGES: tuple[LanguageCode, ...] = get_args(LanguageCode)
ENGLISH: LanguageCode = "en"
# Each language names itself, so that its readers recognise it.
LANGUAGE_NAMES: Mapping[LanguageCode, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
}
# Placeholders of reasons that may have spaces: days and lists of currencies.
SPACED = ("day", "first", "last", "currencies")
# An abbreviation such as `Nov.` at the end of a sentence has one full stop, not two.
DOUBLE_STOP = re.compile(r"(?<!\.)\.\.(?=\s|$)")
# These languages count the first day of a month and no other: CLDR's patterns do not.
FIRST_OF_MONTH: Mapping[LanguageCode, str] = {"fr": "1er", "pt": "1º"}
Text = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Language:
    """The texts of a language by key, such as `lead.views_up`. A text with a number has a form for each plural."""

    code: LanguageCode
    texts: Mapping[str, Text]

    def say(self, key: str, **values: str) -> str:
        """Return a text with these values. Raises LookupError for an unknown key or a missing value, and TypeError for a text with plurals."""
        text = self.texts[key]
        if not isinstance(text, str):
            raise TypeError(f"{key} needs a number")
        return DOUBLE_STOP.sub(".", text.format(**values))

    def count(self, key: str, number: int, **values: str) -> str:
        """Return the text with its plural for a whole number, which is {n} in the text."""
        from babel import Locale  # noqa: PLC0415 - slow to import
        from babel.numbers import format_decimal  # noqa: PLC0415

        forms = self.texts[key]
        if isinstance(forms, str):
            raise TypeError(f"{key} has no plurals")
        form = Locale.parse(self.code).plural_form(number)
        template = forms.get(form, forms["other"])
        return DOUBLE_STOP.sub(".", template.format(n=format_decimal(number, locale=self.code), **values))

    def section(self, name: str) -> Mapping[str, str]:
        """Return the texts of one section of the file by the second part of their keys."""
        return {
            key.partition(".")[2]: text
            for key, text in self.texts.items()
            if key.startswith(f"{name}.") and isinstance(text, str)
        }


@cache
def language(code: LanguageCode) -> Language:
    """Return a language. Its KPIs have the field's terms; those of English are the labels of the KPIs."""
    sections = tomllib.loads((files(__name__) / f"{code}.toml").read_text("utf-8"))
    if code == ENGLISH:
        sections["kpis"] = LABELS
    texts = {f"{section}.{key}": text for section, entries in sections.items() for key, text in entries.items()}
    return Language(code, texts)


def expect_language(code: str) -> LanguageCode:
    """Return the code of a language that Sophia writes. Raises InvalidInputError."""
    for known in LANGUAGES:
        if code == known:
            return known
    raise InvalidInputError(f"Reports are written in {', '.join(LANGUAGES)}, not in {code!r}.")


def reason_text(reason: str, code: LanguageCode) -> str:
    """Return the reason for a missing figure, or a warning about a figure, in a language.

    The calculations write reasons in English. A reason that no language has becomes the sentence that there is no value.
    """
    if code == ENGLISH or not reason:
        return reason
    target = language(code)
    for key, pattern in _reason_patterns():
        match = pattern.fullmatch(reason)
        if match is not None:
            return target.say(key, **{name: _translated(text, code) for name, text in match.groupdict().items()})
    return target.say("numbers.none")


@cache
def _reason_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return (key, pattern of the English text) of every reason."""
    english = language(ENGLISH)
    keys = [key for key in english.texts if key.startswith("reasons.")]
    keys += ["numbers.not_reported", "numbers.none", "change.no_value", "change.not_compared"]
    return tuple((key, _pattern(str(english.texts[key]))) for key in keys)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"{(\w+)}", template)
    return re.compile("".join(_group(part) if index % 2 else re.escape(part) for index, part in enumerate(parts)))


def _group(name: str) -> str:
    """Return the group of a placeholder: a number has no spaces, so that no sentence is taken for another."""
    return f"(?P<{name}>{'.+' if name in SPACED else r'[^ ]+'})"


def _translated(text: str, code: LanguageCode) -> str:
    """Return a day of an English reason, such as 30 Nov 2026, in a language; any other text as it is."""
    try:
        moment = datetime.strptime(text, "%d %b %Y").date()  # noqa: DTZ007 - a day without a time
    except ValueError:
        return text
    return full_day(moment, code)


def full_day(moment: date, code: LanguageCode = ENGLISH) -> str:
    """Return a day with its year, such as 16 November 2026."""
    from babel.dates import format_date  # noqa: PLC0415 - slow to import

    return _with_ordinal(format_date(moment, "long", locale=day_first(code)), moment, code)


def long_day(moment: date, code: LanguageCode = ENGLISH) -> str:
    """Return a day without its year for a sentence, such as 16 November."""
    from babel.dates import format_skeleton  # noqa: PLC0415 - slow to import

    return _with_ordinal(format_skeleton("MMMMd", moment, locale=day_first(code)), moment, code)


def _with_ordinal(text: str, moment: date, code: LanguageCode) -> str:
    return text.replace("1", FIRST_OF_MONTH[code], 1) if moment.day == 1 and code in FIRST_OF_MONTH else text


def day_first(code: LanguageCode) -> str:
    """Return the locale of a language's dates.

    Meta's own tools and most of the world write the day first; "en" alone means American order in CLDR.
    """
    return "en_GB" if code == ENGLISH else code
