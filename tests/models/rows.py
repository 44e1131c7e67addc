"""A row of every table, right as it stands, on which a test changes what it is about."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.comments.competitor_models import Competitor, CompetitorPost, CompetitorValue
from sophia.analytics.comments.models import Comment, DerivedMetric
from sophia.analytics.conversions.models import ConversionEvent, MarketingCost
from sophia.analytics.decisions.models import DecisionQualityScore, DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.kpis.models import KPISnapshot
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.readings.models import EngagementMetric, MetricRevision, StoredMetric
from sophia.analytics.readings.run_models import MetricStatus, Watermark
from sophia.analytics.reports.models import ReportEdition, ReportNote, ReportSettingsEntry
from sophia.database.columns import Base
from sophia.database.engine import Database
from sophia.portfolio.models import Account, Client, ClientRevision, Post, PostPicture, PublishingQueueEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 16)
WEEK_END = DAY + timedelta(days=6)


Make = Callable[..., Any]


def metric(**values: Any) -> StoredMetric:
    details = {"level": "account", "metric_name": "reach", "period": "day", "breakdown": "", "classification": "level"}
    return StoredMetric(**({"platform": "facebook"} | details | values))


def client(**values: Any) -> Client:
    return Client(**({"name": "Other", "slug": "other", "timezone": "UTC", "created_at": NOW} | values))


def client_revision(**values: Any) -> ClientRevision:
    details = {"client_id": 1, "name": "Before", "timezone": "UTC", "replaced_at": NOW}
    return ClientRevision(**(details | values))


def account(**values: Any) -> Account:
    details = {"client_id": 1, "platform": "facebook", "external_id": "10", "name": "A", "connected_at": NOW}
    return Account(**(details | values))


def post(**values: Any) -> Post:
    details = {"account_id": 1, "platform_post_id": "9_2", "kind": "post", "published_at": NOW, "first_seen_at": NOW}
    return Post(**(details | values))


def picture(**values: Any) -> PostPicture:
    details = {"post_id": 1, "status": "stored", "sha256": "a" * 64, "bytes": 5, "changed_at": NOW}
    return PostPicture(**(details | values))


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


def ideal(**values: Any) -> TargetAudienceEntry:
    details = {"client_id": 1, "name": "families", "youngest": 25, "genders": ["F"], "countries": ["CA"], "places": []}
    return TargetAudienceEntry(**(details | {"created_at": NOW, "updated_at": NOW} | values))


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


def watched(**values: Any) -> MonitoredMetric:
    details = {"platform": "facebook", "metric": "views", "last_day": DAY, "together": [], "judged_at": NOW}
    return MonitoredMetric(**(details | values))


def remembered(**values: Any) -> MonitoredSeries:
    return MonitoredSeries(**({"account_id": 1, "metric": "views", "remembered": {}} | values))


def anomaly(**values: Any) -> AnomalyEntry:
    details = {"account_id": 1, "metric": "views", "noticed": DAY, "kind": "spike", "since": DAY, "provisional": False}
    return AnomalyEntry(**(details | {"first_told_at": NOW, "changed_at": NOW} | values))


def event(**values: Any) -> PortfolioEventEntry:
    details = {"platform": "facebook", "metric": "views", "since": DAY, "kind": "drop", "series": 9, "alike": 8}
    return PortfolioEventEntry(**(details | {"score": -3.0, "first_told_at": NOW, "changed_at": NOW} | values))


def report_settings(**values: Any) -> ReportSettingsEntry:
    return ReportSettingsEntry(**({"id": 1, "client_id": 1, "colour": "#1f5fbf", "changed_at": NOW} | values))


def note(**values: Any) -> ReportNote:
    details = {"client_id": 1, "start_date": DAY, "end_date": WEEK_END, "text": "Good", "author": "Ann"}
    return ReportNote(**(details | {"written_at": NOW} | values))


def edition(**values: Any) -> ReportEdition:
    details = {"client_id": 1, "start_date": DAY, "end_date": WEEK_END, "language": "en", "number": 1}
    kept = {"document": "{}", "template_version": 1, "sha256": "a" * 64, "as_of": NOW}
    return ReportEdition(**(details | kept | {"created_by": "Ann", "created_at": NOW} | values))


def add(database: Database, *rows: Any) -> None:
    with database.write() as session:
        session.add_all(rows)


def accepted(database: Database, row: Any) -> bool:
    """Whether the database would take the row, which is taken back in any case."""
    with database.engine.connect().execution_options(sophia_write=True) as connection, Session(connection) as session:
        session.add(row)
        try:
            session.flush()
        except IntegrityError:
            return False
        return True
