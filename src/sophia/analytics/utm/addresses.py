"""Takes one web address apart and puts it together again with other tags, leaving every other byte as it was."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from sophia.analytics.utm.domains import canonical_host, has_real_suffix
from sophia.analytics.utm.signatures import is_signed_query

HIGHEST_PORT = 65535
_HTTP = re.compile(r"https?://", re.IGNORECASE | re.ASCII)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)
_AUTHORITY_END = re.compile(r"[/?#]|\Z")
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
# What ends an address or changes its meaning: a browser drops some of it, and reads a backslash as a slash.
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\x9f<>\"`\\\s]")
# The # of &#39; begins no fragment.
_FRAGMENT = re.compile(r"#(?!(?<=&#)(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});)")
_ESCAPED = re.compile(r"&(?:amp|apos|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
# Longer than the longest of our names with every letter percent-encoded.
_LONGEST_NAME = 3 * len("utm_campaign")


class Untagged(StrEnum):
    """Why a link was left as it was."""

    NOT_HTTP = "not http"
    UNPARSABLE = "unparsable"
    CREDENTIALS = "credentials"
    FOREIGN = "foreign domain"
    SIGNED = "signed"
    AMBIGUOUS = "ambiguous"

    @property
    def note(self) -> str:
        """Why, and what a person can do about it."""
        return _NOTES[self]


_NOTES = {
    Untagged.NOT_HTTP: "Only http and https addresses carry tags.",
    Untagged.UNPARSABLE: "No browser can open this address, or text touches its host: correct it, or put a space behind it.",
    Untagged.CREDENTIALS: "The address contains a name or a password: do not publish it.",
    Untagged.FOREIGN: "Its domain is not one of the client's own. If it is: sophia client domains",
    Untagged.SIGNED: "Somebody else signed this address, and it may stop working with tags: its clicks cannot be attributed.",
    Untagged.AMBIGUOUS: "With tags, the text beside the link would become a part of it: put a space between.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """An address in pieces that make it up, byte for byte: head, `?` and query (None without `?`), fragment with `#`.

    `host` is in canonical form (see `domains.canonical_host`). `escaped` means that it stands in HTML, where `&amp;`
    parts the parameters.
    """

    head: str
    query: str | None
    fragment: str
    host: str
    escaped: bool


def take_apart(text: str, *, bare: bool = False) -> Address | Untagged:
    """Return the pieces of an http or https address, or why it is not to be touched. Never raises.

    With `bare` it may also begin with its host, when that stands under a suffix that exists.
    """
    scheme = _HTTP.match(text)
    if scheme is None and (not bare or _OTHER_SCHEME.match(text)):
        return Untagged.NOT_HTTP
    if _NOT_IN_ADDRESS.search(text):
        return Untagged.UNPARSABLE
    start = scheme.end() if scheme else 0
    ended = _AUTHORITY_END.search(text, start)
    authority = text[start : ended.start()] if ended else text[start:]
    if "@" in authority:
        return Untagged.CREDENTIALS if scheme else Untagged.NOT_HTTP
    parts = _AUTHORITY.fullmatch(authority)
    host = canonical_host(parts[1]) if parts else None
    if parts is None or host is None or int(parts[2] or 0) > HIGHEST_PORT:
        return Untagged.UNPARSABLE if scheme else Untagged.NOT_HTTP
    if scheme is None and not has_real_suffix(parts[1]):
        return Untagged.NOT_HTTP
    found = _FRAGMENT.search(text)
    cut = found.start() if found else len(text)
    head, mark, query = text[:cut].partition("?")
    escaped = _ESCAPED.search(text, 0, cut) is not None
    return Address(head, query if mark else None, text[cut:], host, escaped)


def is_signed(address: Address) -> bool:
    """Whether the query is signed by somebody else, a storage, CDN or framework, who may refuse it with our tags."""
    parameters: dict[str, str] = {}
    for token in _tokens(address)[::2]:
        parameters.setdefault(_name(token), token.partition("=")[2])
    return is_signed_query(parameters)


def put_together(address: Address, tags: Sequence[tuple[str, str]]) -> str:
    """The address with these parameters at the end of its query, in place of any that had their names.

    All other parameters stay as they stand, empty ones too, in their order; so does the fragment.
    """
    ours = {name for name, _ in tags}
    tokens = _tokens(address)
    kept: list[str] = []
    for number in range(0, len(tokens), 2):
        if _name(tokens[number]) not in ours:
            # Behind the first one that stays, each keeps what parted it from its neighbour.
            kept += tokens[max(0, number - 1) : number + 1] if kept else tokens[number : number + 1]
    joint = "&amp;" if address.escaped else "&"
    added = joint.join(f"{name}={value}" for name, value in tags)
    return f"{address.head}?{''.join(kept)}{joint if kept else ''}{added}{address.fragment}"


def _tokens(address: Address) -> list[str]:
    """The parameters, and between them what parts them: every second item is a parameter."""
    if not address.query:
        return []
    return re.split("(&amp;|&)" if address.escaped else "(&)", address.query)


def _name(token: str) -> str:
    """The name of a parameter as far as it can be one of ours: in small letters, percent-encoding undone."""
    name = token.partition("=")[0]
    if "%" in name and len(name) <= _LONGEST_NAME:
        name = unquote(name)
    return name.lower()


def address_hash(address: str) -> str:
    """Return the hash by which a link is found again: of its bytes, without white space around it."""
    return hashlib.sha256(address.strip().encode("utf-8", "surrogatepass")).hexdigest()
