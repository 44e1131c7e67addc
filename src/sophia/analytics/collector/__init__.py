"""One run for one account, and the portfolio; nothing but the recipe."""

from sophia.analytics.collector.portfolio import Collector
from sophia.analytics.collector.run import Plan, Progress, Silence

__all__ = ["Collector", "Plan", "Progress", "Silence"]
