"""Which addresses are of the public internet, compared with Python's own list and with the registries' text."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.public_addresses import is_public


@pytest.mark.parametrize(
    "address",
    [
        # Ways to write or to carry 127.0.0.1, 10.0.0.1 or 169.254.169.254.
        *("::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::127.0.0.1", "::ffff:0:a9fe:a9fe", "::a9fe:a9fe"),
        *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
        "2606:4700::5efe:7f00:1",
        "2606:4700::200:5efe:a00:1",
        # Blocks of the registries, their first, a middle or their last address.
        *("5f00::1", "3fff::1", "3fff:fff:ffff::1", "2001:db8::1", "2001:2::1", "2001:10::1", "2001:20::1", "100::1"),
        *(
            "100:0:0:1::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "::",
            "::1",
        ),
        *("4000::1", "6000::1", "8000::1", "a000::1", "c000::1", "e000::1", "1fff:ffff::1", "200::1", "400::1"),
        *("0.0.0.0", "0.255.255.255", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1"),  # noqa: S104
        *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "172.16.0.1", "172.31.255.255", "168.63.129.16"),
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    """F12: a link must not lead into our network by any spelling, nor to what is not assigned."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "93.184.215.14", "172.15.255.255", "172.32.0.1", "100.63.255.255", "198.20.0.1"),
        *("2606:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::200e", "2400:cb00::1", "2001:200::1"),
        *("::ffff:1.1.1.1", "64:ff9b::808:808"),
    ],
)
def test_hosts_of_the_internet_are_public(address: str) -> None:
    """F12: also through the NAT64 of a network that has IPv6 only."""
    assert is_public(address)


@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_nothing_is_public_that_python_calls_special(address: IPv4Address | IPv6Address) -> None:
    """F12: Python keeps a list of its own."""
    if isinstance(address, IPv6Address) and int(address) >> 32 == 0x64FF9B0000000000000000:
        return
    assert not is_public(str(address)) or address.is_global
