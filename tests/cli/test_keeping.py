"""Commands that keep the store, and remove a client completely."""

from pathlib import Path

from tests.cli.conftest import Shell


def test_a_purge_needs_the_name_of_the_client(shell: Shell) -> None:
    """K5: a wrong name deletes nothing; the right name deletes the client and says what it had."""
    shell.connect()
    first, second = (page.name for page in shell.world.pages)
    refused = shell.run("purge", first, stdin=f"{second}\n")
    assert refused.exit_code == 1
    assert "Nothing was deleted" in refused.stderr
    purged = shell.run("purge", first, stdin=f"{first}\n")
    assert purged.exit_code == 0
    assert f"{first} is deleted: 2 accounts" in purged.stdout
    assert [row["name"] for row in shell.ask("client", "list")["clients"]] == [second]
    assert shell.ask("purge", second, "--yes")["deleted"]["accounts"] == 2
    assert shell.run("db", "verify").exit_code == 0


def test_a_backup_is_restored_elsewhere(shell: Shell, tmp_path: Path) -> None:
    """K8: accounts stay connected when the key comes too; without it, the command says what is missing."""
    shell.connect()
    with_key, without = tmp_path / "with.zip", tmp_path / "without.zip"
    assert "use the tokens" in shell.run("backup", str(with_key), "--with-key").stdout
    made = shell.ask("backup", str(without))
    assert (made["has_key"], made["size"]) == (False, without.stat().st_size)
    elsewhere, third = str(tmp_path / "elsewhere"), str(tmp_path / "third")
    assert shell.run("restore", str(with_key), SOPHIA_DATA_DIR=elsewhere).exit_code == 0
    assert {row["status"] for row in shell.ask("collect", SOPHIA_DATA_DIR=elsewhere)["accounts"]} == {"ok"}
    restored = shell.run("restore", str(without), SOPHIA_DATA_DIR=third)
    assert restored.exit_code == 0
    assert "key file" in restored.stderr
    assert "not empty" in shell.run("restore", str(without), SOPHIA_DATA_DIR=third).stderr


def test_a_copy_names_the_key_and_works_with_it(shell: Shell, tmp_path: Path) -> None:
    """K8: the copied store collects with the same key."""
    shell.connect()
    url = f"sqlite:///{tmp_path / 'copy' / 'sophia.db'}"
    copied = shell.run("db", "copy", "--to", url)
    assert copied.exit_code == 0
    assert str(tmp_path / "data" / "key") in copied.stdout
    assert {row["status"] for row in shell.ask("collect", SOPHIA_DATABASE_URL=url)["accounts"]} == {"ok"}
    assert "not empty" in shell.run("db", "copy", "--to", url).stderr
