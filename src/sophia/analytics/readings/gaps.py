"""Gaps: days of an account's daily series that should have readings and have none, with the reason (A12, A13)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.readings.account_states import DAY_FAMILIES, AccountState
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.refusals import RecordedRefusal
from sophia.analytics.readings.run_models import Watermark
from sophia.analytics.readings.runs import RunRecord, runs_by_id
from sophia.database.statements import among
from sophia.meta.catalogue.lookup import explain
from sophia.meta.catalogue.terms import Level, Metric, Platform, Source
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

GapReason = Literal["refused", "retired", "not_asked", "no_value"]
GapKey = tuple[int, str, date, date, GapReason, str]  # account, family, first and last day, reason code, reason
NO_VALUE = "Meta returned no value."


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without readings, `end` excluded, and why. The named series lack exactly these days, for the same reason."""

    client_id: int
    account_id: int
    platform: Platform
    family: str
    metric_names: tuple[str, ...]
    start: date
    end: date
    days: int
    reason_code: GapReason
    reason: str


@dataclass(frozen=True, slots=True)
class DailySeries:
    """A daily series of an account, with its first day ever, and count and last day in the requested window."""

    id: int
    account_id: int
    metric_name: str
    family: str
    metric: Metric
    first: date
    count: int
    last: date | None


def find_gaps(
    session: Session, accounts: Collection[AccountState], refusals: Collection[RecordedRefusal], window: DateRange
) -> list[Gap]:
    """Return the gaps of these accounts in the window, in four queries for any number of accounts."""
    marks = _watermarks(session, accounts)
    owner = {account.id: account for account in accounts}
    incomplete = [
        series
        for series in _daily_series(session, owner, window)
        if (series.account_id, series.family) in marks and _lacks(series, window)
    ]
    # The count reveals a series that only ends too early; the others need a look at each day.
    with_holes = {
        series.id
        for series in incomplete
        if series.last is not None and series.count < (series.last - max(series.first, window.start)).days + 1
    }
    present = _days_present(session, with_holes, window)
    runs = runs_by_id(session, {account.last_run_id for account in accounts if account.last_run_id is not None})
    metric_names_by_gap: dict[GapKey, list[str]] = {}
    for series in incomplete:
        account = owner[series.account_id]
        run = runs.get(account.last_run_id or 0)
        days = present[series.id] if series.id in with_holes else None
        refusal = _refusal(series, account, refusals)
        mark = marks[series.account_id, series.family]
        for code, reason, first, last in _ranges(series, _missing(series, days, window), mark, refusal, run):
            metric_names_by_gap.setdefault((series.account_id, series.family, first, last, code, reason), []).append(
                series.metric_name
            )
    return [_gap(owner[key[0]], key, names) for key, names in sorted(metric_names_by_gap.items())]


def _gap(account: AccountState, key: GapKey, names: list[str]) -> Gap:
    _, family, first, last, code, reason = key
    return Gap(
        client_id=account.client_id,
        account_id=account.id,
        platform=Platform(account.platform),
        family=family,
        metric_names=tuple(sorted(names)),
        start=first,
        end=last + ONE_DAY,
        days=(last - first).days + 1,
        reason_code=code,
        reason=reason,
    )


def _watermarks(session: Session, accounts: Collection[AccountState]) -> dict[tuple[int, str], DateRange]:
    rows = session.scalars(
        select(Watermark).where(
            among(Watermark.account_id, [account.id for account in accounts]), Watermark.family.in_(DAY_FAMILIES)
        )
    )
    return {(row.account_id, row.family): DateRange(row.from_day, row.through_day + ONE_DAY) for row in rows}


def _daily_series(session: Session, owner: Mapping[int, AccountState], window: DateRange) -> Iterator[DailySeries]:
    """Yield the series of these accounts that the catalogue knows and that lack readings; a few index look-ups each."""
    reading = EngagementMetric
    of_series = reading.series_id == MetricSeries.id
    inside = reading.metric_date.between(window.start, window.end - ONE_DAY)
    first = select(func.min(reading.metric_date)).where(of_series).correlate(MetricSeries).scalar_subquery()
    count = select(func.count()).select_from(reading).where(of_series, inside).correlate(MetricSeries).scalar_subquery()
    last = select(func.max(reading.metric_date)).where(of_series, inside).correlate(MetricSeries).scalar_subquery()
    rows = session.execute(
        select(MetricSeries.id, MetricSeries.account_id, StoredMetric.metric_name, first, count, last)
        .select_from(MetricSeries)
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .where(
            among(MetricSeries.account_id, list(owner)),
            MetricSeries.post_id.is_(None),
            StoredMetric.level == "account",
            StoredMetric.period == "day",
            StoredMetric.breakdown == "",
            # Most series are complete; their first and last days are not looked up.
            count < window.days,
        )
    )
    for number, account_id, name, first_day, in_window, last_day in rows:
        explained = explain(Platform(owner[account_id].platform), Level.ACCOUNT, name)
        family = family_of(explained.metric) if explained else None
        if explained is not None and family is not None and first_day is not None:
            yield DailySeries(number, account_id, name, family, explained.metric, first_day, in_window, last_day)


