"""`sophia key`: roles from the command line, and the message of an upgrade about earlier keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.conftest import Api, Filling, plain_settings

from sophia.access.roles import Role
from sophia.database.engine import Database
from sophia.main import create_app


@pytest.fixture
def opened(shell: Shell) -> Iterator[Filling]:
    """The store that the commands of `shell` use, with one client."""
    assert shell.run("db", "upgrade").exit_code == 0
    database = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR'], 'sophia.db')}")
    filling = Filling(database)
    filling.client("Hats")
    yield filling
    database.close()


def test_a_key_reads_unless_it_is_told_otherwise(shell: Shell, opened: Filling) -> None:
    """L16: limited or not; the role is shown when the key is made and in the list, the key itself never again."""
    made = shell.ask("key", "create", "reader", "--client", "Hats")
    assert (made["role"], made["clients"]) == ("read", ["Hats"])
    assert shell.ask("key", "create", "notebook")["role"] == "read"
    output = shell.run("key", "create", "publisher", "--client", "Hats", "--role", "publish")
    assert "Its role is publish. It sees Hats." in output.stderr
    assert shell.run("key", "create", "boss", "--role", "admin").exit_code == 0
    listed = shell.ask("key", "list")["keys"]
    assert [(row["name"], row["role"], row["clients"]) for row in listed] == [
        ("reader", "read", ["Hats"]),
        ("notebook", "read", None),
        ("publisher", "publish", ["Hats"]),
        ("boss", "admin", None),
    ]
    result = shell.run("key", "list").stdout
    assert all(word in result for word in ("role", "publish", "admin", "every client", "Hats"))
    assert made["key"] not in result + str(listed)
    assert made["key"].split("_", 2)[2] not in result + str(listed)


def test_another_role_counts_at_once(shell: Shell, opened: Filling) -> None:
    """L16: a key is given less or more without a new secret."""
    key = shell.ask("key", "create", "helper", "--client", "Hats", "--role", "write")["key"]
    api = Api(create_app(plain_settings(), opened.database), key)
    cost = {"start_date": "2026-11-01", "end_date": "2026-11-01", "amount": "5.00", "currency": "CAD", "purpose": "ads"}
    assert api.post("/1/costs", cost).status_code == 201
    changed = shell.run("key", "role", "helper", "read")
    assert (changed.exit_code, "previous role was write" in changed.stdout) == (0, True)
    refused = api.post("/1/costs", cost)
    assert (refused.status_code, "the role write" in refused.json()["detail"]) == (403, True)
    assert api.get("/1/costs").status_code == 200


def test_roles_that_there_are_not_are_refused(shell: Shell, opened: Filling) -> None:
    """L16: nothing is made or changed, and the message names the roles."""
    opened.key(name="old", role=Role.READ)
    for arguments in (("key", "create", "x", "--role", "owner"), ("key", "role", "old", "owner")):
        refused = shell.run(*arguments)
        assert (refused.exit_code, "admin" in refused.stderr) == (2, True)
    assert shell.run("key", "role", "nobody", "read").exit_code == 1
    shell.run("key", "revoke", "old")
    refused = shell.run("key", "role", "old", "admin")
    assert (refused.exit_code, "is revoked" in refused.stderr) == (1, True)
    assert [(row["name"], row["role"]) for row in shell.ask("key", "list")["keys"]] == [("old", "read")]
