"""Reads the shapes of an insights answer as readings; invalid parts are rejected, the rest is kept (A15, A16).

Shapes, after GRAPH_API §2: `values[]` with and without `end_time`, numbers and dictionaries, Facebook's tagged
breakdowns, and Instagram's `total_value` with breakdowns of one or more dimensions.
"""

import math
import re
from datetime import date
from typing import Any

from sophia.meta.catalogue.canonical import Unit
from sophia.meta.catalogue.lookup import find, stored_breakdown, stored_name
from sophia.meta.catalogue.terms import Level, Metric, ObjectKind, Period, Platform
from sophia.meta.records import Interpretation, ObservedPost, Reading, RejectedItem
from sophia.meta.reporting_zone import closed_day

# Bounds of the store: no day before Facebook opened, 64-bit numbers, the length of a breakdown.
FIRST_DAY, LARGEST, LONGEST_BREAKDOWN = date(2004, 1, 1), 2**63 - 1, 200
NAME_SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,119}")
TAGS = ("is_from_ads", "is_from_followers")
NO_PARTS = "a breakdown was requested, and the value does not name its part"
TAG_VALUES = frozenset({"0", "1", "true", "false"})
WHOLE_UNITS = frozenset({Unit.COUNT, Unit.PEOPLE})
PERIODS = {period.value: period for period in Period}
# Some recordings put this dimension before the requested one; it does not describe the audience.
EMPTY_DIMENSIONS = frozenset({"timeframe"})

# Per answer; more would only take memory.
MOST_REJECTED_ITEMS = 1000


