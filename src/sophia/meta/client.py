"""GraphClient: one pooled HTTP client for the whole program; token in the header, versions, retries, time-outs.

The only module that imports httpx. Tokens travel in the Authorization header and nowhere else; redirects are not
followed; every answer, good or bad, is read as Meta's envelope before anything is believed (C8).
"""

import asyncio
import hashlib
import hmac
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import stamina
import structlog
from pydantic import SecretStr

from sophia.meta.breaker import Breaker
from sophia.meta.caller import MOST_RETRIES, Caller
from sophia.meta.envelope import Answer, Shape, read_envelope
from sophia.meta.errors import GraphError, Remedy, Whose
from sophia.meta.pacing import Budget, Pacing, Pause
from sophia.meta.records import Source

log = structlog.get_logger(__name__)

ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.4
LONGEST_RETRY_SECONDS = 60.0
MOST_ANSWER_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Received:
    """One HTTP answer, read to its end; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GraphClient:
    """Speaks to one Graph API with one version. Share it: building one costs as much as forty calls."""

    def __init__(
        self,
        base_url: str,
        version: str,
        clock: Callable[[], datetime],
        *,
        app_secret: SecretStr | None = None,
        timeout_seconds: float = 30.0,
        answer_seconds: float = 120.0,
        connections: int = 20,
        pacing: Pacing | None = None,
        upload_url: str = "https://rupload.facebook.com",
    ) -> None:
        """`timeout_seconds` is the longest silence, `answer_seconds` the longest time for a whole answer. Meta takes
        videos at an address of their own, `upload_url`.
        """
        self.version = version
        self.clock = clock
        self.pacing = pacing or Pacing(clock)
        self.breaker = Breaker()
        self._app_secret = app_secret
        self._base_url = base_url.rstrip("/")
        self._upload_url = upload_url.rstrip("/")
        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0))
        self._extensions = {"timeout": timeout.as_dict()}
        self._answer_seconds = answer_seconds
        self._connections = connections
        # Transports that are idle, the warmest on top. Each holds one connection: a shared pool asks the operating
        # system about every connection that it has, twice a call, which from ten on costs more than the call itself.
        # Bare transports keep no cookies, read no proxy settings and follow no redirect.
        self._idle: asyncio.LifoQueue[httpx.AsyncHTTPTransport] | None = None
        self._transports: list[httpx.AsyncHTTPTransport] = []
        self._versions_answered: set[str] = set()
        self._application_refused: GraphError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports:
            await transport.aclose()
        self._transports, self._idle = [], None

    def _open(self) -> asyncio.LifoQueue[httpx.AsyncHTTPTransport]:
        """Make the transports when the first call comes. One TLS context serves all; making one takes 35 ms."""
        stamina.instrumentation.set_on_retry_hooks(())  # retries are counted and told with the run, not line by line
        context = ssl.create_default_context()
        limits = httpx.Limits(max_connections=1)
        self._idle = asyncio.LifoQueue()
        for _ in range(self._connections):
            transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
            self._transports.append(transport)
            self._idle.put_nowait(transport)
        return self._idle

    def caller(self, token: SecretStr, about: str | None = None) -> Caller:
        """Calls with this token; `about` is Meta's id of the account that they are about."""
        return Caller(self, token, None if about is None else Budget(Whose.OBJECT, about))

    async def send(
        self,
        caller: Caller,
        method: str,
        path: str,
        params: Mapping[str, str],
        subject: str,
        counted: int = 1,
        shape: Shape = Shape.OBJECT,
        *,
        patient: bool = True,
    ) -> Answer:
        """One call; a `patient` one is tried again while the fault may pass, others go out once. Raises GraphError; its
        remedy says what to do.
        """
        request = self._request(caller, method, path, params)
        return await self._sent(
            caller, request, f"{method} /{path}?{urlencode(params)}", path, subject, counted, shape, patient=patient
        )

    async def upload(self, caller: Caller, video_id: str, file_url: str, subject: str) -> Answer:
        """Let Meta fetch a video from an address; once."""
        path = f"video-upload/{self.version}/{video_id}"
        headers = {"Authorization": f"OAuth {caller.token.get_secret_value()}", "file_url": file_url}
        request = httpx.Request("POST", f"{self._upload_url}/{path}", headers=headers, extensions=self._extensions)
        return await self._sent(caller, request, f"POST /{path}", path, subject, 1, Shape.OBJECT, patient=False)

    def _request(self, caller: Caller, method: str, path: str, params: Mapping[str, str]) -> httpx.Request:
        secret = dict(params)
        if self._app_secret is not None:
            secret["appsecret_proof"] = proof(self._app_secret, caller.token)
        url = f"{self._base_url}/{self.version}/{path}"
        headers = {"Authorization": f"Bearer {caller.token.get_secret_value()}", "Accept-Encoding": "gzip"}
        body: dict[str, Any] = {"data": secret} if method == "POST" else {}
        if method != "POST":
            url = f"{url}?{urlencode(secret)}"
        return httpx.Request(method, url, headers=headers, extensions=self._extensions, **body)

    async def _sent(
        self,
        caller: Caller,
        request: httpx.Request,
        asked: str,
        path: str,
        subject: str,
        counted: int,
        shape: Shape,
        *,
        patient: bool,
    ) -> Answer:
        patience = Patience(caller, ATTEMPTS if patient else 1)
        async for attempt in stamina.retry_context(on=patience, attempts=ATTEMPTS, timeout=LONGEST_RETRY_SECONDS):
            with attempt:
                await self._wait_for_turn(caller)
                caller.tally.calls += 1
                caller.tally.counted += counted
                received, data = await self._attempt(caller, request, path, shape)
        answered = received.headers.get("facebook-api-version", self.version)
        self._notice_version(answered)
        return Answer(data, Source(subject, asked, self.clock(), answered, received.body))

    async def _wait_for_turn(self, caller: Caller) -> None:
        """Return when the call may go out. Raises GraphError when it makes no sense now."""
        if self._application_refused is not None:
            raise self._application_refused
        self.breaker.admit()
        await self.pacing.admit(caller.budgets)

    async def _attempt(
        self, caller: Caller, request: httpx.Request, path: str, shape: Shape
    ) -> tuple[Received, dict[str, Any]]:
        """One request, its usage headers and its envelope. What an error says of budgets is noted before it is raised."""
        headers: Mapping[str, str] = {}
        regain: dict[Budget, timedelta] = {}
        try:
            received = await self._exchange(request)
            headers = received.headers
            regain = self.pacing.learn(headers, caller.budgets[1])
            caller.tally.percent_used = max(caller.tally.percent_used, self.pacing.percent_used(caller.budgets))
            data = read_envelope(received.body, received.status, shape)
        except GraphError as error:
            error.wait_seconds = retry_after_seconds(headers.get("retry-after"), self.clock())
            if error.is_unanswered:
                self.breaker.unanswered(path, error.text)
            else:
                self.breaker.answered()
            self.settle_pause(caller, error, regain)
            if error.remedy is Remedy.STOP_APPLICATION:
                self._application_refused = error
            raise
        self.breaker.answered()
        return received, data

    def settle_pause(self, caller: Caller, error: GraphError, regain: Mapping[Budget, timedelta]) -> None:
        """Let the budget that Meta refused rest: as long as Meta says, else as long as its window is."""
        if error.wait_seconds is not None and error.wait_seconds > LONGEST_RETRY_SECONDS:
            error.remedy = Remedy.PAUSE
        if error.remedy is not Remedy.PAUSE or error.resume_at is not None:
            return
        application, token, *rest = caller.budgets
        whose = {Whose.APPLICATION: application, Whose.TOKEN: token, Whose.OBJECT: (rest or [token])[0]}
        budget = whose[error.whose]
        told = regain.get(budget)
        if told is None and error.wait_seconds is not None:
            told = timedelta(seconds=error.wait_seconds)
        error.resume_at = self.clock() + (told or error.rest)
        self.pacing.rest(Pause(budget, error.resume_at, f"Meta's limit was reached: {error.text}"))

    async def _exchange(self, request: httpx.Request) -> Received:
        """One request and the whole of its answer, with httpx's exceptions translated where they enter."""
        idle = self._idle or self._open()
        transport = await idle.get()
        try:
            async with asyncio.timeout(self._answer_seconds):
                response = await transport.handle_async_request(request)
                try:
                    body = await read_whole(response)
                finally:
                    await response.aclose()
        except (httpx.TimeoutException, TimeoutError) as error:
            raise GraphError(f"Meta did not answer in time ({type(error).__name__})", remedy=Remedy.AGAIN) from None
        except httpx.HTTPError as error:
            raise GraphError(f"Meta could not be reached ({type(error).__name__})", remedy=Remedy.AGAIN) from None
        finally:
            idle.put_nowait(transport)
        return Received(response.status_code, response.headers, body)

    def _notice_version(self, answered: str) -> None:
        """Say once when another version answers than was asked: an expired one is silently replaced (B9)."""
        if answered != self.version and answered not in self._versions_answered:
            self._versions_answered.add(answered)
            log.warning("meta_answers_another_version", asked=self.version, answered=answered)


