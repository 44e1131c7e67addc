"""Messages about databases, folders, ports and settings that cannot be used."""

import shutil
import socket
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import DBAPIError
from tests.cli.conftest import Shell
from tests.conftest import new_postgres
from tests.reliability.machine import obey_modes

from sophia.cli.errors import database_error_message
from sophia.database.engine import Database
from sophia.errors import StoreError
from sophia.migrations import upgrade


def expect_one_line(shell: Shell, *said: str, command: tuple[str, ...] = ("status",), **variables: str) -> None:
    result = shell.run(*command, **variables)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: "), result.output
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for words in said:
        assert words in result.stderr


@pytest.fixture
def store(shell: Shell) -> Path:
    """The file of a store that is there and empty."""
    shell.run("db", "upgrade")
    return Path(shell.environment["SOPHIA_DATA_DIR"]) / "sophia.db"


def test_a_file_that_is_no_database(shell: Shell, store: Path) -> None:
    """C10: said as what it is; not mended by an upgrade."""
    for other in store.parent.glob("sophia.db-*"):
        other.unlink()
    store.unlink()
    store.write_bytes(b"Dear diary, today I was no database. " * 1000)
    for command in (("status",), ("db", "upgrade"), ("connect", "--yes")):
        expect_one_line(shell, "not an SQLite database", "SOPHIA_DATABASE_URL", command=command)


def test_a_store_that_is_locked(shell: Shell, store: Path) -> None:
    """C10: by another program, that does not let go."""
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    failed = None
    engine = create_engine(f"sqlite:///{store}", connect_args={"timeout": 0.05})
    try:
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE x (a)"))
    except DBAPIError as error:
        failed = database_error_message(error)
    other.execute("ROLLBACK")
    other.close()
    engine.dispose()
    assert failed is not None
    assert "another program has locked it" in failed


def test_a_store_that_may_not_be_written(shell: Shell, store: Path) -> None:
    """C10: a file, then its folder, that this user may only read; also where the tests run as root."""
    store.chmod(0o400)
    store.parent.chmod(0o500)
    code, _, err = shell.finish(shell.start("key", "create", "x", prepare=obey_modes))
    store.parent.chmod(0o700)
    assert code == 1, err
    assert len(err.splitlines()) == 1, err
    assert "is read-only. Give the user who runs Sophia write access to the file and its folder" in err


