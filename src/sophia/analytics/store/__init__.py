"""Every write of collected data: answers, runs, leases, watermarks and refusals."""

from sophia.analytics.store.audience import delete_ideal_customer, put_ideal_customer
from sophia.analytics.store.benchmarks import BenchmarksWritten, remove_benchmarks, write_benchmarks
from sophia.analytics.store.campaigns import (
    CampaignRef,
    Grouping,
    add_drafts,
    campaign_of_month,
    change_campaign,
    create_campaign,
    delete_campaign,
    group_drafts,
    remove_draft,
    slug_of_month,
)
from sophia.analytics.store.comments import finish_posts, forget_comments, save_comments
from sophia.analytics.store.competitors import (
    add_competitor,
    refuse_competitor,
    remove_competitor,
    save_discovered,
)
from sophia.analytics.store.conversion_records import (
    Conversion,
    IncomingConversion,
    Outcome,
    Recorded,
    RecordStatus,
)
from sophia.analytics.store.conversions import record_conversion, record_conversions
from sophia.analytics.store.decisions import NewDecision, RecordedDecision, record_decision
from sophia.analytics.store.links import record_check, register_links, set_domains
from sophia.analytics.store.refusals import record_pauses, record_refusals, record_refused_objects
from sophia.analytics.store.runs import (
    RunOutcome,
    cover_days,
    finish_run,
    mark_unlisted_posts,
    note_asked,
    record_unanswered_posts,
    release_lease,
    start_run,
    take_lease,
)
from sophia.analytics.store.writer import AccountWriter, Owner, Saved

__all__ = [
    "AccountWriter",
    "BenchmarksWritten",
    "CampaignRef",
    "Conversion",
    "Grouping",
    "IncomingConversion",
    "NewDecision",
    "Outcome",
    "Owner",
    "RecordStatus",
    "Recorded",
    "RecordedDecision",
    "RunOutcome",
    "Saved",
    "add_competitor",
    "add_drafts",
    "campaign_of_month",
    "change_campaign",
    "cover_days",
    "create_campaign",
    "delete_campaign",
    "delete_ideal_customer",
    "finish_posts",
    "finish_run",
    "forget_comments",
    "group_drafts",
    "mark_unlisted_posts",
    "note_asked",
    "put_ideal_customer",
    "record_check",
    "record_conversion",
    "record_conversions",
    "record_decision",
    "record_pauses",
    "record_refusals",
    "record_refused_objects",
    "record_unanswered_posts",
    "refuse_competitor",
    "register_links",
    "release_lease",
    "remove_benchmarks",
    "remove_competitor",
    "remove_draft",
    "save_comments",
    "save_discovered",
    "set_domains",
    "slug_of_month",
    "start_run",
    "take_lease",
    "write_benchmarks",
]
