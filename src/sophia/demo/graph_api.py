"""The simulated Graph API: an ASGI application that answers for a world as GRAPH_API.md says Meta does."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from sophia.demo import errors
from sophia.demo.answers import MAX_IDS, answer
from sophia.demo.errors import GraphError, as_json
from sophia.demo.faults import Call, Fault, Later, strike
from sophia.demo.noise import seed_of
from sophia.demo.objects import InstagramAccount
from sophia.demo.requests import Request, read_request
from sophia.demo.truth import Truth
from sophia.demo.visit import Simulation
from sophia.demo.world import World, account_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out. `counted` is how many calls Meta counts for it; `cut` breaks the connection half-way."""

    status: int
    body: str
    counted: int = 1
    headers: Mapping[str, str] | None = None
    delay_seconds: float = 0.0
    cut: bool = False
    null: bool = False


class GraphApi:
    """Meta for one world. `clock` gives the present moment (aware); nothing else is read from the machine.

    `faults` strike first match first. `calls` records every request and never a token; `seen_secrets_in_urls` names the
    requests whose URL carried an access token.
    """

    def __init__(
        self, world: World, truth: Truth, *, clock: Callable[[], datetime], latency_seconds: float = 0.0
    ) -> None:
        self.simulation = Simulation(world, truth, clock)
        self.latency_seconds = latency_seconds
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.seen_secrets_in_urls: list[str] = []
        self._counted = 0
        self._later: list[Later] = []

    @property
    def world(self) -> World:
        return self.simulation.world

    @property
    def truth(self) -> Truth:
        return self.simulation.truth

    @property
    def counted_calls(self) -> int:
        """What Meta counts against its limits: each id and each batch item singly, field expansion once."""
        return sum(call.counted for call in self.calls)

    @property
    def hidden(self) -> set[str]:
        """Ids that lists leave out after the limit was applied: pages come short, even empty, and go on."""
        return self.simulation.hidden

    def retire(self, metric: str, at: datetime, *, after_calls: int = 0) -> None:
        """From `at` on the metric's name is dead, on every version; not before `after_calls` requests named it."""
        name = re.compile(rf"\b{re.escape(metric)}\b")

        def happen() -> None:
            self.simulation.retirements[metric] = at

        self._change(lambda request: name.search(request.text) is not None, happen, after_calls)

    def dead_token(self, account_id: str, at: datetime, subcode: int = 460, *, after_calls: int = 0) -> None:
        """From `at` on the Page token of this account (for Instagram: of its Page) answers with error 190.

        Not before `after_calls` requests carried it.
        """
        token = self.world.business_of(account_id).page.access_token

        def happen() -> None:
            self.simulation.dead_tokens[token] = (at, subcode)

        self._change(lambda request: request.token == token, happen, after_calls)

    def _change(self, concerns: Callable[[Request], bool], happen: Callable[[], None], after_calls: int) -> None:
        if after_calls:
            self._later.append(Later(concerns, happen, after_calls))
        else:
            happen()

    def delete(self, object_id: str, at: datetime) -> None:
        """From `at` on the object is gone: not listed, error 100/33."""
        self.simulation.deleted[object_id] = at

    def break_insights(self, object_id: str, error: GraphError) -> None:
        """The insights of this object answer with `error`, alone or in a list, which then fails as a whole."""
        self.simulation.broken[object_id] = error

    def reset(self) -> None:
        """Forget calls and faults; what was retired, deleted or restated stays."""
        self.faults.clear()
        self.calls.clear()
        self.seen_secrets_in_urls.clear()

    # The ASGI side.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        request = await self._read(scope, receive)
        reply = self._reply(request)
        if self.latency_seconds or reply.delay_seconds:
            await asyncio.sleep(self.latency_seconds + reply.delay_seconds)
        account_id = self._account_id(request)
        self._counted += reply.counted
        self.calls.append(
            Call(request.method, request.raw_path, request.query, account_id, reply.status, reply.counted, request.now)
        )
        await _send(send, reply, self._headers(request, account_id))

    async def _read(self, scope: Scope, receive: Receive) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        form: dict[str, str] = {}
        if body and headers.get("content-type", "").startswith("application/json"):
            given = json.loads(body)
            form = {key: value if isinstance(value, str) else as_json(value) for key, value in given.items()}
        elif body:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        bearer = headers.get("authorization", "")
        request = read_request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            header_token=bearer[7:] if bearer[:7].lower() == "bearer " else None,
            form=form,
            base_url=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
            now=self.simulation.clock(),
        )
        self._note_secret(request)
        return request

    def _note_secret(self, request: Request) -> None:
        if request.token_in_url:
            self.seen_secrets_in_urls.append(f"{request.method} {request.raw_path}")

    def _headers(self, request: Request, account_id: str | None) -> dict[str, str]:
        """Usage in percent of the limit: small numbers that grow with the calls, on errors too."""
        used = min(60, 1 + self._counted // 500)
        usage = {"call_count": used, "total_cputime": used // 2, "total_time": used // 2 + 1}
        headers = {
            "content-type": "application/json; charset=UTF-8",
            "facebook-api-version": f"v{request.version}.0",
            "x-app-usage": as_json(usage),
        }
        if account_id is not None:
            kind = "instagram" if isinstance(self.world.account(account_id), InstagramAccount) else "pages"
            entry = {"type": kind, **usage, "estimated_time_to_regain_access": 0}
            headers["x-business-use-case-usage"] = as_json({account_id: [entry]})
        return headers

    def _account_id(self, request: Request) -> str | None:
        """The account that the request is about: that of its first id."""
        named = (*request.ids, *request.path[:1])
        node = self.world.node(named[0]) if named else None
        return None if node is None else account_of(self.world, node).id

    # Answers.

    def _reply(self, request: Request) -> Reply:
        """The true answer, or what a fault makes of it."""
        self._later = [change for change in self._later if not change.comes_with(request)]
        fault = strike(self.faults, request)
        if fault is None:
            return self._true_reply(request)
        if fault.replaces_answer or fault.kind == "null":
            status, body = fault.answer()
            reply = Reply(status, body, max(1, len(request.ids)))
        else:
            reply = self._true_reply(request)
        return replace(
            reply,
            headers=fault.headers,
            delay_seconds=reply.delay_seconds + fault.delay_seconds,
            cut=fault.kind == "cut",
            null=fault.kind == "null",
        )

    def _true_reply(self, request: Request) -> Reply:
        if request.method == "POST" and not request.path and "batch" in request.parameters:
            return self._batch(request)
        counted = max(1, len(request.ids))
        try:
            return Reply(200, answer(self.simulation, request), counted)
        except GraphError as error:
            trace = f"A{seed_of('trace', self._counted, request.text):015x}"
            return Reply(error.status, error.body(trace), counted)

    def _batch(self, request: Request) -> Reply:
        """Up to 50 requests in one; each runs and counts by itself, and its body is a string."""
        try:
            items = json.loads(request.parameters["batch"])
        except ValueError:
            return Reply(400, errors.bad_parameter("Invalid batch").body("ABatch"))
        if len(items) > MAX_IDS:
            return Reply(400, errors.batch_too_big().body("ABatch"))
        with_headers = request.parameters.get("include_headers", "true").lower() not in {"false", "0"}
        replies = [self._reply(self._item_request(request, item)) for item in items]
        bodies: list[dict[str, Any] | None] = []
        for reply in replies:
            entry: dict[str, Any] = {"code": reply.status, "body": reply.body}
            if with_headers:
                entry["headers"] = [{"name": "Content-Type", "value": "application/json; charset=UTF-8"}]
            bodies.append(None if reply.null else entry)
        delay = max((reply.delay_seconds for reply in replies), default=0.0)
        return Reply(200, as_json(bodies), max(1, sum(reply.counted for reply in replies)), delay_seconds=delay)

    def _item_request(self, request: Request, item: Mapping[str, Any]) -> Request:
        path, _, query = str(item.get("relative_url", "")).partition("?")
        inner = read_request(
            str(item.get("method", "GET")).upper(),
            "/" + unquote(path).lstrip("/"),
            query,
            header_token=None,
            form={key: str(value) for key, value in item.items() if key == "access_token"},
            base_url=request.base_url,
            now=request.now,
        )
        self._note_secret(inner)
        if not inner.raw_path.startswith("/v"):
            inner = replace(inner, version=request.version)
        return inner if inner.token else replace(inner, token=request.token)


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _send(send: Send, reply: Reply, headers: dict[str, str]) -> None:
    body = reply.body.encode()
    shown = {**headers, **{name.lower(): value for name, value in (reply.headers or {}).items()}}
    raw = [(name.encode(), value.encode()) for name, value in shown.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    if reply.cut:
        body = body[: len(body) // 2]
    await send({"type": "http.response.body", "body": body})
