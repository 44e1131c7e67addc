"""From a draft to its revenue with the real commands, the API and a simulated Meta over sockets; every step twice."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import text
from tests.cli.conftest import Shell
from tests.conftest import PATIENCE_SECONDS, plain_settings

from sophia.access.keys import create_key
from sophia.cli.installation import utc_now
from sophia.database.engine import Database
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server
from sophia.main import create_app

BY = ("--by", "Ada")
SALES = """Event name,Date,Transaction ID,Purchase revenue,Currency code,Session manual ad content,Session campaign
purchase,{day},T-1,29.90,EUR,post_{draft},{slug}
session_start,{day},,,,post_{draft},{slug}
"""
# Steps that are taken twice must leave these as they are.
TABLES = (
    "content_drafts",
    "approval_events",
    "publishing_queue",
    "posts",
    "tracked_links",
    "campaigns",
    "campaign_memberships",
    "conversion_events",
    "engagement_metrics",
    "metric_revisions",
)


@pytest.fixture
def world() -> World:
    """A world of this test's own, for publishing changes it."""
    return build_world(businesses=1, posts_per_account=3, days=10, now=datetime.now(UTC))


@pytest.fixture
def store(database: Database, shell: Shell) -> Database:
    url = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    shell.environment |= {"SOPHIA_DATABASE_URL": url, "SOPHIA_GRAPH_UPLOAD_URL": shell.meta.base_url}
    shell.connect()
    return database


def counted(store: Database) -> dict[str, int]:
    with store.read() as session:
        return {name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in TABLES}  # noqa: S608


def twice(shell: Shell, store: Database, *arguments: str) -> None:
    """A step of the way, which succeeds and is taken again, after which there is not one row more."""
    done = shell.run(*arguments)
    assert done.exit_code == 0, done.output
    after = counted(store)
    again = shell.run(*arguments)
    assert again.exit_code == 0, again.output
    assert counted(store) == after, arguments


def test_from_a_draft_to_its_revenue(shell: Shell, store: Database) -> None:
    """E2, F11, F12, J5: written, approved, published, collected, sold: readings, link, campaign and revenue carry the draft."""
    name = str(shell.ask("client", "list")["clients"][0]["name"])
    site = "https://amber-bakery.com"
    twice(shell, store, "client", "domains", name, "amber-bakery.com")
    written = ("--client", name, "--platform", "facebook", "--kind", "feed", "--pillar", "Cakes", *BY)
    draft = shell.ask("draft", "create", *written, "--copy", f"New cakes: {site}/cakes. Or https://example.org/")["id"]
    waiting = shell.run("publish", "queue", str(draft))
    assert f"sophia draft approve {draft}" in waiting.stdout
    assert "1 entry waits" in shell.run("publish", "due").stdout
    twice(shell, store, "draft", "approve", str(draft), *BY)
    twice(shell, store, "publish", "queue", str(draft))
    twice(shell, store, "publish", "due")
    (post,) = (row for page in shell.world.pages for row in shell.world.posts(page.id) if "New cakes" in row.message)
    twice(shell, store, "collect")
    twice(shell, store, "campaigns", "group", name)
    (own,) = (row for row in shell.ask("links", "list", name)["links"] if row["original"] == f"{site}/cakes")
    assert own["tagged"] in post.message
    (campaign,) = shell.ask("campaigns", "list", name)["campaigns"]
    assert (own["campaign_id"], own["campaign_slug"]) == (campaign["id"], campaign["slug"])
    assert f"utm_campaign={campaign['slug']}&utm_content=post_{draft}" in own["tagged"]
    sales = shell.folder / "sales.csv"
    sales.write_text(SALES.format(day=f"{datetime.now(UTC):%Y%m%d}", draft=draft, slug=campaign["slug"]))
    twice(shell, store, "conversions", "import", name, str(sales), "--timezone", "UTC")
    expect_all_of_it(store, draft, post.id, campaign["id"])


def expect_all_of_it(store: Database, draft: int, post_id: str, campaign_id: int) -> None:
    """What the API says of the draft, over a socket and from another connection than any command had."""
    with store.write() as session:
        key = create_key(session, "reader", None, utc_now())
    app = create_app(plain_settings(), store, clock=utc_now)
    with running_server(app) as address:

        def ask(path: str) -> Any:
            request = Request(f"{address}/api/{path}", headers={"Authorization": f"Bearer {key}"})
            with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return json.load(answer)

        (entry,) = ask(f"publishing/queue?draft_id={draft}")
        assert (entry["status"], entry["platform_post_id"]) == ("published", post_id)
        client = entry["client_id"]
        readings = [row for row in ask(f"analytics/{client}/metrics?limit=1000") if row["platform_post_id"] == post_id]
        assert {row["content_draft_id"] for row in readings} == {draft}
        (campaign,) = ask(f"analytics/{client}/campaigns")
        assert (campaign["id"], campaign["draft_ids"], campaign["totals"]["posts"]) == (campaign_id, [draft], 1)
        assert campaign["events"] == {"conversion": 1, "utm_click": 1}
        assert [(row["value"], row["currency"]) for row in campaign["revenue"]] == [("29.90", "EUR")]
        (credit,) = ask(f"analytics/{client}/attribution")["drafts"]
        assert credit == {"content_draft_id": draft, "conversions": 1.0, "revenue": {"EUR": "29.90"}}
