"""The whole application: who gets in, what is documented, and when anything is opened."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import NOW, YESTERDAY, Api, Filling, plain_settings

from sophia.database.engine import Database
from sophia.main import create_app

PROBLEM = "application/problem+json"
OPEN = {("GET", "/healthz")}
FORM = {"type", "title", "status", "detail", "instance"}


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Nothing here depends on the kind of store."""
    return sqlite_database


def operations(api: Api) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in api.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_nothing_answers_without_a_key(api: Api, filling: Filling) -> None:
    """D3: 401 on every route but one, with no key, a wrong one, a revoked one, or in the wrong place."""
    client = filling.client("Hats")
    walked = [(method, path) for method, path, _ in operations(api)] + [("GET", "/openapi.json")]
    assert len(walked) >= 13
    for method, path in walked:
        url = "/" + path.replace("{client_id}", str(client))
        for key, headers in (
            (None, {}),
            ("sophia_aaaaaaaa_wrong", {}),
            (None, {"Authorization": f"Basic {api.key}"}),
            (None, {"X-API-Key": ""}),
            (None, {"X-API-Key": "x" * 5000}),
        ):
            answer = api.ask(method, url, key=key, headers=headers, json={} if method == "POST" else None)
            if (method, path) in OPEN:
                assert answer.status_code == 200
            else:
                assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM), (method, path)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert api.ask(method, f"{url}?api_key={api.key}", key=None).status_code in (401, 422)


def test_either_header_opens(api: Api) -> None:
    """D3: Authorization: Bearer, or X-API-Key."""
    assert api.get("/accounts").status_code == 200
    assert api.get("/accounts", key=None, headers={"X-API-Key": api.key}).status_code == 200
    assert api.get("/accounts", key=None, params={"key": api.key}).status_code == 401


def test_every_answer_and_every_error_is_documented(api: Api) -> None:
    """J11: models for all answers, problems for all errors, and a security scheme on all but one."""
    for method, path, operation in operations(api):
        place = f"{method} {path}"
        for status, response in operation["responses"].items():
            if status == "204":
                assert "content" not in response, place
                continue
            content = response["content"]
            if status < "400" or (path, status) == ("/healthz", "503"):
                (shape,) = content.values()
                assert shape["schema"], place
            else:
                assert list(content) == [PROBLEM], (place, status)
                assert content[PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
        if (method, path) in OPEN:
            assert "security" not in operation
            continue
        assert operation["security"], place
        assert {"401", "429", "500", "503"} <= set(operation["responses"]), place
        if path.startswith("/api"):
            assert "422" in operation["responses"]
        if "{client_id}" in path:
            assert "404" in operation["responses"]
    post = api.app.openapi()["paths"]["/api/analytics/{client_id}/conversion"]["post"]
    assert {"200", "201", "400", "404", "409", "413"} <= set(post["responses"])
    assert api.get("//openapi.json").json()["info"]["title"] == "Sophia"


def test_the_five_endpoints_of_the_specification_are_there(api: Api) -> None:
    """J13: and `portfolio` is not taken for a client."""
    walked = {(method, path) for method, path, _ in operations(api)}
    assert {
        ("GET", "/api/analytics/portfolio/summary"),
        ("GET", "/api/analytics/{client_id}/metrics"),
        ("GET", "/api/analytics/{client_id}/summary"),
        ("POST", "/api/analytics/{client_id}/conversion"),
        ("GET", "/api/analytics/{client_id}/campaigns"),
    } <= walked
    assert api.get("/portfolio/summary").status_code == 200


def test_errors_of_the_server_itself_are_problems_too(api: Api) -> None:
    """J3: unknown paths and wrong methods."""
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "//nowhere", 404),
        ("GET", "//redoc", 404),
        ("DELETE", "/accounts", 405),
        ("POST", "/portfolio/summary", 405),
    ):
        answer = api.ask(method, path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
        problem = answer.json()
        assert set(problem) == FORM
        assert problem["status"] == status
    assert api.ask("DELETE", "/accounts").headers["Allow"] == "GET, HEAD"


def test_gets_do_not_write(api: Api, filling: Filling, database: Database) -> None:
    """J2: every GET answers from a store that cannot be written, and leaves it as it was, to the byte."""
    client = filling.client("Hats")
    filling.account(client)
    draft = str(filling.draft(client))
    goal = {"kpi": "posts", "target": 3, "start_date": str(YESTERDAY), "end_date": str(YESTERDAY)}
    assert api.ask("PUT", f"/{client}/goals/more", json=goal).status_code == 201
    assert api.ask("PUT", f"/{client}/ideal-customers/more", json={"genders": ["F"]}).status_code in (200, 201)
    sale = {"event_type": "conversion", "source": "shop", "event_date": str(YESTERDAY), "external_id": "1"}
    conversion = api.ask("POST", f"/{client}/conversion", json=sale).json()["id"]
    edition = api.ask("POST", f"/{client}/reports", json={}).json()["id"]
    ids = {"client_id": str(client), "draft_id": draft, "name": "more", "conversion_id": str(conversion)}
    ids["edition_id"] = str(edition)
    urls = [
        "/" + path.format(**ids) + ("?canonical=views" if path.endswith("/series") else "")
        for method, path, _ in operations(api)
        if method == "GET"
    ]
    database.close()
    assert database.path is not None
    before = database.path.read_bytes()
    for url in urls:
        assert api.get(url).status_code == 200, url
    database.close()
    assert database.path.read_bytes() == before


def test_importing_and_creating_opens_nothing(tmp_path: Path) -> None:
    """K9: no file, no connection, no variable is needed until somebody asks."""
    code = (
        "from sophia.main import create_app; from sophia.config import Settings; from sophia.database.engine import Database\n"
        "create_app(Settings(_env_file=None), Database('sqlite:///x.db'))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, env={}, check=True)
    assert list(tmp_path.iterdir()) == []


def test_jobs_run_as_long_as_the_application(filling: Filling) -> None:
    """E3: what is to run beside the API starts with it and ends with it; without it, nothing is scheduled."""
    said: list[str] = []

    @asynccontextmanager
    async def jobs() -> AsyncIterator[None]:
        said.append("started")
        yield
        said.append("ended")

    async def live(**options: Any) -> None:
        app = create_app(plain_settings(), filling.database, clock=lambda: NOW, **options)
        async with app.router.lifespan_context(app):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sophia") as client:
                assert (await client.get("/healthz")).status_code == 200
            said.append("answered")

    asyncio.run(live(on_start=jobs))
    asyncio.run(live())
    assert said == ["started", "answered", "ended", "answered"]
