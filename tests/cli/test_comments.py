"""`sophia comments` and `sophia competitors` as a user types them, from Meta's answer to the screen."""

from tests.cli.conftest import Shell

from sophia.demo.meta.answers.comments import ELSEWHERE


def test_from_meta_to_the_screen(shell: Shell) -> None:
    """H10, H12: collected, shown, reported; a text in another language is no neutral comment."""
    shell.connect()
    assert shell.run("collect").exit_code in (0, 3)
    client = shell.ask("client", "list")["clients"][0]["name"]
    before = shell.run("comments", client)
    assert "There are no comments in this period." in before.stdout, before.output
    assert "sophia collect --comments" in before.stdout
    collected = shell.run("collect", "--comments", "--client", client)
    assert collected.exit_code == 0, collected.output
    assert "comments new" in collected.stdout
    document = shell.ask("comments", client, "--limit", "500")
    total = document["sentiment"]["whole"]
    assert total["comments"] > 20
    assert sum(total["shares"].values()) == 100.0
    assert total["scored"] + sum(total["not_scored"].values()) == total["comments"]
    foreign = [row for row in document["comments"] if any(row["text"] in texts for texts in ELSEWHERE.values())]
    assert {row["tone"] for row in foreign} <= {"not scored"}
    result = shell.run("comments", client, "--tone", "negative").stdout
    assert "% positive (" in result
    assert "neutral " not in result.partition("comment\n")[2]
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
    (document,) = shell.ask("competitors", "list", client)["competitors"]
    assert (document["username"], document["status"]) == (other.username, "ok")
    assert f"{document['followers_count']:,}" in shell.run("competitors", "list", client).stdout
    assert shell.run("competitors", "remove", client, str(document["id"])).exit_code == 0
    assert shell.ask("competitors", "list", client)["competitors"] == []
