"""The tables themselves: the specification's eight models, their natural keys, and what their checks refuse."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from sophia.analytics import models
from sophia.analytics.measures.benchmarks import SEED
from sophia.analytics.models import (
    Annotation,
    AnomalyEntry,
    Campaign,
    CampaignMembership,
    ClientGoal,
    CollectionRun,
    Comment,
    CommentReading,
    Competitor,
    CompetitorPost,
    CompetitorValue,
    ConversionEvent,
    DecisionQualityScore,
    DecisionTrace,
    DerivedMetric,
    EngagementMetric,
    Fetch,
    IdealCustomer,
    IndustryBenchmark,
    KPISnapshot,
    Lease,
    MarketingCost,
    MetricRevision,
    MetricSeries,
    MetricStatus,
    PortfolioEventEntry,
    PostOutcome,
    PostOutcomeRevision,
    StoredMetric,
    TrackedLink,
    WatchedMetric,
    WatchedSeries,
    Watermark,
)
from sophia.analytics.models.readings import reading_id
from sophia.database import Base, Database
from sophia.portfolio.models import Account, Client, ContentDraft, Post, PublishingQueueEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 16)
WEEK_END = DAY + timedelta(days=6)


@pytest.fixture
def store(database: Database) -> Database:
    """One row, numbered 1, of everything that others hang on."""
    with database.write() as session:
        session.add(Client(name="Bakery", slug="bakery", timezone="UTC", created_at=NOW))
        session.flush()
        session.add(Account(client_id=1, platform="facebook", external_id="9", name="Page", connected_at=NOW))
        session.add(
            ContentDraft(
                client_id=1, platform="facebook", copy="x", image_prompt="x", image_ratio="1:1", created_at=NOW
            )
        )
        session.add(Campaign(client_id=1, name="Spring", slug="spring", start_date=DAY, created_at=NOW))
        session.flush()
        session.add(
            Post(account_id=1, platform_post_id="9_1", kind="post", published_at=NOW, first_seen_at=NOW, draft_id=1)
        )
        session.add(metric())
        session.add(CollectionRun(account_id=1, trigger="manual", status="ok", started_at=NOW, api_version="v22.0"))
        session.flush()
        session.add_all([MetricSeries(account_id=1, metric_id=1), MetricSeries(account_id=1, post_id=1, metric_id=1)])
    return database


Make = Callable[..., Any]


def metric(**values: Any) -> StoredMetric:
    details = {"level": "account", "metric_name": "reach", "period": "day", "breakdown": "", "classification": "level"}
    return StoredMetric(**({"platform": "facebook"} | details | values))


def client(**values: Any) -> Client:
    return Client(**({"name": "Other", "slug": "other", "timezone": "UTC", "created_at": NOW} | values))


def account(**values: Any) -> Account:
    details = {"client_id": 1, "platform": "facebook", "external_id": "10", "name": "A", "connected_at": NOW}
    return Account(**(details | values))


def post(**values: Any) -> Post:
    details = {"account_id": 1, "platform_post_id": "9_2", "kind": "post", "published_at": NOW, "first_seen_at": NOW}
    return Post(**(details | values))


def queued(**values: Any) -> PublishingQueueEntry:
    return PublishingQueueEntry(**({"draft_id": 1, "account_id": 1, "created_at": NOW} | values))


def reading(**values: Any) -> EngagementMetric:
    return EngagementMetric(**({"series_id": 1, "metric_date": DAY, "metric_value": 5, "fetch_id": 1} | values))


def revision(**values: Any) -> MetricRevision:
    details = {"series_id": 1, "metric_date": DAY, "metric_value": 5, "fetch_id": 1, "replaced_by_fetch_id": 2}
    return MetricRevision(**(details | values))


def snapshot(**values: Any) -> KPISnapshot:
    details = {"client_id": 1, "week_start": DAY, "week_end": WEEK_END, "kpis": {}}
    details |= {"computed_at": NOW, "checked_at": NOW}
    return KPISnapshot(**(details | values))


def campaign(**values: Any) -> Campaign:
    details = {"client_id": 1, "name": "Autumn", "slug": "autumn", "start_date": DAY, "created_at": NOW}
    return Campaign(**(details | values))


def membership(**values: Any) -> CampaignMembership:
    return CampaignMembership(**({"campaign_id": 1, "draft_id": 1} | values))


def conversion(**values: Any) -> ConversionEvent:
    details = {
        "client_id": 1,
        "event_type": "inquiry",
        "source": "form",
        "event_date": DAY,
        "idempotency_key": "k",
        "content_sha256": "0" * 64,
        "recorded_at": NOW,
    }
    return ConversionEvent(**(details | values))


def link(**values: Any) -> TrackedLink:
    details = {"client_id": 1, "draft_id": 1, "original": "https://ex.com/a", "tagged": "https://ex.com/a?utm_source=x"}
    hashes = {"original_sha256": "0" * 64, "tagged_sha256": "1" * 64}
    return TrackedLink(**(details | hashes | {"first_seen_at": NOW, "status": "unchecked"} | values))


def comment(**values: Any) -> Comment:
    details = {"account_id": 1, "post_id": 1, "platform_comment_id": "c1", "written_at": NOW, "tone": "neutral"}
    flags = {"is_reply": False, "is_own": False, "first_seen_at": NOW, "fetched_at": NOW}
    return Comment(**(details | flags | values))


def competitor() -> list[Base]:
    """A competitor with a value and a post."""
    post = CompetitorPost(competitor_id=1, platform_post_id="7", published_at=NOW, read_at=NOW)
    value = CompetitorValue(competitor_id=1, metric_name="followers_count", metric_date=DAY, metric_value=7)
    return [Competitor(id=1, client_id=1, username="rival", added_at=NOW), value, post]


def derived(**values: Any) -> DerivedMetric:
    details = {"post_id": 1, "metric_name": "quality", "metric_date": DAY, "metric_value": 0.5, "sample_size": 2}
    return DerivedMetric(**(details | {"computed_at": NOW} | values))


def trace(**values: Any) -> DecisionTrace:
    details = {"client_id": 1, "stage": "angle", "decision": "warm", "decided_at": NOW, "recorded_at": NOW}
    return DecisionTrace(**(details | {"idempotency_key": "a", "content_sha256": "0" * 64} | values))


def outcome(**values: Any) -> PostOutcome:
    details = {"post_id": 1, "age": "7d", "metric": "reach", "value": 5.0, "read_at": NOW, "measured_at": NOW}
    return PostOutcome(**(details | values))


def outcome_revision(**values: Any) -> PostOutcomeRevision:
    details = {"post_id": 1, "age": "7d", "metric": "reach", "value": 4.0, "read_at": NOW, "measured_at": NOW}
    return PostOutcomeRevision(**(details | {"replaced_at": NOW} | values))


def score(**values: Any) -> DecisionQualityScore:
    details = {"client_id": 1, "stage": "angle", "period_start": DAY, "period_end": WEEK_END, "sample_size": 3}
    return DecisionQualityScore(**(details | {"computed_at": NOW} | values))


def benchmark(**values: Any) -> IndustryBenchmark:
    details = {
        "industry": "food",
        "platform": "facebook",
        "metric": "engagement_rate",
        "denominator": "followers",
        "statistic": "median",
        "value_percent": Decimal("0.0631"),
        "data_year": 2025,
        "source": "a report",
        "provenance": "page 7",
        "is_own": True,
    }
    return IndustryBenchmark(**(details | values))


def ideal(**values: Any) -> IdealCustomer:
    details = {"client_id": 1, "name": "families", "youngest": 25, "genders": ["F"], "countries": ["CA"], "places": []}
    return IdealCustomer(**(details | {"created_at": NOW, "updated_at": NOW} | values))


def status(**values: Any) -> MetricStatus:
    details = {
        "platform": "facebook",
        "object_kind": "page",
        "api_version": "v22.0",
        "metric_name": "dead",
        "code": 100,
        "reason": "no",
        "since": NOW,
        "ask_again_at": NOW,
    }
    return MetricStatus(**(details | values))


def watermark(**values: Any) -> Watermark:
    details = {"account_id": 1, "family": "x", "from_day": DAY, "through_day": DAY, "updated_at": NOW}
    return Watermark(**(details | values))


def cost(**values: Any) -> MarketingCost:
    details = {"client_id": 1, "start_date": DAY, "end_date": DAY, "amount": Decimal("9.90"), "currency": "CAD"}
    return MarketingCost(**(details | {"purpose": "ads", "recorded_at": NOW} | values))


def goal(**values: Any) -> ClientGoal:
    details = {"client_id": 1, "name": "Views", "kpi": "views", "target": 1000, "at_most": False, "set_at": NOW}
    return ClientGoal(**(details | {"start_date": DAY, "end_date": WEEK_END} | values))


def annotation(**values: Any) -> Annotation:
    return Annotation(**({"client_id": 1, "day": DAY, "text": "A fair", "author": "Ann", "written_at": NOW} | values))


def watched(**values: Any) -> WatchedMetric:
    details = {"platform": "facebook", "metric": "views", "last_day": DAY, "together": [], "judged_at": NOW}
    return WatchedMetric(**(details | values))


def remembered(**values: Any) -> WatchedSeries:
    return WatchedSeries(**({"account_id": 1, "metric": "views", "remembered": {}} | values))


def anomaly(**values: Any) -> AnomalyEntry:
    details = {"account_id": 1, "metric": "views", "noticed": DAY, "kind": "spike", "since": DAY, "provisional": False}
    return AnomalyEntry(**(details | {"first_told_at": NOW, "changed_at": NOW} | values))


def event(**values: Any) -> PortfolioEventEntry:
    details = {"platform": "facebook", "metric": "views", "since": DAY, "kind": "drop", "series": 9, "alike": 8}
    return PortfolioEventEntry(**(details | {"score": -3.0, "first_told_at": NOW, "changed_at": NOW} | values))


def add(database: Database, *rows: Any) -> None:
    with database.write() as session:
        session.add_all(rows)


# -- the specification -------------------------------------------------------------------------------------------------

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


# -- natural keys ------------------------------------------------------------------------------------------------------

TWICE: list[tuple[Make, dict[str, Any]]] = [
    (reading, {}),
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
    add(store, benchmark(), benchmark(data_year=2026), trace(), trace(client_id=2), trace(idempotency_key="b"))
    add(store, outcome(), outcome(age="24h"), outcome(metric="views"), outcome_revision())
    add(store, ideal(), ideal(client_id=2), ideal(name="Families"))


# -- checks ------------------------------------------------------------------------------------------------------------

NONSENSE: list[tuple[Make, dict[str, Any]]] = [
    (reading, {"metric_value": -1}),
    (reading, {"metric_value": None}),
    (reading, {"metric_date": date(1, 1, 1)}),
    (reading, {"metric_date": date(2003, 12, 31)}),
    (reading, {"metric_date": date(2100, 1, 2)}),
    (reading, {"series_id": 99}),
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


def accepted(database: Database, row: Any) -> bool:
    """Whether the database would take the row, which is taken back in any case."""
    with database.engine.connect().execution_options(sophia_write=True) as connection, Session(connection) as session:
        session.add(row)
        try:
            session.flush()
        except IntegrityError:
            return False
        return True


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


# -- deletion ----------------------------------------------------------------------------------------------------------


def test_a_client_takes_everything_along(store: Database) -> None:
    """K5: nothing of a client that is deleted stays behind, but the metrics, which are everybody's."""
    rows = [reading(), reading(series_id=2), revision(), snapshot(), campaign(), membership(), conversion(), link()]
    rows += [trace(draft_id=1), outcome(), outcome_revision(), score(), queued(), status(account_id=1), watermark()]
    rows += [cost(), goal(), annotation(), remembered(), anomaly(), ideal()]
    rows += [comment(), derived(), CommentReading(post_id=1, read_at=NOW), *competitor()]
    add(store, *rows, benchmark(), status())
    with store.write() as session:
        session.delete(session.get_one(Client, 1))

    def left(session: Session) -> dict[str, int]:
        counted = {table.name: session.query(table).count() for table in Base.metadata.sorted_tables}
        return {name: count for name, count in counted.items() if count}

    with store.read() as session:
        assert left(session) == {"metrics": 1, "industry_benchmarks": len(SEED) + 1, "metric_status": 1}


def test_a_draft_leaves_its_post(store: Database) -> None:
    """K5: the post was published whatever becomes of the draft; so was the conversion."""
    add(store, conversion(content_draft_id=1), membership())
    with store.write() as session:
        session.delete(session.get_one(ContentDraft, 1))
    with store.read() as session:
        assert session.get_one(Post, 1).draft_id is None
        assert session.query(ConversionEvent).one().content_draft_id is None
        assert session.query(CampaignMembership).count() == 0


def test_leases_have_names() -> None:
    """E2: the name is the key."""
    assert [column.name for column in Lease.__table__.primary_key] == ["name"]
