"""What a real terminal receives: texts from Meta, requests and the store cannot control it."""

import ast
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.conftest import PATIENCE_SECONDS

from sophia.cli import __file__
from sophia.demo.meta.faults.faults import Fault
from sophia.escaping import escape_controls, shorten

# Renames the window, rings, clears the screen (7 and 8 bits), turns text around, forges a line.
ATTACK = "x\x1b]0;OWNED\x07\x1b[2J\x9b31mY\u202eZ\r\nForged: line"
HARMFUL = (b"\x1b]0;", b"\x07", b"\x1b[2J", "\x9b".encode(), "\u202e".encode(), b"\nForged", b"\rForged")


def on_terminal(shell: Shell, *arguments: str, stdin: bytes = b"", **variables: str) -> bytes:
    """What a command writes to a pseudo-terminal that is its standard input, output and error."""
    parent, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOPHIA_")}
    environment = {**kept, **shell.environment, "TERM": "xterm-256color", "COLUMNS": "200", **variables}
    command = [sys.executable, "-m", "sophia", *arguments]
    process = subprocess.Popen(command, env=environment, cwd=shell.folder, stdin=child, stdout=child, stderr=child)
    os.close(child)
    os.write(parent, stdin)
    written = read_all(parent)
    process.wait(timeout=PATIENCE_SECONDS)
    return written


def read_all(terminal: int) -> bytes:
    parts: list[bytes] = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:
        pass  # Linux says EIO when the last writer has gone
    return b"".join(parts)


def harm_in(written: bytes) -> list[bytes]:
    return [sequence for sequence in HARMFUL if sequence in written]


def test_texts_of_meta_and_names_in_the_store_do_not_reach_the_terminal(shell: Shell) -> None:
    """L21: collect, its log, status and a table, on a pty: sequences in names and in Meta's texts are shown escaped."""
    shell.connect()
    path = Path(shell.environment["SOPHIA_DATA_DIR"]) / "sophia.db"
    with sqlite3.connect(path) as store:
        store.execute("UPDATE accounts SET name = ? WHERE platform = 'facebook'", [f"Page {ATTACK}"])
        store.execute("UPDATE clients SET name = ? WHERE id = 1", [f"Client {ATTACK}"])
    error = {"message": f"(#10) No {ATTACK}", "code": 10, "error_user_title": ATTACK, "error_user_msg": f"M {ATTACK}"}
    shell.meta.api.faults.append(Fault("/insights", body=error, status=400))
    for command in (["collect"], ["status"], ["status", "--json"], ["client", "list"]):
        written = on_terminal(shell, *command, SOPHIA_LOG_LEVEL="info")
        assert not harm_in(written), command
        # A table wraps long words anywhere, so the white space of the wrapping is taken out.
        assert b"\\u001b]0;OWNED\\u0007" in re.sub(rb"\s", b"", written), command


def test_an_error_on_the_terminal_is_one_escaped_line(shell: Shell) -> None:
    """L21: what an error repeats of its input, and of Meta's answer to a token, is escaped."""
    shell.meta.api.faults.append(Fault("", body={"message": f"Malformed {ATTACK}", "code": 190}, status=400))
    written = on_terminal(shell, "connect", "--yes", SOPHIA_FACEBOOK_ACCESS_TOKEN="EAAodd")
    assert b"Malformed" in written
    assert not harm_in(written)
    assert not harm_in(on_terminal(shell, "collect", "--client", ATTACK))


@pytest.mark.parametrize("form", ["console", pytest.param("json", marks=pytest.mark.campaign)])
def test_requests_do_not_reach_the_terminal_of_the_server(shell: Shell, form: str) -> None:
    """L21: a path with sequences, and a request that is none, leave only escaped text in the log."""
    shell.connect()
    parent, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOPHIA_")}
    environment = {**kept, **shell.environment, "SOPHIA_LOG_FORMAT": form, "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "sophia", "serve", "--port", "0", "--no-jobs"]
    process = subprocess.Popen(command, env=environment, cwd=shell.folder, stdin=child, stdout=child, stderr=child)
    os.close(child)
    written = b""
    while not (document := re.search(rb"running on http://127\.0\.0\.1:(\d+)", written)):
        written += os.read(parent, 65536)
    path = "/x%1b%5d0;OWNED%07%1b%5b2J%c2%9b31m%e2%80%ae%0d%0aForged:%20line" + "y" * 5000
    raw = "GET /x\x1b]0;OWNED\x07?\x1b[2J HTTP/1.1\r\nHost: a\x1b]0;OWNED\x07\r\n\r\n"
    for text in (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", raw):
        with socket.create_connection(("127.0.0.1", int(document[1])), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(text.encode("latin-1"))
            while connection.recv(65536):
                pass
    process.send_signal(signal.SIGTERM)
    written += read_all(parent)
    process.wait(timeout=PATIENCE_SECONDS)
    assert b"u001b]0;OWNED" in written
    assert not harm_in(written)
    assert b"y" * 3000 not in written


def test_no_command_prints_by_itself() -> None:
    """L21: one module prints, and it escapes; a print anywhere else would go around it."""
    folder = Path(__file__).parent
    printing = {"echo", "secho", "prompt", "confirm", "style"}
    wrong = []
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or path.name == "output.py":
                continue
            name = ast.unparse(node.func)
            owner, _, attribute = name.rpartition(".")
            if name == "print" or (owner in ("typer", "click") and attribute in printing) or name == "sys.stdout.write":
                wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []


def test_escaped_text_keeps_what_is_harmless() -> None:
    """L21: letters of every script, emoji and spaces stay; an escaped JSON document says the same as before."""
    harmless = "Café Ünal שלום مرحبا 日本 👩‍🍳 ½ “x”"
    assert escape_controls(harmless) == harmless
    assert escape_controls("a\tb\nc\x1b", keep_lines=True) == "a\tb\nc\\u001b"
    assert escape_controls(ATTACK).isprintable()
    assert escape_controls("\ud800") == "\\ud800"
    assert shorten("abc", 3) == "abc"
    assert shorten("abcdef", 3) == "abc … (3 more characters)"
