"""Every command as a user types it: what it prints, where, and how it ends."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.demo.faults import graph_fault

from sophia.analytics.readings.runs_store import take_lease
from sophia.database.engine import Database

SUBCOMMANDS = ("serve", "connect", "collect", "backfill", "status", "brief", "report", "client", "key", "tokens", "db")


def test_help_names_every_command(shell: Shell) -> None:
    result = shell.run("--help")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in SUBCOMMANDS)


@pytest.mark.parametrize("command", [["no"], ["collect", "--since", "yesterday"], ["collect", "--since", "2999-01-01"]])
def test_wrong_usage_ends_with_2(shell: Shell, command: list[str]) -> None:
    """C10: a script can tell a typing mistake from a failure."""
    assert shell.run(*command).exit_code == 2


def test_no_token_can_be_given_as_an_argument(shell: Shell) -> None:
    """D2: arguments are shown to every user of the machine."""
    assert shell.run("connect", "--token", "x").exit_code == 2
    assert shell.run("connect", "EAAx").exit_code == 2


def test_a_store_that_does_not_exist_is_not_made_by_looking(shell: Shell) -> None:
    """K9: reading commands leave nothing behind."""
    result = shell.run("status")
    assert result.exit_code == 1
    assert "sophia connect" in result.stderr
    assert "Traceback" not in result.output
    assert not (shell.folder / "data").exists()


def test_a_setting_that_is_wrong_is_named_and_not_shown(shell: Shell) -> None:
    """E7: a bad zone is said before anything starts."""
    result = shell.run("status", SOPHIA_OPERATOR_TIMEZONE="Mars/Phobos")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "SOPHIA_OPERATOR_TIMEZONE" in result.stderr


def test_a_database_that_cannot_be_reached_is_one_line(shell: Shell) -> None:
    """D2: the message has the reason and no password."""
    result = shell.run("db", "upgrade", SOPHIA_DATABASE_URL="postgresql://me:hushhush@127.0.0.1:9/none")
    assert result.exit_code == 1
    assert "The database cannot be used" in result.stderr
    assert "hushhush" not in result.output
    assert "Traceback" not in result.output


def test_from_a_token_to_readings(shell: Shell) -> None:
    """C10, K8: connect, collect, status and verify, as a newcomer does it; twice changes nothing."""
    connected = shell.run("connect", "--yes", stdin=shell.world.user_token + "\n")
    assert connected.exit_code == 0
    assert connected.stdout.count("connected (account") == 4
    assert shell.world.user_token not in connected.output
    collected = shell.run("collect")
    assert collected.exit_code == 0, collected.output
    assert len([line for line in collected.stdout.splitlines() if ": ok: " in line]) == 4
    assert collected.stdout.splitlines()[-1].startswith("4 accounts (4 ok): ")
    result = shell.run("status")
    assert result.stdout.count("  none") == 4
    again = shell.ask("collect")
    assert {row["status"] for row in again["accounts"]} == {"ok"}
    assert sum(row["new"] for row in again["accounts"]) == 0
    assert shell.run("db", "verify").exit_code == 0
    assert shell.ask("db", "recompute")["differences"] == []


def test_one_account_that_fails_is_partly_done(shell: Shell) -> None:
    """C4, C10: the other client is collected, the exit code is 3, and the status says what to do."""
    shell.connect()
    shell.meta.api.dead_token(shell.world.pages[0].id, datetime.now(UTC) - timedelta(hours=1))
    result = shell.run("collect", "--json")
    assert result.exit_code == 3
    by_page = {(row["client"], row["status"]) for row in json.loads(result.stdout)["accounts"]}
    first, second = (page.name for page in shell.world.pages)
    assert by_page == {(first, "needs_reconnect"), (second, "ok")}
    todo = {row["client"]: row["what_to_do"] for row in shell.ask("status")["accounts"]}
    assert todo[second] is None
    assert "sophia connect" in todo[first]
    assert shell.run("collect", "--client", first).exit_code == 1
    checked = shell.run("tokens", "check")
    assert checked.exit_code == 3
    assert checked.stderr.count("Connect it again: sophia connect") == 2


def test_a_limit_is_told_from_a_failure(shell: Shell) -> None:
    """C5: nobody has to do anything about a limit but wait."""
    shell.connect()
    shell.meta.api.faults.append(graph_fault("insights|published_posts|media|stories", 4, "limit", status=403))
    assert shell.run("collect").exit_code == 1
    assert {row["what_to_do"][:4] for row in shell.ask("status")["accounts"]} == {"Wait"}


def test_an_account_that_another_run_collects_is_said_to_be_skipped(shell: Shell) -> None:
    """E2, C10: a line for every account, also for one that nothing was done about."""
    shell.connect()
    store = Database(f"sqlite:///{shell.environment['SOPHIA_DATA_DIR']}/sophia.db")
    with store.write() as session:
        take_lease(session, "account:1", "another run", datetime.now(UTC), timedelta(minutes=5))
    store.close()
    result = shell.run("collect")
    assert result.exit_code == 3
    assert result.stdout.count(": skipped: ") == 1
    assert "Another run is collecting it." in result.stdout
    assert len([line for line in result.stdout.splitlines() if " calls, " in line]) == 4


def test_only_what_is_asked_for_is_collected(shell: Shell) -> None:
    shell.connect()
    [row] = shell.ask("collect", "--account", "2")["accounts"]
    assert (row["account_id"], row["platform"]) == (2, "instagram")
    name = shell.world.pages[1].name
    assert {row["client"] for row in shell.ask("collect", "--client", name)["accounts"]} == {name}
    assert shell.run("collect", "--account", "99").exit_code == 1
    assert shell.run("collect", "--client", "nobody").exit_code == 1


def test_a_backfill_goes_back_to_metas_limits(shell: Shell) -> None:
    """A13: Facebook answers for two years, Instagram for ninety days, and no day between is missing."""
    shell.connect()
    name = shell.world.pages[0].name
    shell.run("collect", "--client", name)
    before = {row["account_id"]: row["readings"] for row in shell.ask("status")["accounts"]}
    facebook, instagram = shell.ask("backfill", "--client", name)["accounts"]
    assert facebook["new"] > 10 * before[facebook["account_id"]]
    assert instagram["new"] > before[instagram["account_id"]]


def test_collecting_without_accounts_says_what_to_do(shell: Shell) -> None:
    shell.run("db", "upgrade")
    result = shell.run("collect")
    assert result.exit_code == 1
    assert "sophia connect" in result.stderr
    assert shell.ask("status") == {"accounts": [], "alert_routes": [], "reports": []}


def test_a_client_for_some_pages(shell: Shell) -> None:
    """A3: a client's name for every Page of an agency's token would mix clients, so it wants a Page or a yes."""
    token, page = shell.world.user_token, shell.world.pages[0]
    assert shell.run("connect", stdin=token).exit_code == 1
    assert shell.run("connect", "--client", "Mine", stdin=token).exit_code == 1
    done = shell.run("connect", "--client", "Mine", "--page", page.id, "--timezone", "Europe/Lisbon", stdin=token)
    assert done.exit_code == 0
    [client] = shell.ask("client", "list")["clients"]
    assert (client["name"], client["timezone"], client["accounts"]) == ("Mine", "Europe/Lisbon", 2)
    refused = shell.run("connect", "--client", "Other", "--yes", stdin=token)
    assert refused.exit_code == 3
    assert "belongs to the client 'Mine'" in refused.stderr
    assert shell.run("connect", "--yes", "--page", "1", stdin=token).exit_code == 1
    assert shell.run("connect", "--yes", "--timezone", "EST5", stdin=token).exit_code == 2


def test_settings_connect_without_a_question(shell: Shell) -> None:
    """D5: the variables of the specification; half a pair is an error that names the other half."""
    business = shell.world.businesses[0]
    pair = {
        "SOPHIA_FACEBOOK_ACCESS_TOKEN": business.page.access_token,
        "SOPHIA_FACEBOOK_PAGE_ID": business.page.id,
    }
    assert shell.run("connect", **pair).exit_code == 0
    assert [row["platform"] for row in shell.ask("status")["accounts"]] == ["facebook"]
    half = shell.run("connect", SOPHIA_FACEBOOK_PAGE_ID=business.page.id)
    assert half.exit_code == 1
    assert "SOPHIA_FACEBOOK_ACCESS_TOKEN" in half.stderr


@pytest.mark.parametrize("stdin", ["", "\n", "two words\n", "kein-tökén\n"])
def test_what_is_no_token_is_not_sent_to_meta(shell: Shell, stdin: str) -> None:
    assert shell.run("connect", "--yes", stdin=stdin).exit_code == 1
    assert shell.meta.addresses == []


def test_a_client_is_renamed_and_moves(shell: Shell) -> None:
    """G1: its new name and zone are those that are listed; what cannot be is refused with a sentence."""
    shell.connect()
    first, second = (page.name for page in shell.world.pages)
    assert "named Caps & More now" in shell.run("client", "rename", first, " Caps  & More").stdout
    assert shell.run("client", "rename", second, "Caps & More").exit_code == 1
    assert "Asia/Tokyo" in shell.run("client", "zone", "Caps & More", "Asia/Tokyo").stdout
    assert "not a time zone" in shell.run("client", "zone", "Caps & More", "Mars").stderr
    result = {row["name"]: row["timezone"] for row in shell.ask("client", "list")["clients"]}
    assert (result["Caps & More"], set(result)) == ("Asia/Tokyo", {"Caps & More", second})


def test_clients_are_archived_restored_and_deleted(shell: Shell) -> None:
    """K5: an archived client is not collected; a deleted one is gone, and the store is whole."""
    shell.connect()
    first, second = (page.name for page in shell.world.pages)
    shell.run("client", "archive", first)
    assert {row["client"] for row in shell.ask("collect")["accounts"]} == {second}
    shell.run("client", "restore", first)
    assert {row["client"] for row in shell.ask("collect")["accounts"]} == {first, second}
    assert shell.run("client", "delete", first, stdin="n\n").exit_code == 1
    assert shell.run("client", "delete", first, "--yes").exit_code == 0
    assert [row["name"] for row in shell.ask("client", "list")["clients"]] == [second]
    assert shell.run("db", "verify").exit_code == 0


def test_keys_are_shown_once(shell: Shell) -> None:
    """D3: a key is limited to the clients that were named, and revoked by its name."""
    shell.connect()
    client = shell.world.pages[0].name
    made = shell.run("key", "create", "shop", "--client", client)
    key = made.stdout.strip()
    assert key.startswith("sophia_")
    assert client in made.stderr
    assert shell.ask("key", "create", "all")["clients"] is None
    listed = shell.run("key", "list")
    assert key not in listed.output
    assert key[:15] in listed.stdout
    assert shell.run("key", "create", "shop").exit_code == 1
    assert shell.run("key", "revoke", "shop").exit_code == 0
    assert [bool(row["revoked_at"]) for row in shell.ask("key", "list")["keys"]] == [True, False]
    assert shell.run("key", "revoke", "nobody").exit_code == 1


def test_the_key_of_the_tokens_is_changed(shell: Shell) -> None:
    """D5: a new key before the old one, rotate, take the old one away."""
    old, new = (shell.run("key", "encryption").stdout.strip() for _ in range(2))
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = old
    shell.connect()
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = f"{new},{old}"
    assert shell.run("key", "rotate").exit_code == 0
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = new
    assert shell.run("collect", "--account", "1").exit_code == 0
    shell.environment["SOPHIA_ENCRYPTION_KEY"] = old
    assert shell.run("tokens", "check").exit_code == 1


def test_a_store_moves_to_another_folder(shell: Shell) -> None:
    """K8: export, import and verify through the command line; the numbers are the same."""
    shell.connect()
    shell.run("collect")
    out = str(shell.folder / "out")
    manifest = shell.ask("db", "export", out)
    assert shell.run("db", "export", out).exit_code == 1
    before = [(row["name"], row["readings"]) for row in shell.ask("status")["accounts"]]
    shell.environment["SOPHIA_DATA_DIR"] = str(Path(out).parent / "other")
    imported = shell.run("db", "import", out)
    assert imported.exit_code == 0, imported.output
    assert f"engagement_metrics: {manifest['tables']['engagement_metrics']['rows']:,} rows" in imported.stdout
    assert shell.run("db", "import", out).exit_code == 1
    assert shell.ask("db", "verify")["ok"]
    after = shell.ask("status")["accounts"]
    assert [(row["name"], row["readings"]) for row in after] == before
    assert {row["status"] for row in after} == {"needs_reconnect"}
    shell.connect()
    assert {row["status"] for row in shell.ask("collect")["accounts"]} == {"ok"}
