"""What a draft may hold, who did what to it, and that an approval is one of what was read."""

import pytest
from tests.conftest import NOW, ONE_DAY, Filling

from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio import approvals
from sophia.portfolio.drafts import DraftContent, check, create_draft, edit_draft, find_draft, list_drafts

PICTURE, VIDEO = "https://cdn.example/a.jpg", "https://cdn.example/a.mp4?size=1"
FEED = DraftContent("facebook", "feed", "Hello")


@pytest.mark.parametrize(
    "content",
    [
        FEED,
        DraftContent("facebook", "photo", "", (PICTURE,)),
        DraftContent("facebook", "reel", "x", (VIDEO,)),
        DraftContent("instagram", "image", "x", (PICTURE,)),
        DraftContent("instagram", "carousel", "x", (PICTURE, VIDEO)),
        DraftContent("instagram", "story", "", (VIDEO,)),
    ],
)
def test_what_can_be_published(content: DraftContent) -> None:
    check(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (DraftContent("threads", "feed", "x"), "no platform 'threads'"),
        (DraftContent("instagram", "feed", "x"), "instagram has no 'feed'"),
        (DraftContent("instagram", "video", "x", (VIDEO,)), "instagram has no 'video'"),
        (DraftContent("facebook", "feed", " \n"), "needs a copy"),
        (DraftContent("facebook", "feed", "x", (PICTURE,)), "needs no media address, and this one has 1"),
        (DraftContent("instagram", "carousel", "x", (PICTURE,)), "needs 2 to 10"),
        (DraftContent("instagram", "carousel", "x", (PICTURE,) * 11), "needs 2 to 10"),
        (DraftContent("instagram", "image", "x", (VIDEO,)), "is a video"),
        (DraftContent("instagram", "reel", "x", (PICTURE,)), "takes a video"),
        (DraftContent("instagram", "story", "text", (PICTURE,)), "no text with a story"),
        (DraftContent("instagram", "image", "x", ("ftp://cdn.example/a.jpg",)), "no address that Meta can fetch"),
        (DraftContent("instagram", "image", "x", ("https://me:word@cdn.example/a.jpg",)), "no address"),
        (DraftContent("instagram", "image", "x", ("https://[cdn/a.jpg",)), "no address"),
        (DraftContent("instagram", "image", "x", ("https://cdn.example/ä.jpg",)), "in ASCII"),
        (DraftContent("facebook", "feed", "a\x00b"), "contains a null character"),
        (DraftContent("facebook", "feed", "x", content_pillar=" "), "content pillar"),
    ],
)
def test_what_cannot(content: DraftContent, said: str) -> None:
    """F15: each refusal says what would do; no address with a login is sent."""
    with pytest.raises(InvalidInputError, match=said):
        check(content)


def test_accounts_are_the_clients_own_and_of_the_platform(filling: Filling) -> None:
    """D4: neither another client's account nor one of another platform."""
    mine, other = filling.client("Mine"), filling.client("Other")
    page, instagram = filling.account(mine), filling.account(mine, "instagram")
    strange = filling.account(other)
    with filling.database.write() as session:
        create_draft(session, mine, DraftContent("facebook", "feed", "x", (), (page,)), "Ada", NOW)
        for account in (strange, instagram, 10**6):
            with pytest.raises(NotFoundError, match="has no facebook account"):
                create_draft(session, mine, DraftContent("facebook", "feed", "x", (), (account,)), "Ada", NOW)


def test_every_step_is_an_event_and_none_happens_twice(filling: Filling) -> None:
    """G5: who and when; the same step again is no event; an edit takes the approval back."""
    client = filling.client("Mine")
    with filling.database.write() as session:
        draft = create_draft(session, client, FEED, " Ada  L. ", NOW)
        for _ in range(2):
            approvals.approve(session, draft, "Bo", NOW + ONE_DAY, note="good")
        edit_draft(session, draft, "Cy", NOW, copy="Hello")
        assert find_draft(session, None, draft).approved
        for _ in range(2):
            edit_draft(session, draft, "Cy", NOW, copy="Bye", regenerated=True)
        assert not find_draft(session, None, draft).approved
        approvals.approve(session, draft, "Bo", NOW)
        approvals.reject(session, draft, "Bo", NOW)
        shown = find_draft(session, None, draft)
    assert [(event.kind, event.version, event.actor) for event in shown.events] == [
        ("created", 1, "Ada L."),
        ("approved", 1, "Bo"),
        ("regenerated", 2, "Cy"),
        ("approved", 2, "Bo"),
        ("rejected", 2, "Bo"),
    ]
    assert (shown.events[1].note, shown.events[1].at) == ("good", NOW + ONE_DAY)
    assert (shown.status, shown.version, shown.approved, shown.copy) == ("rejected", 2, False, "Bye")


def test_what_was_edited_since_it_was_read_is_not_decided_upon(filling: Filling) -> None:
    """The one who approves must have read what goes out."""
    client = filling.client("Mine")
    with filling.database.write() as session:
        draft = create_draft(session, client, FEED, "Ada", NOW)
        edit_draft(session, draft, "Cy", NOW, version=1, copy="Bye")
        for step in (approvals.approve, approvals.reject):
            with pytest.raises(ConflictError, match="you read version 1, it is 2 now"):
                step(session, draft, "Bo", NOW, version=1)
        with pytest.raises(ConflictError, match="Read it again"):
            edit_draft(session, draft, "Cy", NOW, version=1, copy="Third")
        approvals.approve(session, draft, "Bo", NOW, version=2)
        assert find_draft(session, None, draft).approved


def test_nobody_does_nothing(filling: Filling) -> None:
    client = filling.client("Mine")
    with filling.database.write() as session:
        for name in ("", " ", "a\x07b", "x" * 121):
            with pytest.raises(InvalidInputError, match="name of the actor"):
                create_draft(session, client, FEED, name, NOW)
        with pytest.raises(NotFoundError, match="no draft 77"):
            approvals.approve(session, 77, "Bo", NOW)


def test_lists_show_whose_drafts_may_be_seen(filling: Filling) -> None:
    """D3: another client's draft is as one that does not exist; what describes a post made elsewhere is listed too."""
    mine, other = filling.client("Mine"), filling.client("Other")
    described = filling.draft(mine)
    with filling.database.write() as session:
        first, second = (create_draft(session, one, FEED, "Ada", NOW) for one in (mine, other))
    with filling.database.read() as session:
        assert [one.id for one in list_drafts(session, None)] == [second, first, described]
        assert [one.id for one in list_drafts(session, frozenset({mine}))] == [first, described]
        assert [one.id for one in list_drafts(session, None, client_id=other)] == [second]
        assert [one.id for one in list_drafts(session, None, before_id=second)] == [first, described]
        assert list_drafts(session, None, status="approved") == []
        with pytest.raises(NotFoundError):
            find_draft(session, frozenset({mine}), second)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            DraftContent("instagram", "image", "x"),
            "A draft of kind image needs one media address, and this one has none.",
        ),
        (DraftContent("instagram", "carousel", "x", (PICTURE,)), "needs 2 to 10 media addresses, and this one has 1."),
    ],
)
def test_the_number_of_media_is_told_in_proper_sentences(content: DraftContent, sentence: str) -> None:
    """A person reads what the kind needs and what the draft has."""
    with pytest.raises(InvalidInputError) as raised:
        check(content)
    assert sentence in str(raised.value)
