"""`sophia comments` and `sophia competitors` as a user gives them, from Meta's answer to the screen."""

from tests.cli.conftest import Shell

from sophia.demo.meta.answers.comments import ELSEWHERE


def test_from_meta_to_the_screen(shell: Shell) -> None:
    """H10, H12: collected, shown, reported; a text in another language is no neutral comment."""
    shell.connect()
    assert shell.run("collect").exit_code in (0, 3)
    client = shell.ask("client", "list")["clients"][0]["name"]
    before = shell.run("comments", client)
    assert "There are no comments of these days." in before.stdout, before.output
    assert "sophia collect --comments" in before.stdout
    collected = shell.run("collect", "--comments", "--client", client)
    assert collected.exit_code == 0, collected.output
    assert "comments new" in collected.stdout
    found = shell.ask("comments", client, "--limit", "500")
    whole = found["sentiment"]["whole"]
    assert whole["comments"] > 20
    assert sum(whole["shares"].values()) == 100.0
    assert whole["scored"] + sum(whole["not_scored"].values()) == whole["comments"]
    foreign = [one for one in found["comments"] if any(one["text"] in texts for texts in ELSEWHERE.values())]
    assert {one["tone"] for one in foreign} <= {"not scored"}
    shown = shell.run("comments", client, "--tone", "negative").stdout
    assert "% positive (" in shown
    assert "neutral " not in shown.partition("comment\n")[2]
    report = shell.run("report", client)
    assert report.exit_code == 0, report.output
    assert "Comments: " in report.stdout
    assert shell.ask("report", client)["comments"]["whole"]["comments"] >= 0
    assert shell.run("comments", client, "--tone", "angry").exit_code == 2
    assert shell.run("comments", client, "--from", "2026-03-02", "--to", "2026-03-01").exit_code == 2
    assert shell.run("collect", "--comments", "--since", "2026-01-01").exit_code == 2


def test_competitors(shell: Shell) -> None:
    """H5: named, looked at, shown and forgotten."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    mine = shell.world.businesses[0].name == client
    other = shell.world.instagram_accounts[1 if mine else 0]
    assert "sophia competitors add" in shell.run("competitors", "list", client).stdout
    assert shell.run("competitors", "add", client, f"@{other.username.upper()}").exit_code == 0
    assert shell.run("competitors", "add", client, "not a name").exit_code == 1
    assert shell.run("collect", "--comments", "--client", client).exit_code == 0
    (found,) = shell.ask("competitors", "list", client)["competitors"]
    assert (found["username"], found["status"]) == (other.username, "ok")
    assert f"{found['followers_count']:,}" in shell.run("competitors", "list", client).stdout
    assert shell.run("competitors", "remove", client, str(found["id"])).exit_code == 0
    assert shell.ask("competitors", "list", client)["competitors"] == []
