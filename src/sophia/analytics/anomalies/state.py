"""What the watch must remember of a series between two days, apart from its values, as a document of plain JSON and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from math import log2
from typing import Any

from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.records import Anomaly, MonitoringState, PortfolioEvent, SeriesDays, SeriesState
from sophia.analytics.figures.estimation import Known
from sophia.meta.reporting_zone import ONE_DAY

_DAYS = ("since", "noticed", "until", "worst", "event_since")


def past_state(past: SeriesDays) -> SeriesState:
    """The state of a series whose past is only learnt from, and was never judged."""
    length = len(past.values)
    return SeriesState(
        series=past.series,
        measured=past.measured,
        last_day=past.first_day + (length - 1) * ONE_DAY,
        values=past.values,
        posts=as_learnt(past.posts),
        odd=(False,) * length,
        scores=(None,) * length,
        days_seen=sum(value is not None for value in past.values),
    )


def as_learnt(posts: Sequence[Known]) -> tuple[Known, ...]:
    """Counts of posts as the regression takes them: the first post of a day matters more than the second."""
    return tuple(None if count is None else log2(1.0 + count) for count in posts)


def remembered(state: SeriesState) -> dict[str, Any]:
    """Everything but the values and posts, which stand with the readings, and are taken from there as they are then."""
    return {
        "measured": state.measured,
        "last_day": state.last_day.isoformat(),
        "odd": [int(odd) for odd in state.odd],
        "scores": list(state.scores),
        "steps": [day.isoformat() for day in state.steps],
        "days_seen": state.days_seen,
        "open": [document(one) for one in state.open],
    }


def recalled(found: Mapping[str, Any], today: SeriesDays) -> SeriesState:
    """The state that `remembered` was given, with the values that its days have today.

    `today` begins at the earliest day that can be remembered: WINDOW days until the last day judged.
    """
    last, length = date.fromisoformat(found["last_day"]), len(found["odd"])
    end = (last - today.first_day).days + 1
    place = slice(end - length, end)
    return SeriesState(
        series=today.series,
        measured=found["measured"],
        last_day=last,
        values=today.values[place],
        posts=as_learnt(today.posts[place]),
        odd=tuple(bool(odd) for odd in found["odd"]),
        scores=tuple(found["scores"]),
        steps=tuple(date.fromisoformat(day) for day in found["steps"]),
        days_seen=found["days_seen"],
        open=tuple(Anomaly(**(_plain(one) | {"series": today.series})) for one in found["open"]),
    )


def earliest_day(last_day: date) -> date:
    """The first day whose value is needed to judge the day after `last_day`."""
    return last_day - (WINDOW - 1) * ONE_DAY


def document(anomaly: Anomaly | PortfolioEvent) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(anomaly).items()
        if name != "series" or isinstance(anomaly, PortfolioEvent)
    }


def events_document(state: MonitoringState) -> dict[str, Any]:
    """What of the portfolio goes on, as JSON."""
    return {
        name: None if one is None else document(one) for name, one in (("event", state.event), ("level", state.level))
    }


def events_of(found: Mapping[str, Any] | None) -> tuple[PortfolioEvent | None, PortfolioEvent | None]:
    """The event and the level that `events_document` was given; older stores hold the event alone, or nothing."""
    if found is None:
        return None, None
    both: Mapping[str, Any] = {"event": found, "level": None} if "kind" in found else found
    event, level = (None if both[name] is None else PortfolioEvent(**_plain(both[name])) for name in ("event", "level"))
    return event, level


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name in _DAYS and value is not None else value
        for name, value in found.items()
    }
