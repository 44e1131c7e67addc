"""From a draft to a post and its readings; and what becomes of a draft that Meta does not take."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.conftest import YESTERDAY
from tests.demo.faults import graph_fault
from tests.publishing.conftest import COPY, KINDS, PICTURE, SITE, TAGS, VIDEO, Newsroom, id_of

from sophia.analytics.campaigns.schemas import NewCampaign
from sophia.analytics.campaigns.store import Grouping, add_drafts, create_campaign, group_drafts
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.world.objects import Media, Post
from sophia.errors import ConflictError, InvalidInputError
from sophia.portfolio import approvals, drafts
from sophia.portfolio.models import Account, ApprovalEvent, Client, ContentDraft, PublishingQueueEntry
from sophia.publishing import queue


@pytest.mark.parametrize(("platform", "kind"), KINDS)
def test_a_draft_becomes_a_post_whose_readings_carry_it(newsroom: Newsroom, platform: str, kind: str) -> None:
    """E2: draft, approval, queue, post, collection: the readings know their draft. Each step twice changes nothing."""
    draft = newsroom.draft(platform, kind)
    newsroom.approve(draft)
    newsroom.approve(draft)
    entry = newsroom.enqueue(draft)
    assert newsroom.enqueue(draft) == entry
    assert newsroom.publish() == {"due": 1, "published": 1}
    assert newsroom.publish() == {"due": 0}
    (post,) = newsroom.posted(platform)
    shown = newsroom.entry(entry)
    assert (shown.status, shown.platform_post_id, shown.attempts) == ("published", id_of(post), 1)
    newsroom.later(hours=2)
    account = newsroom.page if platform == "facebook" else newsroom.instagram
    newsroom.house.collect(account)
    newsroom.house.collect(account)
    rows = newsroom.house.rows(
        "SELECT p.draft_id, count(*) FROM posts p JOIN metric_series s ON s.post_id = p.id"
        " JOIN engagement_metrics e ON e.series_id = s.id WHERE p.platform_post_id = :post GROUP BY p.draft_id",
        post=post.id,
    )
    assert [row[0] for row in rows] == [draft]
    assert rows[0][1] > 3


def test_links_are_tagged_on_the_way_out_and_the_draft_stays(newsroom: Newsroom) -> None:
    """F11: what goes out has the tags of platform, pillar and draft; what was written stays as it was."""
    for platform, kind in (("facebook", "feed"), ("instagram", "image")):
        newsroom.ready(platform, kind)
        newsroom.publish()
        (post,) = newsroom.posted(platform)
        text = post.message if isinstance(post, Post) else post.caption
        number = 1 if platform == "facebook" else 2
        assert text == f"New cakes: {SITE}/cakes?{TAGS.format(platform, number)} 🍰"
    with newsroom.house.database.read() as session:
        assert set(session.scalars(select(ContentDraft.copy))) == {COPY}


def test_the_links_carry_the_campaign_that_the_draft_is_in(newsroom: Newsroom) -> None:
    """F11, G13: link and campaign have one slug: of the month on the client's calendar, or of what was made by hand."""
    with newsroom.house.database.write() as session:
        client = session.scalars(select(Client)).one()
        client.timezone = "America/Toronto"
        by_hand = create_campaign(
            session, client.id, NewCampaign(name="Opening", start_date=YESTERDAY), newsroom.house.now
        )
    newsroom.house.now = datetime(2026, 12, 1, 2, tzinfo=UTC)  # 30 November, 21:00
    chosen = newsroom.draft()
    with newsroom.house.database.write() as session:
        add_drafts(session, newsroom.client(), by_hand, [chosen])
    newsroom.approve(chosen)
    newsroom.enqueue(chosen)
    newsroom.ready(content_pillar="cakes ")
    newsroom.ready(content_pillar=None)
    newsroom.ready(content_pillar=" CAKES")
    newsroom.publish()
    with newsroom.house.database.write() as session:
        assert group_drafts(session, newsroom.client(), newsroom.house.now) == Grouping(0, 1, 1, 0)
    found = newsroom.house.rows(
        "SELECT l.draft_id, l.campaign_slug, c.slug, c.start_date FROM tracked_links l"
        " LEFT JOIN campaigns c ON c.id = l.campaign_id ORDER BY l.draft_id"
    )
    month = "cakes-november-2026"
    assert [tuple(map(str, row[:3])) for row in found] == [
        ("1", "opening", "opening"),
        ("2", month, month),
        ("3", "none", "None"),
        ("4", month, month),
    ]
    assert str(found[1][3]) == "2026-11-01"


