"""`sophia draft` and `sophia publish`, as a user types them."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.conftest import Shell
from tests.conftest import Filling

from sophia.cli.publishing import advice
from sophia.database.engine import Database
from sophia.demo.meta.world.world import World, build_world
from sophia.publishing.queue import QueueEntry

BY = ("--by", "Ada")


@pytest.fixture
def world() -> World:
    """A world of this test's own, for publishing changes it."""
    return build_world(businesses=2, posts_per_account=3, days=10, now=datetime.now(UTC))


def client_of(shell: Shell) -> str:
    return str(shell.ask("client", "list")["clients"][0]["name"])


def write(shell: Shell, *more: str, copy: str = "Hello from the shell") -> int:
    arguments = ("--client", client_of(shell), "--platform", "facebook", "--kind", "feed", "--copy", copy)
    return int(shell.ask("draft", "create", *arguments, *BY, *more)["id"])


def test_from_draft_to_post(shell: Shell) -> None:
    """E2, K10: the whole way by commands; sending twice sends once."""
    shell.connect()
    draft = write(shell)
    assert "sophia draft approve" in shell.run("publish", "queue", str(draft)).stdout
    assert "Nothing is due" in shell.run("publish", "due").stdout
    output = shell.run("draft", "approve", str(draft), *BY, "--note", "fine")
    assert (output.exit_code, "is approved" in output.stdout) == (0, True)
    (sent,) = shell.ask("publish", "due", SOPHIA_GRAPH_UPLOAD_URL=shell.meta.base_url)["entries"]
    assert (sent["status"], sent["attempts"]) == ("published", 1)
    assert shell.ask("publish", "due")["entries"] == []
    posts = [post for page in shell.world.pages for post in shell.world.posts(page.id)]
    assert [post.id for post in posts if post.message == "Hello from the shell"] == [sent["platform_post_id"]]
    result = shell.run("draft", "show", str(draft)).stdout
    assert "published" in shell.run("publish", "list", "--draft", str(draft)).stdout
    assert all(word in result for word in ("created version 1", "approved version 1", "Ada", "fine"))


def test_changing_and_rejecting(shell: Shell) -> None:
    shell.connect()
    draft = write(shell, copy="First")
    shell.run("draft", "approve", str(draft), *BY)
    edited = shell.ask("draft", "edit", str(draft), "--copy", "Second", *BY)
    assert (edited["copy"], edited["version"], edited["approved"]) == ("Second", 2, False)
    assert shell.run("draft", "edit", str(draft), "--copy", "-", *BY, stdin="Third\n").exit_code == 0
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
    arguments = (
        "--client",
        page.name,
        "--platform",
        "facebook",
        "--kind",
        "photo",
        "--media",
        "https://cdn.example/a.jpg",
    )
    draft = str(shell.ask("draft", "create", *arguments, *BY)["id"])
    shell.run("draft", "approve", draft, *BY)
    shell.run("publish", "queue", draft)
    shell.meta.api.simulation.upload_store.bad_urls.add("https://cdn.example/a.jpg")
    sent = shell.run("publish", "due")
    assert sent.exit_code == 1
    assert "invalid image file" in sent.stdout
    assert "sophia publish retry 1" in sent.stdout


def test_wrong_usage_is_said(shell: Shell) -> None:
    shell.connect()
    for arguments, result in (
        (("draft", "show", "77"), "There is no draft 77"),
        (("publish", "cancel", "77"), "no entry 77"),
        (("draft", "create", "--client", "Nobody", "--platform", "facebook", "--kind", "feed"), "no client 'Nobody'"),
    ):
        done = shell.run(*arguments)
        assert done.exit_code == 1
        assert result in done.stderr


def test_a_time_that_is_over_is_refused(shell: Shell) -> None:
    """L17: the year mistyped, or an hour of this morning, in each form that is understood; nothing is queued or sent."""
    shell.connect()
    draft = str(write(shell))
    shell.run("draft", "approve", draft, *BY)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for past in (
        "2025-12-24 09:00",
        "24.12.2025 09:00",
        "2025-12-24T09:00Z",
        yesterday.strftime("%Y-%m-%d %H:%M"),
        yesterday.strftime("%d.%m.%Y %H:%M"),
        (datetime.now(UTC) - timedelta(minutes=7)).isoformat(timespec="minutes"),
    ):
        refused = shell.run("publish", "queue", draft, "--at", past)
        assert (refused.exit_code, "is in the past" in refused.stderr) == (1, True), past
    assert "The queue is empty" in shell.run("publish", "list").stdout
    assert "Nothing is due" in shell.run("publish", "due").stdout
    refused = shell.run("publish", "queue", draft, "--at", "2099-02-30 10:00")
    assert (refused.exit_code, "not in the calendar" in " ".join(refused.stderr.split())) == (2, True)
    (entry,) = shell.ask("publish", "queue", draft, "--at", "now", "--by", "Cy")["entries"]
    assert (entry["scheduled_for"], entry["queued_by"]) == (None, "Cy")
    (sent,) = shell.ask("publish", "due")["entries"]
    assert sent["status"] == "published"


