"""`sophia campaigns` as a user types it."""

from datetime import UTC, datetime

from tests.cli.conftest import Shell

from sophia.database.engine import Database
from sophia.portfolio.models import Account, ContentDraft, Post


def add_published_draft(shell: Shell, client_id: int) -> None:
    database = Database(f"sqlite:///{shell.folder / 'data' / 'sophia.db'}")
    now = datetime(2026, 2, 15, 12, tzinfo=UTC)
    with database.write() as session:
        account = session.query(Account).filter_by(client_id=client_id, platform="facebook").one()
        draft = ContentDraft(
            client_id=client_id,
            platform="facebook",
            copy="x",
            image_prompt="x",
            image_ratio="1:1",
            content_pillar="Tips",
            created_at=now,
        )
        session.add(draft)
        session.flush()
        session.add(
            Post(
                account_id=account.id,
                platform_post_id="1_1",
                kind="post",
                published_at=now,
                first_seen_at=now,
                draft_id=draft.id,
            )
        )
    database.close()


def test_group_and_list(shell: Shell) -> None:
    """E6, G13: all clients or one; the second time nothing is new."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]
    add_published_draft(shell, client["id"])
    assert "no campaign yet" in shell.run("campaigns", "list", client["name"]).stdout
    result = shell.run("campaigns", "group")
    assert f"{client['name']}: 1 drafts grouped, 1 new campaigns" in result.stdout, result.output
    again = shell.ask("campaigns", "group", client["name"])
    assert again["clients"][client["name"]]["drafts"] == 0
    file = shell.folder / "orders.csv"
    head = "event_date,event_type,source,revenue_amount,currency,content_draft_id\n"
    file.write_text(f"{head}2026-02-28,conversion,shop,19.90,CAD,1\n")
    assert shell.run("conversions", "import", client["name"], str(file)).exit_code == 0
    (document,) = shell.ask("campaigns", "list", client["name"])["campaigns"]
    assert (document["slug"], document["end_date"], document["totals"]["posts"]) == (
        "tips-february-2026",
        "2026-02-28",
        1,
    )
    assert document["revenue"][0]["value"] == "19.90"
    listed = shell.run("campaigns", "list", client["name"]).stdout
    assert "Tips February 2026" in listed
    assert "ended" in listed
    assert "19.90 CAD" in listed
    assert "no time without it" in shell.run("campaigns", "lift", client["name"], str(document["id"])).stdout
    assert shell.ask("campaigns", "lift", client["name"], str(document["id"]))["platforms"] == []
    assert shell.run("campaigns", "list", "nobody").exit_code == 1
