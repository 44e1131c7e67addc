"""Finds a metric by Meta's name, by its stored name, or by its meaning."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from sophia.meta.catalogue.canonical import CANONICAL, Counting, MetricClass, Unit
from sophia.meta.catalogue.facebook import FACEBOOK
from sophia.meta.catalogue.facebook_video import FACEBOOK_VIDEO
from sophia.meta.catalogue.instagram import INSTAGRAM
from sophia.meta.catalogue.retired import RETIRED
from sophia.meta.catalogue.terms import Level, Metric, ObjectKind, Platform, Source

# Current rows come first, so that a name which is retired on one edge only is found as current.
METRICS: tuple[Metric, ...] = (*FACEBOOK, *FACEBOOK_VIDEO, *INSTAGRAM, *RETIRED)

_OLDEST_SERVED = (21, 0)
_FIXED_VOCABULARIES = frozenset(
    {"follow_type", "media_product_type", "contact_button_type", "action_type", "story_navigation_action_type"}
)

# The name of a city may hold commas, but none before a name and an equals sign.
_BETWEEN_PARTS = re.compile(r",(?=[a-z_]+=)")


@dataclass(frozen=True, slots=True)
class Explained:
    """The meaning of a stored name."""

    metric: Metric
    canonical: str
    metric_class: MetricClass
    unit: Unit
    counting: Counting


def _by_name() -> dict[tuple[Platform, Level, str], tuple[Metric, ...]]:
    rows: dict[tuple[Platform, Level, str], tuple[Metric, ...]] = {}
    for metric in METRICS:
        key = (metric.platform, metric.level, metric.name)
        rows[key] = (*rows.get(key, ()), metric)
    return rows


def _by_stored_name() -> dict[tuple[Platform, Level, str], Metric]:
    rows: dict[tuple[Platform, Level, str], Metric] = {}
    for metric in METRICS:
        for name in metric.stored_names:
            rows.setdefault((metric.platform, metric.level, name), metric)
    return rows


def _primary_names(metric: Metric) -> Iterable[tuple[str, str]]:
    """Yield (canonical, stored name) for everything that this row is the primary reading of."""
    if not metric.keys:
        if metric.primary:
            yield metric.canonical, metric.name
        return
    for key in metric.keys:
        if key.primary or (metric.primary and key.canonical == metric.canonical):
            yield key.canonical, f"{metric.name}_{key.suffix}"


def _by_meaning() -> dict[tuple[Platform, Level, str, ObjectKind | None], tuple[str, ...]]:
    names: dict[tuple[Platform, Level, str, ObjectKind | None], tuple[str, ...]] = {}
    for metric in METRICS:
        for canonical, name in _primary_names(metric):
            for kind in (*sorted(metric.kinds), None):
                lookup_key = (metric.platform, metric.level, canonical, kind)
                names[lookup_key] = (*names.get(lookup_key, ()), name)
    return names


_NAMES = _by_name()
_STORED = _by_stored_name()
_READS = _by_meaning()


def find(
    platform: Platform, level: Level, name: str, kind: ObjectKind | None = None, source: Source | None = None
) -> Metric | None:
    """Return the row of one of Meta's names, or None if the catalogue has none.

    A few names have several rows, one per edge: `kind` and `source` choose among them, otherwise a living one is first.
    """
    for metric in _NAMES.get((platform, level, name), ()):
        if (kind is None or kind in metric.kinds) and (source is None or source is metric.source):
            return metric
    return None


def stored_names() -> frozenset[str]:
    """Return every name under which a metric of the catalogue is stored, of all platforms and levels."""
    return frozenset(name for _, _, name in _STORED)


def explain(platform: Platform, level: Level, stored_name: str, breakdown: str = "") -> Explained | None:
    """Return what a stored name means, or None: an unknown name is never guessed at.

    `breakdown` matters for `follows_and_unfollows` only, whose parts mean follows and unfollows.
    """
    metric = _STORED.get((platform, level, stored_name))
    if metric is None:
        return None
    canonical = metric.canonical_of(stored_name, breakdown) or metric.canonical
    return Explained(metric, canonical, CANONICAL[canonical].metric_class, metric.unit, metric.counting)


def reads(platform: Platform, level: Level, canonical: str, kind: ObjectKind | None = None) -> tuple[str, ...]:
    """Return the stored names whose sum, without breakdown, is the primary reading of a canonical metric.

    Empty if no living metric serves it. Without `kind` the names of all kinds: one object has those of its kind only.
    """
    return _READS.get((platform, level, canonical, kind), ())


def stored_name(metric: Metric, key: str | None = None) -> tuple[str, str]:
    """Return the name and the breakdown under which one value of `metric` is stored.

    `key` is the key of a dict-valued answer. An unknown key of a closed vocabulary gets a tidy name of its own, which
    `explain` does not know, so that its series is stored as unclassified.
    """
    if key is None:
        return metric.name, ""
    if metric.dimension:
        return metric.name, f"{metric.dimension}={key}"
    folded = key.casefold()
    for known_key in metric.keys:
        if known_key.name.casefold() == folded:
            return f"{metric.name}_{known_key.suffix}", ""
    return f"{metric.name}_{re.sub(r'[^a-z0-9]', '_', key.lower())}", ""


def stored_breakdown(values: Iterable[tuple[str, str]]) -> str:
    """Return the text under which a breakdown is stored: `follow_type=follower`, `age=25-34,gender=F`.

    `values` are (dimension, value) as Meta gives them, in any order. Meta writes the values of its own vocabularies now
    in upper case, now in lower: those are lowered. Places, ages and genders stay as they are.
    """
    return ",".join(
        f"{dimension}={value.lower() if dimension in _FIXED_VOCABULARIES else value}"
        for dimension, value in sorted(values)
    )


def read_breakdown(stored: str) -> dict[str, str]:
    """Return {dimension: value} of a stored breakdown. A value may hold commas, as `city=Toronto, Ontario` does."""
    return dict(part.split("=", 1) for part in _BETWEEN_PARTS.split(stored) if "=" in part)


def live(metric: Metric, version: str, day: date) -> bool:
    """Return whether Meta knows the name on `day` under API `version` ("v24.0").

    From its retirement on a name is dead on every version. Meta serves a version that has ended by the next one.
    """
    requested = version_number(version)
    if metric.retired_on is not None and day >= metric.retired_on:
        return False
    if metric.last_version is not None and requested > version_number(metric.last_version):
        return False
    return max(requested, _OLDEST_SERVED) >= version_number(metric.first_version)


@cache
def version_number(version: str) -> tuple[int, int]:
    """Return (24, 0) for "v24.0"; ValueError for anything else."""
    match = re.fullmatch(r"v(\d{1,3})\.(\d{1,2})", version)
    if match is None:
        raise ValueError(f"An API version looks like v24.0, not like {version!r}.")
    return int(match[1]), int(match[2])
