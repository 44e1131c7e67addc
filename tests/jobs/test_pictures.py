"""Pictures of posts after a collection from a simulated Meta: fetched once, kept within a limit, swept."""

import hashlib
import io
import os
from datetime import timedelta

from PIL import Image
from sqlalchemy import select, update
from tests.meta.conftest import meta
from tests.portfolio.conftest import Agency, agency

from sophia.analytics.maintenance.deleting import delete_client_data
from sophia.demo.meta.graph.pictures import draw
from sophia.jobs.collecting import collect_daily
from sophia.jobs.pictures import fetch_pictures
from sophia.portfolio import pictures
from sophia.portfolio.models import Account, Post, PostPicture
from sophia.portfolio.pictures import picture_folder, remove_oldest, sweep, waiting_pictures
from sophia.portfolio.thumbnails import make_thumbnail

__all__ = ["agency", "meta"]


def collected(agency: Agency) -> Agency:
    agency.change(picture_loopback=True)
    agency.connect()
    agency.run(collect_daily)
    return agency


def stored(agency: Agency) -> dict[str, PostPicture]:
    """{Meta's id of a post: its picture}."""
    with agency.database.read() as session:
        rows = session.execute(select(Post.platform_post_id, PostPicture).join(Post, Post.id == PostPicture.post_id))
        return {name: picture for name, picture in rows}  # noqa: C416 - a Row is no pair for mypy


def requests_of_pictures(agency: Agency) -> int:
    return sum("/_cdn/" in address for address in agency.meta.addresses)


def test_every_picture_is_stored_as_meta_serves_it(agency: Agency) -> None:
    collected(agency)
    world = agency.meta.world
    expected = {
        post.id
        for page in world.pages
        for post in world.posts(page.id)
        if post.created_at <= agency.now and post.kind != "status"
    } | {
        medium.id
        for account in world.instagram_accounts
        for medium in world.media(account.id)
        if medium.created_at <= agency.now
    }
    rows = stored(agency)
    assert {name for name, row in rows.items() if row.status == "stored"} >= expected
    assert len(expected) > 6
    folder = picture_folder(agency.settings.data_dir)
    for name in expected:
        content = (folder / f"{rows[name].sha256}.jpg").read_bytes()
        assert hashlib.sha256(content).hexdigest() == rows[name].sha256
        assert content == make_thumbnail(draw(name)).content
        assert (len(content), Image.open(io.BytesIO(content)).size) == (rows[name].bytes, (640, 640))
    assert {path.suffix for path in folder.iterdir()} == {".jpg"}
    # A video is never fetched in place of its picture.
    assert not any(".mp4" in address for address in agency.meta.addresses)


def test_a_picture_is_fetched_once(agency: Agency) -> None:
    collected(agency)
    requests = requests_of_pictures(agency)
    agency.now += timedelta(days=1)
    agency.run(collect_daily)
    agency.run(fetch_pictures)
    assert requests_of_pictures(agency) == requests


def test_an_expired_address_is_refused_and_a_new_one_fetched(agency: Agency) -> None:
    collected(agency)
    name, row = next(iter(stored(agency).items()))
    address = f"{agency.meta.base_url}/_cdn/{name}.jpg?oe=1&oh=2"
    with agency.database.write() as session:
        waiting = {"status": "waiting", "sha256": None, "address": address}
        session.execute(update(PostPicture).where(PostPicture.post_id == row.post_id).values(**waiting))
    agency.run(fetch_pictures)
    assert (stored(agency)[name].status, stored(agency)[name].problem) == (
        "refused",
        "Meta answered with the status 403.",
    )
    with agency.database.write() as session:
        pictures.note_addresses(session, {row.post_id: address}, agency.now)
        assert waiting_pictures(session, 10) == []
        new = f"{agency.meta.base_url}/_cdn/{name}.jpg?oe=1&oh=3"
        pictures.note_addresses(session, {row.post_id: new}, agency.now)
        assert [picture.address for picture in waiting_pictures(session, 10)] == [new]


def test_addresses_of_other_hosts_are_not_asked(agency: Agency) -> None:
    """Without the demo's setting the simulated Meta, on this machine, is no host of pictures."""
    agency.connect()
    agency.run(collect_daily)
    assert {row.status for row in stored(agency).values()} == {"refused"}
    assert requests_of_pictures(agency) == 0


def test_the_oldest_make_room(agency: Agency) -> None:
    collected(agency)
    rows = sorted(stored(agency).values(), key=lambda row: row.post_id)
    with agency.database.write() as session:
        for age, row in enumerate(rows):
            moment = agency.now - timedelta(days=age)
            session.execute(update(PostPicture).where(PostPicture.post_id == row.post_id).values(changed_at=moment))
    newest = sum(row.bytes or 0 for row in rows[:3])
    with agency.database.write() as session:
        assert remove_oldest(session, newest, agency.now) == len(rows) - 3
    assert {row.post_id for row in stored(agency).values() if row.status == "stored"} == {
        row.post_id for row in rows[:3]
    }
    folder = picture_folder(agency.settings.data_dir)
    with agency.database.read() as session:
        # A file without a row may be about to get it.
        assert sweep(session, folder) == 0
        assert sweep(session, folder, older_than_seconds=-1) == len(rows) - 3
    assert {path.stem for path in folder.iterdir()} == {row.sha256 for row in rows[:3]}
    # A removed picture does not come back.
    agency.run(collect_daily)
    assert sum(row.status == "stored" for row in stored(agency).values()) == 3


def test_the_pictures_of_a_deleted_client_are_swept(agency: Agency) -> None:
    collected(agency)
    with agency.database.read() as session:
        client_id = session.scalar(select(Account.client_id).limit(1))
    assert client_id is not None
    delete_client_data(agency.database, client_id, agency.settings.data_dir, agency.now)
    folder = picture_folder(agency.settings.data_dir)
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    agency.run(fetch_pictures)
    assert {path.stem for path in folder.iterdir()} == {row.sha256 for row in stored(agency).values()}


def test_a_limit_of_nothing_fetches_nothing(agency: Agency) -> None:
    agency.change(picture_megabytes=0)
    collected(agency)
    assert requests_of_pictures(agency) == 0
    assert {row.status for row in stored(agency).values()} == {"waiting"}
