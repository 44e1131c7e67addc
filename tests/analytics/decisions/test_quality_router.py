"""What may be told of decisions, and what is answered about their quality: on one database, for speed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.analytics.decisions.decided import WEEK_OLD, AppState, furnish, open_house
from tests.conftest import NOW, Api, Filling, QueryCounter

from sophia.analytics.decisions.models import DecisionTrace, PostOutcome
from sophia.analytics.decisions.scoring import attribute_outcomes, decision_quality, keep_scores, quality_window
from sophia.analytics.readings.models import EngagementMetric, Fetch
from sophia.database.engine import Database
from sophia.portfolio import approvals
from sophia.portfolio.drafts import DraftContent, create_draft, edit_draft
from sophia.portfolio.models import Post


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def house(api: Api, filling: Filling) -> AppState:
    return open_house(api, filling)


def test_quality_by_stage(house: AppState) -> None:
    """I4, I5, I6: what is predicted well is better, what is not is worse, each with its sample, interval and verdict."""
    furnish(house)
    house.attribute()
    answer = house.api.get(f"{house.path}/decision-quality")
    assert answer.status_code == 200, answer.text
    research, form = answer.json()["stages"]
    assert [one["verdict"] for one in (form, research)] == ["better", "worse"]
    assert (form["posts"], form["left_out"], form["waiting"], form["decisions"]) == (21, 9, 0, 30)
    assert form["skill"]["value"] > 0.8
    assert form["skill"]["interval"]["low"] > 0 > research["skill"]["interval"]["high"]
    assert form["shrunk_skill"]["value"] == pytest.approx(form["skill"]["value"] * 21 / 31)
    assert set(form["skill_by_metric"]) == {"reach"}
    assert form["success"]["value"] == research["success"]["value"], "doing well is not being right"
    assert form["brier"]["n"] == 21
    assert [one["n"] for one in form["calibration"]] == [21]
    context = house.api.get(f"{house.path}/decision-context").json()
    assert [(one["stage"], one["is_carried"]) for one in context["guidance"]] == [("research", True), ("format", True)]
    assert "closer than the account's own history (95 % interval +" in context["text"]
    assert "21 posts" in context["text"]


def test_a_report_says_how_decisions_fare(house: AppState) -> None:
    """H12, H11: the stages with sample, interval and verdict; and exactly as they stood at an earlier moment."""
    furnish(house, 26, newest=NOW - timedelta(days=20))
    house.attribute(NOW - timedelta(days=3))
    query = "?start_date=2026-11-09&end_date=2026-11-15"
    found = house.api.get(f"{house.path}/report{query}").json()["decisions"]
    assert [(one["stage"], one["verdict"]) for one in found] == [("research", "worse"), ("format", "better")]
    assert all(one["skill"]["interval"] is not None for one in found)
    assert f"{found[1]['posts']} posts" in found[1]["text"]
    earlier = house.api.get(f"{house.path}/report{query}&as_of=2026-11-19T11:00:00Z").json()
    assert earlier["decisions"] == [], "recorded later"


def test_quality_as_it_was(house: AppState, filling: Filling) -> None:
    """G1, I2: outcomes that were restated since count as they were known at the moment, and predictions that were told by then."""
    furnish(house, 26, newest=NOW - timedelta(days=9))
    house.attribute(NOW - timedelta(hours=1))
    window = quality_window(NOW)
    with filling.database.read() as session:
        then = decision_quality(session, house.client, window, NOW)
        days = dict(session.execute(select(EngagementMetric.series_id, EngagementMetric.metric_date)).all())
        fetches = dict(session.execute(select(Fetch.id, Fetch.fetched_at)).all())
        of_reading = dict(session.execute(select(EngagementMetric.series_id, EngagementMetric.fetch_id)).all())
    for series, day in days.items():
        filling.revise(series, day, 7, filling.fetch(house.account, fetches[of_reading[series]]))
    later = NOW + timedelta(days=1)
    assert house.attribute(later)[1] > 20
    with filling.database.read() as session:
        assert decision_quality(session, house.client, window, later, as_of=NOW) == then
        assert decision_quality(session, house.client, window, later) != then


def test_no_week_is_scored_without_sample_and_interval(house: AppState) -> None:
    """I5: a week's skill stands with its posts, its interval and what chance leaves of it; one post has no score."""
    furnish(house, 26, newest=NOW - timedelta(days=16))
    house.predicted_post(NOW - timedelta(days=9), 1000, {"voice": 900})
    house.attribute()
    keep_scores(house.filling.database, NOW + timedelta(days=7))
    weeks = house.api.get(f"{house.path}/decision-quality").json()["weeks"]
    shown = [week for week in weeks if week["skill"] is not None]
    assert shown
    for week in shown:
        assert week["sample_size"] > 1
        assert week["interval"]["low"] <= week["interval"]["high"]
        assert abs(week["shrunk_skill"]) <= abs(week["skill"])
    (lonely,) = [week for week in weeks if week["stage"] == "voice" and week["sample_size"] == 1]
    assert (lonely["skill"], lonely["shrunk_skill"], lonely["interval"]) == (None, None, None)
    assert (lonely["reason"], lonely["verdict"]) == (
        "One post does not show how far chance goes.",
        "not enough evidence",
    )


