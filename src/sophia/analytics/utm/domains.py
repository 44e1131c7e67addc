"""Whose host is it: hosts made comparable, and compared with a client's domains."""

import ipaddress
import re
from collections.abc import Iterable
from functools import cache

from publicsuffixlist import PublicSuffixList

from sophia.hostnames import ascii_hostname

LONGEST_HOST = 253
# As the DNS libraries of operating systems allow it: hyphens and underscores inside a label, never at its ends.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
_PORT = re.compile(r":[0-9]*\Z")


def belongs_to(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of the domains, or lies under one: `shop.example.com` under `example.com`.

    Case, a trailing dot and a port make no difference, nor whether a name is written in its own script or in punycode.
    Numeric addresses are compared as a whole. What is no host belongs to nobody.
    """
    found = canonical_host(_PORT.sub("", host))
    return found is not None and lies_in(found, canonical_domains(domains))


def canonical_domains(domains: Iterable[str]) -> frozenset[str]:
    """The domains as `lies_in` compares them. What is no host is left out; one text is one domain."""
    several = (domains,) if isinstance(domains, str) else domains
    hosts = (canonical_host(_PORT.sub("", domain.strip())) for domain in several)
    return frozenset(host for host in hosts if host is not None)


def lies_in(host: str, domains: frozenset[str]) -> bool:
    """The same as `belongs_to`, for a host and domains in canonical form, in which no part of a numeric address is one."""
    labels = host.split(".")
    return any(".".join(labels[first:]) in domains for first in range(len(labels)))


def canonical_host(host: str) -> str | None:
    """Return a host in lower case and punycode, without trailing dot, IPv6 shortened in brackets; None if it can be none.

    The name must be one that browsers accept (WHATWG URL), that the DNS can hold (labels of 1 to 63 letters, digits and
    inner hyphens, 253 in all) and, below a public suffix, one that can be registered.
    """
    if host.startswith("["):
        return _ipv6(host)
    if len(host) > LONGEST_HOST + 1:
        return None
    name = ascii_hostname(host.removesuffix("."))
    if name is None or len(name) > LONGEST_HOST:
        return None
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(name)
    # Nobody can register a name with an underscore; whoever has a name may put one before it (my_shop.example.com).
    return None if "_" in name and "_" in _registered_part(name) else name


def _registered_part(name: str) -> str:
    """What a registry gave away of a host's name, such as `example.co.uk`; below an unknown suffix, two labels."""
    return _suffixes().privatesuffix(name) or ".".join(name.split(".")[-2:])


def has_real_suffix(host: str) -> bool:
    """Whether a host stands under a suffix that exists: `ex.com` and `ex.co.uk` do, `co.uk` and `e.g` do not.

    `Now` at the beginning of a sentence is not the top-level domain `now`: a suffix is written in small letters, or the
    whole of it in capitals. The suffixes are those of the Public Suffix List that its package carries.
    """
    suffix = host.rpartition(".")[2]
    canonical = canonical_host(host)
    if canonical is None or suffix not in {suffix.lower(), suffix.upper()}:
        return False
    if "_" in canonical:
        return False
    return _suffixes().privatesuffix(canonical) is not None


@cache
def _suffixes() -> PublicSuffixList:
    """Read once, when a bare domain is first met: it takes 30 ms."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def _ipv6(host: str) -> str | None:
    # Browsers refuse a zone (`%eth0`); Python reads it.
    if not host.endswith("]") or "%" in host:
        return None
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    except ValueError:
        return None


def _ipv4(host: str) -> str | None:
    """A host that ends in a number is an address or nothing. Octal, hexadecimal and short forms are refused."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        return None
