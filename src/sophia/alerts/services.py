"""Sends a message to an address of apprise. The address is a secret: no error, log or answer repeats it."""

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import anyio.to_thread
from pydantic import SecretStr

from sophia.alerts.messages import Message
from sophia.errors import InvalidInputError
from sophia.vault import SHORTEST_REMEMBERED, remember

if TYPE_CHECKING:
    from apprise import NotifyBase

# Apprise has time-outs for each step of a connection; this bounds all steps together.
SEND_SECONDS = 30.0
LONGEST_ADDRESS = 2_000
FINGERPRINT_DIGITS = 8
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
DELIMITERS = re.compile(r"[/?&=@:,;#\s]+")

Result = Literal["sent", "refused", "unknown"]
REFUSED = "The service refused the message, or could not be reached."
UNKNOWN = "The service did not answer in time. The message may have arrived, so it is not sent again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of sending one message; `error` is empty for a message that was sent."""

    result: Result
    error: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What may be shown of an address: the name of its service, and a fingerprint that tells two addresses apart."""

    name: str
    fingerprint: str


def describe_address(address: SecretStr) -> Service:
    """Return the service of an address. Raises InvalidInputError, without the address, if it cannot be used."""
    text = address.get_secret_value()
    scheme = SCHEME.match(text)
    remember_parts(address)
    if len(text) > LONGEST_ADDRESS or scheme is None:
        raise InvalidInputError(
            "This is not an address of a service. It begins like mailto://, slack://, tgram:// or json://; "
            "docs/alerts.md has examples."
        )
    service = open_service(address)
    if service is None:
        raise InvalidInputError(wrong_address(scheme[1].lower()))
    digest = sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]
    return Service(str(service.service_name), digest)


def wrong_address(scheme: str) -> str:
    """Return what is wrong with an address of this scheme; an unknown scheme may be part of a secret, so it is omitted."""
    from apprise.plugins import N_MGR  # noqa: PLC0415 - slow, and rarely needed

    if scheme not in N_MGR:
        return "The address has a scheme that is not known. Compare it with the examples in docs/alerts.md."
    return f"The address of {scheme}:// is incomplete or wrong. Compare it with https://appriseit.com/services/."


def open_service(address: SecretStr) -> "NotifyBase | None":
    """Return apprise's object for an address, or None for a wrong address."""
    import apprise  # noqa: PLC0415 - slow, and rarely needed

    asset = apprise.AppriseAsset(app_id="Sophia", app_desc="Sophia", app_url="")
    service: NotifyBase | None = apprise.Apprise.instantiate(
        address.get_secret_value(), asset=asset, suppress_exceptions=True
    )
    return service


def remember_parts(address: SecretStr) -> None:
    """Redact the address and its long parts in every text: a failed request names its path, which may be a secret."""
    remember(address)
    for part in DELIMITERS.split(address.get_secret_value().partition("://")[2]):
        for text in {part, unquote(part)}:
            if len(text) >= SHORTEST_REMEMBERED:
                remember(SecretStr(text))


async def send(address: SecretStr, message: Message, seconds: float = SEND_SECONDS) -> Outcome:
    """Send a message once. A service that does not answer in time gives "unknown", since the message may arrive."""
    await anyio.to_thread.run_sync(remember_parts, address)
    service = await anyio.to_thread.run_sync(open_service, address)
    if service is None:
        return Outcome("refused", "The address is wrong. Delete this route and add it again.")
    try:
        async with asyncio.timeout(seconds):
            is_sent = await notify(service, message)
    except TimeoutError:
        return Outcome("unknown", UNKNOWN)
    return Outcome("sent") if is_sent else Outcome("refused", REFUSED)


async def notify(service: "NotifyBase", message: Message) -> bool:
    """Send through apprise, in HTML to services that prefer it, and return whether the service accepted it."""
    import apprise  # noqa: PLC0415 - slow, and rarely needed

    hub = apprise.Apprise()
    hub.add(service)
    is_html = preferred_format(service.notify_format) == apprise.NotifyFormat.HTML
    work = partial(hub.async_notify, title=message.subject)
    if is_html:
        return bool(await work(body=message.html, body_format=apprise.NotifyFormat.HTML))
    return bool(await work(body=message.text, body_format=apprise.NotifyFormat.TEXT))


def preferred_format(formats: Any) -> Any:
    """Return the first of the formats of a service; some versions of apprise name only one."""
    return formats[0] if isinstance(formats, tuple | list) else formats
