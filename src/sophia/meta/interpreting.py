"""Interprets an answer: its request decides how it is read.

The source of an answer contains everything that reading needs, so the same function reads an answer when it arrives and
when it comes from the store months later.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sophia.meta.catalogue.terms import ObjectKind, Period
from sophia.meta.envelope import object_id
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import ObservedPost, Source
from sophia.meta.reporting_zone import ONE_SECOND, parse_moment, reporting_day

BREAKDOWN_MODIFIER = re.compile(r"\.breakdown\(([a-z_,]+)\)")
SPANS = {1: Period.DAY, 7: Period.WEEK, 28: Period.DAYS_28}


@dataclass(frozen=True, slots=True)
class Request:
    """The request of an answer. `today` is the reporting day on which the answer was fetched."""

    object_id: str
    params: Mapping[str, str]
    today: date

    @classmethod
    def of(cls, source: Source) -> "Request":
        parts = urlsplit(source.request.split(" ", 1)[1])
        params = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return cls(parts.path.strip("/").split("/")[0], params, reporting_day(source.fetched_at))

    @property
    def breakdown(self) -> str | None:
        """The requested breakdown, from a parameter or inside a field expansion."""
        if "breakdown" in self.params:
            return self.params["breakdown"]
        inside = BREAKDOWN_MODIFIER.search(self.params.get("fields", ""))
        return inside.group(1) if inside else None

    @property
    def span(self) -> tuple[Period, date] | None:
        """The period and last day of a window requested by since and until; the answer itself names no day."""
        if "since" not in self.params or "until" not in self.params:
            return None
        first, end = (datetime.fromtimestamp(int(self.params[name]), UTC) for name in ("since", "until"))
        last = reporting_day(end - ONE_SECOND)
        period = SPANS.get((last - reporting_day(first)).days + 1)
        return (period, last) if period else None

    def items(self, data: Mapping[str, Any], reader: InsightsReader) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list; items that are not objects are rejected."""
        listed = data.get("data")
        if not isinstance(listed, list):
            reader.set_aside(self.object_id, "", "data is not a list", listed)
            return
        for item in listed:
            if isinstance(item, dict):
                yield item
            else:
                reader.set_aside(self.object_id, "", "an item of the list is not an object", item)

    def read_by_id(self, data: Mapping[str, Any], reader: InsightsReader, edge: str) -> None:
        """Read the answers about several objects, by id: their insights.

        Answers that earlier versions stored have the insights under the name of the edge.
        """
        for item_id, item in data.items():
            if not isinstance(item, dict) or "error" in item:
                reader.set_aside(item_id, "", "one of several ids was answered with an error", item)
            elif isinstance(item.get(edge), dict):
                reader.read(item[edge].get("data"), item_id, item_id)
            elif "data" in item:
                reader.read(item["data"], item_id, item_id)
            elif item.get(edge) is not None:
                reader.set_aside(item_id, "", f"{edge} is not an object", item[edge])


def read_listed_post(
    item: Mapping[str, Any],
    kind: ObjectKind,
    reader: InsightsReader,
    *,
    moment: str,
    text: str,
    link: str,
    pictures: Sequence[str],
    video: str | None = None,
) -> ObservedPost | None:
    """Return a listed post. If it has no id or no moment of publication, reject it and return None.

    `pictures` are the fields that may hold the address of its picture, the best first.
    """
    try:
        published_at = moment_of(item[moment])
        external_id = object_id(item["id"])
    except (KeyError, ValueError, TypeError, OverflowError):
        reader.set_aside(str(item.get("id")), "", "a post without id or date", dict(item))
        return None
    words, permalink = item.get(text), item.get(link)
    addresses = [address for name in pictures if isinstance(address := item.get(name), str)]
    return ObservedPost(
        external_id,
        kind,
        published_at,
        permalink if isinstance(permalink, str) else None,
        words if isinstance(words, str) else None,
        video,
        picture=next(iter(addresses), None),
    )


def read_insights_of(post: ObservedPost, item: Mapping[str, Any], reader: InsightsReader) -> None:
    """Read the insights included with a listed post, if any."""
    insights = item.get("insights")
    if isinstance(insights, dict):
        reader.read(insights.get("data"), post.external_id, post.external_id, post.kind)
    elif insights is not None:
        reader.set_aside(post.external_id, "", "insights are not an object", insights)


def moment_of(value: Any) -> datetime:
    """Return a moment from a text with a zone, or from Unix seconds (Page stories). Raises ValueError, TypeError."""
    if isinstance(value, str) and not value.isdigit():
        return parse_moment(value)
    return datetime.fromtimestamp(int(value), UTC)
