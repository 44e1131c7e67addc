"""Who finds what was planted: `python -m benchmarks.anomalies [seed, default 20261122] [series, default 120]`.

Series of `anomaly_series`, fourteen months each, judged from the 61st day on, against the usual rule: beyond 2.5 robust
standard deviations (MAD) of the last 30 days. An event is found by the first alarm of its sign from its first day until
the day after its last one, a rise or fall until its fourteenth day. Alarms that find no event are false, those of the
opposite sign too. Alarms on consecutive days with one sign are one. Each series is watched for itself, together with the
others only where the portfolio is what is measured.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from benchmarks.anomaly_series import NEW_FOR_DAYS, Event, Series, holidays, invent
from benchmarks.machine import machine, measured, table
from sophia.analytics.anomalies.detection import detect_anomalies
from sophia.analytics.anomalies.records import Anomaly, MonitoringResult, SeriesDays

FIRST = date(2025, 1, 6)
DAYS, QUIET = 425, 60
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Alarm:
    day: int
    sign: int
    kind: str


def invented(seed: int, count: int, *, days: int = DAYS, quiet: int = QUIET, calendar: bool = True) -> list[Series]:
    shared = holidays(np.random.default_rng((seed, 0)), days) if calendar else np.ones(days)
    return [invent(np.random.default_rng((seed, 1, number)), days, shared, quiet=quiet) for number in range(count)]


def given(series: Sequence[Series], *, posts: bool, days: int | None = None) -> list[SeriesDays]:
    return [
        SeriesDays(
            f"{number:04d}",
            "count",
            FIRST,
            tuple(None if np.isnan(value) else float(value) for value in one.values[:days]),
            tuple(float(value) for value in one.posts[:days]) if posts else (),
        )
        for number, one in enumerate(series)
    ]


def alarms_of(anomalies: Sequence[Anomaly], count: int) -> list[list[Alarm]]:
    found: list[list[Alarm]] = [[] for _ in range(count)]
    for one in anomalies:
        if one.kind != "gap" and one.event_since is None and one.score is not None:
            found[int(one.series)].append(Alarm((one.noticed - FIRST).days, 1 if one.score > 0 else -1, one.kind))
    return found


def watched(series: Sequence[Series], *, posts: bool, together: bool = True) -> list[list[Alarm]]:
    if together:
        return alarms_of(detect_anomalies(given(series, posts=posts), provisional_days=0).anomalies, len(series))
    # In groups too small for a portfolio event.
    found: list[list[Alarm]] = []
    for start in range(0, len(series), 4):
        group = series[start : start + 4]
        found += alarms_of(detect_anomalies(given(group, posts=posts), provisional_days=0).anomalies, len(group))
    return found


def usual_rule(one: Series) -> list[Alarm]:
    """Beyond 2.5 robust standard deviations of the last 30 days."""
    found, before = [], 0
    for day in range(QUIET, len(one.values)):
        past = one.values[max(0, day - 30) : day]
        past = past[np.isfinite(past)]
        if np.isnan(one.values[day]) or len(past) < 7:
            continue
        middle = float(np.median(past))
        scatter = 1.4826 * float(np.median(np.abs(past - middle)))
        away = float(one.values[day]) - middle
        sign = int(np.sign(away)) if scatter > 0 and abs(away) > 2.5 * scatter else 0
        if sign not in {0, before}:
            found.append(Alarm(day, sign, "spike" if sign > 0 else "drop"))
        before = sign
    return found


@dataclass
class Tally:
    """What was found, over all series."""

    found: int = 0
    planted: int = 0
    false: int = 0
    delays: int = 0
    shifts: int = 0
    shifts_found: int = 0
    shifts_named: int = 0

    def count(self, one: Series, alarms: Sequence[Alarm]) -> None:
        of_events: set[Alarm] = set()
        for event in one.events:
            hits = [
                alarm for alarm in alarms if event.first <= alarm.day <= last_day(event) and alarm.sign == event.sign
            ]
            of_events |= set(hits)
            self.planted += 1
            self.shifts += event.is_shift
            if hits:
                self.found += 1
                self.delays += min(alarm.day for alarm in hits) - event.first
                self.shifts_found += event.is_shift
                self.shifts_named += event.is_shift and any(alarm.kind in {"rise", "fall"} for alarm in hits)
        self.false += sum(alarm.day >= QUIET for alarm in set(alarms) - of_events)

    def row(self, title: str, years: float) -> list[str]:
        precision, recall = self.found / max(self.found + self.false, 1), self.found / self.planted
        return [
            title,
            f"{2 * precision * recall / max(precision + recall, 1e-9):.2f}",
            f"{precision:.2f}",
            f"{recall:.2f}",
            f"{self.false / years:.2f}",
            f"{self.shifts_found / self.shifts:.2f}",
            f"{self.shifts_named / self.shifts:.2f}",
            f"{self.delays / max(self.found, 1):.2f}",
        ]


def last_day(event: Event) -> int:
    return event.first + NEW_FOR_DAYS - 1 if event.is_shift else event.last + 1


def tally(series: Sequence[Series], alarms: Sequence[Sequence[Alarm]]) -> Tally:
    found = Tally()
    for one, its in zip(series, alarms, strict=True):
        found.count(one, its)
    return found


def young(seed: int, count: int, *, posts: bool) -> float:
    """False alarms in a year of a series, on series that are watched from their first day to their 56th."""
    series = invented(seed + 1, count, days=56, quiet=56)
    return sum(map(len, watched(series, posts=posts, together=False))) / (count * 56 / 365)


def milliseconds(series: Sequence[Series]) -> list[list[str]]:
    """A history at once, alone and side by side; and one more day after it."""
    rows = []
    for count in (1, len(series)):
        history = given(series[:count], posts=True)
        with measured() as spent:
            state = detect_anomalies(history, last_day=FIRST + 400 * _ONE_DAY, provisional_days=0).state
        rows.append([f"history of 401 days, {count} series at once", f"{1000 * spent.wall / 401 / count:.3f}"])
        with measured() as spent:
            detect_anomalies(history, state, last_day=FIRST + 401 * _ONE_DAY, provisional_days=0)
        rows.append([f"one more day, {count} series at once", f"{1000 * spent.wall / count:.3f}"])
    return rows


def portfolio(seed: int) -> MonitoringResult:
    """Thirty series without events of their own; on day 200 all halve, from day 300 on all bring a fifth less."""
    series = invented(seed + 2, 30, quiet=DAYS, calendar=False)
    for one in series:
        one.values[200] = round(one.values[200] / 2) if np.isfinite(one.values[200]) else np.nan
        one.values[300:] = np.round(0.8 * one.values[300:])
    return detect_anomalies(given(series, posts=True), provisional_days=0)


def main(arguments: Sequence[str]) -> None:
    seed, count = (
        int(arguments[place]) if len(arguments) > place else usual for place, usual in ((0, 20261122), (1, 120))
    )
    print(machine())
    series = invented(seed, count)
    years = count * (DAYS - QUIET) / 365
    columns = ["method", "F1", "precision", "recall", "false alarms a series-year"]
    columns += ["rises and falls in 14 days", "and named so", "mean delay, days"]
    rows = [
        tally(series, watched(series, posts=True, together=False)).row("with counts of posts", years),
        tally(series, watched(series, posts=False, together=False)).row("without", years),
        tally(series, [usual_rule(one) for one in series]).row("MAD of 30 days, 2.5", years),
    ]
    table(f"Seed {seed}, {count} series, {sum(len(one.events) for one in series)} events", columns, rows)
    few = [
        [title, f"{young(seed, 4 * count, posts=posts):.2f}"]
        for title, posts in (("with counts of posts", True), ("without", False))
    ]
    table("Series of 1 to 8 weeks", ["method", "false alarms a series-year"], few)
    found = portfolio(seed)
    own = [one for one in found.anomalies if one.event_since is None and one.kind != "gap"]
    explained = [one for one in found.anomalies if one.event_since is not None]
    events = [f"{one.kind} of day {(one.since - FIRST).days}" for one in found.events]
    row = [", ".join(events), f"{len(explained)}", f"{len(own)}"]
    title = "Thirty series that halve on day 200, and bring a fifth less from day 300 on"
    table(title, ["portfolio events", "anomalies that they explain", "other anomalies"], [row])
    table("Time", ["what", "ms a day and series"], milliseconds(series))


if __name__ == "__main__":
    main(sys.argv[1:])
