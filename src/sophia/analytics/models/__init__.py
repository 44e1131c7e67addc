"""Tables of the measurements: the specification's eight models, and the series, runs and revisions beside them."""

from sophia.analytics.models.audience import IdealCustomer
from sophia.analytics.models.business import (
    Campaign,
    CampaignMembership,
    IndustryBenchmark,
    KPISnapshot,
    KPISnapshotRevision,
)
from sophia.analytics.models.collection import (
    AccountTotal,
    BudgetPause,
    CollectionRun,
    Fetch,
    Lease,
    MetricStatus,
    QuarantinedItem,
    RefusedObject,
    Watermark,
)
from sophia.analytics.models.comments import Comment, CommentReading, DerivedMetric
from sophia.analytics.models.competitors import Competitor, CompetitorPost, CompetitorValue
from sophia.analytics.models.conversions import ConversionEvent, ConversionEventRevision, ConversionSourceChoice
from sophia.analytics.models.decisions import (
    DecisionQualityScore,
    DecisionTrace,
    PostOutcome,
    PostOutcomeRevision,
)
from sophia.analytics.models.links import TrackedLink
from sophia.analytics.models.readings import EngagementMetric, MetricRevision, MetricSeries, StoredMetric
from sophia.analytics.models.told import Annotation, ClientGoal, MarketingCost
from sophia.analytics.models.watching import AnomalyEntry, PortfolioEventEntry, WatchedMetric, WatchedSeries

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
    "IdealCustomer",
    "IndustryBenchmark",
    "KPISnapshot",
    "KPISnapshotRevision",
    "Lease",
    "MarketingCost",
    "MetricRevision",
    "MetricSeries",
    "MetricStatus",
    "PortfolioEventEntry",
    "PostOutcome",
    "PostOutcomeRevision",
    "QuarantinedItem",
    "RefusedObject",
    "StoredMetric",
    "TrackedLink",
    "WatchedMetric",
    "WatchedSeries",
    "Watermark",
]