def test_a_time_at_which_clocks_change_is_refused(shell: Shell) -> None:
    """L17: in the operator's zone; the message says what to type instead."""
    shell.connect()
    draft = str(write(shell))
    zone = {"SOPHIA_OPERATOR_TIMEZONE": "Europe/Berlin"}
    # The clock of these tests is the machine's, so the night lies in a year to come.
    year = datetime.now(UTC).year + 1
    night = next(day for day in (datetime(year, 3, day) for day in range(31, 24, -1)) if day.weekday() == 6)
    refused = shell.run("publish", "queue", draft, "--at", night.strftime("%d.%m.%Y 02:30"), **zone)
    assert (refused.exit_code, "does not exist" in " ".join(refused.stderr.split())) == (2, True)
    (entry,) = shell.ask("publish", "queue", draft, "--at", night.strftime("%d.%m.%Y 03:30"), **zone)["entries"]
    assert entry["scheduled_for"] == night.strftime("%Y-%m-%dT01:30:00Z")


def test_two_people_by_commands(shell: Shell) -> None:
    """L16: with the setting, who approved does not queue; somebody else does."""
    shell.connect()
    draft = str(write(shell))
    two = {"SOPHIA_TWO_PERSON_APPROVAL": "true"}
    assert shell.run("draft", "approve", draft, *BY, **two).exit_code == 0
    refused = shell.run("publish", "queue", draft, *BY, **two)
    assert (refused.exit_code, "somebody else queues it" in refused.stderr) == (1, True)
    assert shell.run("publish", "queue", draft, "--by", "Cy", **two).exit_code == 0
    (sent,) = shell.ask("publish", "due", **two)["entries"]
    assert sent["status"] == "published"


def test_lists_show_every_state_and_the_latest_first(shell: Shell) -> None:
    """E2, K10: drafts of every kind, entries by their moment; a state that there is not is refused, more are announced."""
    shell.connect()
    numbers = [write(shell, copy=f"Text {number}") for number in range(3)]
    for number, hours in zip(numbers, (5, 30, 1), strict=True):
        at = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M")
        shell.run("publish", "queue", str(number), "--at", at)
    listed = shell.ask("publish", "list")
    assert [row["draft_id"] for row in listed["entries"]] == [numbers[1], numbers[0], numbers[2]]
    assert listed["more"] is False
    first = shell.run("publish", "list", "--limit", "2").stdout
    assert (first.count("queued"), "There are more than these 2" in first) == (2, True)
    database = Database(f"sqlite:///{shell.environment['SOPHIA_DATA_DIR']}/sophia.db")
    described = Filling(database).draft(1)
    database.close()
    assert [row["id"] for row in shell.ask("draft", "list")["drafts"]] == [described, *numbers[::-1]]
    assert "facebook post" in shell.run("draft", "list").stdout
    assert "There are more than these 1" in shell.run("draft", "list", "--limit", "1").stdout
    assert shell.run("draft", "list", "--status", "rejected").stdout == "No draft matches.\n"
    for command in ("draft", "publish"):
        assert shell.run(command, "list", "--status", "nonsense").exit_code == 2


def test_a_text_of_metas_is_shown_once() -> None:
    """L17: a long message is often both what went wrong and what to do about it."""
    text = "The token has ended. " * 5
    for problem, what_to_do, result in (
        (f"Meta, error 190: {text}", text, f"Meta, error 190: {text}"),
        (text, f"{text} Then connect again.", f"{text} Then connect again."),
        (text, text, text),
        ("Too long.", "Edit it.", "Too long. Edit it."),
        (None, "Approve it.", "Approve it."),
        ("Wait.", None, "Wait."),
        (None, None, "none"),
    ):
        entry = QueueEntry(
            1,
            1,
            1,
            "Hats",
            1,
            "Page",
            "facebook",
            "feed",
            "queued",
            True,
            None,
            None,
            None,
            None,
            None,
            1,
            problem,
            what_to_do,
        )
        assert advice(entry) == result
