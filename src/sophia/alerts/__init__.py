"""Alerts: what people should know, sent once until it ends."""