def test_a_store_that_refuses_writes(store: Path) -> None:
    """C10: as SQLite says it when a file or its folder may only be read."""
    database = Database(f"sqlite:///file:{store}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="is read-only"), database.write() as session:
        session.execute(text("DELETE FROM clients"))
    database.close()


def test_a_server_that_refuses_writes(postgres_database: Database) -> None:
    """C10: as PostgreSQL says it when the server is a standby, or set to read only."""
    forbid_writes = text(
        f'ALTER DATABASE "{postgres_database.engine.url.database}" SET default_transaction_read_only = on'
    )
    with postgres_database.write() as session:
        session.execute(forbid_writes)
    postgres_database.close()
    with (
        pytest.raises(StoreError, match="is read-only: its server is a standby"),
        postgres_database.write() as session,
    ):
        session.execute(text("DELETE FROM clients"))


def test_a_disk_that_is_full(store: Path) -> None:
    """C10, C1: a file that may not grow is what a full disk is to SQLite."""
    database = Database(f"sqlite:///{store}")
    failed = None
    try:
        with database.write() as session:
            session.execute(text("PRAGMA max_page_count = 1"))
            session.execute(text("CREATE TABLE much (a)"))
            session.execute(text("INSERT INTO much VALUES (randomblob(10000000))"))
    except StoreError as error:
        failed = str(error)
    database.close()
    assert failed is not None
    assert "disk is full" in failed


def test_a_folder_where_a_file_should_be(shell: Shell, store: Path) -> None:
    store.unlink()
    for other in store.parent.glob("sophia.db-*"):
        other.unlink()
    store.mkdir()
    expect_one_line(shell, "cannot be opened")


def test_tables_that_are_missing(shell: Shell, store: Path) -> None:
    """K4: only this is mended by an upgrade."""
    connection = sqlite3.connect(store)
    connection.execute("DROP TABLE api_key_clients")
    connection.execute("DROP TABLE api_keys")
    connection.close()
    expect_one_line(shell, "no such table", "sophia db upgrade", command=("key", "list"))


@pytest.mark.campaign  # five processes; the same on SQLite is above
def test_postgresql_says_why(shell: Shell, postgres_server: URL) -> None:
    """C10: no such database, nobody there, tables missing, read only; each in words of its own."""

    def says(words: str, url: URL, *command: str) -> None:
        # As a process, which closes its connections by ending.
        address = url.render_as_string(hide_password=False)
        code, _, err = shell.finish(shell.start(*command, SOPHIA_DATABASE_URL=address))
        assert code == 1, err
        assert len(err.splitlines()) == 1
        assert words in err

    def order(url: URL, *statements: str) -> None:
        options = {"autocommit": True, "options": "-c default_transaction_read_only=off"}
        with psycopg.connect(url.render_as_string(hide_password=False), **options) as admin:  # type: ignore[arg-type]
            for statement in statements:
                admin.execute(statement.encode())

    says("no database of this name", postgres_server.set(database="none"), "status")
    says("that the server is running", URL.create("postgresql", "me", "hush", "127.0.0.1", 9, "x"), "status")
    with new_postgres(postgres_server) as url:
        says("sophia db upgrade", url, "status")
        database = Database(url.render_as_string(hide_password=False))
        upgrade(database)
        database.close()
        order(url, f'ALTER DATABASE "{url.database}" SET default_transaction_read_only = on')
        says("its server is a standby", url, "key", "create", "x")
        order(
            url, f'ALTER DATABASE "{url.database}" RESET default_transaction_read_only', "DROP TABLE api_keys CASCADE"
        )
        says("tables are missing", url, "key", "list")


def test_a_file_in_the_way(shell: Shell, store: Path) -> None:
    """C10: what the system refuses is one line too."""
    (shell.folder / "file").write_text("x")
    expect_one_line(shell, "file", command=("db", "export", str(shell.folder / "file" / "out")))


def test_a_port_that_is_taken(shell: Shell, store: Path) -> None:
    """E4: said before any job starts; nothing is collected by a server that cannot serve."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        shell.connect()
        shell.meta.api.reset()
        expect_one_line(shell, f"Port {port} of 127.0.0.1 is in use", "--port", command=("serve", "--port", port))
        assert len(shell.meta.api.calls) == 0


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 300, "1.2.3.4.5"])
def test_a_host_that_is_not_ours(shell: Shell, store: Path, host: str) -> None:
    expect_one_line(shell, "is not an address of this machine", command=("serve", "--host", host, "--port", "0"))


def test_settings_that_mean_nothing(shell: Shell, store: Path) -> None:
    """E7: misspelt variables are warned about, unknown metrics refused; both with what was probably meant."""
    result = shell.run("status", SOPHIA_DAILY_HUOR="7")
    assert result.exit_code == 0
    assert "Sophia does not know the setting SOPHIA_DAILY_HUOR; did you mean SOPHIA_DAILY_HOUR?" in result.stderr
    expect_one_line(
        shell,
        "SOPHIA_ASK_ALSO: 'content_monetisation_earnings' is not in the catalogue",
        "Did you mean content_monetization_earnings?",
        SOPHIA_ASK_ALSO='["content_monetisation_earnings"]',
    )
    expect_one_line(shell, "is always requested", SOPHIA_ASK_ALSO='["page_media_view"]')
    assert shell.run("status", SOPHIA_ASK_ALSO='["content_monetization_earnings"]').exit_code == 0
    expect_one_line(shell, "SOPHIA_GRAPH_BASE_URL", "plain http", SOPHIA_GRAPH_BASE_URL="http://graph.facebook.com")
    shutil.rmtree(store.parent)
