"""Tables of the measurements: the specification's eight models, and the series, runs and revisions beside them."""

from sophia.analytics.models.business import (
    Campaign,
    CampaignMembership,
    ConversionEvent,
    DecisionQualityScore,
    DecisionTrace,
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
from sophia.analytics.models.links import TrackedLink
from sophia.analytics.models.readings import EngagementMetric, MetricRevision, MetricSeries, StoredMetric

__all__ = [
    "AccountTotal",
    "BudgetPause",
    "Campaign",
    "CampaignMembership",
    "CollectionRun",
    "Comment",
    "CommentReading",
    "Competitor",
    "CompetitorPost",
    "CompetitorValue",
    "ConversionEvent",
    "DecisionQualityScore",
    "DecisionTrace",
    "DerivedMetric",
    "EngagementMetric",
    "Fetch",
    "IndustryBenchmark",
    "KPISnapshot",
    "KPISnapshotRevision",
    "Lease",
    "MetricRevision",
    "MetricSeries",
    "MetricStatus",
    "QuarantinedItem",
    "RefusedObject",
    "StoredMetric",
    "TrackedLink",
    "Watermark",
]
