"""The register of links through the API: filled when copy goes out, checked, and read by its owner alone."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from tests.conftest import NOW, Api, Filling
from tests.website import Page, Site, running_site

from sophia.analytics.campaigns.models import Campaign
from sophia.analytics.campaigns.store import expect_own_account_and_campaign
from sophia.analytics.links.checking import check_links
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.links.store import register_links
from sophia.analytics.utm.tagging import TaggedCopy, tag_copy
from sophia.errors import NotFoundError
from sophia.link_checks import LinkChecker

COPY = (
    "New hats: https://hats.example/menu?a=1 and again https://hats.example/menu?a=1, by https://maps.example/x, "
    "ftp://hats.example/f, https://me:secret@hats.example/"
)


def tagged(draft: int, copy: str = COPY, slug: str = "tips-november-2026", domain: str = "hats.example") -> TaggedCopy:
    return tag_copy(copy, "facebook", slug, draft, domains=[domain])


def register(
    filling: Filling, draft: int, copy: TaggedCopy, *, account: int | None = None, campaign: int | None = None
) -> int:
    with filling.database.write() as session:
        return register_links(session, draft, account, copy, campaign, NOW)


def test_links_are_registered_once(api: Api, filling: Filling) -> None:
    """F10, F11, F12: as written and as tagged, with campaign and slug; others' links untagged; no password is kept."""
    client = filling.client("Hats")
    account, draft = filling.account(client), filling.draft(client)
    campaign = filling.add(
        Campaign(client_id=client, name="Tips", slug="tips-november-2026", start_date=NOW.date(), created_at=NOW)
    )
    for expected in (2, 0):
        assert register(filling, draft, tagged(draft), account=account, campaign=campaign) == expected
    assert register(filling, draft, tagged(draft, COPY + " https://hats.example/new")) == 1
    newest, maps, menu = api.get(f"/{client}/links").json()
    assert newest["original"] == "https://hats.example/new"
    assert (maps["original"], maps["tagged"], maps["campaign_slug"]) == ("https://maps.example/x",) * 2 + (None,)
    assert menu["tagged"].endswith(
        f"?a=1&utm_source=facebook&utm_medium=social&utm_campaign=tips-november-2026&utm_content=post_{draft}"
    )
    assert (menu["campaign_slug"], menu["campaign_id"], menu["account_id"]) == ("tips-november-2026", campaign, account)
    assert (menu["status"], menu["first_seen_at"], menu["last_checked_at"]) == (
        "unchecked",
        "2026-11-22T12:00:00Z",
        None,
    )
    assert {link["untagged"] for link in (newest, menu)} == {None}
    assert maps["untagged"] == "foreign domain"
    assert "secret" not in api.get(f"/{client}/links").text
    click = {"event_type": "utm_click", "source": "site", "event_date": "2026-11-22", "link_url": maps["tagged"]}
    assert api.post(f"/{client}/conversion", click).json()["content_draft_id"] == draft