def test_what_only_describes_a_post_cannot_be_queued(newsroom: Newsroom) -> None:
    """Drafts of posts that were published elsewhere have no kind; the refusal says so in words."""
    draft = newsroom.draft()
    with newsroom.house.database.write() as session:
        session.get_one(ContentDraft, draft).kind = None
    with pytest.raises(InvalidInputError, match=f"Draft {draft} only describes a post"):
        newsroom.enqueue(draft)


def test_a_carousel_has_its_pictures_and_a_photo_its_post(newsroom: Newsroom) -> None:
    newsroom.ready("instagram", "carousel")
    newsroom.publish()
    (album,) = newsroom.posted("instagram")
    assert isinstance(album, Media)
    assert (album.media_type, len(album.children)) == ("CAROUSEL_ALBUM", 3)


def test_too_long_a_caption_is_refused_before_anything_is_sent(newsroom: Newsroom) -> None:
    """F16: with tags it is too long; the number is said, and Meta hears nothing."""
    copy = f"{SITE}/cakes " + "x" * 2_150
    with newsroom.house.database.write() as session:
        session.scalars(select(Client)).one().domains = []
    entry = newsroom.ready("instagram", "image", copy)
    with newsroom.house.database.write() as session:
        session.scalars(select(Client)).one().domains = ["amber-bakery.example"]
    said = r"has 2,276 characters as published, 91 of them tags .* accepts 2,200\. Shorten it by 76"
    with pytest.raises(InvalidInputError, match=said):
        newsroom.enqueue(newsroom.draft("instagram", "image", copy))
    newsroom.publish()
    assert newsroom.entry(entry).status == "failed"
    assert re.search(said, newsroom.entry(entry).problem or "")
    assert newsroom.house.api.calls == []


def test_nothing_goes_out_without_an_approval_of_what_it_says(newsroom: Newsroom) -> None:
    """Unapproved, edited after the approval, rejected: none goes out; approved again, it does."""
    draft = newsroom.draft()
    entry = newsroom.enqueue(draft)
    assert newsroom.publish() == {"due": 0}
    newsroom.approve(draft)
    with newsroom.house.database.write() as session:
        drafts.edit_draft(session, draft, "Cy", newsroom.house.now, copy="Other words")
    assert newsroom.publish() == {"due": 0}
    assert "sophia draft approve" in (newsroom.entry(entry).what_to_do or "")
    newsroom.approve(draft)
    with newsroom.house.database.write() as session:
        approvals.reject(session, draft, "Bo", newsroom.house.now)
    assert newsroom.publish() == {"due": 0}
    assert newsroom.posted() == []
    newsroom.approve(draft)
    assert newsroom.publish() == {"due": 1, "published": 1}
    with newsroom.house.database.read() as session:
        kinds = list(session.scalars(select(ApprovalEvent.kind).order_by(ApprovalEvent.id)))
    assert kinds == ["created", "approved", "edited", "approved", "rejected", "approved"]


