"""Brings hosts into a canonical form and compares them with a client's domains."""

import ipaddress
import re
from collections.abc import Iterable
from functools import cache

from publicsuffixlist import PublicSuffixList

from sophia.hostnames import ascii_hostname

LONGEST_HOST = 253
# Like the DNS libraries of operating systems, allow hyphens and underscores inside a label but not at its ends.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
_PORT = re.compile(r":[0-9]*\Z")


def canonical_domains(domains: Iterable[str]) -> frozenset[str]:
    """Return the domains in canonical form without their ports; leave out text that is not a host. A string is one domain."""
    domain_list = (domains,) if isinstance(domains, str) else domains
    hosts = (canonical_host(_PORT.sub("", domain.strip())) for domain in domain_list)
    return frozenset(host for host in hosts if host is not None)


def lies_in(host: str, domains: frozenset[str]) -> bool:
    """Return whether a host is one of the domains or one of their subdomains; both are in canonical form.

    A numeric address has no subdomains.
    """
    labels = host.split(".")
    return any(".".join(labels[first:]) in domains for first in range(len(labels)))


def canonical_host(host: str) -> str | None:
    """Return a host in lower case and punycode without a trailing dot, IPv6 in brackets; None if it is not a host.

    Browsers must accept the name (WHATWG URL), the DNS must be able to store it (labels of 1 to 63 letters, digits and
    inner hyphens, 253 in all), and the part below a public suffix must be one that can be registered.
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
    # A registered name has no underscore, but its subdomains may (my_shop.example.com).
    return None if "_" in name and "_" in _registered_part(name) else name


def _registered_part(name: str) -> str:
    """Return the registered part of a host, such as `example.co.uk`; two labels for an unknown suffix."""
    return _suffixes().privatesuffix(name) or ".".join(name.split(".")[-2:])


def has_real_suffix(host: str) -> bool:
    """Return whether a host has an existing suffix: `ex.com` and `ex.co.uk` do, `co.uk` and `e.g` do not.

    A suffix must be all lower case or all upper case, so that `Now` at the beginning of a sentence is not the domain `now`.
    The suffixes are those of the Public Suffix List in its package.
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
    """Load the list when it is first needed, because loading takes 30 ms."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def _ipv6(host: str) -> str | None:
    # Browsers refuse a zone (`%eth0`), but Python accepts it.
    if not host.endswith("]") or "%" in host:
        return None
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    except ValueError:
        return None


def _ipv4(host: str) -> str | None:
    """Return the address of a host that ends in a number; None for octal, hexadecimal and short forms."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        return None
