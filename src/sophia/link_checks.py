"""Follows a link as a browser would, to see whether it still leads somewhere; never into our own network."""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, Self

import httpx
import structlog

from sophia.hostnames import ascii_hostname
from sophia.public_addresses import is_public

Outcome = Literal["ok", "dead", "unsure", "refused"]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

log = structlog.get_logger(__name__)

MOST_REDIRECTS = 10
MOST_ADDRESSES = 2
TIMEOUT_SECONDS = 10.0
WHOLE_SECONDS = 45.0
AT_ONCE = 8
USER_AGENT = "Mozilla/5.0 (compatible; Sophia link check)"
_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535
# Browsers refuse these, so that no page can talk to a mail server or a database: https://fetch.spec.whatwg.org/#bad-port.
_PORTS_OF_OTHER_SERVICES = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110}
    | {
        111,
        113,
        115,
        117,
        119,
        123,
        135,
        137,
        139,
        143,
        161,
        179,
        389,
        427,
        465,
        512,
        513,
        514,
        515,
        526,
        530,
        531,
        532,
    }
    | {540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061}
    | {6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)
# No browser follows a redirect there; to other schemes it does, and opens an app.
_SCHEMES_NEVER_OPENED = frozenset(
    {"about", "blob", "data", "file", "filesystem", "javascript", "view-source", "ws", "wss"}
)
# Sites answer programs so that let people in; 999 is LinkedIn's own.
_FOR_PEOPLE = frozenset({401, 403, 407, 429, 451, 999})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_SCHEME = 40
_AUTHORITY = re.compile(r"(?:https?:)?//(?:[^/?#@]*@)?(?P<host>[^/?#@:\[\]]+)", re.IGNORECASE)


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
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hosts: dict[str, asyncio.Lock] = {}
        # The transport alone, without a client around it: no cookies, and a redirect is a plain answer.
        self._transport = httpx.AsyncHTTPTransport(
            # Connections go to addresses, and one address serves many hosts: what is kept open could reach another host.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def follow(self, link: str) -> Journey:
        """Return where the link leads, over at most ten redirects; one request at a time for each host. Never raises."""
        try:
            url = httpx.URL(with_ascii_host(link if "://" in link else f"https://{link}"))
        except (httpx.InvalidURL, ValueError):
            return Journey(link, "dead", "No browser can read this address.")
        host = url.raw_host.decode("ascii")
        # The host's lock first: links that wait for a slow host must take no slot from the others.
        async with self._hosts.setdefault(host, asyncio.Lock()), self._slots:
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    return await self._follow(url)
            except TimeoutError:
                return Journey(link, "dead", f"It did not end within {WHOLE_SECONDS:.0f} seconds.")
            # Strangers choose what is parsed here, and one link must not end the checks of all clients.
            except Exception as error:
                log.exception("link_check_failed", host=host)
                return Journey(
                    link,
                    "unsure",
                    f"Sophia could not check it ({type(error).__name__}, see the log); open it yourself.",
                )

    async def _follow(self, url: httpx.URL) -> Journey:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                status, location = await self._ask(url)
            except _EndError as error:
                return Journey(str(url), error.outcome, str(error))
            if location is None:
                return _judged(url, status)
            try:
                following = url.join(with_ascii_host(location))
            except (httpx.InvalidURL, ValueError):
                return Journey(str(url), "dead", "It redirects to what no browser can read.")
            if following.scheme in _SCHEMES_NEVER_OPENED:
                return Journey(
                    str(url), "dead", f"It redirects to a {following.scheme}: address, which browsers refuse to open."
                )
            if following.scheme not in _PORTS:
                scheme = following.scheme[:_LONGEST_SCHEME]
                return Journey(str(url), "unsure", f"It opens an app ({scheme}:); open it yourself.")
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
        if not HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
            status, location = await self._request("GET", url, addresses, last=True)
        return status, location

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """The host's addresses, IPv4 first. Raises _EndError when it has none, or one that is not public."""
        port = _checked_port(url)
        host = url.raw_host.decode("ascii")
        try:
            addresses = list(dict.fromkeys(await self._resolve(host, port)))
        # The resolver refuses names by ValueError (a NUL, a label that is too long) as well as by OSError.
        except (OSError, ValueError):
            addresses = []
        if not addresses:
            raise _EndError("dead", f"There is no host {host}.")
        if not all(is_public(address) or (self._allow_loopback and _is_loopback(address)) for address in addresses):
            raise _EndError("refused", f"{host} is no host of the public internet.")
        return sorted(addresses, key=lambda address: ":" in address)[:MOST_ADDRESSES]

    async def _request(
        self, method: str, url: httpx.URL, addresses: Sequence[str], *, last: bool = False
    ) -> tuple[int, str | None]:
        """Ask the first address that lets us connect. Raises _EndError; unless `last`, an odd answer is `unsure`."""
        host = url.raw_host.decode("ascii")
        for index, address in enumerate(addresses):
            try:
                return await self._send(method, url, address)
            except httpx.TimeoutException as error:
                final = last or isinstance(error, httpx.ConnectTimeout)
                said = f"{host} did not answer within {self._timeout_seconds:g} seconds."
                raise _EndError("dead" if final else "unsure", said) from None
            except httpx.ConnectError as error:
                if problem := _tls_problem(error):
                    raise _EndError("dead", f"{host} {problem}") from None
                if index + 1 == len(addresses):
                    raise _EndError("dead", f"{host} does not accept connections.") from None
            # Closing a connection that the other side broke raises errors of the socket, which httpx does not translate.
            except (httpx.HTTPError, OSError):
                raise _EndError(
                    "dead" if last else "unsure", f"{host} gives no answer that a browser can read."
                ) from None
        raise _EndError("dead", f"{host} does not accept connections.")

    async def _send(self, method: str, url: httpx.URL, address: str) -> tuple[int, str | None]:
        """Status and, of a redirect, its Location; the body stays unread. Raises httpx.HTTPError and OSError."""
        seconds = self._timeout_seconds
        request = httpx.Request(
            method,
            url.copy_with(host=address),
            headers={"Host": url.netloc.decode("ascii"), "User-Agent": USER_AGENT, "Accept": "*/*"},
            extensions={
                "sni_hostname": url.raw_host.decode("ascii"),
                "timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds},
            },
        )
        response = await self._transport.handle_async_request(request)
        async with aclosing(response):
            location = response.headers.get("Location")
            return response.status_code, location if response.status_code in _REDIRECTS else None


def with_ascii_host(address: str) -> str:
    """Return the address with its host in punycode, as browsers write it; unchanged where there is no such host.

    httpx encodes hosts by IDNA 2008, which knows no symbols: it would call `https://✪df.ws` unreadable.
    """
    parts = _AUTHORITY.match(address)
    host = None if parts is None or parts["host"].isascii() else ascii_hostname(parts["host"])
    return (
        address
        if parts is None or host is None
        else f"{address[: parts.start('host')]}{host}{address[parts.end('host') :]}"
    )


def _checked_port(url: httpx.URL) -> int:
    """The port of an address that may be asked. Raises _EndError for any other address."""
    if url.scheme not in _PORTS:
        raise _EndError("refused", "Only http and https are followed.")
    # Not `url.host`: decoding punycode that stands for nothing raises.
    if not url.raw_host:
        raise _EndError("refused", "The address has no host.")
    if url.userinfo:
        raise _EndError("refused", "The address has a name or a password in it.")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not 1 <= port <= _HIGHEST_PORT:
        raise _EndError("dead", f"There is no port {port}; ports end at {_HIGHEST_PORT}.")
    if port in _PORTS_OF_OTHER_SERVICES:
        raise _EndError("dead", f"Browsers open no page at port {port}, which belongs to another service.")
    return port


def _judged(url: httpx.URL, status: int) -> Journey:
    if HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
        return Journey(str(url), "ok")
    if status in _FOR_PEOPLE:
        return Journey(str(url), "unsure", f"The site does not let programs in ({status}); open it yourself.")
    return Journey(str(url), "dead", f"The site answers with the error {status}.")


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text.partition("%")[0]).is_loopback


def _tls_problem(error: BaseException | None) -> str | None:
    """What is wrong with a host's encryption, where that is why no connection came about."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "has no valid certificate."
        if isinstance(error, ssl.SSLError):
            return "does not speak TLS, which https needs."
        error = error.__cause__ or error.__context__
    return None
