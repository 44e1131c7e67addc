"""The demo as a new user runs it after cloning the repository."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.conftest import PATIENCE_SECONDS
from typer.testing import CliRunner

from sophia.cli import app


def start(folder: Path, clients: int, *options: str) -> "subprocess.Popen[str]":
    # Settings of the machine must not reach the demo: these would send it to another store and another Meta.
    hostile = {
        "SOPHIA_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "SOPHIA_GRAPH_BASE_URL": "http://127.0.0.1:9",
    }
    command = [
        sys.executable,
        "-m",
        "sophia",
        "demo",
        "--clients",
        str(clients),
        "--posts",
        "12",
        "--port",
        "0",
        "--dir",
        str(folder),
    ]
    return subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **hostile},
        cwd=folder.parent,
    )


def expect_answers(said: str, clients: int) -> None:
    """What was collected, and what the API answers about it; no token among it."""
    collected = re.search(r"Collected ([\d,]+) readings of ([\d,]+) posts in ([\d.]+) s", said)
    assert collected is not None, said
    assert int(collected.group(1).replace(",", "")) > 2500 * clients
    assert said.count(": ok: ") == 2 * clients
    answer = json.loads(said.split("GET /healthz\n")[1].splitlines()[0])
    assert answer["status"] == "ok"
    assert '"detailed_kpis": {"week"' in said  # of a week that was collected when it ended
    assert "sophia_" in said
    assert "EAAsim" not in said


@pytest.mark.campaign  # the next one says the same and goes on
def test_demo_collects_and_answers_once(tmp_path: Path) -> None:
    """K9: one command that ends by itself."""
    process = start(tmp_path / "demo", 2, "--once")
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    expect_answers(said, 2)


def test_demo_collects_and_serves_until_stopped(tmp_path: Path) -> None:
    """K9: one command collects an agency over HTTP and shows the API's real answers, whatever the machine's settings.
    The printed address and key work until Ctrl-C, which ends the demo in order; so does the printed line in any shell. A
    second demo leaves the store of the first one alone.
    """
    process = start(tmp_path / "demo", 1)
    try:
        lines = until_commands(process)
        expect_answers("\n".join(lines), 1)
        address, key, command = (ending(lines, name) for name in ("Address", "Key", "Commands"))
        request = Request(f"{address}/api/analytics/accounts", headers={"Authorization": f"Bearer {key}"})
        with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            accounts = json.load(answer)
        assert len(accounts) == 2
        page = urlopen(sign_in(lines), timeout=PATIENCE_SECONDS).read().decode()
        assert "This address signs you in once" in page
        with pytest.raises(HTTPError, match="401"):
            urlopen(f"{address}/api/analytics/accounts", timeout=PATIENCE_SECONDS)
        second = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path / "demo")])
        assert (second.exit_code, "Another demo runs in" in second.output) == (1, True), second.output
        # As pasted into a shell that knows nothing of the environment of the demo, and commands after it.
        plain = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        shell = ["sh", "-c", f"{command}; sophia collect"]
        collected = subprocess.run(
            shell, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False, env=plain, cwd=tmp_path.parent
        )
        assert "2 accounts (2 ok)" in collected.stdout, collected
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()


def until_commands(process: "subprocess.Popen[str]") -> list[str]:
    """What the demo says up to the address that signs in; less where it ends before."""
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line.rstrip("\n"))
        if line.startswith("Pages: "):
            break
    return lines


def sign_in(lines: list[str]) -> str:
    return ending(lines, "Pages").partition(" ")[0]


def ending(lines: list[str], name: str) -> str:
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))


def test_demo_leaves_other_folders_alone(tmp_path: Path) -> None:
    """A folder that holds something else is never emptied."""
    (tmp_path / "thesis.txt").write_text("years of work")
    refused = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path), "--once"])
    assert refused.exit_code == 1
    assert "files that are not from a demo" in refused.output
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
