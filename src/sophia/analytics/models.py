"""Registers all tables of analytics: the eight models of the specification, and the tables around them."""

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.comments.competitor_models import Competitor, CompetitorPost, CompetitorValue
from sophia.analytics.comments.models import Comment, CommentReading, DerivedMetric
from sophia.analytics.conversions.models import (
    ConversionEvent,
    ConversionEventRevision,
    ConversionSourceChoice,
    MarketingCost,
)
from sophia.analytics.decisions.models import DecisionQualityScore, DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.kpis.models import KPISnapshot, KPISnapshotRevision
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.readings.models import (
    AccountTotal,
    EngagementMetric,
    Fetch,
    MetricRevision,
    MetricSeries,
    QuarantinedItem,
    StoredMetric,
)
from sophia.analytics.readings.run_models import (
    BudgetPause,
    CollectionRun,
    Lease,
    MetricStatus,
    RefusedObject,
    Watermark,
)
from sophia.analytics.reports.models import ReportEdition, ReportNote, ReportSettingsEntry

__all__ = [
    "AccountTotal",
    "Annotation",
    "AnomalyEntry",
    "BudgetPause",
    "Campaign",
    "CampaignMembership",
    "ClientGoal",
    "CollectionRun",
    "Comment",
    "CommentReading",
    "Competitor",
    "CompetitorPost",
    "CompetitorValue",
    "ConversionEvent",
    "ConversionEventRevision",
    "ConversionSourceChoice",
    "DecisionQualityScore",
    "DecisionTrace",
    "DerivedMetric",
    "EngagementMetric",
    "Fetch",
    "IndustryBenchmark",
    "KPISnapshot",
    "KPISnapshotRevision",
    "Lease",
    "MarketingCost",
    "MetricRevision",
    "MetricSeries",
    "MetricStatus",
    "MonitoredMetric",
    "MonitoredSeries",
    "PortfolioEventEntry",
    "PostOutcome",
    "PostOutcomeRevision",
    "QuarantinedItem",
    "RefusedObject",
    "ReportEdition",
    "ReportNote",
    "ReportSettingsEntry",
    "StoredMetric",
    "TargetAudienceEntry",
    "TrackedLink",
    "Watermark",
]
