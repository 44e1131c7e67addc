"""Commands that remove a client completely."""

from tests.cli.conftest import Shell


def test_a_purge_needs_the_name_of_the_client(shell: Shell) -> None:
    """K5: a wrong name deletes nothing; the right name deletes the client and says what it had."""
    shell.connect()
    first, second = (page.name for page in shell.world.pages)
    refused = shell.run("purge", first, stdin=f"{second}\n")
    assert refused.exit_code == 1
    assert "Nothing was deleted" in refused.stderr
    purged = shell.run("purge", first, stdin=f"{first}\n")
    assert (purged.exit_code, purged.stdout.startswith(f"{first} is deleted: 2 accounts")) == (0, True)
    assert [row["name"] for row in shell.ask("client", "list")["clients"]] == [second]
    assert shell.ask("purge", second, "--yes")["deleted"]["accounts"] == 2
    assert shell.run("db", "verify").exit_code == 0
