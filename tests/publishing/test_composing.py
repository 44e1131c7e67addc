"""What goes out: links joined without a space, links signed by others, and the preview that says so."""

import pytest
from sqlalchemy import select
from tests.conftest import Api, Filling
from tests.publishing.conftest import SITE, TAGS, Newsroom

from sophia.analytics.links.models import TrackedLink
from sophia.demo.meta.world.objects import Post
from sophia.portfolio.models import Client

SIGNED = f"{SITE}/menu.pdf?Expires=1767225600&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D&Key-Pair-Id=K2JC"


@pytest.mark.parametrize("joint", [",", ";", "|"])
def test_links_joined_without_a_space_go_out_as_several(newsroom: Newsroom, joint: str) -> None:
    """F4: both links of `https://a,https://b` reach Meta tagged, and stand in the register, through a whole publication."""
    newsroom.ready(copy=f"{SITE}/a{joint}{SITE}/b")
    assert newsroom.publish() == {"due": 1, "published": 1}
    (post,) = newsroom.posted()
    assert isinstance(post, Post)
    tags = TAGS.format("facebook", 1)
    assert post.message == f"{SITE}/a?{tags}{joint}{SITE}/b?{tags}"
    with newsroom.house.database.read() as session:
        tagged = session.scalars(select(TrackedLink.tagged).order_by(TrackedLink.id)).all()
    assert sorted(tagged) == [f"{SITE}/a?{tags}", f"{SITE}/b?{tags}"]


def test_a_signed_link_goes_out_as_it_is(newsroom: Newsroom) -> None:
    """L26: not one byte of a signed address changes on its way to Meta, and the register holds it untagged."""
    newsroom.ready(copy=f"Menu: {SIGNED}")
    assert newsroom.publish() == {"due": 1, "published": 1}
    (post,) = newsroom.posted()
    assert isinstance(post, Post)
    assert post.message == f"Menu: {SIGNED}"
    with newsroom.house.database.read() as session:
        assert session.execute(select(TrackedLink.original, TrackedLink.tagged)).one() == (SIGNED, SIGNED)


def test_a_preview_reports_untagged_links(api: Api, filling: Filling) -> None:
    """L26: before a draft goes out, each link that stays untagged is reported with the reason; another's key sees nothing."""
    client, other = filling.client("Bakery"), filling.client("Shoes")
    with filling.database.write() as session:
        session.get_one(Client, client).domains = ["amber-bakery.example"]
    copy = f"{SITE}/a {SIGNED} https://maps.example/x"
    written = {"client_id": client, "platform": "facebook", "kind": "feed", "copy": copy}
    draft = api.post("//api/publishing/drafts", written).json()["id"]
    path = f"//api/publishing/drafts/{draft}/preview"
    shown = api.get(path).json()
    tagged = f"{SITE}/a?utm_source=facebook&utm_medium=social&utm_campaign=none&utm_content=post_{draft}"
    assert shown["text"] == copy.replace(f"{SITE}/a", tagged, 1)
    assert [(link["tagged"], link["untagged"]) for link in shown["links"]] == [
        (tagged, None),
        (SIGNED, "signed"),
        ("https://maps.example/x", "foreign domain"),
    ]
    assert "clicks cannot be attributed" in shown["links"][1]["note"]
    assert (shown["overflow"], shown["length"]) == (0, len(shown["text"]))
    assert api.get(path, key=filling.key(other)).status_code == 404
