"""Every read of collected data; returns frozen values, never rows."""

from sophia.analytics.queries.aggregated import Aggregated, Bucket, GroupBy, aggregate, whole_buckets
from sophia.analytics.queries.audience import AUDIENCES, AccountAudience, IdealCustomerState, audiences, ideal_customers
from sophia.analytics.queries.benchmarks import benchmark_cursor, benchmark_industries, benchmarks_for, list_benchmarks
from sophia.analytics.queries.campaigns import CampaignState, list_campaigns
from sophia.analytics.queries.client_events import cost_facts
from sophia.analytics.queries.collecting import KnownAccount, account_to_collect, budget_pauses
from sophia.analytics.queries.comments import (
    CommentedPost,
    CommentFilter,
    CommentState,
    DerivedState,
    comments_by_platform,
    list_comments,
    list_derived,
    posts_to_read,
)
from sophia.analytics.queries.competitors import (
    CompetitorState,
    DueCompetitor,
    due_competitors,
    list_competitors,
    voices,
)
from sophia.analytics.queries.conversions import (
    CountedEvents,
    client_today,
    conversion_facts,
    count_events,
    earlier_conversions,
)
from sophia.analytics.queries.gaps import Gap, find_gaps
from sophia.analytics.queries.links import NO_DOMAINS, DueLink, LinkState, client_domains, due_links, list_links
from sophia.analytics.queries.overview import (
    AccountState,
    ClientState,
    UnknownMetric,
    account_states,
    accounts_by_status,
    client_states,
    last_successes,
    latest,
    newest,
    newest_day,
    readings_in_store,
    unknown_metrics,
)
from sophia.analytics.queries.readings import Page, ReadingFilter, StoredReading, client_metric_names, read_page
from sophia.analytics.queries.refusals import KnownRefusal, list_refusals
from sophia.analytics.queries.runs import RunRecord, list_runs, runs_by_id, runs_by_status
from sophia.analytics.queries.sight import Seen, account_ids, expect_client

__all__ = [
    "AUDIENCES",
    "NO_DOMAINS",
    "AccountAudience",
    "AccountState",
    "Aggregated",
    "Bucket",
    "CampaignState",
    "ClientState",
    "CommentFilter",
    "CommentState",
    "CommentedPost",
    "CompetitorState",
    "CountedEvents",
    "DerivedState",
    "DueCompetitor",
    "DueLink",
    "Gap",
    "GroupBy",
    "IdealCustomerState",
    "KnownAccount",
    "KnownRefusal",
    "LinkState",
    "Page",
    "ReadingFilter",
    "RunRecord",
    "Seen",
    "StoredReading",
    "UnknownMetric",
    "account_ids",
    "account_states",
    "account_to_collect",
    "accounts_by_status",
    "aggregate",
    "audiences",
    "benchmark_cursor",
    "benchmark_industries",
    "benchmarks_for",
    "budget_pauses",
    "client_domains",
    "client_metric_names",
    "client_states",
    "client_today",
    "comments_by_platform",
    "conversion_facts",
    "cost_facts",
    "count_events",
    "due_competitors",
    "due_links",
    "earlier_conversions",
    "expect_client",
    "find_gaps",
    "ideal_customers",
    "last_successes",
    "latest",
    "list_benchmarks",
    "list_campaigns",
    "list_comments",
    "list_competitors",
    "list_derived",
    "list_links",
    "list_refusals",
    "list_runs",
    "newest",
    "newest_day",
    "posts_to_read",
    "read_page",
    "readings_in_store",
    "runs_by_id",
    "runs_by_status",
    "unknown_metrics",
    "voices",
    "whole_buckets",
]