class Patience:
    """Whether a call is tried again, and after how long: full jitter under a doubling bound, or as long as Meta says."""

    def __init__(self, caller: Caller, attempts: int = ATTEMPTS) -> None:
        self._caller = caller
        self._attempts = attempts
        self._failures = 0

    def __call__(self, error: Exception) -> bool | float:
        self._failures += 1
        if not isinstance(error, GraphError) or not may_pass(error, self._failures):
            return False
        if self._failures >= self._attempts or self._caller.tally.retries >= MOST_RETRIES:
            return False
        self._caller.tally.retries += 1
        if error.wait_seconds is not None:
            return error.wait_seconds
        return random.uniform(0.05, FIRST_WAIT_SECONDS * 2.0**self._failures)  # noqa: S311 - spreads calls, hides nothing


def may_pass(error: GraphError, failures: int = 1) -> bool:
    """Whether the same call may go through in a moment."""
    return error.remedy is Remedy.AGAIN or (error.is_worth_one_more_try and failures == 1)


async def read_whole(response: httpx.Response) -> bytes:
    """The body. Raises GraphError when it has no end within what Meta ever sends."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            raise GraphError(f"Meta's answer is longer than {MOST_ANSWER_BYTES:,} bytes", remedy=Remedy.SMALLER)
    return b"".join(parts)


def proof(app_secret: SecretStr, token: SecretStr) -> str:
    """appsecret_proof: shows Meta that the caller of this very token knows the application's secret (B11)."""
    key, message = app_secret.get_secret_value().encode(), token.get_secret_value().encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """The header Retry-After: seconds, or a date. None when it is absent or says nothing sane."""
    if text is None:
        return None
    if text.isdecimal() and text.isascii():
        return float(min(int(text[:9]), 24 * 3600))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), 24 * 3600.0)
