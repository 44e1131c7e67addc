"""Finds links in copy as people and platforms read them.

It makes one pass from left to right and never goes back, so its time is proportional to the length of the copy. Why no
library does this: docs/decisions/0012-finding-links.md.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from html.entities import html5

from sophia.analytics.utm.domains import has_real_suffix


class LinkKind(Enum):
    """How a link begins: with `https://`, with another scheme such as `ftp://`, or with its host."""

    HTTP = auto()
    OTHER = auto()
    BARE = auto()


@dataclass(frozen=True, slots=True)
class Span:
    """A link in a text, from `start` (included) to `end` (excluded). Signs that end a sentence follow up to `stop`."""

    start: int
    end: int
    stop: int
    kind: LinkKind


# Scripts without spaces between words, in which text can follow a link directly: 見てhttps://ex.com/aを見て.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2460-\u24ff\u2776-\u2793\u2e80-\u303f\u3041-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff10-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_SPACED_WORD = rf"[^\W{_UNSPACED}]"
_BEGIN = r"(?<![A-Za-z0-9+])(?P<scheme>[A-Za-z][A-Za-z0-9+]*+):(?P<slashes>//)?"
_HOST = rf"(?<!{_SPACED_WORD})(?<!-)(?P<host>(?:{_SPACED_WORD}|-)++(?:\.(?:{_SPACED_WORD}|-)++)++)"
_SCHEMES = re.compile(_BEGIN)
_SCHEMES_AND_HOSTS = re.compile(f"{_BEGIN}|{_HOST}")
# Schemes without slashes. A web address after them is a part of them.
_OPAQUE = frozenset({"mailto", "tel", "sms", "javascript"})
# Before a bare domain: a mention (@ex.com), a hashtag, a piece of a path or of a query.
_NOT_BEFORE_HOST = frozenset("@#$/\\&=%+~\uff20\uff03\ufe6b\ufe5f")
_REST_OF_EMAIL = re.compile(r"[\w.+-]{0,64}@")
_PORT = re.compile(r":[0-9]{1,5}(?![0-9])")

# Signs between two links without a space.
_JOINT = re.compile(r"[,;|!'*]|&(?:apos|#39|#x27);", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?P<plain>(?:[A-Za-z0-9/?#%=+.:@$_~^-]|[,;|!'](?!https?://)|\*(?!\*|https?://))++)"
    # In HTML, the signs that end a link (< > " and the no-break space) and the quote between two links may be references.
    r"|(?P<ampersand>&(?!(?:lt|gt|quot|nbsp|#0{0,5}(?:34|60|62|160)|#x0{0,5}(?:22|3c|3e|a0));)"
    r"(?!(?!amp;)#?[a-z0-9]{1,32};https?://)(?:amp;)?+)"
    r"|(?P<opening>[(\[{])|(?P<closing>[)\]}])"
    rf"|(?P<unspaced>(?:(?=\w)[{_UNSPACED}])++)"
    rf"|(?P<letters>(?:(?![\x00-\x7f]){_SPACED_WORD}|[\u0300-\u036f])++)"
    r"|(?P<other>[^\x00-\x7f])",
    re.IGNORECASE,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# Non-ASCII signs inside words: apostrophe, dashes, middle dots, Hebrew marks.
_INNER = frozenset("\u2019\u00b7\u30fb\u2010\u2011\u2012\u2013\u05be\u05f3\u05f4")
_JOINERS = frozenset("\u200c\u200d")
_EMOJI_STYLES = frozenset("\ufe0e\ufe0f\u20e3")
_KEYCAPS = frozenset("0123456789#*")
# Text of an unspaced script belongs to a path or query after one of these, until one of the others.
_BEFORE_PART = frozenset("/=-_&#+~%@:([{")
_AFTER_PART = frozenset("/?#&=.,;!")
_HOST_GOES_ON = re.compile(r"[\w-]{1,63}\.\w")
_IN_LABEL = r"[^\s\x00-,./:-@\[-^`{-\x7f]"
_SYMBOLS_GO_ON = re.compile(rf"{_IN_LABEL}{{1,63}}\.{_IN_LABEL}")
_LONGEST_HOST = 253
# Signs that end a sentence, a quotation or an emphasis, and not a link.
_TRAILING = frozenset("?!.,:;*_~'|([{") | _INNER
_LONGEST_REFERENCE = 34
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));")


def find_links(text: str, *, bare_domains: bool = False) -> Iterator[Span]:
    """Yield the links of a text from left to right; with `bare_domains` also those without a scheme. Never raises.

    E-mail addresses, and `mailto:`, `tel:`, `sms:` and `javascript:` with everything inside them, are not links.
    """
    pattern = _SCHEMES_AND_HOSTS if bare_domains else _SCHEMES
    position = 0
    while begin := pattern.search(text, position):
        position = begin.end()
        span = None
        if begin["scheme"] is None:
            span = _bare_link(text, begin)
            if span is None and text.startswith(":", position):
                position -= len(begin["host"].rpartition(".")[2])  # see.https://ex.com
        elif begin["slashes"]:
            span = _link_with_scheme(text, begin)
        elif begin["scheme"].lower() in _OPAQUE:
            position = _opaque_end(text, position)
        if span is not None:
            position = max(position, span.stop)
            yield span


def _link_with_scheme(text: str, begin: re.Match[str]) -> Span | None:
    stop = _address_end(text, begin.end(), in_host=True)
    end = _trimmed_end(text, begin.end(), stop)
    if end == begin.end():
        return None
    kind = LinkKind.HTTP if begin["scheme"].lower() in {"http", "https"} else LinkKind.OTHER
    return Span(begin.start(), end, stop, kind)


def _bare_link(text: str, begin: re.Match[str]) -> Span | None:
    start, end = begin.span()
    if (start and text[start - 1] in _NOT_BEFORE_HOST) or _REST_OF_EMAIL.match(text, end):
        return None
    if not has_real_suffix(begin["host"]):
        return None
    port = _PORT.match(text, end)
    end = port.end() if port else end
    if not text.startswith(("/", "?", "#"), end):
        return Span(start, end, end, LinkKind.BARE)
    stop = _address_end(text, end, in_host=False)
    return Span(start, _trimmed_end(text, end, stop), stop, LinkKind.BARE)


def _opaque_end(text: str, position: int) -> int:
    end = _address_end(text, position, in_host=False)
    while joint := _JOINT.match(text, end):
        end = _address_end(text, joint.end(), in_host=False)
    return end


def _address_end(text: str, start: int, *, in_host: bool) -> int:
    """Return the end of the signs that can be in an address: with brackets in pairs, without text of an unspaced script."""
    position = start
    open_brackets = dict.fromkeys(_CLOSING.values(), 0)
    in_part = False
    while token := _TOKEN.match(text, position):
        sign = token.group()
        match token.lastgroup:
            case "plain":
                in_part = in_part and _AFTER_PART.isdisjoint(sign)
                in_host = in_host and not any(mark in sign for mark in "/?#")
            case "ampersand":
                in_part = False
            case "opening":
                open_brackets[_CLOSING[sign]] += 1
            case "closing" if not open_brackets[sign]:
                break
            case "closing":
                open_brackets[sign] -= 1
            case "unspaced":
                if not in_part and not _begins_part(text, start, position, in_host=in_host):
                    break
                in_part = True
            case "other" if not (
                _is_in_word(text, position) or (in_host and _is_symbol_of_host(text, start, position))
            ):
                keycap = sign in _EMOJI_STYLES and position > start and text[position - 1] in _KEYCAPS
                return position - 1 if keycap else position
        position = token.end()
    return position


def _begins_part(text: str, start: int, position: int, *, in_host: bool) -> bool:
    """Return whether a letter of an unspaced script belongs to the address: it begins a part of it or a label of the host."""
    if position == start:
        return True
    before = text[position - 1]
    if in_host:
        after_symbol = _is_symbol(before) and _SYMBOLS_GO_ON.match(text, position) is not None
        return before == "." or after_symbol or _HOST_GOES_ON.match(text, position) is not None
    return before in _BEFORE_PART or (before in _INNER)


def _is_symbol_of_host(text: str, start: int, position: int) -> bool:
    """Return whether a symbol belongs to a host, as in `✪df.ws` and `i❤.ws`, and does not decorate it (`ex.com🔥b.org`).

    It belongs to the host if the name continues to a dot and the text before it is not a complete host.
    """
    if not _is_symbol(text[position]):
        return False
    if position - start > _LONGEST_HOST or not _SYMBOLS_GO_ON.match(text, position):
        return False
    # Three labels are enough for a suffix such as `co.uk`, and keep the time constant.
    before = text[start:position].split(".")[-3:]
    return len(before) == 1 or not has_real_suffix(".".join(before))


def _is_symbol(sign: str) -> bool:
    """Return whether a sign is a symbol, also one of a number (`①`, `½`, `Ⅷ`)."""
    category = unicodedata.category(sign)
    return sign in _EMOJI_STYLES or (not sign.isascii() and (category[0] == "S" or category in {"No", "Nl"}))


def _is_in_word(text: str, position: int) -> bool:
    """Return whether a non-ASCII sign is part of a word: letters, accents, some dashes and dots, joiners between letters.

    All other non-ASCII signs end a link: punctuation, quotes, brackets, spaces, symbols, emoji and invisible signs.
    """
    sign = text[position]
    if sign in _INNER:
        return True
    if sign in _JOINERS:
        beside = text[position - 1] + text[position + 1 : position + 2]
        return len(beside) == 2 and all(not letter.isascii() and _is_letter(letter) for letter in beside)  # noqa: PLR2004 - two sides
    return sign not in _EMOJI_STYLES and _is_letter(sign)


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LM"


def _trimmed_end(text: str, start: int, stop: int) -> int:
    """Return the end of a link without the signs at its end that belong to the sentence."""
    end = stop
    while end > start:
        if text[end - 1] == ";" and (reference := _last_reference(text, start, end)):
            if reference.group() == "&amp;":
                break
            end = reference.start()
        elif text[end - 1] in _TRAILING:
            end -= 1
        else:
            break
    return end


def _last_reference(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the HTML reference that ends there, such as `&rsquo;` or `&#39;`, if there is one."""
    begin = text.rfind("&", max(start, end - _LONGEST_REFERENCE), end)
    match = _REFERENCE.fullmatch(text, begin, end) if begin >= 0 else None
    return match if match and (match[1] is None or f"{match[1]};" in html5) else None
