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
from sophia.analytics.report.gathering import expect_begun, last_closed_week, make_comparison, make_report
from sophia.analytics.report.goals import client_goals
from sophia.analytics.report.journal import keep_anomalies
from sophia.analytics.report.portfolio_week import PortfolioWeek, newest_portfolio_week
from sophia.analytics.report.records import ClientComparison, Report
from sophia.analytics.report.responding import Measured, Responses, Standings, make_responses, make_standings
from sophia.analytics.report.weekly import keep_weeks

__all__ = [
    "Brief",
    "ClientBrief",
    "ClientComparison",
    "ClientStanding",
    "DecisionQuality",
    "Measured",
    "PortfolioWeek",
    "Report",
    "Responses",
    "Standings",
    "attribute_outcomes",
    "client_goals",
    "decision_quality",
    "expect_begun",
    "keep_anomalies",
    "keep_scores",
    "keep_weeks",
    "last_closed_week",
    "make_brief",
    "make_comparison",
    "make_report",
    "make_responses",
    "make_standings",
    "newest_portfolio_week",
    "quality_window",
]