def test_what_is_out_can_be_neither_edited_nor_rejected_nor_cancelled(newsroom: Newsroom) -> None:
    entry = newsroom.ready()
    newsroom.publish()
    draft = newsroom.entry(entry).draft_id
    with newsroom.house.database.write() as session:
        with pytest.raises(ConflictError, match="published already"):
            drafts.edit_draft(session, draft, "Cy", newsroom.house.now, copy="Other words")
        with pytest.raises(ConflictError, match="published already"):
            approvals.reject(session, draft, "Cy", newsroom.house.now)
        with pytest.raises(ConflictError, match="only what is still queued"):
            queue.cancel(session, entry)


def test_a_scheduled_post_waits_for_its_time(newsroom: Newsroom) -> None:
    draft = newsroom.draft()
    newsroom.approve(draft)
    newsroom.enqueue(draft, newsroom.house.now + timedelta(hours=1))
    assert newsroom.publish() == {"due": 0}
    newsroom.later(hours=1)
    assert newsroom.publish() == {"due": 1, "published": 1}


def test_what_one_person_approved_and_queued_is_not_sent_when_two_are_needed(newsroom: Newsroom) -> None:
    """L16: also what was queued before the setting was made, and what nobody knows who queued; the list says what to do."""
    settings = newsroom.house.settings
    newsroom.house.settings = settings.model_copy(update={"two_person_approval": True})
    drafts = [newsroom.draft(copy=copy) for copy in ("By one", "By nobody knows whom", "By two")]
    for draft in drafts:
        newsroom.approve(draft)  # as Bo
    with newsroom.house.database.write() as session:
        (by_one,) = queue.enqueue(session, drafts[0], "Bo", newsroom.house.now)
    unknown, by_two = (newsroom.enqueue(draft) for draft in drafts[1:])
    with newsroom.house.database.write() as session:
        session.get_one(PublishingQueueEntry, unknown).queued_by = None
    assert newsroom.publish() == {"due": 1, "published": 1}
    assert newsroom.entry(by_two).status == "published"
    with newsroom.house.database.read() as session:
        for number in (by_one, unknown):
            entry = queue.find_entry(session, None, number, two_person=True)
            assert entry.status == "queued"
            assert "other than the approver must queue it" in (entry.what_to_do or "")
    assert newsroom.publish() == {"due": 0}
    newsroom.house.settings = settings
    assert newsroom.publish() == {"due": 2, "published": 2}


def test_the_daily_quota_is_asked_before_anything_is_made(newsroom: Newsroom) -> None:
    """C6: at the cap no container is made; an hour later, when there is room again, the post goes out."""
    newsroom.desk.cap = 0
    entry = newsroom.ready("instagram", "image")
    assert newsroom.publish() == {"due": 1, "queued": 1}
    assert newsroom.asked("POST", "/media") == 0
    newsroom.desk.cap = 50
    assert newsroom.publish() == {"due": 0}
    newsroom.later(hours=1)
    assert newsroom.publish() == {"due": 1, "published": 1}
    assert newsroom.entry(entry).attempts == 1


FAILURES = [
    ("9/2207042 daily cap", "queued", timedelta(days=1)),
    ("4 app rate limit", "queued", timedelta(hours=1)),
    ("80002 instagram rate limit", "queued", timedelta(hours=1)),
    ("190/460 password changed", "failed", None),
    ("200 permission", "failed", None),
    ("36000 media fault", "failed", None),
    ("100 bad parameter", "failed", None),
    ("368 blocked for policy", "failed", None),
]


def test_what_meta_says_to_users_is_kept_with_the_entry(newsroom: Newsroom) -> None:
    """L10: `sophia publish list` shows what Meta complains about, and not only "Invalid parameter"."""
    text = "The picture has an aspect ratio that cannot be published."
    error = {"message": "Invalid parameter", "code": 100, "error_subcode": 2207089, "error_user_title": "Too wide"}
    body = {**error, "error_user_msg": text}
    newsroom.house.api.faults.append(Fault(r"POST .*/media(\?|$)", body=body, status=400))
    entry = newsroom.ready("instagram", "image")
    newsroom.publish()
    assert f"Invalid parameter. Too wide. {text}" in (newsroom.entry(entry).problem or "")