def test_what_is_not_the_clients_is_refused(filling: Filling) -> None:
    """D4: neither another client's account nor its campaign, nor a draft that there is not."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    draft, theirs = filling.draft(client), filling.account(other)
    campaign = filling.add(Campaign(client_id=other, name="X", slug="x", start_date=NOW.date(), created_at=NOW))
    copy = tagged(draft)
    with filling.database.read() as session:
        with pytest.raises(NotFoundError, match="account"):
            expect_own_account_and_campaign(session, client, theirs, None)
        with pytest.raises(NotFoundError, match="campaign"):
            expect_own_account_and_campaign(session, client, None, campaign)
    with pytest.raises(NotFoundError, match="no draft 999"):
        register(filling, 999, copy)
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(TrackedLink)) == 0


def check(filling: Filling, *, days: int = 0, include_recent: bool = False) -> dict[str, int]:
    async def go() -> dict[str, int]:
        async with LinkChecker(allow_loopback=True) as checker:
            moment = NOW + timedelta(days=days)
            return await check_links(filling.database, checker, lambda: moment, include_recent=include_recent)

    return asyncio.run(go())


def test_links_are_checked(api: Api, filling: Filling) -> None:
    """F12: dead links and redirects that drop the tags are found; the same place is asked once, and again after a week."""
    client, gone = filling.client("Hats"), filling.client("Shoes", status="archived")
    pages: dict[str, Page] = {
        "/ok": (200, {}),
        "/kept": (301, {"Location": "/ok?{query}"}),
        "/lost": (301, {"Location": "/ok?utm_source=facebook"}),
    }
    with running_site(Site(pages)) as site:
        copy = " ".join(f"{site.url}/{name}" for name in ("ok", "kept", "lost", "dead"))
        for owner in (client, client, gone):
            draft = filling.draft(owner)
            register(filling, draft, tagged(draft, copy, domain="127.0.0.1"))
        assert check(filling) == {"ok": 2, "loses_tags": 1, "dead": 1}
        assert check(filling, days=5) == {}
        asked = len(site.asked)
        assert sum(check(filling, days=7).values()) == 4
        assert len(site.asked) == 2 * asked
        assert sum(check(filling, include_recent=True, days=8).values()) == 4
    found = api.get(f"/{client}/links").json()
    assert len(found) == 8
    by_path = {link["original"].rpartition("/")[2]: (link["status"], link["problem"]) for link in found}
    assert by_path["ok"] == by_path["kept"] == ("ok", None)
    assert by_path["dead"] == ("dead", "The site answers with the error 404.")
    assert (by_path["lost"][0], "without utm_medium, utm_campaign, utm_content." in by_path["lost"][1]) == (
        "loses_tags",
        True,
    )
    assert {link["last_checked_at"] for link in found} == {"2026-11-30T12:00:00Z"}
    assert len(api.get(f"/{client}/links?status=dead").json()) == 2
    assert {link["status"] for link in api.get(f"/{gone}/links").json()} == {"unchecked"}


def refuse_results(filling: Filling, link_id: int) -> None:
    """Make the database itself refuse to store a result for this link."""
    with filling.database.write() as session:
        if filling.database.is_sqlite:
            session.execute(
                text(
                    f"CREATE TRIGGER refuse BEFORE UPDATE ON tracked_links WHEN new.id = {link_id} "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )
        else:
            condition = f"CHECK (id <> {link_id} OR status = 'unchecked')"
            session.execute(text(f"ALTER TABLE tracked_links ADD CONSTRAINT refuse {condition}"))


def test_one_link_never_ends_the_checks_of_others(api: Api, filling: Filling) -> None:
    """L18: neither a redirect to a port that cannot be nor a result that cannot be stored stops the other checks; a link
    with a result is not due again before its time.
    """
    client = filling.client("Hats")
    pages: dict[str, Page] = {"/ok": (200, {}), "/lost": (200, {}), "/port": (302, {"Location": "http://x:99999/"})}
    with running_site(Site(pages)) as site:
        draft = filling.draft(client)
        names = ("port", "lost", "ok", "dead")
        copy = " ".join(f"{site.url}/{name}" for name in names)
        register(filling, draft, tagged(draft, copy, domain="127.0.0.1"))
        ids = {link["original"].rpartition("/")[2]: link["id"] for link in api.get(f"/{client}/links").json()}
        refuse_results(filling, ids["lost"])
        assert check(filling) == {"ok": 1, "dead": 2, "not_stored": 1}
        found = {link["id"]: (link["status"], link["problem"]) for link in api.get(f"/{client}/links").json()}
        assert found[ids["port"]] == ("dead", "There is no port 99999; ports end at 65535.")
        assert found[ids["lost"]] == ("unchecked", None)
        with pytest.raises(DBAPIError):
            check(filling, days=1)


def test_pages_of_links(api: Api, filling: Filling) -> None:
    """J6: newest first, a page at a time, each link once; another's client has none."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    draft = filling.draft(client)
    register(filling, draft, tagged(draft, " ".join(f"https://hats.example/{number}" for number in range(5))))
    path, seen = f"/{client}/links?limit=2", list[int]()
    while path:
        answer = api.get(path)
        seen += [link["id"] for link in answer.json()]
        following = answer.headers.get("Link", "")
        path = following.partition(">")[0].removeprefix("</api/analytics")
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5
    assert api.get(f"/{client}/links", key=filling.key(other)).status_code == 404
    for query in ("status=lost", "limit=0", "limit=501", "draft_id=0", "before_id=x", "unknown=1"):
        assert api.get(f"/{client}/links?{query}").status_code == 422


def test_domains(api: Api, filling: Filling) -> None:
    """F10: none until they are set, which is said; kept in one spelling; what is no domain is refused as a whole."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    path = f"/{client}/domains"
    assert api.get(path).json()["domains"] == []
    assert "no domains" in api.get(path).json()["note"]
    kept = api.ask("PUT", path, json={"domains": ["Hats.Example.COM.", "grün.de", "hats.example.com"]})
    assert kept.json() == {"domains": ["hats.example.com", "xn--grn-ioa.de"], "note": None}
    for wrong in ("co.uk", "com", "localhost", "127.0.0.1", "https://ex.com/", "ex.com/a", "", "a b.com", "*.ex.com"):
        assert api.ask("PUT", path, json={"domains": ["ok.com", wrong]}).status_code == 422, wrong
    assert api.get(path).json() == kept.json()
    assert api.ask("PUT", path, json={"domains": []}).json()["note"]
    assert api.ask("PUT", path, json={"domains": ["a.com"]}, key=filling.key(other)).status_code == 404
