"""The answers of the tools: JSON that is small unless more is requested, with source and time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from sophia.analytics.figures.documents import figure_document
from sophia.analytics.figures.figures import Change, Figure

# An answer without a limit stays below this, so that a conversation has space for many answers.
MOST_BYTES = 4_000
# With a limit, an answer may be this long.
MOST_REQUESTED_BYTES = 200_000


def answer(
    source: str,
    as_of: datetime,
    head: Mapping[str, Any],
    name: str,
    rows: Sequence[Mapping[str, Any]],
    limit: int | None,
) -> str:
    """Return the JSON of an answer: the head, and as many rows as fit, under `name`.

    Without `limit` it has at most 4,000 bytes, with `limit` that many rows and at most 200,000 bytes. `left_out` counts
    the rows that did not fit. Absent values are left out; a value that is missing in the data has a reason beside it.
    """
    start = compact({"source": source, "as_of": as_of, **head})
    wanted = [compact(row) for row in (rows if limit is None else rows[:limit])]
    most = MOST_BYTES if limit is None else MOST_REQUESTED_BYTES
    count = len(wanted)
    while True:
        document = start | {name: wanted[:count], "total": len(rows)}
        if count < len(rows):
            document["left_out"] = len(rows) - count
            document["more"] = f"Call again with limit={len(rows)} for all, or ask for fewer days."
        text = to_json(document)
        if len(text) < most or not count:
            return text.decode()
        count = min(count - 1, count * most // len(text))


def compact(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without those that are None or empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", (), [], {})}


def figure_row(figure: Figure) -> dict[str, Any]:
    """Return a figure with its unit, sample and interval as JSON; money is text, to keep it exact."""
    document = figure_document(figure)
    numbers = {name: getattr(figure, name) for name in ("value", "at_least", "at_most")}
    return compact(document | numbers)


def change_row(change: Change) -> dict[str, Any]:
    """Return the compared value of the earlier period, and the change in percent or the reason why there is none."""
    percent = change.percent
    return compact(
        {
            "before": change.before.value,
            "percent": percent.value,
            "percent_interval": None if percent.interval is None else list(percent.interval),
            "points": change.absolute.value if change.absolute.unit.value == "percentage_points" else None,
            "reason": percent.reason or percent.doubt,
        }
    )
