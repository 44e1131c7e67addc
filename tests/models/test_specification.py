"""The specification's eight models."""

from datetime import date, timedelta

import pytest
from tests.models.rows import (
    DAY,
    NOW,
    add,
    benchmark,
    conversion,
    membership,
    metric,
    outcome,
    outcome_revision,
    reading,
    score,
    snapshot,
    trace,
)

from sophia.analytics import models
from sophia.analytics.readings.models import EngagementMetric, Fetch, reading_id
from sophia.database.columns import Base
from sophia.database.engine import Database

EIGHT = {
    "EngagementMetric": "engagement_metrics",
    "KPISnapshot": "kpi_snapshots",
    "Campaign": "campaigns",
    "CampaignMembership": "campaign_memberships",
    "ConversionEvent": "conversion_events",
    "DecisionTrace": "decision_traces",
    "DecisionQualityScore": "decision_quality_scores",
    "IndustryBenchmark": "industry_benchmarks",
}


def test_the_eight_models_exist() -> None:
    """K1: by the names of the specification, each with a table and a key."""
    for name, table in EIGHT.items():
        model = getattr(models, name)
        assert issubclass(model, Base)
        assert model.__tablename__ == table
        assert name in models.__all__
        assert len(model.__table__.primary_key) >= 1


def test_each_can_be_stored(store: Database) -> None:
    """K1: what the specification asks to keep can be kept, and comes back as it was."""
    for make in (snapshot, membership, conversion, trace, outcome, outcome_revision, score, benchmark, reading):
        row = make()
        given = {key: value for key, value in vars(row).items() if not key.startswith("_")}
        add(store, row)
        with store.read() as session:
            query = session.query(type(row))
            (found,) = query.filter_by(is_own=True) if make is benchmark else query
            assert {key: getattr(found, key) for key in given} == given


def test_a_reading_knows_what_the_specification_asks(store: Database) -> None:
    """A4, A7: client, platform, name, class, period, post and draft are read through the series."""
    add(store, reading(), reading(series_id=2))
    with store.read() as session:
        own = session.get_one(EngagementMetric, (1, DAY))
        about_post = session.get_one(EngagementMetric, (2, DAY))
        for row in (own, about_post):
            assert (row.client_id, row.platform, row.metric_name, row.period) == (1, "facebook", "reach", "day")
            assert row.is_algorithm_dependent is None
            assert (row.metric_value, row.metric_date) == (5, DAY)
        assert (own.platform_post_id, own.content_draft_id) == (None, None)
        assert (about_post.platform_post_id, about_post.content_draft_id) == ("9_1", 1)
        assert own.id != about_post.id
        assert own.id == reading_id(1, DAY)


def test_a_reading_reaches_its_answer(store: Database) -> None:
    """A14: through its fetch, though no foreign key leads there."""
    moments = {"fetched_at": NOW, "stored_at": NOW}
    add(store, Fetch(run_id=1, subject="x", request="GET /1", api_version="v22.0", sha256=b"0" * 32, **moments))
    add(store, reading(fetch_id=1))
    with store.read() as session:
        assert session.get_one(EngagementMetric, (1, DAY)).fetch.request == "GET /1"


@pytest.mark.parametrize(
    ("classification", "answer"),
    [("algorithm_dependent", True), ("algorithm_independent", False), ("level", None), ("unclassified", None)],
)
def test_who_decides(classification: str, answer: bool | None) -> None:
    """A7: what is neither the platform's nor people's is neither True nor False."""
    assert metric(classification=classification).is_algorithm_dependent is answer


def test_ids_of_readings_are_their_own() -> None:
    """A1: no two readings share an id, and the order of days is kept."""
    days = [date(2004, 1, 1), DAY, DAY + timedelta(days=1), date(2099, 12, 31)]
    ids = [reading_id(series, day) for series in (1, 2, 2**40) for day in days]
    assert ids == sorted(set(ids))
