"""Nothing is there twice."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from tests.models.rows import (
    NOW,
    Make,
    accepted,
    account,
    add,
    anomaly,
    benchmark,
    campaign,
    client,
    comment,
    conversion,
    derived,
    edition,
    event,
    goal,
    ideal,
    link,
    membership,
    metric,
    note,
    outcome,
    outcome_revision,
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

from sophia.analytics.readings.models import MetricSeries
from sophia.analytics.readings.run_models import Lease
from sophia.database.engine import Database

TWICE: list[tuple[Make, dict[str, Any]]] = [
    (reading, {}),
    (report_settings, {}),
    (note, {}),
    (edition, {}),
    (revision, {}),
    (snapshot, {}),
    (snapshot, {"account_id": 1, "account_key": 1}),
    (campaign, {}),
    (membership, {}),
    (conversion, {}),
    (link, {}),
    (trace, {}),
    (outcome, {}),
    (outcome_revision, {}),
    (score, {}),
    (benchmark, {}),
    (ideal, {}),
    (client, {}),
    (client, {"slug": "another"}),
    (account, {}),
    (post, {}),
    (picture, {}),
    (queued, {}),
    (status, {}),
    (status, {"account_id": 1}),
    (watermark, {}),
    (metric, {"metric_name": "views"}),
    (goal, {}),
    (watched, {}),
    (remembered, {}),
    (anomaly, {}),
    (event, {}),
]


def test_nothing_is_there_twice(store: Database) -> None:
    """K1: the same thing again is refused by the database, NULL or not; the first time it is not."""
    taken = []
    for make, values in TWICE:
        with store.engine.connect().execution_options(sophia_write=True) as connection, Session(connection) as session:
            session.add(make(**values))
            session.flush()
            session.add(make(**values))
            try:
                session.flush()
            except IntegrityError as error:
                assert "unique" in str(error).lower(), make.__name__  # noqa: PT017 - collected over all rows
            else:
                taken.append((make.__name__, values))
    assert taken == []


def test_numbers_of_others_are_there_once(store: Database) -> None:
    """J5, E6, K1: an external id, and a month of a pillar; none at all may stand there twice."""
    add(store, conversion(external_id="A"), conversion(idempotency_key="b"), conversion(idempotency_key="c"))
    add(store, campaign(grouping_key="2026-11 tips"), campaign(slug="b"), campaign(slug="c"))
    for again in (conversion(idempotency_key="d", external_id="A"), campaign(slug="d", grouping_key="2026-11 tips")):
        assert not accepted(store, again)


def test_a_series_is_there_once(store: Database) -> None:
    """K1: a NULL post does not allow the account's own series twice."""
    for post_id in (None, 1):
        with pytest.raises(IntegrityError):
            add(store, MetricSeries(account_id=1, post_id=post_id, metric_id=1))


def test_what_only_looks_the_same(store: Database) -> None:
    """K1: keys are not too narrow either."""
    add(store, client())
    add(store, account(client_id=2, platform="instagram", external_id="9"))
    add(store, post(account_id=2, platform_post_id="9_1"))
    add(store, snapshot(), snapshot(client_id=2), snapshot(account_id=1, account_key=1))
    add(store, campaign(), campaign(client_id=2), conversion(), conversion(client_id=2))
    add(store, status(), status(account_id=1), status(account_id=2), status(api_version="v23.0"))
    add(
        store,
        benchmark(),
        benchmark(data_year=2026),
        *(benchmark(replaced_at=NOW) for _ in "ab"),
        trace(),
        trace(client_id=2),
        trace(idempotency_key="b"),
    )
    add(store, outcome(), outcome(age="24h"), outcome(metric="views"), outcome_revision())
    add(store, ideal(), ideal(client_id=2), ideal(name="Families"))


def test_a_comment_stands_there_once(store: Database) -> None:
    """G3, H10: one row a comment; a tone that is known, or the reason why there is none; derived values are ratios."""
    add(store, comment())
    assert not accepted(store, comment())
    assert accepted(store, comment(platform_comment_id="c2", tone="not scored", not_scored_reason="no text"))
    for wrong in ({"tone": "angry"}, {"tone": "not scored"}, {"not_scored_reason": "no text"}, {"like_count": -1}):
        assert not accepted(store, comment(platform_comment_id="c3", **wrong)), wrong
    assert not accepted(store, derived(metric_value=1.5))
    assert not accepted(store, derived(sample_size=0))
    assert accepted(store, derived())


def test_leases_have_names() -> None:
    """E2: the name is the key."""
    assert [column.name for column in Lease.__table__.primary_key] == ["name"]
