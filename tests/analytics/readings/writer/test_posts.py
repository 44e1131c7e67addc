"""Posts and the drafts that they were."""

from sqlalchemy import text
from tests.analytics.readings.writer.conftest import DAY, NOW, ONE_DAY, Office, batch, clicks, numbers, page_views, post

from sophia.meta.catalogue.terms import ObjectKind, Period
from sophia.meta.records import Reading

# -- posts -------------------------------------------------------------------------------------------------------------


def test_posts_are_inserted_and_mended(office: Office) -> None:
    """A1: a post once; what Meta changed about it is changed, when it was first seen stays."""
    writer = office.writer()
    assert writer.save([batch(posts=[post("1_1", text="Hi"), post("1_1", text="Hi"), post("1_2")])]).posts_new == 2
    office.clock[0] = NOW + ONE_DAY
    assert writer.save([batch(posts=[post("1_1", text="Hello", permalink="https://x")])]).posts_new == 0
    rows = office.rows("SELECT platform_post_id, text, permalink, first_seen_at FROM posts ORDER BY platform_post_id")
    assert [row[:3] for row in rows] == [("1_1", "Hello", "https://x"), ("1_2", None, None)]
    assert {str(row[3])[:10] for row in rows} == {"2026-11-22"}


def test_a_reel_stays_a_reel(office: Office) -> None:
    """B4: published_posts shows reels as videos; video_reels tells; its readings find the post by the video's id."""
    writer = office.writer()
    video = post("1_1", ObjectKind.VIDEO, video_id="55")
    writer.save([batch(posts=[video])])
    writer.save([batch([Reading("55", "blue_reels_play_count", Period.LIFETIME, "", DAY, 30)], reels=["55"])])
    writer.save([batch(posts=[video])])
    assert office.rows("SELECT kind FROM posts") == [("reel",)]
    assert [key[0] for key in office.readings()] == ["1_1"]


def test_a_post_that_was_gone_lives_again(office: Office) -> None:
    """B7: what Meta lists lives."""
    writer = office.writer()
    writer.save([batch(posts=[post("1_1")])])
    with office.database.write() as session:
        session.execute(text("UPDATE posts SET gone_at = '2026-11-21 00:00:00', gone_reason = 'x'"))
    assert writer.save([batch(posts=[post("1_1")])]).posts_new == 0
    assert office.rows("SELECT gone_at, gone_reason FROM posts") == [(None, None)]


def test_readings_of_unknown_posts_are_left_out(office: Office) -> None:
    """A3: a post that was never listed has no place; another account's post of that id is not taken for it."""
    other = office.new_account(office.client)
    office.writer(account=other).save([batch(posts=[post("1_9", video_id="77")])])
    saved = office.writer().save([batch([clicks("1_9", 3), clicks("77", 3), page_views(1)])])
    assert numbers(saved) == (1, 0, 0)
    assert list(office.readings().values()) == [1]


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_drafts_are_linked(office: Office) -> None:
    """A3: by the draft's own post id, by the publishing queue, and by the id of the video that publishing returned."""
    by_draft = office.new_draft(office.client, "1_1")
    by_queue = office.new_draft(office.client)
    office.queue(by_queue, office.account, "1_2")
    by_video = office.new_draft(office.client, "55")
    office.writer().save(
        [batch(posts=[post("1_1"), post("1_2"), post("1_3", ObjectKind.VIDEO, video_id="55"), post("1_4")])]
    )
    assert dict(office.rows("SELECT platform_post_id, draft_id FROM posts")) == {
        "1_1": by_draft,
        "1_2": by_queue,
        "1_3": by_video,
        "1_4": None,
    }


def test_a_draft_published_later_is_linked_later_and_stays(office: Office) -> None:
    """A3: the link comes with the next listing, and is not lost when the draft forgets its post."""
    writer = office.writer()
    writer.save([batch(posts=[post("1_1")])])
    draft = office.new_draft(office.client, "1_1")
    writer.save([batch(posts=[post("1_1")])])
    with office.database.write() as session:
        session.execute(text("UPDATE content_drafts SET platform_post_id = NULL"))
    writer.save([batch(posts=[post("1_1")])])
    assert office.rows("SELECT draft_id FROM posts") == [(draft,)]


def test_drafts_of_others_are_not_linked(office: Office) -> None:
    """A3: neither another client's draft, nor another platform's, nor one queued for another account."""
    other = office.new_client()
    office.new_draft(other, "1_1")
    office.new_draft(office.client, "1_1", platform="instagram")
    office.queue(office.new_draft(other), office.new_account(other), "1_1")
    office.writer().save([batch(posts=[post("1_1")])])
    assert office.rows("SELECT draft_id FROM posts") == [(None,)]


def test_a_draft_of_another_client_in_this_accounts_queue(office: Office) -> None:
    """A3: the queue's own constraint does not see that draft and account have different clients; the writer must."""
    office.queue(office.new_draft(office.new_client()), office.account, "1_1")
    office.writer().save([batch(posts=[post("1_1")])])
    assert office.rows("SELECT draft_id FROM posts") == [(None,)]
