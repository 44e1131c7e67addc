"""Windows → measures → report: one client's window told in full, and the whole portfolio in brief."""

from sophia.analytics.report.brief import Brief, ClientBrief, ClientStanding, make_brief
from sophia.analytics.report.gathering import last_closed_week, make_comparison, make_report
from sophia.analytics.report.portfolio_week import PortfolioWeek, newest_portfolio_week
from sophia.analytics.report.records import ClientComparison, Report
from sophia.analytics.report.responding import Measured, Responses, Standings, make_responses, make_standings
from sophia.analytics.report.weekly import keep_weeks

__all__ = [
    "Brief",
    "ClientBrief",
    "ClientComparison",
    "ClientStanding",
    "Measured",
    "PortfolioWeek",
    "Report",
    "Responses",
    "Standings",
    "keep_weeks",
    "last_closed_week",
    "make_brief",
    "make_comparison",
    "make_report",
    "make_responses",
    "make_standings",
    "newest_portfolio_week",
]
