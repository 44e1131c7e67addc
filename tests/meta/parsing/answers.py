"""Insights answers as Meta gives them, written by hand after GRAPH_API §2, and what is read from them."""

from datetime import date
from typing import Any

from sophia.meta.catalogue.terms import Level, ObjectKind, Period, Platform
from sophia.meta.parsing import InsightsReader

TODAY = date(2026, 11, 20)
YESTERDAY = date(2026, 11, 19)
OPENED = date(2004, 1, 1)  # the store refuses days before Facebook opened


def read(
    blocks: Any,
    *,
    platform: Platform = Platform.FACEBOOK,
    level: Level = Level.ACCOUNT,
    today: date = TODAY,
    span: tuple[Period, date] | None = None,
    breakdown: str | None = None,
    kind: ObjectKind | None = None,
) -> InsightsReader:
    reader = InsightsReader(platform, level, today, span, breakdown)
    reader.read(blocks, "900100", "900100_77" if level is Level.POST else None, kind)
    return reader


def instagram(blocks: Any, **options: Any) -> InsightsReader:
    return read(blocks, platform=Platform.INSTAGRAM, **options)


def daily(*values: dict[str, Any], name: str = "page_media_view", period: str = "day") -> dict[str, Any]:
    return {"name": name, "period": period, "values": list(values), "title": None, "id": "1/insights/x/day"}


def lifetime(value: Any, name: str = "post_clicks") -> dict[str, Any]:
    return {"name": name, "period": "lifetime", "values": [{"value": value}]}


def days(reader: InsightsReader) -> dict[date, int | float]:
    return {reading.day: reading.value for reading in reader.readings}


def parts(reader: InsightsReader) -> dict[tuple[str, str], int | float]:
    found = {(reading.metric, reading.breakdown): reading.value for reading in reader.readings}
    assert len(found) == len(reader.readings), "something was read twice"
    return found


SPAN = (Period.WEEK, date(2026, 11, 15))


def total(value: Any, name: str = "reach", period: str = "day", **more: Any) -> dict[str, Any]:
    return {"name": name, "period": period, "title": "x", "total_value": value, "id": "1/insights/x/day", **more}


def split(keys: list[Any], *results: tuple[list[Any], Any]) -> dict[str, Any]:
    return {
        "dimension_keys": keys,
        "results": [{"dimension_values": values, "value": value} for values, value in results],
    }


GOOD = daily({"value": 1, "end_time": "2026-11-19T08:00:00+0000"})
