"""The field's terms for KPIs, the same on pages, in commands and in sentences."""

LABELS = {
    "posts": "Posts published",
    "reach": "Reach",
    "views": "Views",
    "engagements": "Engagement on posts published in this period",
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


def kpi_term(kpi: str) -> str:
    """Return the term of a KPI as part of a sentence, such as `engagement rate by reach`."""
    label = kpi_label(kpi)
    return label[0].lower() + label[1:]


def kpi_label(kpi: str) -> str:
    """Return the field's term for a KPI, such as `Engagement rate by reach` for `engagement_rate_by_reach`."""
    return LABELS.get(kpi, kpi.replace("_", " ").capitalize())
