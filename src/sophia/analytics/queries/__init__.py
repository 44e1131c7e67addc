"""Every read of collected data; returns frozen values, never rows."""

from sophia.analytics.queries.collecting import KnownAccount, account_to_collect

__all__ = ["KnownAccount", "account_to_collect"]
