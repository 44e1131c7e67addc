"""The control surface `/_sim/` of a simulated Meta that runs as its own process."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.faults.wire import Receive, Scope, Send, whole_body
from sophia.demo.meta.graph.errors import as_json

PREFIX = "/_sim/"

# Methods of `GraphApi` that take JSON as it comes, except for the moment `at`.
_SWITCHES = (
    "reset",
    "retire",
    "dead_token",
    "delete",
    "reset_limits",
    "begin_outage",
    "end_outages",
    "allow_metric",
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
    """A clock that shows the moment it was set to (aware), or the machine's time if it was not set."""

    def __init__(self, moment: datetime | None = None) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment or datetime.now(UTC)


class ControlledApi:
    """`GraphApi` with `/_sim/` in front, JSON in and out.

    GET calls, faults, throttled and urls; POST now, restate, faults, limit, new_app, refuse_metric, and the switches of
    `_SWITCHES` with the arguments of the methods of `GraphApi` that have their names.
    """

    def __init__(self, api: GraphApi, clock: SettableClock) -> None:
        self.api = api
        self.clock = clock
        self._actions: dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
            ("GET", "calls"): self._calls,
            ("GET", "faults"): self._list_faults,
            ("GET", "throttled"): self._throttled,
            ("GET", "urls"): lambda _arguments: {"urls": self.api.urls_seen},
            ("POST", "now"): self._now,
            ("POST", "restate"): self._restate,
            ("POST", "faults"): self._faults,
            ("POST", "limit"): self._limit,
            ("POST", "new_app"): self._new_app,
            ("POST", "refuse_metric"): self._refuse_metric,
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

    def _calls(self, _arguments: Mapping[str, Any]) -> dict[str, Any]:
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

    def _now(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.clock.moment = None if arguments["now"] is None else aware(arguments["now"])
        return {"now": self.clock().isoformat()}

    def _restate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        day = arguments.get("day")
        self.api.truth.restate(
            arguments["object_id"], arguments["metric"], date.fromisoformat(day) if day else None, arguments["value"]
        )
        return {}

    def _faults(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Replace all faults by those in `{"faults": [...]}`; see `read_fault`."""
        self.api.faults[:] = [read_fault(fault) for fault in arguments["faults"]]
        return {"faults": len(self.api.faults)}

    def _list_faults(self, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the counts of each fault, and the readings that it altered."""
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

    def _throttled(self, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"calls": [asdict(call) for call in self.api.calls_while_throttled]}

    def _limit(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Add a limit from `budget`, `calls`, `regain_seconds`, `extension_seconds` and the other arguments of
        `Limits.add`.
        """
        options = dict(arguments)
        regain = timedelta(seconds=options.pop("regain_seconds"))
        if "extension_seconds" in options:
            options["extension"] = timedelta(seconds=options.pop("extension_seconds"))
        self.api.limits.add(options.pop("budget"), int(options.pop("calls")), regain, **options)
        return {}

    def _switch(self, name: str) -> Callable[[Mapping[str, Any]], Any]:
        """Return the action that passes its arguments on to the switch with this name; `at` is an ISO moment."""

        def act(arguments: Mapping[str, Any]) -> dict[str, Any]:
            moments = {"at": aware(arguments["at"])} if "at" in arguments else {}
            getattr(self.api, name)(**{**arguments, **moments})
            return {}

        return act

    def _new_app(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.api.new_app = bool(arguments["new_app"])
        return {}

    def _refuse_metric(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse `metric` for `kind` in `wording`, or in the one that `seed` picks; return its name."""
        return {"wording": self.api.refuse_metric(**arguments)}


def read_fault(arguments: Mapping[str, Any]) -> Fault:
    """Return a fault from JSON: the fields of `Fault` except `when`, moments in ISO form, or `error`, a row of
    META_ERRORS.
    """
    fields = dict(arguments)
    for name in ("since", "until"):
        if name in fields:
            fields[name] = aware(fields[name])
    error = fields.pop("error", None)
    return Fault(**fields) if error is None else fault_of(error, **fields)


def aware(text: str) -> datetime:
    """Return the moment of an ISO text, in UTC if it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