def family_of(metric: Metric) -> str | None:
    """Return the family that requests an account's metric day by day, or None for one read along with others."""
    if metric.source is not Source.INSIGHTS or metric.timeframe:
        return None
    if metric.platform is Platform.FACEBOOK:
        return "page_insights"
    return "account_series" if metric.metric_type == "time_series" else "account_totals"


def family_of_series(platform: Platform, level: str, metric_name: str, breakdown: str) -> str | None:
    """Return the family of a run that reads a stored series, or None if the catalogue does not know the series."""
    explained = explain(platform, Level(level), metric_name, breakdown)
    if explained is None:
        return None
    metric = explained.metric
    if metric.level is Level.POST:
        is_insight = metric.source is not Source.FIELD
        return ("posts" if platform is Platform.FACEBOOK else "media") if is_insight else None
    if metric.source is Source.FIELD:
        return "profile"
    if metric.timeframe or "contact_button_type" in breakdown:
        return "demographics"
    return "weeks" if platform is Platform.INSTAGRAM and breakdown else family_of(metric)


def _lacks(series: DailySeries, window: DateRange) -> bool:
    return series.count < (window.end - max(series.first, window.start)).days


def _days_present(session: Session, series: Collection[int], window: DateRange) -> dict[int, set[date]]:
    days_by_series: dict[int, set[date]] = {number: set() for number in series}
    reading = EngagementMetric
    if series:
        inside = reading.metric_date.between(window.start, window.end - ONE_DAY)
        rows = session.execute(
            select(reading.series_id, reading.metric_date).where(among(reading.series_id, series), inside)
        )
        for number, day in rows:
            days_by_series[number].add(day)
    return days_by_series


def _missing(series: DailySeries, present: set[date] | None, window: DateRange) -> list[date]:
    """Return the days without a reading, oldest first; `present` of None means all days up to the series' last."""
    start = max(series.first, window.start)
    if present is None:
        start = start if series.last is None else series.last + ONE_DAY
    days = (start + index * ONE_DAY for index in range((window.end - start).days))
    return [day for day in days if present is None or day not in present]


def _refusal(
    series: DailySeries, account: AccountState, refusals: Collection[RecordedRefusal]
) -> RecordedRefusal | None:
    for refusal in refusals:
        if (
            refusal.platform == account.platform
            and refusal.object_kind in ("page", "account")
            and refusal.metric_name == series.metric.name
            and refusal.account_id in (None, account.id)
        ):
            return refusal
    return None


def _ranges(
    series: DailySeries, missing: list[date], mark: DateRange, refusal: RecordedRefusal | None, run: RunRecord | None
) -> list[tuple[GapReason, str, date, date]]:
    """Return (reason code, reason, first day, last day) of the missing days, merging those that touch."""
    ranges: list[tuple[GapReason, str, date, date]] = []
    refused_from = None if refusal is None else reporting_day(refusal.since) - ONE_DAY
    # From the newest, because a refusal explains the days before it that the same request asked for.
    for day in reversed(missing):
        touches = bool(ranges) and ranges[-1][2] == day + ONE_DAY
        refused = refused_from is not None and (day >= refused_from or (touches and ranges[-1][0] == "refused"))
        code, reason = _reason(series, day, mark, refusal if refused else None, run)
        if touches and ranges[-1][0] == code:
            ranges[-1] = (code, reason, day, ranges[-1][3])
        else:
            ranges.append((code, reason, day, day))
    return ranges[::-1]


def _reason(
    series: DailySeries, day: date, mark: DateRange, refusal: RecordedRefusal | None, run: RunRecord | None
) -> tuple[GapReason, str]:
    retired = series.metric.retired_on
    if retired is not None and day >= retired:
        return "retired", f"Meta retired this metric on {retired}."
    if refusal is not None:
        return "refused", f"Meta refuses this metric since {reporting_day(refusal.since)}: {refusal.reason}"
    if day not in mark:
        return _not_covered(series.family, mark, run)
    return "no_value", NO_VALUE


def _not_covered(family: str, mark: DateRange, run: RunRecord | None) -> tuple[GapReason, str]:
    """Return why the watermark does not cover a day: Meta gave no value to the last run, or no run requested it yet."""
    if run is None:
        return "not_asked", f"Not requested yet; requested from {mark.start} through {mark.end - ONE_DAY}."
    problem = next((p for p in run.problems if p.family == family), next(iter(run.problems), None))
    result = run.families.get(family)
    if result is not None and result.ended == "empty" and problem is not None and problem.family == family:
        return "no_value", f"{problem.message} The next run asks again."
    problem_text = f", {problem.message}" if problem is not None else ""
    return (
        "not_asked",
        f"Not requested yet; requested from {mark.start} through {mark.end - ONE_DAY}. The last run: {run.status}{problem_text}",
    )