def test_what_is_due_today_counts_today(house: AppState) -> None:
    """I7: the last day of a window is in it, and without a window today is."""
    furnish(house, 12, newest=NOW - timedelta(days=20))
    house.predicted_post(NOW - timedelta(days=7), 1000, {"voice": 1000})
    house.attribute()
    for query in ("", "?end_date=2026-11-22", "?start_date=2026-11-22&end_date=2026-11-22"):
        found = house.api.get(f"{house.path}/decision-quality{query}").json()["stages"]
        assert [one["posts"] for one in found if one["stage"] == "voice"] == [1], query
    earlier = house.api.get(f"{house.path}/decision-quality?end_date=2026-11-21").json()["stages"]
    assert [one["posts"] for one in earlier if one["stage"] == "voice"] == [0], "decided then, due later"


def test_a_metric_of_another_kind_of_post_has_no_outcome(house: AppState, filling: Filling) -> None:
    """The catalogue describes navigation for stories only; a stored value of a feed post is not measured."""
    published_at = NOW - timedelta(days=8)
    house.predicted_post(published_at, 900, {"format": 1000})
    with filling.database.read() as session:
        (post,) = session.scalars(select(Post.id))
    house.read(post, published_at, {WEEK_OLD: {"navigation": 40}})
    house.attribute()
    with filling.database.read() as session:
        assert set(session.scalars(select(PostOutcome.metric))) == {"reach"}


def test_the_number_of_queries_does_not_grow(house: AppState, filling: Filling) -> None:
    """J9, H11: for any number of decisions and posts."""
    counts: list[list[int]] = []
    for _ in range(2):
        furnish(house, 6, newest=NOW - timedelta(days=9, hours=len(counts)))
        with QueryCounter(filling.database) as counter:
            attribute_outcomes(filling.database, NOW)
        asked = [counter.count]
        with QueryCounter(filling.database) as counter:
            keep_scores(filling.database, NOW)
        asked.append(counter.count)
        for path in ("decisions", "decision-quality", "decision-context", "report"):
            with QueryCounter(filling.database) as counter:
                house.api.get(f"{house.path}/{path}")
            asked.append(counter.count)
        counts.append(asked)
    # Rows of revisions are written when there are any, and never one by one.
    assert all(after <= before + 2 for before, after in zip(*counts, strict=True)), counts


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"stage": "luck"}, "stage"),
    ({"decision": " "}, "decision"),
    ({"decision": "x" * 4001}, "decision"),
    ({"rationale": "a\x00b"}, "rationale"),
    ({"confidence": 7.5}, "confidence"),
    ({"confidence": -1}, "confidence"),
    ({"confidence": "0.5"}, "confidence"),
    ({"predicted": {"reach": "many"}}, "reach"),
    ({"predicted": {"approval_first_pass": 1, "rank_reasoning": "because"}}, "is not measured"),
    ({"predicted_age": "1h"}, "predicted_age"),
    ({"alternatives_considered": ["a"] * 51}, "alternatives_considered"),
    ({"alternatives_considered": ["a" * 4001]}, "alternatives_considered"),
    ({"alternatives_considered": [1]}, "alternatives_considered"),
    ({"evidence": {"a": "x" * 16_000}}, "16,000 are allowed"),
    ({"decided_at": (NOW + timedelta(minutes=1)).isoformat()}, "in the future"),
    ({"decided_at": "2026-11-22"}, "decided_at"),
    ({"actual": {"reach": 1}}, "actual"),
]


