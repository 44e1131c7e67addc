"""GraphClient: one pooled HTTP client for the whole program; token in the header, versions, retries, time-outs.

The only module that imports httpx besides `receiving`. Tokens travel in the Authorization header and nowhere else.
Redirects are not followed. Every answer is parsed as Meta's envelope before its content is used (C8).
"""

import asyncio
import hashlib
import hmac
import random
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import stamina
import structlog
from pydantic import SecretStr

from sophia.meta.breaker import TOO_HEAVY, Breaker
from sophia.meta.caller import MOST_RETRIES, Call, Caller
from sophia.meta.envelope import Answer, Shape, read_envelope
from sophia.meta.errors import GraphError, LimitScope, Remedy
from sophia.meta.pacing import Budget, Pacing, Pause
from sophia.meta.receiving import Received, read_response
from sophia.meta.records import Source

log = structlog.get_logger(__name__)

ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.4
LONGEST_RETRY_SECONDS = 60.0
# Calls wait for a limit that ends within this; a longer one lets its budget rest, and the run ends as throttled.
LONGEST_SHORT_WAIT_SECONDS = 10.0
# The rest of a budget whose limit should have ended within seconds, and did not.
REST_AFTER_SHORT_WAITS = timedelta(minutes=1)


class GraphClient:
    """Calls one Graph API with one version. Share it: creating one costs as much as forty calls."""

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
        videos at a separate address, `upload_url`.
        """
        self.version = version
        self.clock = clock
        self.pacing = pacing or Pacing(clock)
        self.breaker = Breaker()
        self._app_secret = app_secret
        self.base_url = base_url.rstrip("/")
        self._upload_url = upload_url.rstrip("/")
        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0))
        self._extensions = {"timeout": timeout.as_dict()}
        self._answer_seconds = answer_seconds
        self._connections = connections
        # Idle transports, the warmest on top. Each holds one connection: a shared pool checks every connection with the
        # operating system, twice a call, which with ten connections takes longer than the call itself.
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
        """Create the transports at the first call. One TLS context serves all."""
        stamina.instrumentation.set_on_retry_hooks(())  # the run reports the number of retries, not each one
        context, limits = tls_context(), httpx.Limits(max_connections=1)
        idle = asyncio.LifoQueue[httpx.AsyncHTTPTransport]()
        for _ in range(self._connections):
            transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
            self._transports.append(transport)
            idle.put_nowait(transport)
        # Assigned last: every later call would wait without end for an empty queue that a failure left.
        self._idle = idle
        return idle

    def caller(self, token: SecretStr, about: str | None = None) -> Caller:
        """Return a caller for this token; `about` is Meta's id of the account that its calls are about."""
        return Caller(self, token, None if about is None else Budget(LimitScope.OBJECT, about))

    async def send(self, caller: Caller, call: Call) -> Answer:
        """Make one call. Raises GraphError; its remedy tells what to do."""
        request = self._request(caller, call.method, call.path, call.params)
        return await self._sent(caller, request, call, f"{call.method} /{call.path}?{urlencode(call.params)}")

    async def upload(self, caller: Caller, video_id: str, file_url: str, subject: str) -> Answer:
        """Let Meta fetch a video from an address; once."""
        path = f"video-upload/{self.version}/{video_id}"
        headers = {"Authorization": f"OAuth {caller.token.get_secret_value()}", "file_url": file_url}
        request = httpx.Request("POST", f"{self._upload_url}/{path}", headers=headers, extensions=self._extensions)
        return await self._sent(caller, request, Call("POST", path, {}, subject, patient=False), f"POST /{path}")

    def _request(self, caller: Caller, method: str, path: str, params: Mapping[str, str]) -> httpx.Request:
        secret = dict(params)
        if self._app_secret is not None:
            secret["appsecret_proof"] = appsecret_proof(self._app_secret, caller.token)
        url = f"{self.base_url}/{self.version}/{path}"
        headers = {"Authorization": f"Bearer {caller.token.get_secret_value()}", "Accept-Encoding": "gzip"}
        body: dict[str, Any] = {"data": secret} if method == "POST" else {}
        if method != "POST":
            url = f"{url}?{urlencode(secret)}"
        return httpx.Request(method, url, headers=headers, extensions=self._extensions, **body)

    async def _sent(self, caller: Caller, request: httpx.Request, call: Call, request_text: str) -> Answer:
        patience = Patience(caller, call.subject, ATTEMPTS if call.patient else 1)
        try:
            async for attempt in stamina.retry_context(on=patience, attempts=ATTEMPTS, timeout=LONGEST_RETRY_SECONDS):
                with attempt:
                    await self._wait_for_turn(caller, call.subject)
                    caller.tally.calls += 1
                    caller.tally.counted += call.counted
                    received, data = await self._attempt(caller, request, call.subject, call.shape)
        except GraphError as error:
            if error.is_short_limit:
                self._pause(error, budget_of(caller, error), REST_AFTER_SHORT_WAITS)
            raise
        answered = received.headers.get("facebook-api-version", self.version)
        self._notice_version(answered)
        return Answer(data, Source(call.subject, request_text, self.clock(), answered, received.body))

    async def _wait_for_turn(self, caller: Caller, family: str) -> None:
        """Return when the call may go out. Raises GraphError if it makes no sense now."""
        if self._application_refused is not None:
            raise self._application_refused
        caller.circuit.admit(family)
        self.breaker.admit()
        await self.pacing.admit(caller.budgets)

    async def _attempt(
        self, caller: Caller, request: httpx.Request, family: str, shape: Shape
    ) -> tuple[Received, dict[str, Any]]:
        """Send one request and read its answer. An error updates the budgets and circuits before it is raised."""
        answer = await self._answer(caller, request, shape)
        if not isinstance(answer, GraphError):
            self.breaker.succeeded()
            self.pacing.release(caller.budgets)
            if shape is not Shape.BATCH:  # its items decide, and the caller reads them
                caller.circuit.succeeded(family)
            return answer
        self.note_outcome(caller, family, answer)
        if answer.remedy is Remedy.STOP_APPLICATION:
            self._application_refused = answer
        raise answer

    async def _answer(
        self, caller: Caller, request: httpx.Request, shape: Shape
    ) -> tuple[Received, dict[str, Any]] | GraphError:
        """Return the answer or the error, without traceback, whose frames would keep the body in memory."""
        headers: Mapping[str, str] = {}
        regain: dict[Budget, timedelta] = {}
        try:
            received = await self._exchange(request)
            headers = received.headers
            regain = self.pacing.learn(headers, caller.budgets[1])
            caller.tally.percent_used = max(caller.tally.percent_used, self.pacing.percent_used(caller.budgets))
            return received, read_envelope(received.body, received.status, shape)
        except GraphError as error:
            error.wait_seconds = retry_after_seconds(headers.get("retry-after"), self.clock())
            self.settle_pause(caller, error, regain)
            error.__cause__ = error.__context__ = None
            return error.with_traceback(None)

    def note_outcome(self, caller: Caller, family: str, error: GraphError) -> None:
        """Tell the circuits about an error: temporary errors count against them, any other shows that Meta answers."""
        if error.remedy is Remedy.AGAIN:
            self.breaker.failed(caller.budgets[-1].key, family, error.text)
            caller.circuit.failed(family, error)
            return
        self.breaker.succeeded()
        if error.remedy is Remedy.SMALLER:
            caller.circuit.failed(family, error, TOO_HEAVY)
        else:
            caller.circuit.succeeded(family)

    def settle_pause(self, caller: Caller, error: GraphError, regain: Mapping[Budget, timedelta]) -> None:
        """Let the budget that Meta refused rest, as long as Meta asks for, else as long as its window.

        A limit that ends within seconds makes the budget's calls wait instead, unless they have waited too often.
        """
        wait = error.wait_seconds
        if wait is not None and wait > LONGEST_RETRY_SECONDS:
            error.remedy = Remedy.PAUSE
        if error.remedy is not Remedy.PAUSE or error.resume_at is not None:
            return
        budget = budget_of(caller, error)
        if wait is not None and wait <= LONGEST_SHORT_WAIT_SECONDS:
            if self.pacing.hold(budget, wait):
                error.remedy, error.is_short_limit = Remedy.AGAIN, True
                return
            error.wait_seconds, rest = None, REST_AFTER_SHORT_WAITS
        else:
            rest = regain.get(budget) or (error.rest if wait is None else timedelta(seconds=wait))
        self._pause(error, budget, rest)

    def _pause(self, error: GraphError, budget: Budget, rest: timedelta) -> None:
        error.remedy, error.is_short_limit = Remedy.PAUSE, False
        error.resume_at = self.clock() + rest
        self.pacing.rest(Pause(budget, error.resume_at, f"Meta's limit was reached: {error.text}"))

    async def _exchange(self, request: httpx.Request) -> Received:
        """Send one request and read its whole answer, translating httpx's exceptions."""
        idle = self._idle or self._open()
        transport = await idle.get()
        try:
            async with asyncio.timeout(self._answer_seconds):
                response = await transport.handle_async_request(request)
                try:
                    return await read_response(response)
                finally:
                    await response.aclose()
        except (httpx.TimeoutException, TimeoutError) as error:
            raise GraphError(f"Meta did not answer in time ({type(error).__name__})", remedy=Remedy.AGAIN) from None
        except httpx.HTTPError as error:
            raise GraphError(f"Meta could not be reached ({type(error).__name__})", remedy=Remedy.AGAIN) from None
        finally:
            idle.put_nowait(transport)

    def _notice_version(self, answered: str) -> None:
        """Log once that another version answered than was requested: Meta silently replaces an expired one (B9)."""
        if answered != self.version and answered not in self._versions_answered:
            self._versions_answered.add(answered)
            log.warning("meta_answers_another_version", asked=self.version, answered=answered)


