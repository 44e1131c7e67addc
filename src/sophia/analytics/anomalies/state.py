"""Converts the state of monitoring to JSON documents and back; values and posts come from the readings again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from math import log2
from typing import Any

from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.records import Anomaly, MonitoringState, PortfolioEvent, SeriesDays, SeriesState
from sophia.meta.reporting_zone import ONE_DAY

_DATES = ("since", "noticed", "until", "worst", "event_since")


def past_state(past: SeriesDays) -> SeriesState:
    """Return the state of a series whose days are used for learning only and were never judged."""
    length = len(past.values)
    return SeriesState(
        series=past.series,
        measured=past.measured,
        last_day=past.first_day + (length - 1) * ONE_DAY,
        values=past.values,
        posts=log_post_counts(past.posts),
        unusual=tuple(past.first_day + day * ONE_DAY in past.expected_days for day in range(length)),
        scores=(None,) * length,
        days_seen=sum(value is not None for value in past.values),
    )


def log_post_counts(posts: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return log2(1 + count): the first post of a day has more effect than the second."""
    return tuple(None if count is None else log2(1.0 + count) for count in posts)


def series_document(state: SeriesState) -> dict[str, Any]:
    """Return the state without its values and posts: they are read from the readings, in their newest version."""
    return {
        "measured": state.measured,
        "last_day": state.last_day.isoformat(),
        "odd": [int(unusual) for unusual in state.unusual],
        "scores": list(state.scores),
        "without_step": list(state.without_step),
        "steps": [day.isoformat() for day in state.steps],
        "days_seen": state.days_seen,
        "open": [_document(anomaly, without="series") for anomaly in state.open],
    }


def restore_series(document: Mapping[str, Any], today: SeriesDays) -> SeriesState:
    """Return the state of a `series_document` with the values that its days have today.

    `today` begins WINDOW days before the last judged day, the earliest day that a state can contain.
    """
    last, length = date.fromisoformat(document["last_day"]), len(document["odd"])
    end = (last - today.first_day).days + 1
    columns = slice(end - length, end)
    return SeriesState(
        series=today.series,
        measured=document["measured"],
        last_day=last,
        values=today.values[columns],
        posts=log_post_counts(today.posts[columns]),
        unusual=tuple(bool(unusual) for unusual in document["odd"]),
        scores=tuple(document["scores"]),
        without_step=tuple(document.get("without_step", ())),
        steps=tuple(date.fromisoformat(day) for day in document["steps"]),
        days_seen=document["days_seen"],
        open=tuple(Anomaly(**_with_dates(anomaly), series=today.series) for anomaly in document["open"]),
    )


def earliest_day(last_day: date) -> date:
    """Return the first day whose value is needed to judge the day after `last_day`."""
    return last_day - (WINDOW - 1) * ONE_DAY


def events_document(state: MonitoringState) -> dict[str, Any]:
    """Return the portfolio's open event and open level as JSON."""
    return {
        name: None if event is None else _document(event)
        for name, event in (("event", state.event), ("level", state.level))
    }


def restore_events(document: Mapping[str, Any] | None) -> tuple[PortfolioEvent | None, PortfolioEvent | None]:
    """Return the event and the level of an `events_document`; older stores hold the event alone, or nothing."""
    if document is None:
        return None, None
    both: Mapping[str, Any] = {"event": document, "level": None} if "kind" in document else document
    event, level = (
        None if both[name] is None else PortfolioEvent(**_with_dates(both[name])) for name in ("event", "level")
    )
    return event, level


def _document(record: Anomaly | PortfolioEvent, without: str = "") -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(record).items()
        if name != without
    }


def _with_dates(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name in _DATES and value is not None else value
        for name, value in document.items()
    }
