"""Names of hosts as browsers send them to the DNS: in ASCII, with names in other scripts and symbols as punycode."""

import re

import idna

_ACE_PREFIX = "xn--"
_HOST = re.compile(r"[a-z0-9_.-]*")
_JOINERS = frozenset("\u200c\u200d")


def ascii_hostname(name: str) -> str | None:
    """Return a host's name in lower case and punycode, or None where browsers refuse it. Never raises.

    The rules are those of UTS #46 as WHATWG's URL standard sets them (domain to ASCII, not strict): symbols such as in
    `✪df.ws` are allowed, which IDNA 2008 refuses. The lengths of the name and of its labels are
    not checked.
    """
    if name.isascii() and _ACE_PREFIX not in name.lower():
        return name.lower()
    try:
        labels = [_decoded(label) for label in idna.uts46_remap(name, std3_rules=False).split(".")]
        host = ".".join(_encoded(label) for label in labels)
    except (idna.IDNAError, UnicodeError):
        return None
    # A sign such as `℀` maps to `a/c`, which would end the host.
    return host if _HOST.fullmatch(host) else None


def _decoded(label: str) -> str:
    """The Unicode form of a label. Raises IDNAError for punycode that no valid label has, and for an invalid label."""
    text = label
    if label.startswith(_ACE_PREFIX):
        text = label.removeprefix(_ACE_PREFIX).encode("ascii").decode("punycode")
        # A label has one spelling: no ASCII in punycode, nothing that the mapping would still change.
        if text.isascii() or _encoded(text) != label or idna.uts46_remap(text, std3_rules=False) != text:
            raise idna.IDNAError("The punycode is not canonical.")
    if text.isascii():
        return text
    idna.check_initial_combiner(text)
    for position, sign in enumerate(text):
        if sign in _JOINERS and not idna.valid_contextj(text, position):
            raise idna.IDNAError("A joiner stands where no script joins letters.")
    # Judges only labels with a right-to-left letter, as browsers do: RFC 5893 would judge their neighbours too.
    idna.check_bidi(text)
    return text


def _encoded(label: str) -> str:
    return label if label.isascii() else _ACE_PREFIX + label.encode("punycode").decode("ascii")
