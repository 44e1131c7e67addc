"""Windows → measures → report: one client's window told in full, and the whole portfolio in brief."""

from sophia.analytics.report.brief import make_brief
from sophia.analytics.report.brief_records import Brief, ClientBrief, ClientStanding
from sophia.analytics.report.decisions import (
    DecisionQuality,
    attribute_outcomes,
    decision_quality,
    keep_scores,
    quality_window,
)
from sophia.analytics.report.gathering import last_closed_week, make_report
from sophia.analytics.report.goals import client_goals
from sophia.analytics.report.journal import keep_anomalies
from sophia.analytics.report.portfolio_week import PortfolioWeek, newest_portfolio_week
from sophia.analytics.report.records import Report
from sophia.analytics.report.weekly import keep_weeks

__all__ = [
    "Brief",
    "ClientBrief",
    "ClientStanding",
    "DecisionQuality",
    "PortfolioWeek",
    "Report",
    "attribute_outcomes",
    "client_goals",
    "decision_quality",
    "keep_anomalies",
    "keep_scores",
    "keep_weeks",
    "last_closed_week",
    "make_brief",
    "make_report",
    "newest_portfolio_week",
    "quality_window",
]
