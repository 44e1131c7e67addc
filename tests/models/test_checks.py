"""What the checks of the tables refuse."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from tests.models.rows import (
    DAY,
    NOW,
    Make,
    accepted,
    account,
    add,
    annotation,
    anomaly,
    benchmark,
    campaign,
    client,
    conversion,
    cost,
    edition,
    event,
    goal,
    ideal,
    link,
    membership,
    metric,
    note,
    outcome,
    picture,
    post,
    queued,
    reading,
    remembered,
    report_settings,
    revision,
    score,
    snapshot,
    status,
    trace,
    watched,
    watermark,
)

from sophia.analytics.readings.run_models import CollectionRun
from sophia.database.engine import Database

NONSENSE: list[tuple[Make, dict[str, Any]]] = [
    (reading, {"metric_value": -1}),
    (reading, {"metric_value": None}),
    (reading, {"metric_date": date(1, 1, 1)}),
    (reading, {"metric_date": date(2003, 12, 31)}),
    (reading, {"metric_date": date(2100, 1, 2)}),
    (reading, {"series_id": 99}),
    (report_settings, {"id": 2}),
    (report_settings, {"client_id": None}),
    (report_settings, {"colour": "red"}),
    (note, {"text": ""}),
    (note, {"end_date": DAY - timedelta(days=1)}),
    (edition, {"end_date": DAY - timedelta(days=1)}),
    (edition, {"number": 0, "reason": "x"}),
    (edition, {"number": 2}),
    (edition, {"reason": "A mistake"}),
    (edition, {"sha256": "a"}),
    (revision, {"metric_date": date(1, 1, 1)}),
    (metric, {"metric_name": ""}),
    (metric, {"platform": "tiktok"}),
    (metric, {"platform": "Instagram"}),
    (metric, {"level": "page", "metric_name": "y"}),
    (metric, {"period": "month"}),
    (metric, {"classification": ""}),
    (client, {"name": ""}),
    (client, {"status": "gone"}),
    (account, {"platform": "threads"}),
    (account, {"external_id": ""}),
    (account, {"status": "dead"}),
    (account, {"client_id": 99}),
    (post, {"platform_post_id": ""}),
    (post, {"account_id": 99}),
    (picture, {"status": "lost"}),
    (picture, {"sha256": None}),
    (picture, {"status": "waiting"}),
    (picture, {"post_id": 99}),
    (queued, {"status": "lost"}),
    (snapshot, {"week_end": DAY}),
    (snapshot, {"week_end": DAY - timedelta(days=1)}),
    (campaign, {"end_date": DAY - timedelta(days=1)}),
    (campaign, {"slug": ""}),
    (membership, {"draft_id": 99}),
    (conversion, {"event_type": "purchase"}),
    (conversion, {"source": ""}),
    (conversion, {"revenue_amount": Decimal(-1), "currency": "EUR"}),
    (conversion, {"revenue_amount": Decimal(1)}),
    (conversion, {"currency": "EUR"}),
    (link, {"status": "gone"}),
    (link, {"draft_id": 99}),
    (link, {"original": None}),
    (trace, {"stage": "luck"}),
    (trace, {"confidence": 1.5}),
    (trace, {"confidence": -0.1}),
    (trace, {"predicted_age": "1y"}),
    (outcome, {"age": "1y"}),
    (outcome, {"post_id": 99}),
    (score, {"stage": "luck"}),
    (score, {"period_end": DAY}),
    (score, {"sample_size": -1}),
    (benchmark, {"platform": "tiktok"}),
    (ideal, {"name": ""}),
    (ideal, {"oldest": 24}),
    (ideal, {"youngest": None, "oldest": 24}),
    (ideal, {"client_id": 99}),
    (watermark, {"through_day": DAY - timedelta(days=1)}),
    (status, {"platform": "tiktok"}),
    (cost, {"amount": Decimal(-1)}),
    (cost, {"currency": "CA"}),
    (cost, {"purpose": ""}),
    (cost, {"end_date": DAY - timedelta(days=1)}),
    (goal, {"name": ""}),
    (goal, {"end_date": DAY - timedelta(days=1)}),
    (annotation, {"text": ""}),
    (annotation, {"author": ""}),
    (annotation, {"client_id": 99}),
    (watched, {"platform": "tiktok"}),
    (remembered, {"account_id": 99}),
    (anomaly, {"kind": "strange"}),
    (event, {"kind": "outage"}),
]


def test_nonsense_is_refused(store: Database) -> None:
    """K2: the database refuses it, on both."""
    assert [(make.__name__, values) for make, values in NONSENSE if accepted(store, make(**values))] == []


def test_sense_is_accepted(store: Database) -> None:
    """K2: the same rows without the nonsense are taken, so it is the nonsense that is refused."""
    sense = {make: {"breakdown": "x=y"} if make is metric else {} for make, _ in NONSENSE}
    assert [make.__name__ for make, values in sense.items() if not accepted(store, make(**values))] == []


def test_a_run_ends_in_one_of_six_ways(store: Database) -> None:
    """K2: any other word is refused."""
    details: dict[str, Any] = {"account_id": 1, "trigger": "manual", "started_at": NOW, "api_version": "v22.0"}
    words = ["running", "ok", "partial", "throttled", "needs_reconnect", "failed", "lost", ""]
    taken = [word for word in words if accepted(store, CollectionRun(status=word, **details))]
    assert taken == words[:6]


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_a_reading_is_finite(store: Database, value: float) -> None:
    """C1, K2: NaN and infinity are no readings, on either database."""
    with pytest.raises(DBAPIError):
        add(store, reading(metric_value=value))
