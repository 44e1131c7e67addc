"""Slugs: names for addresses and links, for clients, campaigns and everything else that has one."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from itertools import count

LONGEST_SLUG = 60
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")

# ruff: noqa: RUF001 - these tables need letters that look like Latin ones
# Letters that Unicode cannot decompose into an ASCII letter and accents. Cyrillic as in Russian where languages differ.
_SPELLED_OUT = (
    str.maketrans("øåđðłħıŧĸəɛɔɖƒɣɓɗƙ", "oaddlhitkeeodfgbdk")
    | str.maketrans("абвгдезийклмнопрстуфыэіґўјћәғқөұүһ", "abvgdeziyklmnoprstufyeigwjcagqouuh")
    | str.maketrans("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo")
    | str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng", "θ": "th", "χ": "ch", "ψ": "ps"})
    | str.maketrans({"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu"})
    | str.maketrans({"я": "ya", "є": "ye", "ї": "yi", "ђ": "dj", "љ": "lj", "њ": "nj", "џ": "dz", "ѓ": "gj", "ѕ": "dz"})
    | str.maketrans({"ќ": "kj", "ң": "ng"})
)


def slug_of(name: str, taken: Collection[str] = (), *, kind: str = "campaign") -> str:
    """Return the name in lower-case ASCII letters, digits and single hyphens, 1 to 60 characters.

    The same name always gives the same slug. A slug among `taken` gets the first free number (`tips-2`). Names that have
    no ASCII spelling (花屋, حلويات, emoji only) end with eight digits of their SHA-256, after `kind` if nothing else is
    left. Emoji next to letters are dropped.
    """
    stem = _folded(name)
    lost = any(unicodedata.category(letter)[0] in "LN" for letter in stem if not letter.isascii())
    plain = _NOT_IN_SLUG.sub("-", stem).strip("-")
    if lost or not plain:
        composed = unicodedata.normalize("NFC", name)
        digits = hashlib.sha256(composed.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        slug = _with_ending(plain or kind, f"-{digits}")
    else:
        slug = _with_ending(plain, "")
    if slug not in taken:
        return slug
    numbered = (_with_ending(slug, f"-{number}") for number in count(2))
    return next(candidate for candidate in numbered if candidate not in taken)


def is_slug(text: str) -> bool:
    """Return whether a text has the form of a slug, whatever its length."""
    return _SLUG.fullmatch(text) is not None


def _folded(name: str) -> str:
    """Return the name in lower case, spelled in ASCII as far as possible."""
    # The tables come first: Unicode would decompose й into и and an accent.
    composed = unicodedata.normalize("NFKC", name.casefold()).casefold().translate(_SPELLED_OUT)
    apart = unicodedata.normalize("NFKD", composed).translate(_SPELLED_OUT)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _with_ending(stem: str, ending: str) -> str:
    return stem[: LONGEST_SLUG - len(ending)].rstrip("-") + ending
