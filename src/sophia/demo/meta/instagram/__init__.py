"""Insights and Business Discovery of Instagram accounts."""
