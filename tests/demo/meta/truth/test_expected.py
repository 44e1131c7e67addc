"""What the simulated Meta answers over HTTP is exactly what `expected_readings` enumerates."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.demo.expected import Breakdown, Expected, expected_counts, expected_readings

from sophia.demo.meta.graph.rules import INSTAGRAM, MEDIA, TABLES, Kind, Rule
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import DEMOGRAPHICS, Business
from sophia.demo.meta.world.pacific import day_start, days_between, last_closed_day
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
DAYS = 12


class Reader:
    """Reads everything about one client, straight from the answers."""

    def __init__(self, ask: Ask, business: Business, now: datetime, version: int) -> None:
        self.ask = ask
        self.business = business
        self.now = now
        self.version = version
        self.last = last_closed_day(now)
        self.first = self.last - timedelta(days=DAYS - 1)

    def get(self, path: str, **parameters: str | int) -> Any:
        answer = self.ask(f"/v{self.version}.0/{path}", self.business.page.access_token, **parameters)
        return answer.json() if answer.status_code == 200 else {"data": []}

    def names(self, kind: Kind) -> list[Rule]:
        return [rule for rule in TABLES[kind].values() if rule.is_alive(self.version, self.last)]

    def window(self, first: date, last: date) -> dict[str, int]:
        until = last + timedelta(days=1)
        return {"since": int(day_start(first).timestamp()), "until": int(day_start(until).timestamp())}

    def entries(self, block: Mapping[str, Any], account: str, post: str | None, platform: Any) -> Iterator[Expected]:
        """The values of one block: numbers, dictionaries and Facebook's tags."""
        for value in block.get("values", ()):
            if "value" not in value or value.get("end_time", "").startswith("1970"):
                continue
            ends = value.get("end_time")
            day = None
            if ends is not None:
                closed = datetime.strptime(ends, "%Y-%m-%dT%H:%M:%S%z")
                if closed > self.now:
                    continue
                # 24 hours before the closing midnight, the UTC date is that of the day, clock changes or not.
                day = (closed.astimezone(UTC) - timedelta(hours=24)).date()
            tags: Breakdown = tuple((key, tag) for key, tag in value.items() if key.startswith("is_from"))
            numbers = value["value"] if isinstance(value["value"], dict) else {None: value["value"]}
            for key, number in numbers.items():
                yield Expected(platform, account, post, block["name"], key, tags, block["period"], day, number)

    def parts(self, block: Mapping[str, Any], post: str | None, day: date | None) -> Iterator[Expected]:
        """The total and the breakdowns of an Instagram block."""
        account, total = self.business.instagram.id, block.get("total_value", {})
        if "value" in total and post is None:
            yield Expected("instagram", account, None, block["name"], None, (), block["period"], day, total["value"])
        for breakdown in total.get("breakdowns", ()):
            keys = breakdown["dimension_keys"]
            for row in breakdown.get("results", ()):
                pairs = zip(keys, row["dimension_values"], strict=True)
                named = tuple(pair for pair in pairs if pair[0] != "timeframe")
                yield Expected(
                    "instagram", account, post, block["name"], None, named, block["period"], day, row["value"]
                )

    def facebook(self) -> Iterator[Expected]:
        page = self.business.page
        window = self.window(self.first, self.last + timedelta(days=1))
        for rule in self.names("page"):
            for breakdown in ("", *rule.breakdowns):
                asked = self.get(f"{page.id}/insights", metric=rule.name, breakdown=breakdown, **window)
                for block in asked["data"]:
                    yield from self.entries(block, page.id, None, "facebook")
        for kind, edge, insights in (("post", "published_posts", "insights"), ("video", "videos", "video_insights")):
            yield from self.posts(kind, edge, insights, window)  # type: ignore[arg-type]
        for story in self.get(f"{page.id}/stories")["data"]:
            for rule in self.names("page_story"):
                for block in self.get(f"{story['post_id']}/insights", metric=rule.name)["data"]:
                    yield from self.entries(block, page.id, story["post_id"], "facebook")

    def posts(self, kind: Kind, edge: str, insights: str, window: Mapping[str, int]) -> Iterator[Expected]:
        page = self.business.page
        span = f".since({window['since']}).until({window['until']})"
        for rule in self.names(kind):
            for breakdown in ("", *rule.breakdowns):
                fields = f"id,{insights}.metric({rule.name}).breakdown({breakdown}){span}"
                if kind == "video":
                    fields += ",post_id"
                for row in self.get(f"{page.id}/{edge}", limit=100, fields=fields)["data"]:
                    post = row.get("post_id", row["id"])
                    for block in row.get(insights, {"data": []})["data"]:
                        yield from self.entries(block, page.id, post, "facebook")

    def instagram(self) -> Iterator[Expected]:
        account = self.business.instagram.id
        for rule in self.names("instagram"):
            if rule.name in DEMOGRAPHICS:
                for breakdown in ("age", "gender", "country", "city", "age,gender"):
                    yield from self.total(rule.name, "lifetime", breakdown, None)
                continue
            if rule.metric_types != ("total_value",):
                for period in rule.periods:
                    window = self.window(self.first, self.last)
                    answer = self.get(f"{account}/insights", metric=rule.name, period=period, **window)
                    for block in answer["data"]:
                        yield from self.entries(block, account, None, "instagram")
            if "total_value" in rule.metric_types:
                names = [name for name in rule.breakdowns if name != "follower_type"]
                for day in days_between(self.first, self.last):
                    for breakdown in dict.fromkeys(("", *names, ",".join(names))):
                        yield from self.total(rule.name, "day", breakdown, day)

    def total(self, metric: str, period: str, breakdown: str, day: date | None) -> Iterator[Expected]:
        asked: dict[str, str | int] = {"metric": metric, "period": period, "metric_type": "total_value"}
        if day is not None:
            asked |= self.window(day, day)
        for block in self.get(f"{self.business.instagram.id}/insights", breakdown=breakdown, **asked)["data"]:
            yield from self.parts(block, None, day)

    def media(self) -> Iterator[Expected]:
        account = self.business.instagram.id
        rows = self.get(f"{account}/media", limit=100, fields="id,media_product_type")["data"]
        rows += self.get(f"{account}/stories", limit=100, fields="id,media_product_type")["data"]
        for row in rows:
            fitting = [rule for rule in MEDIA.values() if row["media_product_type"] in rule.products]
            for block in self.get(f"{row['id']}/insights", metric=",".join(rule.name for rule in fitting))["data"]:
                yield from self.entries(block, account, row["id"], "instagram")
            for rule in fitting:
                for breakdown in rule.breakdowns:
                    answer = self.get(f"{row['id']}/insights", metric=rule.name, breakdown=breakdown)
                    for block in answer["data"]:
                        yield from self.parts(block, row["id"], None)


