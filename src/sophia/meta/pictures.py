"""Fetches pictures from the hosts on which Meta serves them, without a token, within bounds, and never from a private network.

The address comes from Meta's answers, so it is checked like any other input: https, a host of Meta's, public addresses only.
A host is resolved once, and the connection goes to the address that was checked.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import Self

import httpx

from sophia.errors import SophiaError
from sophia.meta.client import tls_context
from sophia.public_addresses import is_public, system_addresses

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

HOSTS = ("fbcdn.net", "cdninstagram.com")
MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
MOST_BYTES = 8_000_000
TIMEOUT_SECONDS = 10.0
TOTAL_SECONDS = 30.0
HTTPS_PORT = 443
# Meta answers an expired signature with 403.
FINAL_STATUSES = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class PictureError(SophiaError):
    """A picture cannot be fetched. `is_final`: another attempt from the same address would end alike."""

    def __init__(self, message: str, *, is_final: bool) -> None:
        super().__init__(message)
        self.is_final = is_final


class PictureFetcher:
    """Fetches pictures. `allow_loopback` is for the demo and tests; `resolve` returns the addresses of a host."""

    def __init__(self, *, allow_loopback: bool = False, resolve: Resolve = system_addresses) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        # A transport without a client has no cookies and follows no redirects.
        self._transport = httpx.AsyncHTTPTransport(
            verify=tls_context(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def fetch(self, address: str) -> bytes:
        """Return the content of a picture, undecoded. Raises PictureError."""
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._fetch(address)
        except TimeoutError:
            raise PictureError(f"The picture did not arrive within {TOTAL_SECONDS:.0f} s.", is_final=False) from None
        # Closing a broken connection raises socket errors, which httpx does not translate.
        except (httpx.HTTPError, OSError) as error:
            raise PictureError(f"The picture did not arrive ({type(error).__name__}).", is_final=False) from None

    async def _fetch(self, address: str) -> bytes:
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError):
            raise PictureError("The address of the picture cannot be read.", is_final=True) from None
        seconds = TIMEOUT_SECONDS
        request = httpx.Request(
            "GET",
            url.copy_with(host=await self._checked_address(url)),
            headers={
                "Host": url.netloc.decode("ascii"),
                "Accept": ", ".join(sorted(MEDIA_TYPES)),
                "Accept-Encoding": "identity",
            },
            extensions={
                "sni_hostname": url.raw_host.decode("ascii"),
                "timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds},
            },
        )
        response = await self._transport.handle_async_request(request)
        async with aclosing(response):
            expect_picture(response)
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise PictureError(f"The picture has more than {MOST_BYTES:,} bytes.", is_final=True)
        return bytes(content)

    async def _checked_address(self, url: httpx.URL) -> str:
        """Return an IP address of the host that may be asked. Raises PictureError."""
        host = url.raw_host.decode("ascii").lower()
        is_local = self._allow_loopback and is_loopback(host)
        if url.userinfo or not (is_local or is_at_meta(url.scheme, host, url.port)):
            raise PictureError("Meta serves no pictures at this address.", is_final=True)
        port = url.port or HTTPS_PORT
        try:
            addresses = await self._resolve(host, port)
        # The resolver raises ValueError for some names, OSError for others.
        except (OSError, ValueError):
            addresses = []
        if not addresses:
            raise PictureError(f"There is no host {host}.", is_final=False)
        if not is_local and not all(is_public(address) for address in addresses):
            raise PictureError(f"{host} is not on the public internet.", is_final=True)
        return min(addresses, key=lambda address: ":" in address)


def is_at_meta(scheme: str, host: str, port: int | None) -> bool:
    """Return whether Meta serves pictures at an address."""
    is_host = any(host == name or host.endswith(f".{name}") for name in HOSTS)
    return scheme == "https" and port in (None, HTTPS_PORT) and is_host


def is_loopback(host: str) -> bool:
    """Return whether a host is an address of this machine, written in digits."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def expect_picture(response: httpx.Response) -> None:
    """Raise PictureError unless the head of a response announces a picture of an acceptable size."""
    if response.status_code != HTTPStatus.OK:
        is_final = response.status_code in FINAL_STATUSES
        raise PictureError(f"Meta answered with the status {response.status_code}.", is_final=is_final)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise PictureError(f"The address leads to {media_type[:40] or 'nothing'}, not to a picture.", is_final=True)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise PictureError("The picture is compressed in a way that was not requested.", is_final=True)
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MOST_BYTES:
        raise PictureError(f"The picture has more than {MOST_BYTES:,} bytes.", is_final=True)