def test_what_could_never_be_judged_is_refused(house: AppState) -> None:
    """I5, I8: at capture, in a sentence that names it; nothing is cut, and nothing of it is stored."""
    for wrong, said in REFUSED:
        answer = house.decide(**wrong)
        assert (answer.status_code, said in answer.text) == (422, True), wrong
    assert house.decisions() == []


def test_infinity_is_no_confidence(house: AppState) -> None:
    """I8: JSON has no word for it, and what some programs write instead is refused."""
    headers = {"Content-Type": "application/json"}
    for number in ("Infinity", "NaN", "1e999"):
        body = f'{{"stage": "angle", "decision": "x", "confidence": {number}}}'
        answer = house.api.ask("POST", f"{house.path}/decisions", content=body, headers=headers)
        assert answer.status_code in (400, 422), number


def test_a_decision_belongs_to_its_client(house: AppState, filling: Filling) -> None:
    """D3, D4: neither another client's draft nor its decisions are there, and a key sees its own client only."""
    other = open_house(house.api, filling, "Shoes")
    foreign = filling.draft(other.client)
    assert house.decide(draft_id=foreign).status_code == 404
    assert house.decide(draft_id=4711).status_code == 404
    assert other.decide(draft_id=foreign).status_code == 201
    assert house.decisions() == []
    key = filling.key(house.client)
    for path in ("decisions", "decision-quality", "decision-context"):
        assert house.api.get(f"/{house.client}/{path}", key=key).status_code == 200
        assert house.api.get(f"/{other.client}/{path}", key=key).status_code == 404


def test_pages_of_decisions(house: AppState) -> None:
    """I9, J6: 1 to 200 a page, and every decision on one of them, though many were made at one moment."""
    for limit in ("-1", "0", "201", "1.0"):
        assert house.api.get(f"{house.path}/decisions?limit={limit}").status_code == 422
    assert house.api.get(f"{house.path}/decisions?cursor=nonsense").status_code == 422
    ids = [house.decide(stage=("voice", "gate")[index % 2]).json()["id"] for index in range(7)]
    seen, query = [], "?limit=3"
    while query:
        answer = house.api.get(f"{house.path}/decisions{query}")
        seen += [one["id"] for one in answer.json()]
        link = answer.headers.get("Link")
        query = "" if link is None else link.partition(">")[0].partition("/decisions")[2]
    assert seen == ids[::-1]
    assert [one["id"] for one in house.decisions("?stage=gate")] == ids[1::2][::-1]
    assert house.decisions("?end_date=2026-11-21") == []
    assert len(house.decisions("?start_date=2026-11-22&end_date=2026-11-22")) == 7