class InsightsReader:
    """Collects readings and rejected items from the blocks of one answer.

    `today` is the reporting day of the fetch: it dates lifetime values. `span` is for answers without dates: the period
    and last day that the request asked for. `breakdown` is the requested one, if any: then totals are left to the
    request without a breakdown, so that nothing is stored twice.
    """

    def __init__(
        self,
        platform: Platform,
        level: Level,
        today: date,
        span: tuple[Period, date] | None = None,
        breakdown: str | None = None,
    ) -> None:
        self.platform = platform
        self.level = level
        self.today = today
        self.span = span
        self.breakdown = breakdown
        self.readings: list[Reading] = []
        self.rejected_items: list[RejectedItem] = []

    def read(self, blocks: Any, object_id: str, post: str | None = None, kind: ObjectKind | None = None) -> None:
        """Read the `data` of an insights answer about one object; `post` is None for an account.

        With `kind`, metrics without meaning for it are skipped: Meta answers video metrics of a photo with 0.
        """
        if not isinstance(blocks, list):
            self.set_aside(object_id, "", "data is not a list", blocks)
            return
        for block in blocks:
            self._read_block(block, object_id, post, kind)

    def _read_block(self, block: Any, object_id: str, post: str | None, kind: ObjectKind | None) -> None:
        if not isinstance(block, dict):
            self.set_aside(object_id, "", "an item of data is not an object", block)
            return
        name, period = block.get("name"), PERIODS.get(str(block.get("period")))
        if not isinstance(name, str):
            self.set_aside(object_id, str(name), "the metric has no name", block)
            return
        metric = find(self.platform, self.level, name)
        if metric is None and not NAME_SHAPE.fullmatch(name):
            self.set_aside(object_id, name, "the metric has no usable name", block)
            return
        if period is None:
            self.set_aside(object_id, name, "the period is unknown", block)
            return
        if metric is not None and kind is not None and kind not in metric.kinds:
            return
        total, values = block.get("total_value"), block.get("values")
        # A media metric with a breakdown carries both shapes of the same numbers: count them once.
        if isinstance(total, dict) and (self.breakdown or not isinstance(values, list)):
            self._read_total(total, metric, name, period, object_id, post)
        elif isinstance(values, list) and self.breakdown and self.breakdown not in TAGS:
            self.set_aside(object_id, name, NO_PARTS, block)
        elif isinstance(values, list):
            for entry in values:
                self._read_entry(entry, metric, name, period, object_id, post)
        else:
            self.set_aside(object_id, name, "neither values nor total_value", block)

    def _read_entry(
        self, entry: Any, metric: Metric | None, name: str, period: Period, object_id: str, post: str | None
    ) -> None:
        """Read one entry of `values[]`. An entry without `value` means that there is none: missing, not zero (A12)."""
        if not isinstance(entry, dict):
            self.set_aside(object_id, name, "an entry of values is not an object", entry)
            return
        if "value" not in entry:
            return
        day = self._day(entry, name, period, object_id)
        if day is None:
            return
        # Most entries are a single value; a search for tags in each would double the time.
        breakdown = ",".join(f"{tag}={entry[tag]}" for tag in TAGS if tag in entry) if len(entry) > 1 else ""
        value = entry["value"]
        if self.breakdown and not breakdown and not isinstance(value, dict):
            self.set_aside(object_id, name, NO_PARTS, entry)  # stored unchanged, a part would count as the total
        elif isinstance(value, dict) and self.breakdown in TAGS:
            if not TAG_VALUES.issuperset(value):
                self.set_aside(object_id, name, "a breakdown by yes and no has other keys", value)
                return
            for key, part in value.items():
                self._add(metric, name, period, f"{self.breakdown}={key}", day, part, object_id, post)
        elif metric is not None and (metric.keys or metric.dimension):
            self._read_dictionary(metric, value, period, day, object_id, post)
        elif isinstance(value, dict) and metric is None:
            self._read_unknown_dictionary(name, value, period, day, object_id, post)
        else:
            self._add(metric, name, period, breakdown, day, value, object_id, post)

    def _day(self, entry: dict[str, Any], name: str, period: Period, object_id: str) -> date | None:
        """Return the day of an entry, or None if the day has not ended."""
        end_time = entry.get("end_time")
        if end_time is None:
            if period is Period.LIFETIME:
                return self.today
            self.set_aside(object_id, name, "a dated value has no end_time", entry)
            return None
        try:
            day = closed_day(end_time)
        except (ValueError, TypeError):
            self.set_aside(object_id, name, "end_time is no moment", entry)
            return None
        # Windows may reach past now: Meta then invents entries for days that have not ended.
        return None if day is None or day > self.today else day

    def _read_dictionary(
        self, metric: Metric, value: Any, period: Period, day: date, object_id: str, post: str | None
    ) -> None:
        if value == 0 and not isinstance(value, bool):
            value = {}  # an old form of "no reactions at all"
        if not isinstance(value, dict):
            self.set_aside(object_id, metric.name, "a dictionary was expected", value)
            return
        parts: dict[tuple[str, str], Any] = {}
        for key, part in value.items():
            parts[stored_name(metric, str(key))] = part
        if metric.absent_is_zero:
            for key in metric.keys:
                parts.setdefault(stored_name(metric, key[0]), 0)
        for (name, breakdown), part in parts.items():
            self._add(metric, name, period, breakdown, day, part, object_id, post)

    def _read_unknown_dictionary(
        self, name: str, value: dict[str, Any], period: Period, day: date, object_id: str, post: str | None
    ) -> None:
        """Read a dictionary of a metric that the catalogue does not know: kept key by key, unclassified."""
        for key, part in value.items():
            self._add(None, name, period, f"key={key}", day, part, object_id, post)

    def _read_total(
        self,
        total: dict[str, Any],
        metric: Metric | None,
        name: str,
        period: Period,
        object_id: str,
        post: str | None,
    ) -> None:
        """Read Instagram's `total_value`: it has no dates, so the day is the last one of the request."""
        if self.span is None and period is not Period.LIFETIME:
            self.set_aside(object_id, name, "a total of a window that is no period", total)
            return
        period, day = self.span or (period, self.today)
        if not self.breakdown and "value" in total:
            self._add(metric, name, period, "", day, total["value"], object_id, post)
        breakdowns = total.get("breakdowns") or []
        for breakdown in breakdowns if isinstance(breakdowns, list) else [breakdowns]:
            if not isinstance(breakdown, dict):
                self.set_aside(object_id, name, "a breakdown is not an object", breakdown)
                continue
            dimensions, results = breakdown.get("dimension_keys") or [], breakdown.get("results") or []
            if not isinstance(dimensions, list) or not isinstance(results, list):
                self.set_aside(object_id, name, "a breakdown without lists", breakdown)
                continue
            for result in results:
                self._read_result(result, dimensions, metric, name, (period, day), object_id, post)

    def _read_result(
        self,
        result: Any,
        dimensions: list[str],
        metric: Metric | None,
        name: str,
        span: tuple[Period, date],
        object_id: str,
        post: str | None,
    ) -> None:
        values = result.get("dimension_values") if isinstance(result, dict) else None
        if (
            not isinstance(values, list)
            or len(values) != len(dimensions)
            or not all(isinstance(d, str) for d in dimensions)
        ):
            self.set_aside(object_id, name, "a breakdown's result does not fit its dimensions", result)
            return
        if "value" not in result:
            return
        parts = [
            (str(dimension), str(value))
            for dimension, value in zip(dimensions, values, strict=True)
            if dimension not in EMPTY_DIMENSIONS
        ]
        if not parts:
            self.set_aside(object_id, name, NO_PARTS, result)
            return
        self._add(metric, name, span[0], stored_breakdown(parts), span[1], result["value"], object_id, post)

    def _add(
        self,
        metric: Metric | None,
        name: str,
        period: Period,
        breakdown: str,
        day: date,
        value: Any,
        object_id: str,
        post: str | None,
    ) -> None:
        kind = type(value)
        # Names of the catalogue are valid; names with a part that Meta chose must be checked.
        is_known = metric is not None and name == metric.name
        named = is_known or (NAME_SHAPE.fullmatch(name) and not (metric is not None and name == f"{metric.name}_"))
        if not named or len(breakdown) > LONGEST_BREAKDOWN or day < FIRST_DAY:
            good = False
        elif kind is int:
            good = value >= 0
        elif kind is float:
            good = math.isfinite(value) and value >= 0
            if good and (metric is None or metric.unit in WHOLE_UNITS):
                # A count is a whole number; 12.0 is one, 12.5 is a mistake (A17).
                is_whole = value.is_integer()
                good, value = is_whole or metric is None, int(value) if is_whole else value
        else:
            good = False
        if good and value <= LARGEST:
            self.readings.append(Reading(post, name, period, breakdown, day, value))
        else:
            self.set_aside(
                object_id, name, "not a finite number of zero or more, or its day or name is impossible", value
            )

    def add_field(self, name: str, value: Any, object_id: str, post: str | None = None) -> None:
        """Add a number that is a field of the object itself, such as followers_count: a level, dated by the fetch."""
        metric = find(self.platform, self.level, name)
        if value is not None and metric is not None:
            self._add(metric, name, metric.periods[0], "", self.today, value, object_id, post)

    def interpretation(self, posts: list[ObservedPost] | None = None, reels: list[str] | None = None) -> Interpretation:
        """Return what was read, with the posts and reels that the answer lists."""
        return Interpretation(self.readings, posts or [], self.rejected_items, reels or [])

    def set_aside(self, object_id: str, name: str, reason: str, what: Any) -> None:
        if len(self.rejected_items) < MOST_REJECTED_ITEMS:
            self.rejected_items.append(RejectedItem(object_id, name, reason, repr(what)[:500]))
