"""What surrounds every answer: ids, headers, compression, conditional GETs, limits, and the last resort."""

import gzip
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from tests.conftest import NOW, YESTERDAY, Api, Filling, plain_settings

from sophia.database.engine import Database
from sophia.main import create_app

PROBLEM = "application/problem+json"


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Nothing here depends on the kind of store."""
    return sqlite_database


def test_requests_have_ids(api: Api) -> None:
    """J11: a sane id is kept, anything else is replaced; two requests never share one."""
    kept = api.get("/accounts", headers={"X-Request-ID": "abc-1.2_3"})
    assert kept.headers["X-Request-ID"] == "abc-1.2_3"
    for odd in ("", "a b", "x" * 129, "<script>"):
        made = api.get("/accounts", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
        assert made != odd
        assert len(made) == 16


def test_answers_have_safe_headers(api: Api) -> None:
    """J11: every answer names its version and forbids guessing its type; errors and writes are not kept."""
    good, bad = api.get("/accounts"), api.get("/accounts", key=None)
    for answer in (good, bad):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Sophia-Api-Version"] == "1"
        assert "Authorization" in answer.headers["Vary"]
    assert good.headers["Cache-Control"] == "private, no-cache"
    assert bad.headers["Cache-Control"] == "no-store"


def test_every_answer_is_closed_to_browsers(api: Api, filling: Filling) -> None:
    """J11: also errors of the router, health, figures and the description of the API; nobody says what serves."""
    client = filling.client("Hats")
    answers = [
        api.get(path) for path in ("//healthz", "//metrics", "//openapi.json", "//nowhere", "/accounts", "/x/summary")
    ]
    answers += [api.get("/accounts", key=None), api.ask("DELETE", "/accounts"), api.post(f"/{client}/conversion", {})]
    assert {answer.status_code for answer in answers} == {200, 401, 404, 405, 422}
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
        assert "Server" not in answer.headers


def test_head_says_what_get_would(api: Api, filling: Filling) -> None:
    """J11: the same status and headers, no body; an export is not made for it."""
    client = filling.client("Hats")
    filling.daily(filling.account(client), "page_media_view", {YESTERDAY: 5})
    paths = [
        "//healthz",
        "//openapi.json",
        "/portfolio/summary",
        f"/{client}/metrics",
        f"/{client}/metrics.csv",
        "/0/summary",
    ]
    for path in paths:
        said, asked = api.get(path), api.ask("HEAD", path)
        assert (asked.status_code, asked.content) == (said.status_code, b""), path
        for name in ("Content-Type", "ETag", "Cache-Control", "Link", "Content-Length"):
            assert asked.headers.get(name) == said.headers.get(name), (path, name)
    tag = api.get("/portfolio/summary").headers["ETag"]
    assert api.ask("HEAD", "/portfolio/summary", headers={"If-None-Match": tag}).status_code == 304
    refused = api.ask("HEAD", f"/{client}/conversion")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    line = 'sophia_http_requests_total{method="HEAD",route="/api/analytics/{client_id}/metrics",status="200"} 1.0'
    assert line in api.get("//metrics").text.splitlines()


def test_an_answer_that_is_known_is_not_sent_again(api: Api, filling: Filling) -> None:
    """J11: ETag and If-None-Match; a change makes another ETag."""
    client = filling.client("Hats")
    account = filling.account(client)
    first = api.get("/portfolio/summary")
    tag = first.headers["ETag"]
    for known in (tag, f'"x", {tag}', "*", tag.removeprefix("W/")):
        again = api.get("/portfolio/summary", headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == tag
    filling.daily(account, "page_media_view", {YESTERDAY: 5})
    assert api.get("/portfolio/summary", headers={"If-None-Match": tag}).status_code == 200


def test_long_answers_are_compressed(api: Api) -> None:
    """J11: gzip for whoever accepts it, the same text for all."""
    plain = api.get("/catalogue", headers={"Accept-Encoding": "identity"})
    packed = api.get("/catalogue", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 5
    assert gzip.compress(b"") != packed.content


def test_too_many_requests_are_told_when_to_return(filling: Filling) -> None:
    """J11: 429 with Retry-After, for the key that asked and for no other; guessing keys is limited too."""
    app = create_app(plain_settings(requests_per_minute=3), filling.database, clock=lambda: NOW)
    api = Api(app, filling.key())
    assert [api.get("/accounts").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    refused = api.get("/accounts")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["title"] == "Too Many Requests"
    assert api.get("/accounts", key=filling.key()).status_code == 200
    assert [api.get("/accounts", key="sophia_x_y").status_code for _ in range(4)] == [401, 401, 401, 429]


def test_an_unforeseen_error_says_nothing_of_its_cause(filling: Filling) -> None:
    """D3: 500 is a problem document with the id of the request; what happened stands in the log."""
    app = create_app(plain_settings(), filling.database, clock=lambda: NOW)

    def broken() -> None:
        raise RuntimeError("EAAsecretsecretsecretsecretsecret")

    app.add_api_route("/api/analytics/broken", broken)
    answer = Api(app, "").get("/broken", headers={"X-Request-ID": "find-me"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert answer.headers["X-Request-ID"] == "find-me"
    assert "find-me" in answer.json()["detail"]
    assert "secret" not in answer.text


def test_a_locked_store_is_busy_and_not_broken(api: Api, filling: Filling, tmp_path: Path) -> None:
    """J12, J2: while somebody else writes, a write is told to come back, and GETs answer."""
    client = filling.client("Hats")
    filling.database.engine.dispose()
    event.listen(filling.database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=20"))
    other = sqlite3.connect(tmp_path / "sophia.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    body = {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)}
    refused = api.post(f"/{client}/conversion", body)
    assert (refused.status_code, refused.headers["Content-Type"]) == (503, PROBLEM)
    assert int(refused.headers["Retry-After"]) >= 1
    for path in ("/portfolio/summary", f"/{client}/summary", f"/{client}/metrics", "/gaps", "/accounts", "/runs"):
        assert api.get(path).status_code == 200
    other.execute("ROLLBACK")
    other.close()
    assert api.post(f"/{client}/conversion", body).status_code == 201


def test_an_exhausted_pool_is_busy_and_not_broken(api: Api, filling: Filling) -> None:
    """J12: 503 with Retry-After when no connection is free."""
    filling.database.engine.dispose()
    url = filling.database.engine.url
    filling.database.engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    with filling.database.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        answer = api.get("/accounts")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