@pytest.mark.parametrize(("error", "status", "wait"), FAILURES)
def test_each_refusal_has_its_remedy(newsroom: Newsroom, error: str, status: str, wait: timedelta | None) -> None:
    """C3: caps and limits wait, the rest asks a person, and says what to do."""
    newsroom.house.api.faults.append(fault_of(error, "POST .*/media_publish"))
    entry = newsroom.ready("instagram", "image")
    newsroom.publish()
    shown = newsroom.entry(entry)
    assert (shown.status, shown.attempts) == (status, 0 if wait else 1)
    assert shown.problem
    assert newsroom.posted("instagram") == []
    assert newsroom.asked("POST", "/media_publish") == 1
    if wait is None:
        assert "retry this entry" in (shown.what_to_do or "")
    else:
        assert shown.next_try_at == newsroom.house.now + wait
        newsroom.house.api.faults.clear()
        newsroom.later(days=1)
        assert newsroom.publish() == {"due": 1, "published": 1}


@pytest.mark.parametrize(
    "error",
    ["-2/2207003 upload timed out", "-1/2207001 Instagram server error", "24/2207008 container gone", "2 service down"],
)
def test_passing_errors_are_tried_again_after_a_wait(newsroom: Newsroom, error: str) -> None:
    """C3: when the container was not made, in a minute; nothing is hammered."""
    newsroom.house.api.faults.append(fault_of(error, "POST .*/media$", times=2))
    entry = newsroom.ready("instagram", "image")
    for minutes in (1, 5):
        assert newsroom.publish() == {"due": 1, "queued": 1}
        assert newsroom.entry(entry).next_try_at == newsroom.house.now + timedelta(minutes=minutes)
        newsroom.later(minutes=minutes)
    assert newsroom.publish() == {"due": 1, "published": 1}
    assert newsroom.asked("POST", "/media") == 3


def test_tries_come_to_an_end_and_can_be_begun_anew_by_hand(newsroom: Newsroom) -> None:
    fault = fault_of("-2/2207003 upload timed out", "POST .*/media$")
    newsroom.house.api.faults.append(fault)
    entry = newsroom.ready("instagram", "image")
    for _ in range(8):
        newsroom.publish()
        newsroom.later(hours=1)
    assert (newsroom.entry(entry).status, fault.struck) == ("failed", 5)
    newsroom.house.api.faults.clear()
    for _ in range(2):
        with newsroom.house.database.write() as session:
            queue.retry(session, entry)
    assert newsroom.publish() == {"due": 1, "published": 1}


def test_bad_media_are_said_and_make_nothing_public(newsroom: Newsroom) -> None:
    newsroom.desk.bad_urls |= {PICTURE, VIDEO}
    entries = [
        newsroom.ready("instagram", "image"),
        newsroom.ready("facebook", "photo"),
        newsroom.ready("facebook", "reel"),
    ]
    newsroom.publish()
    assert {newsroom.entry(one).status for one in entries} == {"failed"}
    assert "2207052" in (newsroom.entry(entries[0]).problem or "")
    assert newsroom.posted("instagram") == newsroom.posted("facebook") == []


def test_a_block_stops_the_account_and_no_other(newsroom: Newsroom) -> None:
    """C4, C6: after 368 nothing more goes out with this token until the rest is over."""
    newsroom.house.api.faults.append(fault_of("368 blocked for policy", "POST .*/feed", times=1))
    first, second = newsroom.ready(copy="One"), newsroom.ready(copy="Two")
    newsroom.publish()
    assert newsroom.entry(first).status == "failed"
    assert "Support Inbox" in (newsroom.entry(first).what_to_do or "")
    newsroom.later(hours=1)
    newsroom.publish()
    assert newsroom.entry(second).status == "queued"
    assert newsroom.asked("POST", "/feed") == 1
    newsroom.later(hours=6)
    newsroom.publish()
    assert newsroom.entry(second).status == "published"


