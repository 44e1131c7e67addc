"""Asks the API all that its OpenAPI document allows and much that it forbids, with every kind of key; believes no answer.

    python -m tests.security.fuzz --minutes 10 [--database postgresql://…]

Ends with 1 when an answer was not as it should be. The database must be empty; without one, a new SQLite file is made.
"""

import argparse
import asyncio
import base64
import json
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from tests.conftest import NOW, Filling, plain_settings
from tests.security.business import MINE, OTHERS, Business, furnished

from sophia import logs
from sophia.analytics.figures.cursors import write_cursor
from sophia.database.engine import Database
from sophia.main import create_app
from sophia.migrations import upgrade

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its parts say of each other is nothing of ours
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

Case = schemathesis.Case[Any]
PROBLEM = "application/problem+json"
GOOD = {"event_type": "conversion", "source": "shop", "event_date": "2026-11-21"}
FORM = {"type", "title", "status", "detail", "instance"}
CONFORMING = [status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass
class Fuzz:
    """An application with two clients, asked with a key for both, with one for the first, and without any."""

    app: FastAPI
    mine: Business
    keys: dict[str, str | None]
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.schema = schemathesis.openapi.from_dict(self.app.openapi())
        self.operations: list[Any] = [found.ok() for found in self.schema.get_all_operations()]  # type: ignore[union-attr]

    async def _send(self, arguments: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sophia") as client:
            return await client.request(**arguments)

    def send(self, who: str, method: str, url: str, **more: Any) -> httpx.Response:
        """One request; whatever the answer, what holds for every answer must hold for this."""
        headers = {name: value for name, value in (more.pop("headers", None) or {}).items() if allowed(name, value)}
        if self.keys[who] is not None:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        answer = asyncio.run(self._send({"method": method, "url": url, "headers": headers, **more}))
        self.counts[f"{who}: {answer.status_code}"] += 1
        expect_sane(answer, who)
        return answer

    def check(self, who: str, case: Case) -> None:
        """One case of the document: as sane as any answer, and as the document says."""
        sent = case.as_transport_kwargs(base_url="http://sophia")
        sent = {name: value for name, value in sent.items() if value is not None and name != "cookies"}
        headers = {name: str(value) for name, value in dict(sent.pop("headers", {})).items()}
        if isinstance(sent.get("data"), str | bytes):
            sent["content"] = sent.pop("data")
        answer = self.send(who, sent.pop("method"), sent.pop("url"), headers=headers, **sent)
        case.validate_response(answer, checks=CONFORMING)

    def cases(self, operation: Any, mode: GenerationMode) -> st.SearchStrategy[Case]:
        """Cases of one operation; half of them about a client that there is, or most would end with 404."""
        strategy = operation.as_strategy(generation_mode=mode)
        if "{client_id}" not in operation.path:
            return strategy  # type: ignore[no-any-return]
        known = {"client_id": int(self.mine.ids["client_id"])}
        return st.one_of(strategy, operation.as_strategy(generation_mode=mode, path_parameters=known))

    def runs(self, examples: int, number: int | None = None) -> Iterator[tuple[str, Callable[[], None]]]:
        """(what it is, one try) for every operation, mode and key. `number` makes each try another; None always the same."""
        options = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=number is None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
        )
        for operation in self.operations:
            for mode in MODES:
                for who in self.keys:
                    run = options(given(self.cases(operation, mode))(self.checker(who)))
                    yield f"{operation.label}, {mode.value}, {who}", run if number is None else seed(number)(run)

        for who in self.keys:
            for name, requests in (("anything", wild(self)), ("conversions", conversions(self))):
                run = options(given(requests)(self.asker(who)))
                yield f"{name}, {who}", run if number is None else seed(number)(run)

    def asker(self, who: str) -> Callable[[tuple[str, str, dict[str, Any]]], None]:
        def ask(request: tuple[str, str, dict[str, Any]]) -> None:
            method, url, more = request
            self.send(who, method, url, **more)

        return ask

    def checker(self, who: str) -> Callable[[Case], None]:
        def check(case: Case) -> None:
            self.check(who, case)

        return check


def wild(fuzz: Fuzz) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """Requests that keep to no document: any text as id, as cursor, as any parameter, any bytes or JSON as body."""
    paths = [operation.path for operation in fuzz.operations]
    names = sorted({parameter.name for operation in fuzz.operations for parameter in operation.query})
    known = st.sampled_from(sorted(fuzz.mine.ids.values()))
    odd = st.sampled_from(
        ["0", "01", "+1", "1.0", "-1", "1e3", "\uff11", str(2**63), str(10**20), "NaN", "\x00", "..", "%", "%00"]
    )
    texts = st.one_of(known, odd, st.text(max_size=30), cursors())
    urls = st.builds(
        lambda path, name: path.replace("{client_id}", quote(name, safe="")), st.sampled_from(paths), texts
    )
    queries = st.lists(st.tuples(st.one_of(st.sampled_from(names), st.text(max_size=10)), texts), max_size=4)
    bodies = st.one_of(st.binary(max_size=200), anything().map(lambda value: json.dumps(value).encode()))
    return st.builds(
        lambda method, url, query, body: (
            method,
            f"{url}?{urlencode(query)}" if query else url,
            {"content": body, "headers": {"Content-Type": "application/json"}} if method == "POST" else {},
        ),
        st.sampled_from(["GET", "GET", "POST", "HEAD", "DELETE", "OPTIONS"]),
        urls,
        queries,
        bodies,
    )


def anything() -> st.SearchStrategy[Any]:
    """JSON of every kind, and what Python takes for JSON."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400)
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=8
    )


def conversions(fuzz: Fuzz) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """Conversions of a client that there is, good ones but for a field or two."""
    fields = st.sampled_from([*GOOD, "revenue_amount", "currency", "details", "content_draft_id", "x"])
    keys = st.sampled_from([{}, {"Idempotency-Key": "1"}, {"Idempotency-Key": "2"}])
    return st.builds(
        lambda change, key: (
            "POST",
            f"/api/analytics/{fuzz.mine.ids['client_id']}/conversion",
            {"content": json.dumps(GOOD | change).encode(), "headers": {"Content-Type": "application/json"} | key},
        ),
        st.dictionaries(fields, anything(), max_size=2),
        keys,
    )


def cursors() -> st.SearchStrategy[str]:
    """What looks like the place where a page ended, and like what an export or a person could make of it."""
    numbers = st.one_of(st.integers(), st.integers(-(2**70), 2**70))
    made = st.builds(lambda a, b: f"{a}.{b}", numbers, numbers) | st.builds(lambda a, b: f"{a},{b}", numbers, numbers)
    plain = st.one_of(made, st.builds(write_cursor, st.integers(1, 2**63), st.dates()), st.text(max_size=20))
    return plain | plain.map(lambda text: base64.urlsafe_b64encode(text.encode(errors="replace")).decode())


def allowed(name: str, value: Any) -> bool:
    """Whether a header can be sent at all; and no key but ours."""
    text = f"{name}{value}"
    return (
        name.lower() not in ("authorization", "x-api-key") and text.isprintable() and text.isascii() and ":" not in name
    )


def expect_sane(answer: httpx.Response, who: str) -> None:
    """What holds for every answer: no fault of ours, problems in their form, nothing of others, nothing without a key."""
    place = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, place
    assert answer.headers["X-Content-Type-Options"] == "nosniff", place
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["Content-Type"] == PROBLEM, place
        problem = answer.json()
        assert set(problem) >= FORM, place
        assert problem["status"] == answer.status_code, place
    if who == "nobody" and answer.request.url.path != "/healthz":
        assert answer.status_code in (401, 404, 405), place
    if who != "operator":
        sent = f"{answer.request.url}{answer.request.content!r}"
        assert OTHERS not in answer.text or OTHERS in sent, place


def prepare(database: Database) -> Fuzz:
    """Two clients in an empty store, and an application that answers as often as it is asked."""
    filling = Filling(database)
    mine, _ = furnished(filling, MINE), furnished(filling, OTHERS)
    app = create_app(plain_settings(requests_per_minute=10_000_000), database, clock=lambda: NOW)
    keys = {"operator": filling.key(), "client": filling.key(int(mine.ids["client_id"])), "nobody": None}
    return Fuzz(app, mine, keys)


@contextmanager
def opened(url: str | None) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{Path(folder, 'sophia.db')}")
        upgrade(database)
        yield database
        database.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask the API at random, for long.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--database", help="an empty one; a new SQLite file unless given")
    given_ = parser.parse_args()
    wrong: dict[str, str] = {}
    number, end = random.SystemRandom().randrange(2**32), time.monotonic() + 60 * given_.minutes
    print(f"from number {number}", flush=True)  # noqa: T201
    logs.configure(plain_settings(), least="error")
    with opened(given_.database) as database:
        fuzz = prepare(database)
        while time.monotonic() < end:
            for name, run in fuzz.runs(30, number):
                if name in wrong or time.monotonic() > end:
                    continue
                try:
                    run()
                except Unsatisfiable:
                    continue  # there is no wrong way to ask this
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the others go on
                    wrong[name] = "\n".join([*getattr(error, "__notes__", ()), str(error)])
                    print(f"WRONG {name}\n{wrong[name]}", flush=True)  # noqa: T201
            number += 1
    for answered, count in sorted(fuzz.counts.items()):
        print(f"{count:9,} {answered}")  # noqa: T201
    print(f"{sum(fuzz.counts.values()):,} requests, {len(wrong)} wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
