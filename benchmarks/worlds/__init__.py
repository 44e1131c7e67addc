"""Invented portfolios with a known truth; they import nothing of Sophia. See README.md in this folder."""

from benchmarks.worlds.portfolio import portfolio
from benchmarks.worlds.records import KINDS, Campaign, Client, Counterfactuals, Mechanism, Observed, Posts, World
from benchmarks.worlds.scenarios import SCENARIOS
from benchmarks.worlds.truth import PARTS, Parts, parts_between, parts_of_weeks, window_starts

__all__ = [
    "KINDS",
    "PARTS",
    "SCENARIOS",
    "Campaign",
    "Client",
    "Counterfactuals",
    "Mechanism",
    "Observed",
    "Parts",
    "Posts",
    "World",
    "parts_between",
    "parts_of_weeks",
    "portfolio",
    "window_starts",
]
