"""The comments of a report: how people sounded in the window, and as it was known at a moment."""

from datetime import datetime, timedelta

from sqlalchemy import update
from tests.analytics.reports.conftest import MONDAY, Agency, furnish
from tests.conftest import NOW, ONE_DAY, Api

from sophia.analytics.comments.models import Comment
from sophia.analytics.comments.store import finish_posts, save_comments
from sophia.analytics.figures.schemas import response_json
from sophia.analytics.reports.gathering import make_report
from sophia.meta.records import ObservedComment, ObservedComments
from sophia.meta.reporting_zone import day_start

GOOD, BAD = "I love this place, the staff were wonderful!", "Terrible service, I will never come back here again."
LONG_AGO = NOW - timedelta(days=400)


def seen(name: str, text: str, at: datetime) -> ObservedComment:
    return ObservedComment(name, at, text, is_reply=False, is_own=False)


def test_comments_of_the_window(agency: Agency, api: Api) -> None:
    """H10, H12: n, shares and interval of the week's comments; "cannot tell" while there are few."""
    client, account = furnish(agency)
    filling = agency.filling
    filling.post(account, "talked")
    assert make_report(filling.database, client, None, NOW).comments.verdict == "There are no comments in this period."
    wednesday = day_start(MONDAY + 2 * ONE_DAY)
    week = [seen(str(index), GOOD if index % 3 else BAD, wednesday + timedelta(minutes=index)) for index in range(9)]
    before = [seen("before", BAD, wednesday - timedelta(days=4))]
    answer = ObservedComments("talked", [*week, *before], None, is_incomplete=False)
    save_comments(filling.database, account, [answer], NOW, LONG_AGO)
    found = make_report(filling.database, client, None, NOW).comments
    assert (found.whole.comments, found.whole.shares) == (9, {"positive": 66.7, "neutral": 0.0, "negative": 33.3})
    assert found.whole.positive.interval is not None
    assert "Not enough evidence" in found.verdict
    told = api.get(f"/{client}/report").json()["comments"]
    assert (told["verdict"], told["whole"]["positive"]["n"]) == (found.verdict, 9)


def test_comments_as_they_were_known(agency: Agency) -> None:
    """A14: what came, was deleted or edited later changes the report of a past moment in no share that it does not name."""
    client, account = furnish(agency)
    database = agency.filling.database
    agency.filling.post(account, "talked")
    at, moment = day_start(MONDAY), NOW - timedelta(hours=5)
    names = ["a", "b", "c"]
    first = ObservedComments("talked", [seen(name, GOOD, at) for name in names], None, is_incomplete=False)
    save_comments(database, account, [first], moment - timedelta(hours=1), LONG_AGO)
    then = make_report(database, client, None, moment)
    late = ObservedComments("talked", [seen("late", BAD, at)], None, is_incomplete=False)
    save_comments(database, account, [late], NOW, LONG_AGO)
    with database.write() as session:
        finish_posts(session, account, {"talked": {"a", "b", "late"}}, {"talked": (NOW, 3)}, NOW, LONG_AGO)
    rebuilt = make_report(database, client, None, NOW, as_of=moment)
    assert response_json(rebuilt.comments) == response_json(then.comments)
    assert make_report(database, client, None, NOW).comments.whole.comments == 3
    with database.write() as session:
        session.execute(update(Comment).where(Comment.platform_comment_id == "a").values(changed_at=NOW))
    whole = make_report(database, client, None, NOW, as_of=moment).comments.whole
    assert (whole.comments, whole.scored, whole.not_scored) == (3, 2, {"edited since": 1})