class Patience:
    """Decides whether and when a call is retried: full jitter under a doubling bound, or as long as Meta asks for."""

    def __init__(self, caller: Caller, family: str, attempts: int = ATTEMPTS) -> None:
        self._caller = caller
        self._family = family
        self._attempts = attempts
        self._failures = 0

    def __call__(self, error: Exception) -> bool | float:
        self._failures += 1
        if not isinstance(error, GraphError) or not may_pass(error, self._failures):
            return False
        if self._failures >= self._attempts or self._caller.tally.retries >= MOST_RETRIES:
            return False
        if self._caller.circuit.is_open(self._family):
            return False
        self._caller.tally.retries += 1
        if error.wait_seconds is not None:
            return error.wait_seconds
        return random.uniform(0.05, FIRST_WAIT_SECONDS * 2.0**self._failures)  # noqa: S311 - spreads calls, hides nothing


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS context that all connections share; creating one takes 35 ms."""
    return ssl.create_default_context()


def may_pass(error: GraphError, failures: int = 1) -> bool:
    """Return whether the same call may succeed in a moment."""
    return error.remedy is Remedy.AGAIN or (error.is_worth_one_more_try and failures == 1)


def budget_of(caller: Caller, error: GraphError) -> Budget:
    """Return the budget whose limit was reached: the application's, the token's, or that of the account of the call."""
    application, token, *rest = caller.budgets
    return {LimitScope.APPLICATION: application, LimitScope.TOKEN: token, LimitScope.OBJECT: (rest or [token])[0]}[
        error.limit_scope
    ]


def appsecret_proof(app_secret: SecretStr, token: SecretStr) -> str:
    """Return the appsecret_proof: it shows Meta that this token's caller knows the application's secret (B11)."""
    key, message = app_secret.get_secret_value().encode(), token.get_secret_value().encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """Return the header Retry-After (seconds, or a date) in seconds, or None if it is absent or invalid."""
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