@pytest.mark.parametrize(("number", "version"), [(0, 26), (1, 22), (3, 24)])
def test_answers_equal_the_enumeration(ask: Ask, world: World, truth: Truth, number: int, version: int) -> None:
    """Every value served is expected, every expected value is served, on both platforms (A9, B1)."""
    business, now = world.businesses[number], world.built_at
    reader = Reader(ask, business, now, version)
    until = reader.last + timedelta(days=1)
    served = {*reader.facebook(), *reader.instagram(), *reader.media()}
    expected = set()
    for account in (business.page.id, business.instagram.id):
        expected |= set(expected_readings(world, truth, account, reader.first, until, now, version))
    assert len(expected) > 2000
    assert sorted(map(str, served - expected))[:5] == []
    assert sorted(map(str, expected - served))[:5] == []


def test_nothing_is_enumerated_twice(world: World, truth: Truth) -> None:
    """One value for one series and day, as the store's key demands (A1)."""
    for account in (world.pages[0].id, world.instagram_accounts[0].id):
        until = last_closed_day(world.built_at)
        since = until - timedelta(days=30)
        readings = list(expected_readings(world, truth, account, since, until, world.built_at, 22))
        keys = {
            (reading.post_id, reading.metric, reading.dict_key, reading.breakdown, reading.period, reading.day)
            for reading in readings
        }
        assert len(keys) == len(readings)


def test_retired_names_are_not_expected(world: World, truth: Truth) -> None:
    """What a test retired is left out."""
    until = last_closed_day(world.built_at)
    readings = expected_readings(
        world, truth, world.pages[0].id, until, until, world.built_at, 26, retired={"post_clicks"}
    )
    assert "post_clicks" not in {reading.metric for reading in readings}


def test_counts_on_objects_equal_the_enumeration(ask: Ask, world: World, truth: Truth) -> None:
    """The fields of accounts, posts and media show what `expected_counts` says (A8)."""
    business, now = world.businesses[0], world.built_at
    token = business.page.access_token
    account = business.instagram.id
    names = "like_count,comments_count,view_count,reposts_count,saved_count,shares_count"
    shown = {
        (None, name): value
        for name, value in ask(f"/{account}", token, fields="followers_count,follows_count,media_count").json().items()
        if name != "id"
    }
    for row in ask(f"/{account}/media", token, limit=100, fields=names).json()["data"]:
        shown |= {(row["id"], name): row[name] for name in names.split(",") if name in row}
    expected = {(each.post_id, each.metric): each.value for each in expected_counts(world, truth, account, now)}
    assert shown == expected
    assert any(post is not None and name == "like_count" for post, name in expected)


def test_instagram_names_have_a_rule_each() -> None:
    """No table names a metric twice, and breakdowns are for totals only."""
    for rule in INSTAGRAM.values():
        assert not rule.breakdowns or "total_value" in rule.metric_types
