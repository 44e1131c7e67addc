"""Rotating the key of the tokens: whenever it is stopped and whoever runs beside it, every token stays readable."""

import random
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from tests.cli.conftest import Shell
from tests.conftest import NOW, Filling

from sophia.database.engine import Database
from sophia.errors import ConfigurationError
from sophia.portfolio.models import Client
from sophia.portfolio.service import Connection, connect_account, forget_tokens, rotate_keys, stored_tokens
from sophia.vault import KEY_FILE, Vault


def connect(database: Database, vault: Vault, client_id: int, number: int) -> None:
    given = Connection("facebook", str(number), f"Page {number}", None, SecretStr(f"EAAtoken{number}"), frozenset())
    with database.write() as session:
        connect_account(session, vault, session.get_one(Client, client_id), given, NOW)


def readable(database: Database, vault: Vault) -> set[str]:
    with database.read() as session:
        return {vault.decrypt(text).get_secret_value() for text in stored_tokens(session)}


def test_all_tokens_are_under_a_new_key(filling: Filling, tmp_path: Path) -> None:
    """D5: one new key, the old one gone, every token the same as before."""
    path, client = tmp_path / "keys" / KEY_FILE, filling.client("Hats")
    vault = Vault(path=path)
    for number in range(5):
        connect(filling.database, vault, client, number)
    before, old = readable(filling.database, vault), path.read_text()
    assert rotate_keys(filling.database, Vault(path=path)) == 5
    (new,) = path.read_text().split()
    assert new not in old
    assert readable(filling.database, Vault([new])) == before
    assert readable(filling.database, vault) == before
    assert [one.name for one in path.parent.iterdir()] == [KEY_FILE]


def test_a_token_that_cannot_be_read_stops_the_rotation(filling: Filling, tmp_path: Path) -> None:
    """D5: nothing is changed, neither tokens nor key; after taking the tokens away, accounts can be connected again."""
    path, client = tmp_path / "keys" / KEY_FILE, filling.client("Hats")
    connect(filling.database, Vault([Fernet.generate_key().decode()]), client, 1)
    vault = Vault(path=path)
    for act in (lambda: rotate_keys(filling.database, vault), lambda: connect(filling.database, vault, client, 2)):
        with pytest.raises(ConfigurationError, match="is missing, and accounts have tokens"):
            act()
    assert not path.exists(), "a new key must not be made silently while tokens need the old one"
    with filling.database.write() as session:
        assert forget_tokens(session) == 1
    connect(filling.database, vault, client, 1)
    assert readable(filling.database, vault) == {"EAAtoken1"}


def test_rotating_and_connecting_at_once_loses_nothing(filling: Filling, tmp_path: Path) -> None:
    """D5: two rotate, two connect, each with a vault of its own; in the end one key reads all."""
    path, client = tmp_path / "keys" / KEY_FILE, filling.client("Hats")
    connect(filling.database, Vault(path=path), client, 0)
    failed: list[Exception] = []

    def rotating() -> None:
        vault = Vault(path=path)
        for _ in range(8):
            rotate_keys(filling.database, vault)

    def connecting(first: int) -> None:
        vault = Vault(path=path)
        for number in range(first, first + 25):
            connect(filling.database, vault, client, number)

    def guarded(work: object, *given: int) -> None:
        try:
            work(*given)  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(rotating,)) for _ in range(2)]
    threads += [threading.Thread(target=guarded, args=(connecting, first)) for first in (1, 101)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    rotate_keys(filling.database, Vault(path=path))
    (key,) = path.read_text().split()
    assert len(readable(filling.database, Vault([key]))) == 51


def test_a_rotation_that_is_killed_leaves_every_token_readable(sqlite_database: Database, tmp_path: Path) -> None:
    """D5, C1: killed at four moments between its first and its last step."""
    filling, path = Filling(sqlite_database), tmp_path / "keys" / KEY_FILE
    client, vault = filling.client("Hats"), Vault(path=path)
    for number in range(60):
        connect(sqlite_database, vault, client, number)
    before = readable(sqlite_database, vault)
    program = (
        "import sys; from pathlib import Path; from sophia.database.engine import Database; from sophia.vault import Vault\n"
        "from sophia.analytics import models\n"
        "from sophia.portfolio.service import rotate_keys\n"
        f"database, vault = Database('sqlite:///{sqlite_database.path}'), Vault(path=Path({str(path)!r}))\n"
        "while True: print('next', flush=True); rotate_keys(database, vault)\n"
    )
    moments = random.Random(7)
    seen = set()
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"next\n"] * 2, "once it comes to its end"
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        process.communicate()
        seen.add(path.read_text())
        assert readable(sqlite_database, Vault(path=path)) == before
    assert len(seen) == 4


def test_the_commands_say_what_to_do(shell: Shell) -> None:
    """D5: by the file alone; by the setting in two steps; nothing but the key to be copied on standard output."""
    folder = Path(shell.environment["SOPHIA_DATA_DIR"])
    shell.connect()
    first = (folder / KEY_FILE).read_text()
    shown = shell.run("key", "rotate")
    assert shown.exit_code == 0
    assert "4 tokens" in shown.stdout
    second = (folder / KEY_FILE).read_text()
    assert second != first
    assert second.strip() not in shown.output
    # The same key, from now on in the setting.
    old = second.strip()
    (folder / KEY_FILE).unlink()
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = old
    shown = shell.run("key", "rotate")
    assert shown.exit_code == 0
    new, kept = shown.stdout.strip().split(",")
    assert kept == old
    assert old not in shown.stderr
    assert new not in shown.stderr
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = f"{new},{old}"
    assert "4 tokens" in shell.run("key", "rotate").stdout
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = new
    assert shell.run("collect", "--account", "1").exit_code == 0
    assert not (folder / KEY_FILE).exists()


def test_a_key_that_is_gone_is_said_and_not_replaced(shell: Shell) -> None:
    """D5: the server does not start and nothing is connected under another key, until tokens are given up on purpose."""
    shell.connect()
    path = Path(shell.environment["SOPHIA_DATA_DIR"]) / KEY_FILE
    path.unlink()
    for command in (("serve", "--port", "0"), ("connect", "--yes"), ("key", "rotate"), ("tokens", "check")):
        shown = shell.run(*command, stdin=shell.world.user_token)
        assert shown.exit_code == 1, command
        assert f"The key file {path} is missing" in shown.stderr, command
        assert not path.exists()
    assert shell.run("key", "rotate", "--lost", stdin="n\n").exit_code == 1
    assert "4 tokens are deleted" in shell.run("key", "rotate", "--lost", "--yes").stdout
    shell.connect()
    assert {one["status"] for one in shell.ask("collect")["accounts"]} == {"ok"}


@pytest.mark.campaign
def test_another_process_goes_on_after_a_rotation(shell: Shell) -> None:
    """D5: a rotation between two calls of a process that runs needs no new start."""
    shell.connect()
    shell.meta.api.latency_seconds = 0.05
    shell.meta.api.reset()
    process = shell.start("collect", "--json", SOPHIA_CONCURRENCY="1")
    end = time.monotonic() + timedelta(seconds=30).total_seconds()
    while len(shell.meta.api.calls) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert shell.run("key", "rotate").exit_code == 0
    code, _, err = shell.finish(process)
    assert code == 0, err
    connection = sqlite3.connect(Path(shell.environment["SOPHIA_DATA_DIR"]) / "sophia.db")
    statuses = {status for (status,) in connection.execute("SELECT status FROM collection_runs")}
    connection.close()
    assert statuses == {"ok"}
