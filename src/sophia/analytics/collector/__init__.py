"""One run for one account, and the portfolio; nothing but the recipe."""

from sophia.analytics.collector.plan import NullProgress, Plan, Progress
from sophia.analytics.collector.portfolio import Collector

__all__ = ["Collector", "NullProgress", "Plan", "Progress"]
