"""The simulated Graph API: an ASGI application that answers for a world as GRAPH_API.md says Meta does."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from sophia.demo.meta.answers.answers import MAX_IDS, answer
from sophia.demo.meta.answers.login_dialog import DIALOG, answer_dialog
from sophia.demo.meta.faults.faults import Call, Fault, Later, strike
from sophia.demo.meta.faults.listings import with_true_cursor
from sophia.demo.meta.faults.outages import outage
from sophia.demo.meta.faults.wire import Receive, Reply, Scope, Send, send_plain, send_reply, whole_body
from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.legacy import NEW_APP, LegacyFeature, is_refused, legacy_features, legacy_refusal
from sophia.demo.meta.graph.limits import Limits, ThrottledCall
from sophia.demo.meta.graph.pictures import FOLDER as PICTURES
from sophia.demo.meta.graph.pictures import answer_picture
from sophia.demo.meta.graph.request_context import Simulation
from sophia.demo.meta.graph.requests import Request, read_request
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.noise import seed_of
from sophia.demo.meta.world.world import World, account_of
from sophia.demo.switches import Switches

__all__ = ["GraphApi", "Receive", "Scope", "Send"]

_ID = re.compile(r"[\d_]*")


class GraphApi(Switches):
    """Meta for one world. `clock` gives the present moment (aware); nothing else is read from the machine.

    The first fault of `faults` that matches a request strikes. `calls` records every HTTP call, without tokens;
    `seen_secrets_in_urls` names the requests whose URL carried an access token; `urls_seen` holds every URL (path and
    query) unchanged, to search for secrets. Meta refuses a `new_app` (created after 4 November 2026) every legacy
    feature on every version; `legacy_uses` counts the requests and batch items that use one, refused or not.
    """

    def __init__(
        self,
        world: World,
        truth: Truth,
        *,
        clock: Callable[[], datetime],
        latency_seconds: float = 0.0,
        new_app: bool | None = None,
    ) -> None:
        super().__init__(Simulation(world, truth, clock))
        self.latency_seconds = latency_seconds
        self.new_app = NEW_APP if new_app is None else new_app
        self.legacy_uses: Counter[LegacyFeature] = Counter()
        self._legacy_refusals = 0
        self.faults: list[Fault] = []
        self.outages: list[Fault] = []
        self.calls: list[Call] = []
        self.seen_secrets_in_urls: list[str] = []
        self.urls_seen: list[str] = []
        self.limits = Limits(world)
        self._counted = 0
        self._later: list[Later] = []

    @property
    def http_calls(self) -> int:
        """HTTP requests that came in; a batch is one."""
        return len(self.calls)

    @property
    def counted_calls(self) -> int:
        """What Meta counts against its limits: each id and each batch item singly, field expansion once."""
        return sum(call.counted for call in self.calls)

    @property
    def http_calls_by_edge(self) -> Counter[str]:
        """HTTP requests by edge; "object" is a request for an object itself, "batch" a batch."""
        return Counter(call.edge for call in self.calls)

    @property
    def counted_calls_by_edge(self) -> Counter[str]:
        """Calls as Meta counts them, by edge; the items of a batch under their own edges."""
        return sum((Counter(call.counted_by_edge) for call in self.calls), Counter[str]())

    @property
    def calls_while_throttled(self) -> list[ThrottledCall]:
        """Calls that ignored a usage header of 100 % or a refusal; each extended the limit."""
        return self.limits.throttled

    def retire(self, metric: str, at: datetime, *, after_calls: int = 0) -> None:
        """Retire a metric on every version from `at` on, but not before `after_calls` requests have named it."""
        name = re.compile(rf"\b{re.escape(metric)}\b")

        def happen() -> None:
            self.simulation.retirements[metric] = at

        self._change(lambda request: name.search(request.text) is not None, happen, after_calls)

    def dead_token(self, account_id: str, at: datetime, subcode: int = 460, *, after_calls: int = 0) -> None:
        """Let the Page token of this account (for Instagram: of its Page) answer with error 190 from `at` on.

        It works until `after_calls` requests have carried it.
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

    def begin_outage(self, name: str, pattern: str = ".") -> Fault:
        """Let every request that matches `pattern` fail until `end_outages`; see `outages.OUTAGES`. `reset` keeps it."""
        begun = outage(name, pattern)
        self.outages.append(begun)
        return begun

    def end_outages(self) -> None:
        self.outages.clear()

    def reset_limits(self) -> None:
        """Remove all limits and the calls that ignored them."""
        self.limits = Limits(self.world)

    def reset(self) -> None:
        """Remove calls and faults; keep outages, limits, and what was retired, deleted or restated."""
        self.faults.clear()
        self.calls.clear()
        self.legacy_uses.clear()
        self.seen_secrets_in_urls.clear()
        self.urls_seen.clear()
        self.limits.throttled.clear()

    # The ASGI side.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        body = await whole_body(receive)
        request = self._read(scope, body)
        if request.path == DIALOG:
            await send_plain(send, answer_dialog(self.simulation, request, body))
            return
        if request.path[:1] == (PICTURES,):
            await send_plain(send, answer_picture(request))
            return
        reply = self._reply(request)
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        account_id = None if _is_batch(request) else next(iter(reply.accounts), None)
        self._counted += reply.counted
        self.calls.append(
            Call(
                request.method,
                request.raw_path,
                request.query,
                account_id,
                reply.status,
                reply.counted,
                request.now,
                _edge(request),
                reply.counted_by_edge,
            )
        )
        await send_reply(scope, receive, send, reply, self._headers(request, reply.accounts))
        self.limits.note_announced(request, reply.accounts)

    def _read(self, scope: Scope, body: bytes) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        raw_path = scope.get("raw_path") or scope["path"].encode()
        self.urls_seen.append(raw_path.decode("latin-1") + (f"?{query}" if query else ""))
        form: dict[str, str] = {}
        if body and headers.get("content-type", "").startswith("application/json"):
            payload = json.loads(body)
            form = {key: value if isinstance(value, str) else as_json(value) for key, value in payload.items()}
        elif body:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        if "file_url" in headers:
            form["file_url"] = headers["file_url"]
        scheme, _, token = headers.get("authorization", "").partition(" ")
        request = read_request(
            scope["method"],
            scope["path"],
            query,
            header_token=token if scheme.lower() in {"bearer", "oauth"} else None,
            form=form,
            base_url=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
            now=self.simulation.clock(),
        )
        self._note_secret(request)
        return request

    def _note_secret(self, request: Request) -> None:
        if request.token_in_url:
            self.seen_secrets_in_urls.append(f"{request.method} {request.raw_path}")

    def _headers(self, request: Request, accounts: Mapping[str, int]) -> dict[str, str]:
        """Return the headers: usage in percent of the limit, small numbers that grow with the calls, on errors too."""
        return {
            "content-type": "application/json; charset=UTF-8",
            "facebook-api-version": f"v{request.version}.0",
            **self.limits.headers(request, accounts, usual=min(60, 1 + self._counted // 500)),
        }

    def _accounts(self, request: Request) -> Counter[str]:
        """Return the accounts that the request is about, and with how many objects."""
        names = request.ids or request.path[:1]
        nodes = (self.world.node(self.simulation.world_id(name, request.now)) for name in names)
        return Counter(account_of(self.world, node).id for node in nodes if node is not None)

    # Answers.

    def _reply(self, request: Request) -> Reply:
        """Return the answer of one request, or of all in a batch, with what Meta counts for it."""
        self.legacy_uses.update(legacy_features(request))
        reply = self._limited_reply(request)
        return reply if reply.counted_by_edge else replace(reply, counted_by_edge={_edge(request): reply.counted})

    def _limited_reply(self, request: Request) -> Reply:
        """Return the answer after limits and faults."""
        accounts = self._accounts(request)
        if not _is_batch(request):
            self._later = [change for change in self._later if not change.comes_with(request)]
            refusal = self.limits.charge(request, accounts)
            if refusal is not None:
                return self._refused(request, refusal, accounts)
        fault = strike([*self.outages, *self.faults], request)
        if fault is None:
            return self._true_reply(request, accounts)
        if fault.replaces_answer or fault.kind == "null":
            return Reply(*fault.answer(), max(1, len(request.ids)), accounts, fault)
        reply = self._true_reply(with_true_cursor(request) if fault.paging else request, accounts)
        status, body = fault.altered(request, reply.status, reply.raw, self.world)
        return replace(reply, status=status, body=body, fault=fault)

    def _true_reply(self, request: Request, accounts: Mapping[str, int]) -> Reply:
        refusal = self._legacy_refusal(request)
        if refusal is not None:
            return self._refused(request, refusal, accounts)
        if _is_batch(request):
            return self._batch(request)
        try:
            return Reply(200, answer(self.simulation, request), max(1, len(request.ids)), accounts)
        except GraphError as error:
            return self._refused(request, error, accounts)

    def _legacy_refusal(self, request: Request) -> GraphError | None:
        for feature in legacy_features(request):
            if is_refused(feature, request.version, new_app=self.new_app):
                self._legacy_refusals += 1
                return legacy_refusal(feature, self._legacy_refusals - 1)
        return None

    def _refused(self, request: Request, error: GraphError, accounts: Mapping[str, int]) -> Reply:
        trace = f"A{seed_of('trace', self._counted, request.text):015x}"
        return Reply(error.status, error.body(trace), max(1, len(request.ids)), accounts)

    def _batch(self, request: Request) -> Reply:
        """Answer up to 50 requests in one; each runs and counts separately, and its body is a string."""
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
            entry: dict[str, Any] = {"code": reply.status, "body": reply.raw.decode(errors="replace")}
            if with_headers:
                entry["headers"] = [{"name": "Content-Type", "value": "application/json; charset=UTF-8"}]
            bodies.append(None if reply.is_null else entry)
        slowest = max((reply.fault.delay_seconds for reply in replies if reply.fault is not None), default=0.0)
        counted = max(1, sum(reply.counted for reply in replies))
        accounts = sum((Counter(reply.accounts) for reply in replies), Counter[str]())
        by_edge = sum((Counter(reply.counted_by_edge) for reply in replies), Counter[str]())
        # A batch has one connection: it takes over the delay of its slowest item, and no broken connection.
        delay = Fault("batch", delay_seconds=slowest) if slowest else None
        return Reply(200, as_json(bodies), counted, accounts, delay, by_edge)

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


def _is_batch(request: Request) -> bool:
    return request.method == "POST" and not request.path and "batch" in request.parameters


def _edge(request: Request) -> str:
    """Return the edge that a request is for; "object" stands for an object itself or the root, "batch" for a batch."""
    if _is_batch(request):
        return "batch"
    last = request.path[-1] if request.path else ""
    return "object" if _ID.fullmatch(last) else last


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
