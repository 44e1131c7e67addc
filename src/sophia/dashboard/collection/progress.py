"""How far a collection is that a page started, as a reader sees it."""

from dataclasses import dataclass
from datetime import datetime

from sophia.analytics.readings.permissions import ClientScope
from sophia.display.formatting import whole
from sophia.jobs.on_demand import AccountProgress, OnDemandCollection


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """One account: its state in words, and how much of its collection is done, in percent."""

    account_id: int
    label: str
    text: str
    percent: int


@dataclass(frozen=True, slots=True)
class ProgressPanel:
    """All accounts that are being collected. `is_open` is False when every one is finished."""

    title: str
    rows: tuple[ProgressRow, ...]
    is_open: bool


def progress_panel(
    on_demand: OnDemandCollection | None, allowed_clients: ClientScope, now: datetime
) -> ProgressPanel | None:
    """Return the progress of the accounts of allowed clients, or None when no page has started a collection lately."""
    states = [] if on_demand is None else on_demand.progress(allowed_clients, now)
    if not states:
        return None
    finished = sum(not state.is_open for state in states)
    is_open = finished < len(states)
    verb = "Collecting" if is_open else "Collected"
    title = f"{verb}: {finished} of {len(states)} accounts are finished"
    return ProgressPanel(title, tuple(progress_row(state) for state in states), is_open)


def progress_row(state: AccountProgress) -> ProgressRow:
    readings = f"{whole(state.readings)} readings"
    if not state.is_open:
        status = state.status.replace("_", " ")
        text = f"{status}, {readings}" + (f". {state.problem}" if state.problem else "")
        return ProgressRow(state.account.id, state.account.label, text, 100)
    if state.status == "waiting":
        return ProgressRow(state.account.id, state.account.label, "waiting", 0)
    percent = min(99, 100 * state.done // max(state.steps, 1))
    return ProgressRow(state.account.id, state.account.label, f"collecting, {percent} %, {readings}", percent)
