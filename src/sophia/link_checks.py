"""Follows a link as a browser would, to see whether it still leads somewhere; never into our own network."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal, Self

import httpx

from sophia.public_addresses import is_public

Outcome = Literal["ok", "dead", "unsure", "refused"]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

MOST_REDIRECTS = 10
MOST_ADDRESSES = 2
TIMEOUT_SECONDS = 10.0
WHOLE_SECONDS = 45.0
AT_ONCE = 8
USER_AGENT = "Mozilla/5.0 (compatible; Sophia link check)"
_PORTS = {"http": 80, "https": 443}
# Sites answer programs so that let people in; 999 is LinkedIn's own.
_FOR_PEOPLE = frozenset({401, 403, 407, 429, 451, 999})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a link led: the last address that answered, and how it ended; `problem` says what a person should know."""

    arrived_at: str
    outcome: Outcome
    problem: str | None = None


class _EndError(Exception):
    """The journey is over; carries its outcome and problem."""

    def __init__(self, outcome: Outcome, problem: str) -> None:
        super().__init__(problem)
        self.outcome = outcome


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """The addresses of a host as this machine knows them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class LinkChecker:
    """Asks for links: HEAD first, then GET without reading the page. No cookies, no tokens, no proxies.

    A host is looked up once for each step and the connection goes to the very address that was judged, so that a name
    cannot change its meaning in between. `allow_loopback` is for tests, `resolve` gives the addresses of a host.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        timeout_seconds: float = TIMEOUT_SECONDS,
        resolve: Resolve = system_addresses,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._timeout_seconds = timeout_seconds
        self._places = asyncio.Semaphore(AT_ONCE)
        self._hosts: dict[str, asyncio.Lock] = {}
        self._client = httpx.AsyncClient(
            timeout=timeout_seconds,
            # Connections go to addresses, and one address serves many hosts: what is kept open could reach another host.
            limits=httpx.Limits(max_keepalive_connections=0),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def follow(self, link: str) -> Journey:
        """Where the link leads, over at most ten redirects; one request at a time for each host. Never raises."""
        try:
            url = httpx.URL(link if "://" in link else f"https://{link}")
        except (httpx.InvalidURL, ValueError):
            return Journey(link, "dead", "No browser can read this address.")
        async with self._places, self._hosts.setdefault(url.host, asyncio.Lock()):
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    return await self._follow(url)
            except TimeoutError:
                return Journey(link, "dead", f"It did not end within {WHOLE_SECONDS:.0f} seconds.")

    async def _follow(self, url: httpx.URL) -> Journey:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                status, location = await self._ask(url)
                if location is None:
                    return _judged(url, status)
                following = url.join(location)
            except _EndError as error:
                return Journey(str(url), error.outcome, str(error))
            except (httpx.InvalidURL, ValueError):
                return Journey(str(url), "dead", "It redirects to what no browser can read.")
            if following.scheme not in _PORTS:
                return Journey(str(url), "unsure", f"It opens an app ({following.scheme}:); open it yourself.")
            url = following
        return Journey(str(url), "dead", f"It redirects more than {MOST_REDIRECTS} times.")

    async def _ask(self, url: httpx.URL) -> tuple[int, str | None]:
        """Status and, of a redirect, where it leads. Raises _EndError."""
        addresses = await self._addresses(url)
        try:
            status, location = await self._request("HEAD", url, addresses)
        except _EndError as error:
            if error.outcome != "unsure":
                raise
            status, location = HTTPStatus.METHOD_NOT_ALLOWED, None
        # Many servers answer HEAD with an error, or not at all.
        if status >= HTTPStatus.BAD_REQUEST:
            status, location = await self._request("GET", url, addresses, last=True)
        return status, location

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """The host's addresses, IPv4 first. Raises _EndError when it has none, or one that is not public."""
        if url.scheme not in _PORTS or not url.host:
            raise _EndError("refused", "Only http and https are followed.")
        if url.userinfo:
            raise _EndError("refused", "The address has a name or a password in it.")
        host = url.raw_host.decode("ascii")
        try:
            found = list(dict.fromkeys(await self._resolve(host, url.port or _PORTS[url.scheme])))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise _EndError("dead", f"There is no host {host}.")
        if not all(is_public(one) or (self._allow_loopback and _is_loopback(one)) for one in found):
            raise _EndError("refused", f"{host} is no host of the public internet.")
        return sorted(found, key=lambda one: ":" in one)[:MOST_ADDRESSES]

    async def _request(
        self, method: str, url: httpx.URL, addresses: Sequence[str], *, last: bool = False
    ) -> tuple[int, str | None]:
        """Ask the first address that lets us connect. Raises _EndError; unless `last`, an odd answer is `unsure`."""
        host = url.raw_host.decode("ascii")
        for index, address in enumerate(addresses):
            request = self._client.build_request(
                method,
                url.copy_with(host=address),
                headers={"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": host},
            )
            try:
                response = await self._client.send(request, stream=True, follow_redirects=False)
            except httpx.TimeoutException as error:
                final = last or isinstance(error, httpx.ConnectTimeout)
                said = f"{host} did not answer within {self._timeout_seconds:g} seconds."
                raise _EndError("dead" if final else "unsure", said) from None
            except httpx.ConnectError as error:
                if _is_tls(error):
                    raise _EndError("dead", f"{host} has no valid certificate.") from None
                if index + 1 == len(addresses):
                    raise _EndError("dead", f"{host} does not accept connections.") from None
            except httpx.HTTPError:
                raise _EndError(
                    "dead" if last else "unsure", f"{host} gives no answer that a browser can read."
                ) from None
            else:
                async with aclosing(response):
                    location = response.headers.get("Location")
                    return response.status_code, location if response.status_code in _REDIRECTS else None
        raise _EndError("dead", f"{host} does not accept connections.")


def _judged(url: httpx.URL, status: int) -> Journey:
    if status < HTTPStatus.BAD_REQUEST:
        return Journey(str(url), "ok")
    if status in _FOR_PEOPLE:
        return Journey(str(url), "unsure", f"The site does not let programs in ({status}); open it yourself.")
    return Journey(str(url), "dead", f"The site answers with the error {status}.")


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text.partition("%")[0]).is_loopback


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
