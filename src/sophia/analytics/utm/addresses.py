"""Splits a web address and joins it again with other tags, without changing any other byte."""

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
# Characters that end an address or change its meaning: browsers drop some, and read a backslash as a slash.
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\x9f<>\"`\\\s]")
# The # of &#39; does not begin a fragment.
_FRAGMENT = re.compile(r"#(?!(?<=&#)(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});)")
_ESCAPED = re.compile(r"&(?:amp|apos|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
# The longest tag name with every letter percent-encoded.
_LONGEST_NAME = 3 * len("utm_campaign")


class Untagged(StrEnum):
    """Why a link is not tagged."""

    NOT_HTTP = "not http"
    UNPARSABLE = "unparsable"
    CREDENTIALS = "credentials"
    FOREIGN = "foreign domain"
    SIGNED = "signed"
    AMBIGUOUS = "ambiguous"

    @property
    def note(self) -> str:
        """The reason, and what the user can do."""
        return _NOTES[self]


_NOTES = {
    Untagged.NOT_HTTP: "Only http and https addresses can have tags.",
    Untagged.UNPARSABLE: "No browser can open this address, or text follows its host directly: correct it, or put a space after it.",
    Untagged.CREDENTIALS: "The address contains a name or a password: do not publish it.",
    Untagged.FOREIGN: "Its domain is not one of the client's domains. Add it: sophia client domains",
    Untagged.SIGNED: "This address is signed and may not work with tags, so its clicks cannot be attributed.",
    Untagged.AMBIGUOUS: "With tags, the text after the link would become part of it: put a space between them.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address: head, query without `?` (None if there is no `?`), and fragment with `#`.

    `host` is in canonical form (see `domains.canonical_host`). `escaped`: the address is HTML, in which `&amp;` separates
    the parameters.
    """

    head: str
    query: str | None
    fragment: str
    host: str
    escaped: bool


def split_address(text: str, *, bare: bool = False) -> Address | Untagged:
    """Return the parts of an http or https address, or why it cannot have tags. Never raises.

    With `bare` it may also begin with a host that has an existing suffix.
    """
    scheme = _HTTP.match(text)
    if scheme is None and (not bare or _OTHER_SCHEME.match(text)):
        return Untagged.NOT_HTTP
    if _NOT_IN_ADDRESS.search(text):
        return Untagged.UNPARSABLE
    start = scheme.end() if scheme else 0
    authority_end = _AUTHORITY_END.search(text, start)
    authority = text[start : authority_end.start()] if authority_end else text[start:]
    if "@" in authority:
        return Untagged.CREDENTIALS if scheme else Untagged.NOT_HTTP
    parts = _AUTHORITY.fullmatch(authority)
    host = canonical_host(parts[1]) if parts else None
    if parts is None or host is None or int(parts[2] or 0) > HIGHEST_PORT:
        return Untagged.UNPARSABLE if scheme else Untagged.NOT_HTTP
    if scheme is None and not has_real_suffix(parts[1]):
        return Untagged.NOT_HTTP
    fragment = _FRAGMENT.search(text)
    end = fragment.start() if fragment else len(text)
    head, mark, query = text[:end].partition("?")
    escaped = _ESCAPED.search(text, 0, end) is not None
    return Address(head, query if mark else None, text[end:], host, escaped)


def is_signed(address: Address) -> bool:
    """Return whether a storage, CDN or framework signed the query, which it may then refuse with tags."""
    parameters: dict[str, str] = {}
    for token in _tokens(address)[::2]:
        parameters.setdefault(_name(token), token.partition("=")[2])
    return is_signed_query(parameters)


def join_address(address: Address, tags: Sequence[tuple[str, str]]) -> str:
    """Return the address with these tags at the end of its query, instead of parameters with the same names.

    All other parameters, empty ones too, and the fragment stay unchanged and in order.
    """
    names = {name for name, _ in tags}
    tokens = _tokens(address)
    kept: list[str] = []
    for index in range(0, len(tokens), 2):
        if _name(tokens[index]) not in names:
            # Each parameter but the first keeps the separator before it.
            kept += tokens[max(0, index - 1) : index + 1] if kept else tokens[index : index + 1]
    separator = "&amp;" if address.escaped else "&"
    added = separator.join(f"{name}={value}" for name, value in tags)
    return f"{address.head}?{''.join(kept)}{separator if kept else ''}{added}{address.fragment}"


def _tokens(address: Address) -> list[str]:
    """Return the parameters with the separators between them, so that every second item is a parameter."""
    if not address.query:
        return []
    return re.split("(&amp;|&)" if address.escaped else "(&)", address.query)


def _name(token: str) -> str:
    """Return the name of a parameter in lower case; decode it if it is short enough to be a tag."""
    name = token.partition("=")[0]
    if "%" in name and len(name) <= _LONGEST_NAME:
        name = unquote(name)
    return name.lower()


def address_hash(address: str) -> str:
    """Return the hash of an address without surrounding white space, which identifies the link."""
    return hashlib.sha256(address.strip().encode("utf-8", "surrogatepass")).hexdigest()
