"""`sophia user`: create, list and disable the users of the pages, and print addresses that sign in once."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.conftest import Filling

from sophia.access.sessions import use_sign_in_link
from sophia.database.engine import Database


@pytest.fixture
def opened(shell: Shell) -> Iterator[Filling]:
    """The store that the commands of `shell` use, with one client."""
    assert shell.run("db", "upgrade").exit_code == 0
    database = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR'], 'sophia.db')}")
    filling = Filling(database)
    filling.client("Hats")
    yield filling
    database.close()


def test_users_are_created_listed_and_disabled(shell: Shell, opened: Filling) -> None:
    created = shell.run("user", "create", "Olga")
    assert created.exit_code == 0
    assert re.search(r"/sign-in/[\w-]{43}$", created.stdout.strip())
    assert shell.run("user", "create", "Vera", "--role", "viewer", "--client", "Hats").exit_code == 0
    listed = shell.ask("user", "list")["users"]
    assert [(user["name"], user["role"], user["client_ids"]) for user in listed] == [
        ("Olga", "operator", None),
        ("Vera", "viewer", [1]),
    ]
    assert shell.run("user", "disable", "vera").exit_code == 0
    assert "disabled" in shell.run("user", "list").stdout
    refused = shell.run("user", "link", "Vera")
    assert (refused.exit_code, "disabled" in refused.stderr) == (1, True)


def test_a_printed_address_signs_in(shell: Shell, opened: Filling) -> None:
    shell.run("user", "create", "Olga")
    token = shell.run("user", "link", "Olga").stdout.strip().rpartition("/")[2]
    with opened.database.write() as session:
        assert use_sign_in_link(session, token, datetime.now(UTC)) == 1
        assert use_sign_in_link(session, token, datetime.now(UTC)) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Olga", "--role", "owner"), "There is no role 'owner'"),
        (("Olga", "--role", "viewer"), "Name at least one client"),
        (("Olga", "--client", "Hats"), "An operator sees every client"),
        ((" ",), "1 to 100 printable characters"),
        (("Olga", "--role", "viewer", "--client", "Shoes"), "Shoes"),
    ],
)
def test_what_cannot_be_is_refused(shell: Shell, opened: Filling, arguments: tuple[str, ...], message: str) -> None:
    refused = shell.run("user", "create", *arguments)
    assert refused.exit_code == 1
    assert message in refused.stderr
    assert shell.ask("user", "list")["users"] == []


def test_a_name_is_used_once(shell: Shell, opened: Filling) -> None:
    assert shell.run("user", "create", "Olga").exit_code == 0
    refused = shell.run("user", "create", "OLGA")
    assert (refused.exit_code, "already a user" in refused.stderr) == (1, True)
