"""Checks mail addresses: what a mail server and a header can hold, with punycode for domains of other scripts."""

import re

from sophia.errors import InvalidInputError
from sophia.hostnames import ascii_hostname

# RFC 5321, 4.5.3.1: 64 characters before the @, and 254 together with the two angle brackets of a command.
LONGEST_LOCAL_PART = 64
LONGEST_ADDRESS = 254
LONGEST_LABEL = 63
# The dot-atom of RFC 5322; addresses in quotes and in other alphabets are refused, because few servers take them.
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def expect_address(text: str) -> str:
    """Return a mail address with its domain in lower case and punycode.

    Raises InvalidInputError with what is wrong: no or several @, signs that no mailbox has, a domain without a dot.
    """
    address = text.strip()
    local, at, domain = address.rpartition("@")
    if not at or not local or "@" in local:
        raise InvalidInputError(f"{shorten(address)} is not a mail address. Write it like anna@example.com.")
    if LOCAL_PART.fullmatch(local) is None or len(local) > LONGEST_LOCAL_PART:
        raise InvalidInputError(
            f"{shorten(address)}: the part before the @ has letters from a to z, digits and signs such as . - _ +, at most "
            f"{LONGEST_LOCAL_PART}."
        )
    host = ascii_hostname(domain) if domain == domain.strip(". ") else None
    labels = [] if host is None else host.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) and len(label) <= LONGEST_LABEL for label in labels):  # noqa: PLR2004
        raise InvalidInputError(f"{shorten(address)}: {shorten(domain)} is not a domain. Write it like example.com.")
    checked = f"{local}@{host}"
    if len(checked) > LONGEST_ADDRESS:
        raise InvalidInputError(f"A mail address has at most {LONGEST_ADDRESS} characters.")
    return checked


def shorten(text: str) -> str:
    """Return a text for a message, without control characters."""
    return repr(text[:80])