def test_nothing_to_judge_is_no_failure(house: AppState) -> None:
    """I4: no decision, no prediction, no outcome, no baseline: there is a reason and never a 0."""
    assert house.api.get(f"{house.path}/decision-quality").json()["stages"] == []
    context = house.api.get(f"{house.path}/decision-context").json()
    assert (context["guidance"], "do not carry" in context["text"]) == ([], True)
    house.decide(stage="voice")
    house.predicted_post(NOW - timedelta(days=8), 100, {"angle": 50})
    house.attribute()
    angle, voice = house.api.get(f"{house.path}/decision-quality").json()["stages"]
    assert [(one["stage"], one["posts"], one["left_out"]) for one in (angle, voice)] == [
        ("angle", 0, 1),
        ("voice", 0, 0),
    ]
    for one in (angle, voice):
        figures = [one[name] for name in ("skill", "shrunk_skill", "success", "coverage", "brier", "ranking")]
        assert {figure["value"] for figure in figures} == {None}
        assert all(figure["reason"] for figure in figures)
        assert "not enough evidence" in one["text"]
    keep_scores(house.filling.database, NOW + timedelta(days=7))
    (week,) = house.api.get(f"{house.path}/decision-quality").json()["weeks"]
    assert (week["stage"], week["skill"], week["sample_size"]) == ("angle", None, 0)
    assert "no prediction yet" in week["reason"]
    context = house.api.get(f"{house.path}/decision-context").json()
    assert not any(one["is_carried"] for one in context["guidance"])


def test_predictions_of_approval(house: AppState, filling: Filling) -> None:
    """I5, I6: approval is predicted by a probability and judged by the last word that fell; edits count."""
    with filling.database.write() as session:
        drafts = [
            create_draft(
                session, house.client, DraftContent("facebook", "feed", "Hats"), "ann", NOW - timedelta(days=3)
            )
            for _ in range(3)
        ]
    for draft in drafts:
        predicted = {name: {"probability": 0.9} for name in ("approved", "approved_without_edits")}
        decided_at = (NOW - timedelta(days=2)).isoformat()
        assert house.decide(stage="gate", draft_id=draft, predicted=predicted, decided_at=decided_at).status_code == 201
    with filling.database.write() as session:
        edit_draft(session, drafts[0], "ann", NOW - timedelta(days=1), copy="More hats")
        approvals.approve(session, drafts[0], "bob", NOW - timedelta(hours=2))
        approvals.reject(session, drafts[1], "bob", NOW - timedelta(hours=2), note="too loud")
    (gate,) = house.api.get(f"{house.path}/decision-quality").json()["stages"]
    assert (gate["brier"]["n"], gate["waiting"], gate["posts"]) == (4, 2, 0)
    assert gate["brier"]["value"] == pytest.approx((0.01 + 3 * 0.81) / 4)


def test_what_was_said_too_late_does_not_count(house: AppState, filling: Filling) -> None:
    """I4: a prediction of a post that is out is none; of two in time the later counts."""
    published_at = NOW - timedelta(days=8)
    draft = filling.draft(house.client)
    post = house.post(published_at, draft)
    house.read(post, published_at, {166: {"reach": 100}})
    for hours, value in ((-30, 7), (-20, 100), (1, 101)):
        at = (published_at + timedelta(hours=hours)).isoformat()
        house.decide(draft_id=draft, predicted={"reach": {"at_least": value, "probability": 0.5}}, decided_at=at)
    house.attribute()
    (form,) = house.api.get(f"{house.path}/decision-quality").json()["stages"]
    assert (form["brier"]["n"], form["brier"]["value"], form["too_late"]) == (1, 0.25, 1)


def test_one_row_that_cannot_be_read_stops_nothing(house: AppState) -> None:
    """I1, I8: rows of older programs, with a dictionary of alternatives and a prediction that nobody can judge."""
    house.filling.add(
        DecisionTrace(
            client_id=house.client,
            stage="angle",
            decision="old",
            alternatives_considered={"warm": "kind"},
            predicted={"rank_reasoning": "because", "reach": 10},
            decided_at=NOW,
            recorded_at=NOW,
            idempotency_key="old",
            content_sha256="",
        )
    )
    house.attribute()
    keep_scores(house.filling.database, NOW)
    (found,) = house.decisions()
    assert found["alternatives_considered"] == ["warm: kind"]
    (angle,) = house.api.get(f"{house.path}/decision-quality").json()["stages"]
    assert angle["waiting"] == 1
