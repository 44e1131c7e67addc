"""Slugs: a name as it stands in addresses and links; one function for clients, campaigns and whatever else has one."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from itertools import count

LONGEST_SLUG = 60
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")

# ruff: noqa: RUF001 - the letters that look like Latin ones are what this is about
# Letters that Unicode cannot take apart into an ASCII letter and accents. Cyrillic as in Russian, where languages differ.
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
    """Return the name in ASCII: small letters, digits and single hyphens, 60 characters at most, never empty.

    The same name gives the same slug, unless it is among those `taken`: then it gets the first free number (`tips-2`).
    What cannot be spelled in ASCII (花屋, حلويات, a name of emoji only) is told apart by eight digits of its SHA-256;
    `kind`, itself of the slug form, stands before them where nothing else is left. Emoji beside letters count for nothing.
    """
    stem = _folded(name)
    lost = any(unicodedata.category(letter)[0] in "LN" for letter in stem if not letter.isascii())
    plain = _NOT_IN_SLUG.sub("-", stem).strip("-")
    if lost or not plain:
        whole = unicodedata.normalize("NFC", name)
        digits = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        slug = _with_ending(plain or kind, f"-{digits}")
    else:
        slug = _with_ending(plain, "")
    if slug not in taken:
        return slug
    numbered = (_with_ending(slug, f"-{number}") for number in count(2))
    return next(candidate for candidate in numbered if candidate not in taken)


def is_slug(text: str) -> bool:
    """Whether a text has the form that `slug_of` gives, of whatever length."""
    return _SLUG.fullmatch(text) is not None


def _folded(name: str) -> str:
    """The name in small letters, spelled in ASCII as far as that goes."""
    # Spelled out first, or Unicode would make и of й and leave its accent over.
    composed = unicodedata.normalize("NFKC", name.casefold()).casefold().translate(_SPELLED_OUT)
    apart = unicodedata.normalize("NFKD", composed).translate(_SPELLED_OUT)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _with_ending(stem: str, ending: str) -> str:
    return stem[: LONGEST_SLUG - len(ending)].rstrip("-") + ending
