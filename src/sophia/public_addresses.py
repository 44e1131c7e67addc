"""Decides whether an address belongs to the public internet, by lists of allowed blocks.

IPv4: everything except the blocks of IANA's special-purpose registry, multicast and reserved addresses. IPv6: global
unicast, 2000::/3, which is all that IANA has assigned, without its special blocks. Later kinds of addresses are therefore
not public. Registries, read in 2026: https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry.

An IPv6 address that contains an IPv4 address counts like the latter if the network translates it (IPv4-mapped, NAT64). It
is refused if it leads through an unknown relay (6to4, Teredo, ISATAP, IPv4-compatible, IPv4-translated).
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_SPECIAL_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, behind the NAT of a provider
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the agent of Azure's machines
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host from the resolver of this machine. Raises OSError."""
    entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in entries]


def is_public(text: str) -> bool:
    """Return whether an address, with or without a zone such as %eth0, belongs to the public internet.

    Raises ValueError for text that is not an address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return _is_public_ipv4(address)
    embedded = address.ipv4_mapped or (IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None)
    return _is_public_ipv6(address) if embedded is None else _is_public_ipv4(embedded)


def _is_public_ipv4(address: IPv4Address) -> bool:
    return not any(address in block for block in _SPECIAL_IPV4)


def _is_public_ipv6(address: IPv6Address) -> bool:
    if address not in _GLOBAL_UNICAST or any(address in block for block in _SPECIAL_IPV6):
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP
