"""`sophia links` and `sophia client domains` as a user types them."""

from datetime import UTC, datetime

from tests.cli.conftest import Shell
from tests.website import Site, running_site

from sophia.analytics.links.store import register_links
from sophia.analytics.utm.tagging import tag_copy
from sophia.database.engine import Database
from sophia.portfolio.models import ContentDraft


def add_links(shell: Shell, client_id: int, copy: str) -> None:
    database = Database(f"sqlite:///{shell.folder / 'data' / 'sophia.db'}")
    now = datetime.now(UTC)
    details = {"platform": "facebook", "copy": copy, "image_prompt": "x", "image_ratio": "1:1", "created_at": now}
    with database.write() as session:
        draft = ContentDraft(client_id=client_id, **details)
        session.add(draft)
        session.flush()
        register_links(session, draft.id, None, tag_copy(copy, "facebook", "tips", draft.id), None, now)
    database.close()


def test_domains(shell: Shell) -> None:
    """F10: none is said to be none; set, shown, taken away; a wrong one changes nothing."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    assert "no domains yet" in shell.run("client", "domains", client).stdout
    assert shell.run("client", "domains", client, "b.com", "a.com").stdout == "a.com\nb.com\n"
    assert shell.run("client", "domains", client, "co.uk").exit_code == 1
    assert shell.ask("client", "domains", client) == {"domains": ["a.com", "b.com"]}
    assert shell.run("client", "domains", client, "c.com", "--none").exit_code == 2
    assert "no domains yet" in shell.run("client", "domains", client, "--none").stdout


def test_list_and_check(shell: Shell) -> None:
    """F12: dead links are found and said, and end the command with 3; without the setting this machine is not asked."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]
    assert "There is no link yet" in shell.run("links", "list", client["name"]).stdout
    with running_site(Site({"/ok": (200, {})})) as site:
        add_links(shell, client["id"], f"{site.url}/ok {site.url}/dead")
        refused = shell.run("links", "check")
        assert (refused.exit_code, refused.stdout, site.asked) == (3, "2 addresses checked: 2 refused.\n", [])
        result = shell.run("links", "check", client["name"], "--all", SOPHIA_LINK_CHECK_LOOPBACK="true")
    assert (result.exit_code, result.stdout) == (3, "2 addresses checked: 1 dead, 1 ok.\n")
    listed = shell.run("links", "list", client["name"], "--status", "dead")
    assert "The site answers with the error 404." in listed.stdout
    assert "no domains yet" in listed.stderr
    assert len(shell.ask("links", "list", client["name"])["links"]) == 2
    assert shell.ask("links", "check") == {"checked": 0, "statuses": {}}


def test_a_preview_reports_untagged_links(shell: Shell) -> None:
    """L26: `sophia draft preview` shows the text as it would go out, and says which links stay untagged and why."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    assert shell.run("client", "domains", client, "hats.com").exit_code == 0
    signed = "https://hats.com/f?X-Amz-Signature=5f"
    copy = f"https://hats.com/a {signed}"
    written = ("--client", client, "--platform", "facebook", "--kind", "feed", "--copy", copy)
    draft = shell.ask("draft", "create", *written)["id"]
    result = shell.run("draft", "preview", str(draft))
    assert result.exit_code == 0
    assert f"utm_content=post_{draft} {signed}\n" in result.stdout
    assert f"Not tagged (signed): {signed}. This address is signed" in " ".join(result.stderr.split())
    assert [link["untagged"] for link in shell.ask("draft", "preview", str(draft))["links"]] == [None, "signed"]
