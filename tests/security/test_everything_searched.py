"""A full run with many faults: nothing that it leaves behind, shows or sends in an address holds a secret (D1, D2)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import PATIENCE_SECONDS
from tests.reliability.ground import Ground, open_ground

from sophia.database.engine import Database
from sophia.demo.meta.faults.faults import Fault, fault_of


@pytest.fixture
def ground(sqlite_database: Database, tmp_path: Path) -> Iterator[Ground]:
    with open_ground(sqlite_database, tmp_path, real_clock=True) as ground:
        yield ground


def faults_of(ground: Ground) -> list[Fault]:
    """One of every kind: Meta repeats the token in some messages, and quotes what it was asked."""
    token = ground.world.pages[0].access_token
    quoting = {"message": f"Malformed access token {token} at /v22.0/me?access_token={token}", "code": 100}
    return [
        Fault("period=days_28", body={"error": quoting}, times=2),
        Fault("published_posts", kind="cut", times=1),
        Fault("published_posts", times=1, status=502, body=f"<html>{token} appsecret_proof=abc</html>"),
        Fault("/insights", mutation="nan", every=7, times=3),
        Fault("stories", times=1, status=500, body=""),
        fault_of("10 permission missing", "stories", times=2),
        fault_of("100/33 object missing", "video_reels", times=1),
        fault_of("80002 instagram rate limit", "/media", after=2, times=1),
        fault_of("190/463 expired", "demographics", times=1),
    ]


def test_a_full_run_with_faults_leaves_no_secret(ground: Ground, tmp_path: Path) -> None:
    """D1, D2: searched: every line of output and log, the database with its journal, an export, every address that
    Meta's side saw, and what the commands that show the run say.
    """
    ground.api.faults += faults_of(ground)
    shown = []
    for arguments in (["collect"], ["collect", "--json"], ["status", "--json"], ["tokens", "check"]):
        told = ground.start(*arguments, SOPHIA_LOG_LEVEL="debug", SOPHIA_LOG_FORMAT="json")
        out, err = told.communicate(timeout=PATIENCE_SECONDS)
        shown += [out, err]
    export = tmp_path / "export"
    out, err = ground.start("db", "export", str(export)).communicate(timeout=PATIENCE_SECONDS)
    shown += [out, err]
    struck = [fault.pattern for fault in ground.api.faults if fault.struck]
    assert len(struck) >= 6, struck
    assert ground.count("collection_runs", "status <> 'ok'")
    secrets = {page.access_token for page in ground.world.pages}
    secrets |= {ground.world.user_token, ground.world.app_secret, ground.key}
    places = {f"output {number}": text.encode() for number, text in enumerate(shown)}
    places["addresses"] = json.dumps(ground.api.urls_seen).encode()
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    path = ground.database.path
    assert path is not None
    files += [one for one in path.parent.iterdir() if one.name.startswith(path.name)]
    places |= {str(one): one.read_bytes() for one in files if one.name != "key"}
    assert len(places["addresses"]) > 1000
    assert any("export" in one.name or "export" in str(one.parent) for one in files)
    found = [
        (place, secret[:6]) for place, content in places.items() for secret in secrets if secret.encode() in content
    ]
    assert found == []
    assert ground.api.seen_secrets_in_urls == []
    assert timedelta(0) == ground.off
