"""Converts host names to ASCII as browsers do, with punycode for other scripts and symbols."""

import re

import idna

_ACE_PREFIX = "xn--"
_HOST = re.compile(r"[a-z0-9_.-]*")
_JOINERS = frozenset("\u200c\u200d")


def ascii_hostname(name: str) -> str | None:
    """Return a host name in lower case and punycode, or None when browsers refuse it. Never raises.

    The rules are those of UTS #46 as in WHATWG's URL standard (domain to ASCII, not strict). They allow symbols such as in
    `✪df.ws`, which IDNA 2008 refuses. The lengths of the name and its labels are not checked.
    """
    if name.isascii() and _ACE_PREFIX not in name.lower():
        return name.lower()
    try:
        labels = [_decoded(label) for label in idna.uts46_remap(name, std3_rules=False).split(".")]
        host = ".".join(_encoded(label) for label in labels)
    except (idna.IDNAError, UnicodeError):
        return None
    # A character such as `℀` maps to `a/c`, which would end the host.
    return host if _HOST.fullmatch(host) else None


def _decoded(label: str) -> str:
    """Return the Unicode form of a label. Raises IDNAError for invalid labels and for punycode that is not canonical."""
    text = label
    if label.startswith(_ACE_PREFIX):
        text = label.removeprefix(_ACE_PREFIX).encode("ascii").decode("punycode")
        # A label has one spelling: no pure ASCII in punycode, and nothing that the mapping would change.
        if text.isascii() or _encoded(text) != label or idna.uts46_remap(text, std3_rules=False) != text:
            raise idna.IDNAError("The punycode is not canonical.")
    if text.isascii():
        return text
    idna.check_initial_combiner(text)
    for position, character in enumerate(text):
        if character in _JOINERS and not idna.valid_contextj(text, position):
            raise idna.IDNAError("A joiner is at a position where no script joins letters.")
    # This checks only labels with a right-to-left letter, as browsers do; RFC 5893 would check their neighbours too.
    idna.check_bidi(text)
    return text


def _encoded(label: str) -> str:
    return label if label.isascii() else _ACE_PREFIX + label.encode("punycode").decode("ascii")
