"""A client whose posts were read at moments that a test chooses, and decisions about their drafts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import NOW, Api, Filling

from sophia.analytics.decisions.predictions import Stage
from sophia.analytics.decisions.requests import NewDecision
from sophia.analytics.decisions.scoring import attribute_outcomes
from sophia.analytics.decisions.store import record_decision
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.models import Post

HOUR = timedelta(hours=1)
WEEK_OLD = 166.0  # hours: a reading that stands for seven days


@dataclass
class AppState:
    """One client with an Instagram account; `api` is asked about it."""

    api: Api
    filling: Filling
    client: int
    account: int
    now: datetime = NOW

    @property
    def path(self) -> str:
        return f"/{self.client}"

    def post(self, published_at: datetime, draft: int | None = None, kind: str = "feed") -> int:
        return self.filling.add(
            Post(
                account_id=self.account,
                platform_post_id=f"{self.account}_{published_at.timestamp():.0f}_{draft}",
                kind=kind,
                published_at=published_at,
                first_seen_at=published_at,
                draft_id=draft,
            )
        )

    def read(self, post: int, published_at: datetime, hours: Mapping[float, Mapping[str, float]]) -> None:
        """What Meta said of the post so many hours after it was published; within a day a later value replaces."""
        for after in sorted(hours):
            at = published_at + after * HOUR
            fetch, day = self.filling.fetch(self.account, at), reporting_day(at)
            for name, value in hours[after].items():
                series = self.series(post, name)
                if any(reporting_day(published_at + other * HOUR) == day for other in hours if other < after):
                    self.filling.revise(series, day, value, fetch)
                else:
                    self.filling.readings(self.account, series, {day: value}, fetch)

    def series(self, post: int, name: str) -> int:
        metric = self.filling.metric("instagram", "post", name, "lifetime")
        known = self._series.get((post, metric))
        if known is None:
            known = self._series[post, metric] = self.filling.series(self.account, metric, post)
        return known

    def __post_init__(self) -> None:
        self._series: dict[tuple[int, int], int] = {}

    def decide(self, key: str | None = None, **values: Any) -> Any:
        body = {"stage": "format", "decision": "A reel"} | values
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.api.post(f"{self.path}/decisions", body, headers=headers)

    def predicted_post(
        self, published_at: datetime, reach: float, predictions: Mapping[Stage, float], usual: str = "feed"
    ) -> None:
        """A post read when it was a week old, whose reach was predicted at several stages a day before it was out."""
        draft = self.filling.draft(self.client)
        post = self.post(published_at, draft, usual)
        self.read(post, published_at, {WEEK_OLD: {"reach": reach}})
        with self.filling.database.write() as session:
            for stage, value in predictions.items():
                decision = NewDecision(
                    stage=stage,
                    decision="A reel",
                    draft_id=draft,
                    predicted={"reach": value},
                    confidence=0.6,
                    decided_at=published_at - 24 * HOUR,
                )
                record_decision(session, self.client, decision, f"{stage} {draft}", self.now)

    def attribute(self, now: datetime = NOW) -> tuple[int, int, int]:
        saved = attribute_outcomes(self.filling.database, now)
        return saved.new, saved.changed, saved.same

    def decisions(self, query: str = "") -> Any:
        answer = self.api.get(f"{self.path}/decisions{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def open_house(api: Api, filling: Filling, name: str = "Hats", now: datetime = NOW) -> AppState:
    client = filling.client(name)
    return AppState(api, filling, client, filling.account(client, "instagram"), now)


def furnish(house: AppState, posts: int = 30, *, newest: datetime = NOW - timedelta(days=8)) -> None:
    """So many posts, two days apart, the last at `newest`: their format is predicted well, their research badly."""
    for index in range(posts):
        reach = 1000 * (1, 3, 2, 0.5, 4)[index % 5]
        good, bad = reach * (0.95, 1.05)[index % 2], 20_000.0 if index % 2 else 30.0
        published_at = newest - timedelta(days=2 * (posts - 1 - index))
        house.predicted_post(published_at, reach, {"format": good, "research": bad})
