"""Pictures on pages: who gets them, with which headers, and what stands in their place."""

import re
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.share_links import create_share_link
from sophia.access.users import UserRole
from sophia.portfolio.models import Account, Post, PostPicture
from sophia.portfolio.pictures import picture_folder, write_file
from sophia.portfolio.thumbnails import make_thumbnail


def give_pictures(agencies: Agencies) -> list[int]:
    """Give every post of Hats a picture, and return the posts."""
    from io import BytesIO  # noqa: PLC0415

    target = BytesIO()
    Image.new("RGB", (80, 60), "teal").save(target, "PNG")
    content = make_thumbnail(target.getvalue()).content
    name = write_file(picture_folder(data_dir(agencies)), content)
    with agencies.database.write() as session:
        posts = list(
            session.scalars(
                select(Post.id)
                .join(Account, Account.id == Post.account_id)
                .where(Account.client_id == agencies.hats)
                .order_by(Post.id)
            )
        )
        session.add_all(
            PostPicture(post_id=post, status="stored", sha256=name, bytes=len(content), changed_at=NOW)
            for post in posts
        )
    return posts


def data_dir(agencies: Agencies) -> Path:
    folder = agencies.app.state.app_state.settings.data_dir
    assert isinstance(folder, Path)
    return folder


@pytest.fixture
def posts(agencies: Agencies, tmp_path: Path) -> list[int]:
    state = agencies.app.state.app_state
    agencies.app.state.app_state.settings.data_dir = tmp_path
    assert state.settings.data_dir == tmp_path
    return give_pictures(agencies)


def test_a_picture_has_a_tag_and_is_asked_again(agencies: Agencies, posts: list[int]) -> None:
    browser = agencies.browser(UserRole.VIEWER, agencies.hats)
    answer = browser.get(f"/pictures/{posts[0]}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    tag = answer.headers["etag"]
    again = Browser(agencies.app, browser.token, {"if-none-match": f'"other", W/{tag}'}).get(f"/pictures/{posts[0]}")
    assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)


def test_only_those_who_see_the_post_get_its_picture(agencies: Agencies, posts: list[int]) -> None:
    path = f"/pictures/{posts[0]}"
    assert agencies.browser(UserRole.OPERATOR).get(path).status == 200
    assert agencies.browser(UserRole.MANAGER, agencies.shoes).get(path).status == 404
    assert agencies.browser(UserRole.VIEWER, agencies.shoes).get(path).status == 404
    assert agencies.browser(None).get(path).status == 303
    # A tag that was seen elsewhere opens nothing.
    tag = agencies.browser(UserRole.OPERATOR).get(path).headers["etag"]
    other = agencies.browser(UserRole.VIEWER, agencies.shoes)
    assert Browser(agencies.app, other.token, {"if-none-match": tag}).get(path).status == 404


def test_the_pages_of_posts_show_pictures(agencies: Agencies, posts: list[int]) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    week = "?start_date=2026-11-09&end_date=2026-11-15"
    for path in (f"/clients/{agencies.hats}{week}", f"/clients/{agencies.hats}/posts{week}", f"/posts/{posts[0]}"):
        addresses = re.findall(r'<img [^>]*src="([^"]+)"', browser.get(path).text)
        assert addresses
        assert {browser.get(address).status for address in addresses} == {200}


def test_a_post_without_picture_has_a_placeholder(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    html = browser.get(f"/clients/{agencies.hats}/posts?start_date=2026-11-09&end_date=2026-11-15").text
    assert ('<span class="thumb" aria-hidden="true">' in html, "<img" in html) == (True, False)
    assert "expired at Meta" in browser.get("/posts/1").text


def test_a_missing_file_is_not_found(agencies: Agencies, posts: list[int]) -> None:
    for path in picture_folder(data_dir(agencies)).iterdir():
        path.unlink()
    assert agencies.browser(UserRole.OPERATOR).get(f"/pictures/{posts[0]}").status == 404


def test_a_share_link_shows_the_pictures_of_its_report_only(agencies: Agencies, posts: list[int]) -> None:
    from datetime import date  # noqa: PLC0415

    with agencies.database.write() as session:
        days = (date(2026, 11, 9), date(2026, 11, 15))
        token = create_share_link(session, agencies.hats, "week", days, 30, None, "user Olga", NOW)
        other = create_share_link(session, agencies.shoes, "week", days, 30, None, "user Olga", NOW)
        locked = create_share_link(session, agencies.hats, "locked", days, 30, "hash", "user Olga", NOW)
        outside = [post.id for post in session.scalars(select(Post)) if post.published_at.date() < date(2026, 11, 8)]
    reader = Browser(agencies.app)
    addresses = re.findall(r'<img [^>]*src="([^"]+)"', reader.get(f"/shared/{token}").text)
    assert addresses
    assert all(address.startswith(f"/shared/{token}/pictures/") for address in addresses)
    assert {reader.get(address).status for address in addresses} == {200}
    for name in (other, locked, "x" * 43):
        assert {reader.get(address.replace(token, name)).status for address in addresses} == {404}
    hats_outside = [post for post in outside if post in posts]
    assert hats_outside
    assert {reader.get(f"/shared/{token}/pictures/{post}").status for post in hats_outside} == {404}
