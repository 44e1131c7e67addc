"""The tone of comments: language first, shares with their sample, and nothing that crashes."""

from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.analytics.comments.scoring import NotScoredReason, SentimentLabel, score
from sophia.analytics.comments.sentiment import (
    NOTHING_SCORED,
    MeasuredComment,
    comment_quality_scores,
    not_scored_effect,
    sentiment,
    sentiment_verdict,
)
from sophia.analytics.comments.sentiment_model import sentiment_model

AT = datetime(2026, 11, 3, 20, tzinfo=UTC)
GOOD, BAD, PLAIN = (
    "I love this place, the staff were wonderful!",
    "Terrible service, I will never come back here again.",
    "The shop opens at nine in the morning on weekdays.",
)


def comments(*texts: str | None, post_id: int = 1, at: datetime = AT) -> list[MeasuredComment]:
    return [MeasuredComment(f"{post_id}_{index}_{at}", post_id, at, text) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "tone"), [(GOOD, SentimentLabel.POSITIVE), (BAD, SentimentLabel.NEGATIVE), (PLAIN, SentimentLabel.NEUTRAL)]
)
def test_english_is_scored(text: str, tone: SentimentLabel) -> None:
    found = score(text)
    assert (found.label, found.language) == (tone, "en")


@pytest.mark.parametrize(
    "text",
    [
        "Das ist wirklich furchtbar, ich komme nie wieder in diesen Laden!",
        "Qué horror de servicio, nunca más vuelvo a este restaurante.",
        "最悪のサービスです。二度と行きません。",
        "Ужасное обслуживание, больше никогда не приду.",
        "C'est vraiment nul, je suis très déçue de cette boutique.",
    ],
)
def test_other_languages_are_not_scored(text: str) -> None:
    """H10: a rant in German is no neutral comment."""
    assert (score(text).label, score(text).reason) == (SentimentLabel.NOT_SCORED, NotScoredReason.OTHER_LANGUAGE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, NotScoredReason.EMPTY),
        ("", NotScoredReason.EMPTY),
        (" \n", NotScoredReason.EMPTY),
        ("!!!", NotScoredReason.NO_WORDS),
        ("12345", NotScoredReason.NO_WORDS),
        ("@lovely.shop #love https://love.example/great", NotScoredReason.NO_WORDS),
        ("perfekt", NotScoredReason.UNSURE),
    ],
)
def test_what_cannot_be_read_is_not_scored(text: str | None, reason: NotScoredReason) -> None:
    """H10: no text, no words, no certain language: not scored, with the reason, and without a crash."""
    assert (score(text).label, score(text).reason) == (SentimentLabel.NOT_SCORED, reason)


def test_emoji_need_no_language() -> None:
    assert [score(text).label for text in ("😍😍", "😢", "🚗")] == [
        SentimentLabel.POSITIVE,
        SentimentLabel.NEGATIVE,
        SentimentLabel.NEUTRAL,
    ]


def test_shares_have_their_sample() -> None:
    """H10: of what was scored, with Wilson's interval, together 100.0; the rest is counted by reason."""
    found = sentiment(comments(GOOD, BAD, PLAIN, None, "最悪のサービスです。二度と行きません。"))
    assert (found.comments, found.scored) == (5, 3)
    assert found.not_scored == {NotScoredReason.EMPTY: 1, NotScoredReason.OTHER_LANGUAGE: 1}
    assert found.negative.value == pytest.approx(100 / 3)
    assert tuple(found.negative.interval or ()) == pytest.approx((6.15, 79.23), abs=0.01)
    assert sum(round(10 * share) for share in found.shares.values()) == 1000


def test_languages_that_are_not_scored_are_named_with_their_effect() -> None:
    """H10: the shares are those of English comments; the sentence says how far the others could move them."""
    spanish, german = (
        "Qué horror de servicio, nunca más vuelvo a este restaurante.",
        "Das ist wirklich furchtbar, ich komme nie wieder!",
    )
    found = sentiment(comments(GOOD, GOOD, BAD, spanish, spanish, german))
    assert found.languages == {"es": 2, "de": 1}
    assert found.models == {sentiment_model().name: 3}
    assert not_scored_effect(found) == (
        "3 comments are in another or an uncertain language (Spanish 2, German 1) and not scored. With them the positive "
        "share could be 33 to 83 %, and the negative share 17 to 67 %."
    )
    assert not_scored_effect(sentiment(comments(GOOD, None))) is None


def test_a_side_is_named_only_where_the_model_cannot_mistake_it() -> None:
    """The interval of the positive share must lie outside 40 to 60 %: 58 of 100 is no side, 80 of 100 is."""
    for good, words in (
        (58, "Not enough evidence"),
        (80, "More comments are positive"),
        (20, "More comments are negative"),
    ):
        assert words in sentiment_verdict(sentiment(comments(*[GOOD] * good, *[BAD] * (100 - good))))


def test_nothing_scored() -> None:
    """A12: no comments are no share of 0."""
    for given_ in ([], comments(None, "!!!")):
        found = sentiment(given_)
        assert (found.positive.value, found.positive.reason, found.shares) == (None, NOTHING_SCORED, {})
    assert comment_quality_scores([]) == {}


def test_quality_by_post_and_reporting_day() -> None:
    """A18, A9: one figure for each post and Pacific day, the same when it is computed again."""
    late = datetime(2026, 11, 4, 7, 59, tzinfo=UTC)
    given_ = [
        *comments(GOOD, GOOD, PLAIN, BAD, None),
        *comments(GOOD, at=late),
        *comments(BAD, at=datetime(2026, 11, 4, 8, tzinfo=UTC)),
        *comments("!!!", post_id=2),
    ]
    found = comment_quality_scores(given_)
    assert {place: (one.value, one.n) for place, one in found.items()} == {
        (1, date(2026, 11, 3)): (0.7, 5),
        (1, date(2026, 11, 4)): (0.0, 1),
        (2, date(2026, 11, 3)): (None, 0),
    }
    assert comment_quality_scores(Random(1).sample([*given_, *given_], 2 * len(given_))) == found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.text(max_size=60), max_size=6))
def test_any_text_is_taken(texts: list[str | None]) -> None:
    """H10: whatever people write, each comment is scored or counted with its reason."""
    found = sentiment(comments(*texts))
    assert found.scored + sum(found.not_scored.values()) == found.comments == len(texts)
