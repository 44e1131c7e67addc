"""Commands as real processes: the speed of --help, the data after Ctrl-C, a server that collects and stops."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.conftest import PATIENCE_SECONDS

HEAVY = ("sqlalchemy", "fastapi", "uvicorn", "httpx", "pydantic", "cryptography", "apscheduler", "alembic")


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def test_help_imports_nothing_heavy() -> None:
    """K9: importing the commands opens nothing and is quick."""
    program = f"import sys, sophia.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_module_is_the_command(shell: Shell) -> None:
    code, out, _ = shell.finish(shell.start("--help"))
    assert code == 0
    assert "connect" in out


@pytest.mark.campaign
@pytest.mark.parametrize("command", [("verify",), ("export", "out"), ("recompute",)])
def test_commands_about_all_tables_load_all_models(shell: Shell, command: tuple[str, ...]) -> None:
    """K8: as a process of its own, in which no other test has imported a model."""
    assert shell.run("db", "upgrade").exit_code == 0
    code, _, err = shell.finish(shell.start("db", *command))
    assert code == 0, err


def test_json_stands_alone_on_standard_output(shell: Shell) -> None:
    """K10: log lines and warnings go to standard error."""
    code, out, err = shell.finish(shell.start("connect", "--yes", "--json"), shell.world.user_token)
    assert code == 0
    assert len(json.loads(out)["accounts"]) == 4
    assert "Created a new store" in err
    code, out, err = shell.finish(shell.start("collect", "--json", SOPHIA_LOG_FORMAT="json", SOPHIA_LOG_LEVEL="debug"))
    assert code == 0, err
    assert len(json.loads(out)["accounts"]) == 4
    assert [json.loads(line)["event"] for line in err.splitlines()].count("collected") == 4


@pytest.mark.parametrize(("kind", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_leaves_the_store_in_order(shell: Shell, kind: signal.Signals, code: int) -> None:
    """C1, E1: what was stored is kept, runs are closed as failed, leases are given back, the next run does the rest."""
    shell.connect()
    shell.meta.api.latency_seconds = 0.2
    shell.meta.api.reset()
    process = shell.start("collect")
    wait_until(lambda: len(shell.meta.api.calls) > 25)
    process.send_signal(kind)
    ended, _, err = shell.finish(process)
    assert ended == code, err
    assert "the next run continues from there" in err
    assert "Traceback" not in err
    assert shell.run("db", "verify").exit_code == 0
    runs = {row["last_run"]["status"] for row in shell.ask("status")["accounts"] if row["last_run"]}
    assert "failed" in runs
    assert "running" not in runs
    shell.meta.api.latency_seconds = 0
    outcomes = shell.ask("collect")["accounts"]
    assert {row["status"] for row in outcomes} == {"ok"}, "a lease that stayed behind would skip its account"
    assert sum(row["new"] for row in shell.ask("collect")["accounts"]) == 0


@pytest.mark.campaign
def test_a_store_is_verified_by_a_process_of_its_own(shell: Shell) -> None:
    """K8: the command knows all tables, whatever ran before it."""
    shell.connect()
    ended, out, err = shell.finish(shell.start("db", "verify"))
    assert (ended, "WRONG" in out) == (0, False), err


def test_a_server_collects_answers_and_stops(shell: Shell) -> None:
    """E4, J13: one command runs it all; the key made on the command line opens the API."""
    shell.connect()
    key = shell.ask("key", "create", "test")["key"]
    process = shell.start("serve", "--port", "0", SOPHIA_LOG_FORMAT="json")
    assert process.stderr is not None
    address, ready = "", 0
    log: list[str] = []
    while not (address and ready == 4):
        line = process.stderr.readline()
        assert line, "".join(log)
        log.append(line)
        event = json.loads(line)
        ready += event["event"] == "collected" and event["status"] == "ok"
        if "running on http" in event["event"]:
            address = event["event"].split("running on ")[1].split()[0]
    request = urllib.request.Request(
        f"{address}/api/analytics/portfolio/summary", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        assert json.load(answer)["client_count"] == 2
    process.send_signal(signal.SIGTERM)
    _, out, err = shell.finish(process)
    assert out.startswith("No user has signed in yet.")
    assert len(out.splitlines()) == 1
    written = "".join(log) + err
    assert "sign-in" not in written
    assert key not in written
    assert not any(page.access_token in written for page in shell.world.pages)
    assert {row["last_run"]["status"] for row in shell.ask("status")["accounts"]} == {"ok"}


def test_no_secret_is_anywhere_on_disk(shell: Shell) -> None:
    """D1, D2, D5: after connecting, collecting, checking and failing, no file of the data folder holds a token."""
    shell.connect()
    shell.run("collect")
    shell.run("tokens", "check")
    folder = Path(shell.environment["SOPHIA_DATA_DIR"])
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    secrets = [shell.world.user_token, shell.world.app_secret, *(page.access_token for page in shell.world.pages)]
    assert len(written) > 10_000
    assert not [secret for secret in secrets if secret.encode() in written]
    assert (folder / "key").stat().st_mode & 0o077 == 0


def test_nobody_else_may_read_what_is_stored(shell: Shell) -> None:
    """D1: the store, its companions while a server runs, the key, an export and their folders; serve names an older
    store that others may read.
    """
    shell.connect()
    folder = Path(shell.environment["SOPHIA_DATA_DIR"])
    assert shell.run("db", "export", str(shell.folder / "export")).exit_code == 0
    process = shell.start("serve", "--port", "0", "--no-jobs", SOPHIA_LOG_FORMAT="json")
    assert process.stderr is not None
    with closing(sqlite3.connect(folder / "sophia.db")) as connection:
        connection.execute("SELECT count(*) FROM accounts").fetchall()
        written = [folder, *folder.iterdir(), shell.folder / "export"]
        assert {path.name for path in written} >= {"sophia.db", "sophia.db-wal", "sophia.db-shm", "key"}
        assert [path for path in written if path.stat().st_mode & 0o077] == []
    assert json.loads(process.stderr.readline())["event"] != "store_open_to_others"
    process.send_signal(signal.SIGTERM)
    shell.finish(process)
    (folder / "sophia.db").chmod(0o644)
    process = shell.start("serve", "--port", "0", "--no-jobs", SOPHIA_LOG_FORMAT="json")
    assert process.stderr is not None
    warning = json.loads(process.stderr.readline())
    process.send_signal(signal.SIGTERM)
    shell.finish(process)
    assert warning["event"] == "store_open_to_others"
    assert "chmod 600" in warning["what_to_do"]
