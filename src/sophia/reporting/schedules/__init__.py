"""Scheduled reports: when they are due, whether they are complete, and the mails that carry them."""
