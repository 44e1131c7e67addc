"""The SQL of the figures that pages must show, the names of Meta's metrics in it, and its rows. Nothing of Sophia is used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

Shown = float | tuple[float, float] | None
DAY = timedelta(days=1)
PACIFIC = ZoneInfo("America/Los_Angeles")
EPOCH = date(1970, 1, 1)
VIEWS = {"facebook": "page_media_view", "instagram": "views"}
INTERACTIONS = {"facebook": "page_post_engagements", "instagram": "total_interactions"}
REACH = {"facebook": "page_total_media_view_unique", "instagram": "reach"}
FOLLOWERS = {"facebook": "page_follows", "instagram": "followers_count"}
# The parts of a post's engagement: {platform: {part: LIKE pattern of its names}}.
PARTS = {
    "facebook": {
        "likes": "post\\_reactions\\_by\\_type\\_total\\_%",
        "comments": "comments\\_count",
        "shares": "shares\\_count",
    },
    "instagram": {"likes": "likes", "comments": "comments", "shares": "shares", "saved": "saved"},
}
POST_REACH = {"facebook": "post\\_total\\_media\\_view\\_unique", "instagram": "reach"}
POST_VIEWS = {"facebook": "post\\_media\\_view", "instagram": "views"}
LINK_CLICKS = {"facebook": "post\\_clicks\\_by\\_type\\_link\\_clicks", "instagram": "link\\_clicks"}

DAILY = """
    SELECT e.metric_date, e.metric_value
    FROM engagement_metrics e JOIN metric_series s ON s.id = e.series_id JOIN metrics m ON m.id = s.metric_id
    WHERE s.account_id = ? AND s.post_id IS NULL AND m.level = 'account' AND m.breakdown = ''
      AND m.metric_name = ? AND m.period = ? AND e.metric_date >= ? AND e.metric_date < ?
"""
POSTS = """
    SELECT p.id, p.account_id, a.platform, p.kind, p.published_at
    FROM posts p JOIN accounts a ON a.id = p.account_id
    WHERE a.client_id = ? AND p.published_at >= ? AND p.published_at < ?
"""
# The newest value of each series before a day, added up: only reactions have several names.
COUNTER = """
    SELECT sum(e.metric_value)
    FROM metric_series s JOIN metrics m ON m.id = s.metric_id
    JOIN engagement_metrics e ON e.series_id = s.id AND e.metric_date = (
        SELECT max(n.metric_date) FROM engagement_metrics n WHERE n.series_id = s.id AND n.metric_date < ?)
    WHERE s.post_id = ? AND m.period = 'lifetime' AND m.breakdown = '' AND m.metric_name LIKE ? ESCAPE '\\'
"""
# The first value of each series from a day on, for posts without any value before it.
FIRST_COUNTER = COUNTER.replace("max(n.metric_date)", "min(n.metric_date)").replace(
    "n.metric_date < ?", "n.metric_date >= ?"
)
# Every value that a counter of a post ever had, with the moment of its answer.
AGED = """
    SELECT v.series_id, f.fetched_at, v.metric_value
    FROM (SELECT series_id, fetch_id, metric_value FROM engagement_metrics
          UNION ALL SELECT series_id, fetch_id, metric_value FROM metric_revisions) v
    JOIN fetches f ON f.id = v.fetch_id JOIN metric_series s ON s.id = v.series_id JOIN metrics m ON m.id = s.metric_id
    WHERE s.post_id = ? AND m.period = 'lifetime' AND m.breakdown = '' AND m.metric_name LIKE ? ESCAPE '\\'
    ORDER BY f.fetched_at
"""
READ_DAYS = """
    SELECT max(CASE WHEN e.metric_date < ? THEN e.metric_date END), min(CASE WHEN e.metric_date >= ? THEN e.metric_date END)
    FROM engagement_metrics e JOIN metric_series s ON s.id = e.series_id JOIN metrics m ON m.id = s.metric_id
    WHERE s.post_id = ? AND m.period = 'lifetime' AND m.breakdown = ''
"""
# From this age on, a post hardly gains.
OLD_DAYS = 28
EVENTS = """
    SELECT event_type, revenue_amount, currency, customer_key FROM conversion_events
    WHERE client_id = ? AND event_date >= ? AND event_date < ? AND removed_at IS NULL
"""


@dataclass(frozen=True)
class Week:
    """Days from `start` to before `end`."""

    start: date
    end: date

    def earlier(self) -> "Week":
        """The same weekdays, whole weeks earlier."""
        back = timedelta(weeks=-(-(self.end - self.start).days // 7))
        return Week(self.start - back, self.end - back)


@dataclass(frozen=True)
class PostRow:
    """A post and its counters before the end of its window."""

    id: int
    account: int
    platform: str
    kind: str
    published_at: datetime
    parts: dict[str, float | None]
    reach: float | None
    views: float | None
    link_clicks: float | None
    # The age in days at which it was read, if that was after the window.
    late_age: int | None

    @property
    def is_story(self) -> bool:
        return self.kind == "story"

    @cached_property
    def engagement(self) -> float | None:
        values = [value for value in self.parts.values() if value is not None]
        return sum(values) if len(values) == len(self.parts) and not self.is_story else None


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def number(day: date) -> int:
    return (day - EPOCH).days


def ratio(pairs: Iterable[tuple[float | None, float | None]]) -> float | None:
    """Σ first / Σ second × 100 over the pairs that have both."""
    whole = [(top, bottom) for top, bottom in pairs if top is not None and bottom is not None]
    below = sum(bottom for _, bottom in whole)
    return 100 * sum(top for top, _ in whole) / below if whole and below > 0 else None


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
