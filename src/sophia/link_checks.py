"""Follows links as a browser does and reports whether they work; never into the own network."""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, Self

import httpx
import structlog

from sophia.hostnames import ascii_hostname
from sophia.public_addresses import is_public, system_addresses

Outcome = Literal["ok", "dead", "unsure", "refused"]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

log = structlog.get_logger(__name__)

MOST_REDIRECTS = 10
MOST_ADDRESSES = 2
TIMEOUT_SECONDS = 10.0
TOTAL_SECONDS = 45.0
AT_ONCE = 8
USER_AGENT = "Mozilla/5.0 (compatible; Sophia link check)"
_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535
# Browsers refuse these ports, so that no page can reach a mail server or a database: https://fetch.spec.whatwg.org/#bad-port.
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
# Browsers follow no redirect to these schemes; for other schemes they open an app.
_SCHEMES_NEVER_OPENED = frozenset(
    {"about", "blob", "data", "file", "filesystem", "javascript", "view-source", "ws", "wss"}
)
# Sites that admit people answer programs with these; 999 is LinkedIn's.
_FOR_PEOPLE = frozenset({401, 403, 407, 429, 451, 999})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_SCHEME = 40
_AUTHORITY = re.compile(r"(?:https?:)?//(?:[^/?#@]*@)?(?P<host>[^/?#@:\[\]]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Journey:
    """The result of following a link: the last address, the outcome, and a problem for a person."""

    arrived_at: str
    outcome: Outcome
    problem: str | None = None


class _EndError(Exception):
    """Ends a journey with its outcome and problem."""

    def __init__(self, outcome: Outcome, problem: str) -> None:
        super().__init__(problem)
        self.outcome = outcome


class LinkChecker:
    """Requests links with HEAD, then with GET without reading the page; without cookies, tokens and proxies.

    Each step resolves a host once and connects to the address that was checked, so that the name cannot change in between.
    `allow_loopback` is for tests; `resolve` returns the addresses of a host.
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
        # A transport without a client has no cookies and follows no redirects.
        self._transport = httpx.AsyncHTTPTransport(
            # Many hosts share an address, so an open connection could reach another host.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def follow(self, link: str) -> Journey:
        """Return where the link leads, over at most ten redirects, with one request at a time per host. Never raises."""
        try:
            url = httpx.URL(with_ascii_host(link if "://" in link else f"https://{link}"))
        except (httpx.InvalidURL, ValueError):
            return Journey(link, "dead", "No browser can read this address.")
        host = url.raw_host.decode("ascii")
        # The host's lock comes first, so that links that wait for a slow host take no slot from others.
        async with self._hosts.setdefault(host, asyncio.Lock()), self._slots:
            try:
                async with asyncio.timeout(TOTAL_SECONDS):
                    return await self._follow(url)
            except TimeoutError:
                return Journey(link, "dead", f"It did not end within {TOTAL_SECONDS:.0f} seconds.")
            # The parsed data comes from strangers, and a single link must not end the checks of all clients.
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
                return _outcome_of(url, status)
            try:
                following = url.join(with_ascii_host(location))
            except (httpx.InvalidURL, ValueError):
                return Journey(str(url), "dead", "It redirects to an address that no browser can read.")
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
        """Return the status and the target of a redirect. Raises _EndError."""
        addresses = await self._addresses(url)
        try:
            status, location = await self._request("HEAD", url, addresses)
        except _EndError as error:
            if error.outcome != "unsure":
                raise
            status, location = HTTPStatus.METHOD_NOT_ALLOWED, None
        # Many servers answer HEAD with an error or not at all.
        if not HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
            status, location = await self._request("GET", url, addresses, last=True)
        return status, location

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Return the host's addresses, IPv4 first. Raises _EndError when it has none, or one that is not public."""
        port = _checked_port(url)
        host = url.raw_host.decode("ascii")
        try:
            addresses = list(dict.fromkeys(await self._resolve(host, port)))
        # The resolver raises ValueError for some names (a NUL, a label that is too long), OSError for others.
        except (OSError, ValueError):
            addresses = []
        if not addresses:
            raise _EndError("dead", f"There is no host {host}.")
        if not all(is_public(address) or (self._allow_loopback and _is_loopback(address)) for address in addresses):
            raise _EndError("refused", f"{host} is not on the public internet.")
        return sorted(addresses, key=lambda address: ":" in address)[:MOST_ADDRESSES]

    async def _request(
        self, method: str, url: httpx.URL, addresses: Sequence[str], *, last: bool = False
    ) -> tuple[int, str | None]:
        """Send a request to the first address that accepts connections. Raises _EndError, `unsure` for a broken answer unless `last`."""
        host = url.raw_host.decode("ascii")
        for index, address in enumerate(addresses):
            try:
                return await self._send(method, url, address)
            except httpx.TimeoutException as error:
                final = last or isinstance(error, httpx.ConnectTimeout)
                problem = f"{host} did not answer within {self._timeout_seconds:g} seconds."
                raise _EndError("dead" if final else "unsure", problem) from None
            except httpx.ConnectError as error:
                if tls_problem := _tls_problem(error):
                    raise _EndError("dead", f"{host} {tls_problem}") from None
                if index + 1 == len(addresses):
                    raise _EndError("dead", f"{host} does not accept connections.") from None
            # Closing a broken connection raises socket errors, which httpx does not translate.
            except (httpx.HTTPError, OSError):
                raise _EndError(
                    "dead" if last else "unsure", f"{host} sends no response that a browser can read."
                ) from None
        raise _EndError("dead", f"{host} does not accept connections.")

    async def _send(self, method: str, url: httpx.URL, address: str) -> tuple[int, str | None]:
        """Return the status and the Location of a redirect; the body stays unread. Raises httpx.HTTPError and OSError."""
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
    """Return the address with its host in punycode, as browsers write it, or unchanged when that is not possible.

    httpx encodes hosts by IDNA 2008, which has no symbols and refuses `https://✪df.ws`.
    """
    parts = _AUTHORITY.match(address)
    host = None if parts is None or parts["host"].isascii() else ascii_hostname(parts["host"])
    return (
        address
        if parts is None or host is None
        else f"{address[: parts.start('host')]}{host}{address[parts.end('host') :]}"
    )


def _checked_port(url: httpx.URL) -> int:
    """Return the port of an address that may be requested. Raises _EndError for any other address."""
    if url.scheme not in _PORTS:
        raise _EndError("refused", "Only http and https are followed.")
    # `url.host` raises for punycode that encodes nothing.
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


def _outcome_of(url: httpx.URL, status: int) -> Journey:
    if HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
        return Journey(str(url), "ok")
    if status in _FOR_PEOPLE:
        return Journey(str(url), "unsure", f"The site does not let programs in ({status}); open it yourself.")
    return Journey(str(url), "dead", f"The site answers with the error {status}.")


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text.partition("%")[0]).is_loopback


def _tls_problem(error: BaseException | None) -> str | None:
    """Return what is wrong with a host's TLS, or None when the connection failed for another reason."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "has no valid certificate."
        if isinstance(error, ssl.SSLError):
            return "does not speak TLS, which https needs."
        error = error.__cause__ or error.__context__
    return None
