"""KPIs of approvals: the last decision on each draft counts, and edits are counted separately (G5)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sophia.analytics.figures.facts import ApprovalFact, ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, figure, mark_small_events, missing, percent
from sophia.analytics.figures.statistics import wilson_percent

APPROVED, REJECTED, EDITED, REGENERATED = "approved", "rejected", "edited", "regenerated"
DECISIONS = (APPROVED, REJECTED)
NO_DECISIONS = "No draft was approved or rejected in this period."


@dataclass(frozen=True, slots=True)
class DecidedDraft:
    """A draft with its last decision in a window, and its edits and regenerations until then."""

    draft_id: int
    approved: bool
    edits: int
    regenerations: int


def decided_drafts(events: Iterable[ApprovalFact], start_at: datetime, end_at: datetime) -> tuple[DecidedDraft, ...]:
    """Return the drafts decided from `start_at` (included) to `end_at` (excluded), both aware (G6), by id.

    Other events of a draft, such as publishing, are no decisions.
    """
    edits: Counter[int] = Counter()
    regenerations: Counter[int] = Counter()
    decided: dict[int, DecidedDraft] = {}
    once = {event.event_id: event for event in events}.values()
    for event in sorted(once, key=lambda event: (event.at, event.event_id)):
        draft = event.draft_id
        edits[draft] += event.kind == EDITED
        regenerations[draft] += event.kind == REGENERATED
        if event.kind in DECISIONS and start_at <= event.at < end_at:
            decided[draft] = DecidedDraft(draft, event.kind == APPROVED, edits[draft], regenerations[draft])
    return tuple(decided[draft] for draft in sorted(decided))


def _decided(now: ClientWindow) -> tuple[DecidedDraft, ...]:
    return decided_drafts(now.approvals, now.start_at, now.end_at)


def _share(some: int, drafts: tuple[DecidedDraft, ...]) -> Figure:
    n = len(drafts)
    rate = percent(some, n, n=n, interval=wilson_percent(some, n), of_zero=NO_DECISIONS)
    return mark_small_events(rate, n, "decided drafts")


def _per_draft(count: int, drafts: tuple[DecidedDraft, ...]) -> Figure:
    if not drafts:
        return missing(FigureUnit.RATIO, NO_DECISIONS, n=0)
    return figure(count / len(drafts), FigureUnit.RATIO, n=len(drafts))


def approval_rate(now: ClientWindow) -> Figure:
    drafts = _decided(now)
    return _share(sum(draft.approved for draft in drafts), drafts)


def rejection_rate(now: ClientWindow) -> Figure:
    drafts = _decided(now)
    return _share(sum(not draft.approved for draft in drafts), drafts)


def edit_rate(now: ClientWindow) -> Figure:
    """Return the share of decided drafts that were edited before their decision."""
    drafts = _decided(now)
    return _share(sum(draft.edits > 0 for draft in drafts), drafts)


def edits_per_draft(now: ClientWindow) -> Figure:
    drafts = _decided(now)
    return _per_draft(sum(draft.edits for draft in drafts), drafts)


def regenerations_per_draft(now: ClientWindow) -> Figure:
    drafts = _decided(now)
    return _per_draft(sum(draft.regenerations for draft in drafts), drafts)
