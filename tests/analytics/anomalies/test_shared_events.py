"""One change seen in several metrics is one event."""

from datetime import date, timedelta

from sophia.analytics.anomalies.records import EventKind, MetricEvent
from sophia.analytics.anomalies.shared_events import shared_events
from sophia.meta.catalogue.terms import Platform

DAY = date(2026, 10, 31)


def seen(kind: EventKind, days: int = 0, until: int | None = 1, alike: int = 9, metric: str = "views") -> MetricEvent:
    end = None if until is None else DAY + timedelta(days=until)
    since = DAY + timedelta(days=days)
    return MetricEvent(kind, since, end, 14, alike, 2.0, platform=Platform.INSTAGRAM, metric=metric)


def test_one_change_in_four_metrics_is_one_event() -> None:
    """H1: counts are added over metrics and platforms, a new level says more than a day, and its day is what most name."""
    parts = [
        seen("fall", 1, metric="a"),
        seen("drop", metric="b"),
        seen("fall", until=3, alike=12, metric="c"),
        seen("fall", metric="d"),
    ]
    (event,) = shared_events(parts)
    assert (event.kind, event.since, event.until) == ("fall", DAY, DAY + timedelta(days=3))
    assert (event.series, event.alike, len(event.parts)) == (56, 39, 4)


def test_what_goes_on_has_no_end() -> None:
    (event,) = shared_events([seen("drop"), seen("drop", until=None)])
    assert event.until is None


def test_opposite_and_distant_changes_are_events_of_their_own() -> None:
    """H1: up is not down, and three days later is another day."""
    found = shared_events([seen("rise", 3), seen("drop"), seen("spike"), seen("fall", 3)])
    assert [(one.kind, one.since) for one in found] == [
        ("drop", DAY),
        ("spike", DAY),
        ("rise", DAY + timedelta(days=3)),
        ("fall", DAY + timedelta(days=3)),
    ]
    assert shared_events([]) == ()


def test_what_overlaps_is_one_event_and_each_metric_counts_once() -> None:
    """H1: a drop that became a level in the same metric, and a level that another metric saw to begin days later."""
    (event,) = shared_events(
        [seen("fall", until=None, alike=10), seen("fall", 2, None, metric="reach"), seen("drop", 4)]
    )
    assert (event.since, event.until, event.series, event.alike) == (DAY, None, 28, 19)
    apart = shared_events([seen("fall", until=None), seen("drop", 8, 9)])
    assert [one.kind for one in apart] == ["fall", "drop"]
