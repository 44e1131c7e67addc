"""The control surface `/_sim/` of a simulated Meta that runs as its own process."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.error_faults import fault_of
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.faults.wire import Receive, Scope, Send, whole_body
from sophia.demo.meta.graph.errors import as_json

PREFIX = "/_sim/"

# Methods of `Switches` that take JSON as it comes.
_SWITCHES = (
    "show_product_type",
    "withdraw_scope",
    "grant_scope",
    "silence_insights",
    "hide_accounts",
    "hide_targets",
    "withhold_page_token",
    "migrate_page",
)


class SettableClock:
    """The present moment (aware) of a simulation; stands still until it is set. Without a moment: the machine's time."""

    def __init__(self, moment: datetime | None = None) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment or datetime.now(UTC)


class ControlledApi:
    """`GraphApi` with `/_sim/` in front, JSON in and out.

    GET calls, faults, throttled and urls; POST reset, now, restate, faults, retire, dead_token, delete, limit,
    reset_limits, new_app, begin_outage, end_outages, refuse_metric, allow_metric, and the switches of `_SWITCHES` with the arguments of the methods
    of `GraphApi` that bear their names.
    """

    def __init__(self, api: GraphApi, clock: SettableClock) -> None:
        self.api = api
        self.clock = clock
        self._actions: dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
            ("GET", "calls"): self._calls,
            ("GET", "faults"): self._told_faults,
            ("GET", "throttled"): self._throttled,
            ("GET", "urls"): lambda _given: {"urls": self.api.urls_seen},
            ("POST", "reset"): self._reset,
            ("POST", "now"): self._now,
            ("POST", "restate"): self._restate,
            ("POST", "faults"): self._faults,
            ("POST", "retire"): self._retire,
            ("POST", "dead_token"): self._dead_token,
            ("POST", "delete"): self._delete,
            ("POST", "limit"): self._limit,
            ("POST", "reset_limits"): self._reset_limits,
            ("POST", "new_app"): self._new_app,
            ("POST", "begin_outage"): self._begin_outage,
            ("POST", "end_outages"): self._end_outages,
            ("POST", "refuse_metric"): self._refuse_metric,
            ("POST", "allow_metric"): self._allow_metric,
            **{("POST", name): self._switch(name) for name in _SWITCHES},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.api(scope, receive, send)
            return
        body = await whole_body(receive)
        status, answer = self._act(scope["method"], scope["path"].removeprefix(PREFIX), body)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": as_json(answer).encode()})

    def _act(self, method: str, name: str, body: bytes) -> tuple[int, Any]:
        action = self._actions.get((method, name))
        if action is None:
            return 404, {"error": f"no action {method} {name}"}
        try:
            return 200, action(json.loads(body or b"{}"))
        except (KeyError, TypeError, ValueError) as error:
            return 422, {"error": str(error)}

    def _calls(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        calls = self.api.calls
        edges = Counter(call.path.rstrip("/").rpartition("/")[2] for call in calls)
        return {
            "requests": len(calls),
            "counted": self.api.counted_calls,
            "http_by_edge": self.api.http_calls_by_edge,
            "counted_by_edge": self.api.counted_calls_by_edge,
            "legacy_uses": self.api.legacy_uses,
            "errors": sum(1 for call in calls if call.status != 200),
            "by_account": Counter(call.account_id or "none" for call in calls),
            "by_edge": {edge: count for edge, count in edges.items() if not edge.replace("_", "").isdigit()},
            "secrets_in_urls": self.api.seen_secrets_in_urls,
        }

    def _reset(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.reset()
        return {}

    def _now(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.clock.moment = None if given["now"] is None else aware(given["now"])
        return {"now": self.clock().isoformat()}

    def _restate(self, given: Mapping[str, Any]) -> dict[str, Any]:
        day = given.get("day")
        self.api.truth.restate(
            given["object_id"], given["metric"], date.fromisoformat(day) if day else None, given["value"]
        )
        return {}

    def _faults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`{"faults": [...]}` replaces all faults; see `read_fault`."""
        self.api.faults[:] = [read_fault(fault) for fault in given["faults"]]
        return {"faults": len(self.api.faults)}

    def _told_faults(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        """What became of each fault; `touched` as in `mutations.Touched`."""
        faults = self.api.faults
        return {
            "faults": [
                {
                    "pattern": fault.pattern,
                    "matched": fault.matched,
                    "struck": fault.struck,
                    "touched": [touched._asdict() for touched in fault.touched],
                }
                for fault in faults
            ]
        }

    def _throttled(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        return {"calls": [asdict(call) for call in self.api.calls_while_throttled]}

    def _limit(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`budget`, `calls`, `regain_seconds`, and what else `GraphApi.limit` takes; `extension_seconds`."""
        options = dict(given)
        regain = timedelta(seconds=options.pop("regain_seconds"))
        if "extension_seconds" in options:
            options["extension"] = timedelta(seconds=options.pop("extension_seconds"))
        self.api.limit(options.pop("budget"), int(options.pop("calls")), regain, **options)
        return {}

    def _reset_limits(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.reset_limits()
        return {}

    def _switch(self, name: str) -> Callable[[Mapping[str, Any]], Any]:
        """The action that passes its arguments on to the switch with this name; `at` is an ISO moment."""

        def act(given: Mapping[str, Any]) -> dict[str, Any]:
            moments = {"at": aware(given["at"])} if "at" in given else {}
            getattr(self.api, name)(**{**given, **moments})
            return {}

        return act

    def _new_app(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.new_app = bool(given["new_app"])
        return {}

    def _retire(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.retire(given["metric"], aware(given["at"]), after_calls=int(given.get("after_calls", 0)))
        return {}

    def _begin_outage(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.begin_outage(**given)
        return {}

    def _end_outages(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.end_outages()
        return {}

    def _refuse_metric(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`metric`, `kind`, and a `wording` or the `seed` that picks one; answers with the wording."""
        return {"wording": self.api.refuse_metric(**given)}

    def _allow_metric(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.allow_metric(**given)
        return {}

    def _dead_token(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.dead_token(
            given["account_id"],
            aware(given["at"]),
            int(given.get("subcode", 460)),
            after_calls=int(given.get("after_calls", 0)),
        )
        return {}

    def _delete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.api.delete(given["object_id"], aware(given["at"]))
        return {}


def read_fault(given: Mapping[str, Any]) -> Fault:
    """A fault from JSON: the fields of `Fault` except `when`, moments in ISO form, or `error`: a row of META_ERRORS."""
    fields = dict(given)
    for name in ("since", "until"):
        if name in fields:
            fields[name] = aware(fields[name])
    error = fields.pop("error", None)
    return Fault(**fields) if error is None else fault_of(error, **fields)


def aware(text: str) -> datetime:
    """An ISO moment; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
