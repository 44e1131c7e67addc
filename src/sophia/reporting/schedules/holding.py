"""Decides whether a report is complete. Pure functions of its facts; the reasons are for the operator, in English."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sophia.analytics.readings.account_states import AccountState
from sophia.analytics.reports.records import Report
from sophia.display.formatting import PLATFORM_LABELS
from sophia.meta.reporting_zone import ONE_DAY
from sophia.reporting.building import ReportFacts
from sophia.reporting.schedules.mail import MissingData

# A collection normally ends long before. Until then, the page says that the report waits, and no note is sent.
GRACE = timedelta(hours=3)
RECONNECT = "must be connected again"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a report is not complete: nothing if it is."""

    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.reasons)


def judge(facts: ReportFacts) -> Verdict:
    """Return whether every account has all figures of the report's period. The period is over in Meta's zone."""
    report = facts.report
    last_day = report.window.end - ONE_DAY
    reconnect = [f"{name_of(account)} {RECONNECT}." for account in facts.accounts if account.action_needed is not None]
    reasons = reconnect + [text for account in facts.accounts if (text := not_collected(account, last_day))]
    if not facts.accounts:
        reasons.append("The client has no account.")
    # An account that must be connected again says so; its missing days need no second sentence.
    if not reasons and not report.coverage.is_complete:
        reasons += missing_texts(report, facts.accounts) or ["No day of this period has all figures."]
    return Verdict(tuple(reasons))


def not_collected(account: AccountState, last_day: date) -> str:
    """Return that an account was not collected through the last day of the period; nothing if it was."""
    if account.action_needed is not None or (account.through_day is not None and account.through_day >= last_day):
        return ""
    state = " It is paused." if account.status == "paused" else ""
    through = "was never collected" if account.through_day is None else f"was collected through {account.through_day}"
    return f"{name_of(account)} {through}, and the report needs {last_day}.{state}"


def missing_texts(report: Report, accounts: Sequence[AccountState]) -> list[str]:
    """Return which account lacks which days of which metric."""
    names = {account.id: name_of(account) for account in accounts}
    return [
        f"{names.get(item.account_id, item.platform.value)}: {item.metric} has {item.coverage.days_with_data} of "
        f"{item.coverage.days} days, the first missing is {item.first}, the last {item.last}."
        for item in report.missing_days
    ]


def missing_data(report: Report) -> MissingData:
    return MissingData(report.coverage.days_with_data, report.coverage.days)


def name_of(account: AccountState) -> str:
    return f"{account.name} ({PLATFORM_LABELS[account.platform]})"


def is_sent_anyway(send_anyway_days: int | None, begin: datetime, now: datetime) -> bool:
    """Return whether an incomplete report has waited since `begin` for as long as its schedule says."""
    return send_anyway_days is not None and now >= begin + send_anyway_days * ONE_DAY