def test_a_dead_token_fails_one_entry_and_keeps_the_others(newsroom: Newsroom) -> None:
    """C3: the account asks for a new connection; what waits behind goes out after it."""
    newsroom.house.api.dead_token(newsroom.page, newsroom.house.now)
    first, second = newsroom.ready(copy="One"), newsroom.ready(copy="Two")
    newsroom.publish()
    newsroom.publish()
    assert newsroom.entry(first).status == "failed"
    assert newsroom.entry(second).status == "queued"
    assert "sophia connect" in (newsroom.entry(second).what_to_do or "")
    assert newsroom.asked("POST", "/feed") == 1


def test_a_missing_permission_is_said_before_meta_is_asked(newsroom: Newsroom) -> None:
    with newsroom.house.database.write() as session:
        session.get_one(Account, newsroom.account("facebook")).token_scopes = ["read_insights"]
    entry = newsroom.ready()
    newsroom.publish()
    assert newsroom.entry(entry).status == "failed"
    assert "pages_manage_posts" in (newsroom.entry(entry).problem or "")
    assert newsroom.house.api.calls == []


def test_the_same_words_again_are_a_duplicate_that_a_person_must_change(newsroom: Newsroom) -> None:
    """506 about an older post: it is looked for, it is not ours, and the entry says so."""
    newsroom.ready(copy="Same words")
    newsroom.publish()
    newsroom.later(minutes=1)
    second = newsroom.ready(copy="Same words")
    newsroom.publish()
    assert newsroom.entry(second).status == "failed"
    assert "older post" in (newsroom.entry(second).problem or "")
    assert len(newsroom.posted()) == 1


def test_processing_that_takes_long_holds_nobody_up(newsroom: Newsroom) -> None:
    newsroom.desk.polls = 9
    entry = newsroom.ready("instagram", "reel")
    assert newsroom.publish() == {"due": 1, "publishing": 1}
    newsroom.desk.polls = 1
    other = newsroom.ready("instagram", "image", "Something else")
    newsroom.publish()
    assert newsroom.entry(other).status == "published"
    newsroom.later(minutes=1)
    newsroom.publish()
    assert newsroom.entry(entry).status == "published"
    assert len(newsroom.posted("instagram")) == 2


def test_a_container_that_has_ended_is_made_again(newsroom: Newsroom) -> None:
    newsroom.desk.polls = 9
    entry = newsroom.ready("instagram", "image")
    newsroom.publish()
    newsroom.desk.polls = 0
    newsroom.later(hours=25)
    newsroom.publish()
    newsroom.later(minutes=1)
    newsroom.publish()
    assert newsroom.entry(entry).status == "published"
    assert len(newsroom.posted("instagram")) == 1


def test_two_processes_at_once_send_once(newsroom: Newsroom) -> None:
    """E2: while one holds the account, another leaves it alone."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    newsroom.house.api.faults.append(Fault("POST .*/feed", delay_seconds=1.0))
    newsroom.ready()
    with ThreadPoolExecutor(2) as pool:
        results = [one.result() for one in [pool.submit(newsroom.publish, process=f"elsewhere:{n}") for n in (1, 2)]]
    assert len(newsroom.posted()) == 1
    assert sum(one.get("published", 0) for one in results) >= 1
    with newsroom.house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PublishingQueueEntry)) == 1


def test_an_error_that_nobody_knows_is_no_reason_to_send_again(newsroom: Newsroom) -> None:
    newsroom.house.api.faults.append(graph_fault("POST .*/feed", 77777, "Something new"))
    entry = newsroom.ready()
    newsroom.publish()
    newsroom.later(hours=2)
    newsroom.publish()
    assert newsroom.entry(entry).status == "failed"
    assert newsroom.asked("POST", "/feed") == 1
