"""`sophia draft` and `sophia publish`, as somebody types them."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.conftest import Shell

from sophia.demo.world import World, build_world

BY = ("--by", "Ada")


@pytest.fixture
def world() -> World:
    """A world of this test's own, for publishing changes it."""
    return build_world(businesses=2, posts_per_account=3, days=10, now=datetime.now(UTC))


def client_of(shell: Shell) -> str:
    return str(shell.ask("client", "list")["clients"][0]["name"])


def write(shell: Shell, *more: str, copy: str = "Hello from the shell") -> int:
    given = ("--client", client_of(shell), "--platform", "facebook", "--kind", "feed", "--copy", copy)
    return int(shell.ask("draft", "create", *given, *BY, *more)["id"])


def test_from_draft_to_post(shell: Shell) -> None:
    """E2, K10: the whole way by commands; sending twice sends once."""
    shell.connect()
    draft = write(shell)
    assert "sophia draft approve" in shell.run("publish", "queue", str(draft)).stdout
    assert "Nothing is due" in shell.run("publish", "due").stdout
    said = shell.run("draft", "approve", str(draft), *BY, "--note", "fine")
    assert (said.exit_code, "is approved" in said.stdout) == (0, True)
    (sent,) = shell.ask("publish", "due", SOPHIA_GRAPH_UPLOAD_URL=shell.meta.base_url)["entries"]
    assert (sent["status"], sent["attempts"]) == ("published", 1)
    assert shell.ask("publish", "due")["entries"] == []
    posts = [post for page in shell.world.pages for post in shell.world.posts(page.id)]
    assert [post.id for post in posts if post.message == "Hello from the shell"] == [sent["platform_post_id"]]
    shown = shell.run("draft", "show", str(draft)).stdout
    assert "published" in shell.run("publish", "list", "--draft", str(draft)).stdout
    assert all(word in shown for word in ("created version 1", "approved version 1", "Ada", "fine"))


def test_changing_and_rejecting(shell: Shell) -> None:
    shell.connect()
    draft = write(shell, copy="First")
    shell.run("draft", "approve", str(draft), *BY)
    edited = shell.ask("draft", "edit", str(draft), "--copy", "Second", *BY)
    assert (edited["copy"], edited["version"], edited["approved"]) == ("Second", 2, False)
    assert shell.run("draft", "edit", str(draft), "--copy", "-", *BY, given="Third\n").exit_code == 0
    assert shell.ask("draft", "show", str(draft))["copy"] == "Third"
    assert shell.ask("draft", "reject", str(draft), *BY)["status"] == "rejected"
    assert "rejected" in shell.run("draft", "list", "--status", "rejected").stdout


def test_the_queue_by_hand(shell: Shell) -> None:
    """A time in the operator's zone; cancelled while it is queued; tried again after it failed."""
    shell.connect()
    draft = write(shell)
    at = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    (entry,) = shell.ask("publish", "queue", str(draft), "--at", at, SOPHIA_OPERATOR_TIMEZONE="Asia/Tokyo")["entries"]
    assert entry["scheduled_for"] == (datetime.fromisoformat(at) - timedelta(hours=9)).isoformat() + "Z"
    number = str(entry["id"])
    assert shell.ask("publish", "cancel", number)["entries"][0]["status"] == "cancelled"
    refused = shell.run("publish", "retry", number)
    assert (refused.exit_code, "only what has failed" in refused.stderr) == (1, True)


def test_what_fails_is_said_with_an_exit_code(shell: Shell) -> None:
    """C10: 1 when nothing went out, and what to do about it."""
    shell.connect()
    page = shell.world.pages[0]
    given = ("--client", page.name, "--platform", "facebook", "--kind", "photo", "--media", "https://cdn.example/a.jpg")
    draft = str(shell.ask("draft", "create", *given, *BY)["id"])
    shell.run("draft", "approve", draft, *BY)
    shell.run("publish", "queue", draft)
    shell.meta.api.simulation.desk.bad_urls.add("https://cdn.example/a.jpg")
    sent = shell.run("publish", "due")
    assert sent.exit_code == 1
    assert "invalid image file" in sent.stdout
    assert "sophia publish retry 1" in sent.stdout


def test_wrong_usage_is_said(shell: Shell) -> None:
    shell.connect()
    for arguments, said in (
        (("draft", "show", "77"), "There is no draft 77"),
        (("publish", "cancel", "77"), "no entry 77"),
        (("draft", "create", "--client", "Nobody", "--platform", "facebook", "--kind", "feed"), "no client 'Nobody'"),
    ):
        done = shell.run(*arguments)
        assert done.exit_code == 1
        assert said in done.stderr
