"""Every write of collected data: answers, runs, leases, watermarks and refusals."""

from sophia.analytics.store.conversions import Conversion, Recorded, draft_behind, record_conversion, recorded_before
from sophia.analytics.store.refusals import record_pauses, record_refusals, record_refused_objects
from sophia.analytics.store.runs import (
    RunOutcome,
    cover_days,
    finish_run,
    mark_unlisted_posts,
    note_asked,
    release_lease,
    start_run,
    take_lease,
)
from sophia.analytics.store.writer import AccountWriter, Owner, Saved

__all__ = [
    "AccountWriter",
    "Conversion",
    "Owner",
    "Recorded",
    "RunOutcome",
    "Saved",
    "cover_days",
    "draft_behind",
    "finish_run",
    "mark_unlisted_posts",
    "note_asked",
    "record_conversion",
    "record_pauses",
    "record_refusals",
    "record_refused_objects",
    "recorded_before",
    "release_lease",
    "start_run",
    "take_lease",
]
