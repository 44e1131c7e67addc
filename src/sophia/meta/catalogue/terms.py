"""The terms that describe a metric in the catalogue."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple

from sophia.meta.catalogue.canonical import CANONICAL, Counting, MetricClass, Unit

MetricType = Literal["time_series", "total_value"]


class Platform(StrEnum):
    """The platform of an account. Any other text raises ValueError and is never sent to one of the two."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"


class Level(StrEnum):
    """What a series describes: a whole account, or one post."""

    ACCOUNT = "account"
    POST = "post"


class ObjectKind(StrEnum):
    """The kind of a requested object. It decides which names Meta accepts, and one wrong name fails the whole call."""

    PAGE = "page"
    POST = "post"  # a Facebook status, photo, link or album
    VIDEO = "video"
    REEL = "reel"
    STORY = "story"
    ACCOUNT = "account"  # an Instagram professional account
    FEED = "feed"
    CAROUSEL = "carousel"
    OTHER = "other"  # an Instagram medium whose product type is missing or unknown

    @property
    def level(self) -> Level:
        """The level at which series of this kind are stored."""
        return Level.ACCOUNT if self in (ObjectKind.PAGE, ObjectKind.ACCOUNT) else Level.POST


class Period(StrEnum):
    """The span that one value covers, in Meta's words; `week` and `days_28` roll, one value per day."""

    DAY = "day"
    WEEK = "week"
    DAYS_28 = "days_28"
    LIFETIME = "lifetime"

    # Every reading is looked up by its period; Enum's own hash is a Python function, this one is not.
    __hash__ = str.__hash__


class Source(StrEnum):
    """The source of the number: an insights edge, a video's own insights edge, or a field of the object."""

    INSIGHTS = "insights"
    VIDEO_INSIGHTS = "video_insights"
    FIELD = "field"


class Asked(StrEnum):
    """Whether a metric is requested without being named in a setting."""

    ALWAYS = "always"
    ON_REQUEST = "on_request"


class Key(NamedTuple):
    """One key of a dict-valued answer whose vocabulary is known."""

    name: str  # as Meta writes it, matched without regard to case
    suffix: str  # stored as {metric}_{suffix}
    canonical: str = ""  # empty: the row's own canonical metric
    primary: bool = False  # this key alone is the primary reading of its canonical metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One row of the catalogue: a name that Meta knows, on the kinds of object for which it means the same.

    `periods` is what Meta serves. `metric_type` (Instagram accounts only) is that of the question without a breakdown;
    questions with a breakdown are always total values. Each entry of `breakdowns` can be asked in a call of its own.

    A dict-valued answer has either a closed vocabulary, `keys`, stored under one name per key, or an open one,
    `dimension`, stored under the metric's name with the breakdown `dimension=value`. `absent_is_zero` says that a known
    key missing from an answered dict, a bare 0 and `{}` mean 0; for a field, that its absence from an answered object
    does. A metric that is missing from the answer altogether is never zero.

    `primary` marks the one row from which `canonical` is read for these kinds: its plain series, or the sum over
    those keys that share the row's canonical metric.
    """

    platform: Platform
    level: Level
    kinds: frozenset[ObjectKind]
    name: str
    canonical: str
    primary: bool = False
    unit: Unit
    counting: Counting
    source: Source
    periods: tuple[Period, ...]
    metric_type: MetricType | None = None
    breakdowns: tuple[str, ...] = ()
    timeframe: str = ""  # demographics: requested over this named span, and only by breakdown
    keys: tuple[Key, ...] = ()
    breakdown_canonicals: tuple[tuple[str, str], ...] = ()  # breakdown as stored → canonical, where it differs
    dimension: str = ""
    absent_is_zero: bool = False
    asked: Asked = Asked.ALWAYS
    alone: str = ""  # not empty: shares a call only with rows of the same word
    first_version: str = "v21.0"  # the oldest version Meta still serves
    last_version: str | None = None
    retired_on: date | None = None  # from this day on the name fails on every version
    successor: str | None = None
    sure: str = "B"  # A recorded answer, B Meta's documentation, C a third party, D inference
    note: str = ""

    @property
    def metric_class(self) -> MetricClass:
        """What drives the number: the platform's algorithm, people, or neither (a level)."""
        return CANONICAL[self.canonical].metric_class

    @property
    def stored_names(self) -> tuple[str, ...]:
        """The names under which its known readings are stored."""
        return tuple(f"{self.name}_{key.suffix}" for key in self.keys) or (self.name,)

    @property
    def is_span(self) -> bool:
        """Whether its breakdowns are asked over a window longer than one day (Instagram accounts)."""
        return self.platform is Platform.INSTAGRAM and self.level is Level.ACCOUNT and not self.timeframe

    def canonical_of(self, stored_name: str, breakdown: str = "") -> str | None:
        """Return the canonical metric of one of its stored names, or None for another name."""
        if self.keys:
            return next((key.canonical for key in self.keys if stored_name == f"{self.name}_{key.suffix}"), None)
        if stored_name != self.name:
            return None
        return dict(self.breakdown_canonicals).get(breakdown, self.canonical)
