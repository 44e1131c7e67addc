"""The watchdog of the server, in separate processes, which it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import PATIENCE_SECONDS

from sophia.cli.watchdog import EXIT_CODE

FOLDER = Path(__file__).parents[2]


def start(how: str, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.cli.blocked_server", how, str(seconds)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=FOLDER, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "watched\n"
    return process


def test_a_blocked_loop_ends_the_server_and_says_where_it_was() -> None:
    """L12: with an error, for the supervisor. The log names the call that blocks."""
    process = start("blocked", 0.8)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == EXIT_CODE
    [line] = [json.loads(line) for line in err.splitlines()]
    assert (line["event"], line["level"], line["seconds"]) == ("event_loop_blocked", "critical", 0.8)
    assert "in block_the_loop" in line["stacks"]


def test_a_call_that_keeps_the_interpreters_lock_ends_the_server() -> None:
    """L12: no thread of Python runs then, the watchdog's neither; the operating system counts."""
    process = start("locked", 0.8)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGPROF
    assert "in serve" in err


def test_a_log_that_nobody_reads_does_not_keep_the_server() -> None:
    """L12: the loop is blocked in writing to standard error, and so is the report."""
    process = start("mute", 0.5)
    assert process.wait(timeout=PATIENCE_SECONDS) == EXIT_CODE
    process.communicate()


def test_a_busy_loop_and_an_orderly_end_are_left_alone() -> None:
    """L12: calls of a third of the time one after another, and what comes after the loop."""
    for how in ("busy", "none"):
        out, err = start(how, 0.6).communicate(timeout=PATIENCE_SECONDS)
        assert out == "ended well\n", err


def test_a_suspended_process_is_left_alone() -> None:
    """L12: time in which the process did not run is not time in which its loop was blocked."""
    process = start("stopped", 0.4)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    time.sleep(1.5)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert out == "ended well\n", err
