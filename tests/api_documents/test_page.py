"""The page /docs: open, from this server alone, and able to show and send everything."""

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from tests.conftest import ON_SQLITE, PATIENCE_SECONDS, Api, Filling

from sophia.demo.server import running_server

PARTS = {"//docs": "text/html", "//docs/page.js": "text/javascript", "//docs/page.css": "text/css"}


@ON_SQLITE
def test_the_page_comes_from_this_server_alone(api: Api) -> None:
    """D3, J11: it needs no key and shows nothing; its policy allows no other host and no script in the page."""
    for path, media_type in PARTS.items():
        answer = api.get(path, key=None)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{media_type}; charset=utf-8")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "://" not in answer.text.replace("http://www.w3.org", "")
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    page = api.get("//docs", key=None).text
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["docs/page.css", "docs/page.js"], "right behind any prefix"
    assert not re.search(r"<script[^>]*>[^<]|style=|<style|\son[a-z]+=", page), "nothing that the policy forbids"
    program = api.get("//docs/page.js", key=None).text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|eval\(|document\.write|localStorage|cookie", program)
    assert api.get("//openapi.json", key=None).status_code == 401


@ON_SQLITE
@pytest.mark.skipif(shutil.which("node") is None, reason="node runs the page's program")
def test_the_page_shows_and_sends_everything(api: Api, filling: Filling) -> None:
    """J11: with a key it lists every operation and sends requests; with a wrong one it says what the server says."""
    client = filling.client("Hats")
    filling.account(client)
    program = str(files("sophia.api_documents") / "page.js")
    browser = str(Path(__file__).with_name("browser.mjs"))
    with running_server(api.app) as base:
        command = ["node", browser, program, base, api.key, str(client)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
    seen = json.loads(done.stdout)
    assert "valid key" in seen["refused"]
    assert seen["message"].startswith("Sophia ")
    assert seen["headings"] == ["All clients", "One client", "Publishing", "Server"]
    paths = api.app.openapi()["paths"]
    titles = [
        f"{method.upper()} {path}{operation['summary']}"
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]
    assert sorted(seen["titles"]) == sorted(titles)
    assert seen["accounts"]["answer"].startswith("200\n[")
    assert seen["conversion"]["answer"].startswith("201\n{")
    assert "event_type" in json.loads(seen["conversion"]["example"])
    assert seen["metrics"]["answer"] == "200\n[]"
