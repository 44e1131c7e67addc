"""Comments that an earlier model scored are scored again, once, with their derived values."""

from datetime import timedelta

from sqlalchemy import select, update
from tests.conftest import NOW, Filling

from sophia.analytics.comments.models import Comment, DerivedMetric
from sophia.analytics.comments.rescoring import rescore_comments
from sophia.analytics.comments.sentiment_model import sentiment_model
from sophia.analytics.comments.store import save_comments
from sophia.meta.records import ObservedComment, ObservedComments

LONG_AGO = NOW - timedelta(days=400)
GOOD, BAD = "I love this place, the staff were wonderful!", "Terrible service, I will never come back here again."


def test_every_comment_with_a_text_is_scored_again_once(filling: Filling) -> None:
    account = filling.account(filling.client("Hats"), "facebook")
    filling.post(account, "talked")
    at = NOW - timedelta(days=3)
    texts = {"a": GOOD, "b": BAD, "c": "Das ist wirklich furchtbar, ich komme nie wieder!", "lost": None}
    comments = [ObservedComment(name, at, text, is_reply=False, is_own=False) for name, text in texts.items()]
    save_comments(
        filling.database, account, [ObservedComments("talked", comments, None, is_incomplete=False)], NOW, LONG_AGO
    )
    old = {"tone": "neutral", "not_scored_reason": None, "scored_by": None}
    with filling.database.write() as session:
        session.execute(update(Comment).where(Comment.text.is_not(None)).values(old))
        session.execute(update(DerivedMetric).values(metric_value=0.5, sample_size=3))
    assert rescore_comments(filling.database, NOW, LONG_AGO) == 3
    with filling.database.read() as session:
        rows = session.execute(select(Comment.platform_comment_id, Comment.tone, Comment.scored_by)).all()
        derived = session.execute(select(DerivedMetric.metric_value, DerivedMetric.sample_size)).all()
    model = sentiment_model().name
    assert sorted(tuple(row) for row in rows) == [
        ("a", "positive", model),
        ("b", "negative", model),
        ("c", "not scored", model),
        ("lost", "not scored", model),
    ]
    assert [tuple(row) for row in derived] == [(0.5, 2)]
    assert rescore_comments(filling.database, NOW, LONG_AGO) == 0
