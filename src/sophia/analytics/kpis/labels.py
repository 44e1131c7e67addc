"""The field's terms for KPIs, the same on pages, in commands and in sentences."""

from sophia.analytics.figures.ages import ONE_HOUR, written_age
from sophia.analytics.kpis.kpis import POST_KPIS

LABELS = {
    "posts": "Posts published",
    "reach": "Reach",
    "views": "Views",
    "engagements": "Engagement on posts",
    "engagements_at_24_hours": "Engagement on posts at 24 hours",
    "engagements_at_7_days": "Engagement on posts at 7 days",
    "engagements_at_28_days": "Engagement on posts at 28 days",
    "engagement_rate_at_24_hours": "Engagement rate by reach at 24 hours",
    "engagement_rate_at_7_days": "Engagement rate by reach at 7 days",
    "engagement_rate_at_28_days": "Engagement rate by reach at 28 days",
    "engagement_rate_by_reach": "Engagement rate by reach",
    "mean_engagement_rate_by_reach": "Mean engagement rate by reach",
    "engagement_rate_by_followers": "Engagement rate by followers",
    "engagement_rate_by_views": "Engagement rate by views",
    "save_rate": "Save rate",
    "share_rate": "Share rate",
    "amplification_rate": "Amplification rate",
    "click_through_rate": "Click-through rate (CTR)",
    "profile_click_rate": "Profile link click rate",
    "followers": "Followers",
    "net_new_followers": "Net new followers",
    "audience_growth": "Follower growth rate",
    "conversions": "Conversions",
    "conversion_rate": "Conversion rate",
    "revenue": "Revenue",
    "average_order_value": "Average order value",
    "revenue_per_customer": "Revenue per customer",
    "new_customers": "New customers",
    "marketing_cost": "Marketing cost",
    "customer_acquisition_cost": "Customer acquisition cost (CAC)",
    "approval_rate": "Approval rate",
    "rejection_rate": "Rejection rate",
    "edit_rate": "Edit rate",
    "edits_per_draft": "Edits per draft",
    "regenerations_per_draft": "Regenerations per draft",
    "reach_growth": "Reach growth",
}


def kpi_term(kpi: str, age_hours: int | None = None) -> str:
    """Return the term of a KPI as part of a sentence, such as `engagement rate by reach at 3 days`."""
    label = kpi_label(kpi, age_hours)
    return label[0].lower() + label[1:]


def kpi_label(kpi: str, age_hours: int | None = None) -> str:
    """Return the field's term for a KPI with the age of its posts: `Engagement rate by reach, end of period`.

    With `age_hours`, which a figure of posts at an age has, it is `Engagement rate by reach at 3 days`.
    """
    if age_hours is not None and kpi in POST_KPIS:
        return f"{base_label(kpi)} at {written_age(age_hours * ONE_HOUR)}"
    return f"{base_label(kpi)}, end of period" if kpi in POST_KPIS else base_label(kpi)


def base_label(kpi: str) -> str:
    """Return the field's term for a KPI without the age of its posts, such as `Engagement rate by reach`."""
    return LABELS.get(kpi, kpi.replace("_", " ").capitalize())
