"""What the calculations are given about one client and window. Absent means not reported, never zero (A12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache

from sophia.analytics.figures.figures import Coverage, Number, total
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange

ENGAGEMENTS = ("likes", "comments", "shares", "saved")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFacts:
    """One post and what it had by `read_at`: canonical metric → value since it was published.

    Instead of its newest snapshot a caller may give the difference of two, for what happened in between (A2); people
    have no difference. `values` holds readings of the post alone, never of its account (A4).
    """

    post_id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    published_at: datetime
    read_at: datetime
    values: Mapping[str, Number]
    draft_id: int | None = None
    pillar: str | None = None

    def serves(self, metric: str) -> bool:
        """Whether Meta has this metric for posts of this kind at all."""
        return bool(reads(self.platform, Level.POST, metric, self.kind))

    @property
    def engagements(self) -> Number | None:
        """Reactions or likes, comments, shares and saves, as far as the platform has them for this kind.

        None for a story, which has no likes or comments to compare with those of a post, and None as soon as one that
        the platform has was not reported: the sum of the others would be too small.
        """
        if self.kind is ObjectKind.STORY:
            return None
        parts = [self.values.get(metric) for metric in ENGAGEMENTS if self.serves(metric)]
        known = [part for part in parts if part is not None]
        return total(known) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True)
class DayValue:
    """What one account had on one day of the reporting zone, by canonical metric and without breakdown."""

    account_id: int
    day: date
    metric: str
    value: Number


@dataclass(frozen=True, slots=True)
class OwnValue:
    """People of one account in a whole window, as Meta counted them itself: its 7- and 28-day values (A5)."""

    account_id: int
    metric: str
    window: DateRange
    value: Number


@dataclass(frozen=True, slots=True)
class FollowerLevels:
    """The profile's total at the start of the window and at its end (A8)."""

    account_id: int
    at_start: int | None
    at_end: int | None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that is finite and not below 0, with its ISO 4217 currency (G17). Raises InvalidInputError."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise InvalidInputError(f"An amount of money must be a number that is not below 0: {self.amount} is not.")
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):  # noqa: PLR2004
            raise InvalidInputError(f"A currency is written like CAD, not like {self.currency!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionFact:
    """One step on the way to a sale: `utm_click`, `save`, `follow`, `dm`, `inquiry`, `conversion` or `refund`.

    `campaign_id`: the campaign that its tag names, where no draft is known. `last_click`: the channel that its tag names.
    """

    event_id: int
    event_type: str
    day: date
    source: str = ""
    revenue: Money | None = None
    customer: str | None = None
    draft_id: int | None = None
    campaign_id: int | None = None
    last_click: str | None = None


@dataclass(frozen=True, slots=True)
class CostFact:
    """What sales and marketing cost in some days, spread over them evenly."""

    window: DateRange
    cost: Money


@dataclass(frozen=True, slots=True)
class ApprovalFact:
    """Something that happened to a draft on its way to publication; `at` is aware. Raises InvalidInputError."""

    event_id: int
    draft_id: int
    kind: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InvalidInputError(f"The moment of approval event {self.event_id} names no time zone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWindow:
    """Everything about one client, or one of its accounts, in one window.

    `accounts` are all accounts that are measured, so that a silent one is noticed. `posts` are those published in the
    window. `today` is the running day of the reporting zone; `zone` is the client's, in which approvals fall into days.
    `approvals` holds the whole history of the drafts concerned, `new_customers` those who bought for the first time,
    `costs` also those of which only a part of the days lies in the window. `listed` holds by account the days of which
    all posts were looked for, `events_since` the day of the client's first event of all (A12).
    """

    window: DateRange
    today: date
    zone: tzinfo = UTC
    accounts: Mapping[int, Platform]
    posts: tuple[PostFacts, ...] = ()
    days: tuple[DayValue, ...] = ()
    own: tuple[OwnValue, ...] = ()
    followers: tuple[FollowerLevels, ...] = ()
    conversions: tuple[ConversionFact, ...] = ()
    approvals: tuple[ApprovalFact, ...] = ()
    costs: tuple[CostFact, ...] = ()
    new_customers: int | None = None
    listed: Mapping[int, DateRange] = field(default_factory=dict)
    events_since: date | None = None

    @property
    def is_closed(self) -> bool:
        return self.window.is_closed(self.today)

    @property
    def each_post(self) -> tuple[PostFacts, ...]:
        """Every post once, by its newest reading."""
        return newest(self.posts)

    @property
    def start_at(self) -> datetime:
        """The moment in the client's zone with which the window starts."""
        return datetime.combine(self.window.start, time.min, self.zone)

    @property
    def end_at(self) -> datetime:
        """The first moment after the window."""
        return datetime.combine(self.window.end, time.min, self.zone)

    @property
    def days_listed(self) -> Coverage:
        """Of the days that are over, on how many the posts of all accounts were looked for; of the running day no more
        is asked than that everything before it is known.
        """
        until = min(self.window.end, self.today)
        known = [self.listed.get(account) for account in self.accounts]
        over = max((until - self.window.start).days, 0)
        if not known or None in known:
            return Coverage(0, max(over, 1))
        first = max(self.window.start, *(one.start for one in known if one is not None))
        last = min(until, *(one.end for one in known if one is not None))
        if over == 0:
            return Coverage(0, 0 if last >= until else 1)
        return Coverage(max((last - first).days, 0), over)

    @property
    def records_events(self) -> bool:
        """Whether somebody had begun to send events by the end of the window: before, none says nothing."""
        return bool(self.conversions) or (self.events_since is not None and self.events_since < self.window.end)

    def serving(self, metric: str) -> tuple[int, ...]:
        """The accounts whose platform has this metric for accounts."""
        return tuple(
            sorted(account for account, platform in self.accounts.items() if reads(platform, Level.ACCOUNT, metric))
        )

    def by_account(self, metric: str) -> dict[int, dict[date, Number]]:
        """The daily values of one metric inside the window, each day once."""
        found: dict[int, dict[date, Number]] = {}
        mine = [one for one in self.days if one.metric == metric]
        for one in sorted(mine, key=lambda one: one.value):
            if one.day in self.window and one.account_id in self.accounts:
                found.setdefault(one.account_id, {})[one.day] = one.value
        return found


def newest(posts: Iterable[PostFacts]) -> tuple[PostFacts, ...]:
    """Every post once, by its newest reading, in the order of their ids; the order of the input does not matter."""
    given = list(posts)
    found = {post.post_id: post for post in given}
    if len(found) < len(given):
        given.sort(key=lambda post: (post.read_at, sorted((k, float(v)) for k, v in post.values.items())))
        found = {post.post_id: post for post in given}
    return tuple(found[key] for key in sorted(found))


FOLLOWERS = "followers"
RESPONSE_METRICS = frozenset({*ENGAGEMENTS, "reach"})

EXPOSURE, SECOND_EXPOSURE, INTERACTIONS = "views", "reach", "total_interactions"
WATCHED = (EXPOSURE, INTERACTIONS)

AccountDays = Mapping[tuple[int, str], Mapping[date, float]]
PostsADay = Mapping[int, Mapping[date, int]]


@lru_cache(maxsize=64)
def each_day(window: DateRange) -> tuple[date, ...]:
    return tuple(window.start + index * ONE_DAY for index in range(window.days))
