"""`sophia serve` as a process, on machines and stores that it cannot use."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, func, select, text
from tests.cli.conftest import Shell
from tests.cli.test_processes import wait_until
from tests.conftest import PATIENCE_SECONDS, new_postgres

from sophia.access.sessions import start_session, use_sign_in_link
from sophia.access.users import UserRole, list_users
from sophia.analytics.readings.models import EngagementMetric
from sophia.analytics.readings.run_models import CollectionRun, Lease
from sophia.cli.watchdog import EXIT_CODE
from sophia.database.engine import Database
from sophia.migrations import upgrade


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def ask(port: int) -> bool:
    """Send one request; whether it was answered within three seconds."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
            connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return connection.recv(100) != b""
    except OSError:
        return False


def test_a_server_that_is_blocked_ends_with_an_error(shell: Shell) -> None:
    """L12: nobody reads its log; when the pipe is full, the next line blocks the event loop, and the watchdog ends it."""
    assert shell.run("db", "upgrade").exit_code == 0
    port = free_port()
    process = shell.start("serve", "--no-jobs", "--port", str(port), SOPHIA_WATCHDOG_SECONDS="10")
    wait_until(lambda: ask(port))
    assert process.stderr is not None
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)  # some twenty lines instead of hundreds
    end = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None:
        assert time.monotonic() < end, "the pipe never got full"
        ask(port)
    assert process.returncode == EXIT_CODE
    process.communicate()


@pytest.mark.campaign
def test_a_server_that_stops_is_not_ended_by_its_watchdog(shell: Shell) -> None:
    """L12: SIGTERM is heeded in order, however short the time of the watchdog."""
    assert shell.run("db", "upgrade").exit_code == 0
    port = free_port()
    process = shell.start("serve", "--no-jobs", "--port", str(port), SOPHIA_WATCHDOG_SECONDS="20")
    wait_until(lambda: ask(port))
    process.terminate()
    code, _, err = shell.finish(process)
    assert code in (0, 143, -signal.SIGTERM), err
    assert "event_loop_blocked" not in err


def test_the_first_start_prints_an_address_that_signs_in(shell: Shell) -> None:
    """K9: until somebody has signed in; then no further start prints one."""
    assert shell.run("db", "upgrade").exit_code == 0
    first, second = start_and_stop(shell), start_and_stop(shell)
    tokens = [re.search(r"http://127\.0\.0\.1:\d+/sign-in/([\w-]{43})", said) for said in (first, second)]
    database = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR'], 'sophia.db')}")
    with database.write() as session:
        ((user_id, name, role),) = [(user.id, user.name, user.role) for user in list_users(session)]
        assert (name, role) == ("operator", UserRole.OPERATOR)
        for token in tokens:
            assert token is not None
            assert use_sign_in_link(session, token.group(1), datetime.now(UTC)) == user_id
        start_session(session, user_id, "Test", datetime.now(UTC))
    database.close()
    assert "/sign-in/" not in start_and_stop(shell)


def start_and_stop(shell: Shell) -> str:
    """What a server without jobs prints."""
    port = free_port()
    process = shell.start("serve", "--no-jobs", "--port", str(port))
    wait_until(lambda: ask(port))
    process.terminate()
    _, out, err = shell.finish(process)
    return out + err


@pytest.mark.campaign
def test_a_server_with_users_prints_no_address(shell: Shell) -> None:
    assert shell.run("db", "upgrade").exit_code == 0
    assert shell.run("user", "create", "Olga").exit_code == 0
    assert "/sign-in/" not in start_and_stop(shell)


def test_a_server_does_not_start_on_a_store_of_a_newer_sophia(shell: Shell) -> None:
    """K4: it says so in one line and leaves the store as it is."""
    assert shell.run("db", "upgrade").exit_code == 0
    path = Path(shell.environment["SOPHIA_DATA_DIR"]) / "sophia.db"
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    result = shell.run("serve", "--port", "0")
    assert result.exit_code == 1
    assert "made by a newer Sophia" in result.stderr
    assert "Install the newer version again" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.skipif(not Path("/sys/fs").is_dir(), reason="needs a folder in which nobody, root neither, can write")
def test_a_server_does_not_start_in_a_folder_that_may_only_be_read(shell: Shell) -> None:
    """C10: one line that names the folder and the setting."""
    result = shell.run("serve", "--port", "0", SOPHIA_DATA_DIR="/sys/fs/sophia")
    assert result.exit_code == 1
    assert "/sys/fs/sophia" in result.stderr
    assert "SOPHIA_DATA_DIR" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def serve_until(shell: Shell, calls: int, url: str) -> "subprocess.Popen[str]":
    """A server on this store that has made so many calls to Meta."""
    shell.meta.api.reset()
    process = shell.start("serve", "--port", "0", SOPHIA_DATABASE_URL=url)
    wait_until(lambda: len(shell.meta.api.calls) >= calls)
    return process


@pytest.mark.campaign
@pytest.mark.parametrize("calls", [1, 12, 30, 60])
def test_a_server_that_is_killed_on_postgresql_loses_nothing(shell: Shell, postgres_server: URL, calls: int) -> None:
    """C1, E2: kill -9 in the middle of the collection at its start; the next start closes the dead runs and brings what is
    missing: as many readings as a store that was never disturbed.
    """
    shell.connect()
    shell.run("collect")
    path = Path(shell.environment["SOPHIA_DATA_DIR"]) / "sophia.db"
    undisturbed = readings(Database(f"sqlite:///{path}"))
    with new_postgres(postgres_server) as address:
        url = address.render_as_string(hide_password=False)
        database = Database(url)
        upgrade(database)
        connected = shell.run("connect", "--yes", stdin=shell.world.user_token, SOPHIA_DATABASE_URL=url)
        assert connected.exit_code == 0, connected.output
        shell.meta.api.latency_seconds = 0.05
        process = serve_until(shell, calls, url)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        shell.meta.api.latency_seconds = 0
        process = serve_until(shell, 1, url)
        wait_until(lambda: is_through(database), seconds=60)
        process.terminate()
        shell.finish(process)
        assert readings(database) == undisturbed
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Lease).where(Lease.name.like("account:%"))) == 0
        database.close()


def readings(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(EngagementMetric)) or 0


def is_through(database: Database) -> bool:
    """Whether the newest run of each of the four accounts ended well, and none is open."""
    with database.read() as session:
        runs = session.execute(select(CollectionRun.account_id, CollectionRun.status).order_by(CollectionRun.id)).all()
    newest = dict(runs)
    return list(newest.values()) == ["ok"] * 4 and "running" not in {status for _, status in runs}
