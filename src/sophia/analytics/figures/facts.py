"""The input of the calculations for one client and window. Absent means not reported, never zero (A12)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
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
    """A post and its values at `read_at`: canonical metric → value since it was published.

    `values` may also hold the differences of two snapshots, for the time in between (A2), except for people. They are
    readings of the post, never of its account (A4). `first_read_on` is the day of its values if it was not read before the
    end of the window.
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
    first_read_on: date | None = None

    def serves(self, metric: str) -> bool:
        """Whether Meta has this metric for posts of this kind."""
        return bool(reads(self.platform, Level.POST, metric, self.kind))

    @property
    def engagements(self) -> Number | None:
        """The sum of reactions or likes, comments, shares and saves that the platform has for this kind.

        None for a story, whose values cannot be compared with those of a post, and None if one of them was not reported:
        the sum of the others would be too small.
        """
        return self.interactions([metric for metric in ENGAGEMENTS if self.serves(metric)])

    def interactions(self, metrics: Collection[str]) -> Number | None:
        """Return the sum of these metrics; None for a story, and if one of them was not reported."""
        if self.kind is ObjectKind.STORY:
            return None
        reported = [value for metric in metrics if (value := self.values.get(metric)) is not None]
        return total(reported) if len(reported) == len(metrics) else None


@dataclass(frozen=True, slots=True)
class AgedPosts:
    """The posts of a window with their values at one age; `pending` are those that have not been read at that age yet.

    Values are interpolated between two readings. A value that was not read closely enough is missing. Stories, which end
    after a day, keep their values of the window.
    """

    posts: tuple[PostFacts, ...]
    pending: frozenset[int]


@dataclass(frozen=True, slots=True)
class DayValue:
    """An account's value of a canonical metric, without breakdown, on one day of the reporting zone."""

    account_id: int
    day: date
    metric: str
    value: Number


@dataclass(frozen=True, slots=True)
class OwnValue:
    """Meta's own count of an account's people in a whole window: its 7- and 28-day values (A5)."""

    account_id: int
    metric: str
    window: DateRange
    value: Number


@dataclass(frozen=True, slots=True)
class DayTotal:
    """The follower total of a profile on one day."""

    day: date
    people: int


@dataclass(frozen=True, slots=True)
class FollowerLevels:
    """The profile's follower total at the start and at the end of the window (A8).

    Where one is missing, `late_start` or `late_end` is the nearest total with its day: the first one later, or for the end
    the last one inside the window.
    """

    account_id: int
    at_start: int | None
    at_end: int | None
    late_start: DayTotal | None = None
    late_end: DayTotal | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """A finite amount not below 0 with its ISO 4217 currency (G17). Raises InvalidInputError."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise InvalidInputError(f"An amount of money must be a number that is not below 0: {self.amount} is not.")
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):  # noqa: PLR2004
            raise InvalidInputError(f"A currency is written like CAD, not like {self.currency!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionFact:
    """One step of a customer: `utm_click`, `save`, `follow`, `dm`, `inquiry`, `conversion` or `refund`.

    `campaign_id` is the campaign in its tag if no draft is known, `last_click` the channel in its tag.
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
    """A cost of sales and marketing, spread evenly over the days of a window."""

    window: DateRange
    cost: Money


@dataclass(frozen=True, slots=True)
class ApprovalFact:
    """An approval event of a draft; `at` is aware. Raises InvalidInputError."""

    event_id: int
    draft_id: int
    kind: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InvalidInputError(f"The time of approval event {self.event_id} has no time zone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWindow:
    """All data of one client, or of one of its accounts, in one window.

    `accounts` are all measured accounts, so that one without data is noticed. `posts` were published in the window.
    `today` is the current day of the reporting zone; `zone` is the client's, which dates approvals. `approvals` is the
    whole history of the decided drafts, `new_customers` counts first-time buyers, `costs` may lie partly outside the
    window. `listed` is {account: the days whose posts have all been collected}, `events_since` the day of the client's
    first event (A12). `at_ages` has the same posts with their values at some ages.
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
    at_ages: Mapping[timedelta, AgedPosts] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        return self.window.is_closed(self.today)

    @property
    def newest_posts(self) -> tuple[PostFacts, ...]:
        """Each post once, with its newest reading."""
        return newest(self.posts)

    @property
    def start_at(self) -> datetime:
        """The start of the window in the client's zone."""
        return datetime.combine(self.window.start, time.min, self.zone)

    @property
    def end_at(self) -> datetime:
        """The end of the window in the client's zone."""
        return datetime.combine(self.window.end, time.min, self.zone)

    @property
    def post_days_coverage(self) -> Coverage:
        """The coverage of days whose posts have been collected for all accounts, among the days that are over.

        On its first day, a window is covered if all earlier days are.
        """
        until = min(self.window.end, self.today)
        listed_ranges = [self.listed.get(account) for account in self.accounts]
        over = max((until - self.window.start).days, 0)
        if not listed_ranges or None in listed_ranges:
            return Coverage(0, max(over, 1))
        first = max(self.window.start, *(days.start for days in listed_ranges if days is not None))
        last = min(until, *(days.end for days in listed_ranges if days is not None))
        if over == 0:
            return Coverage(0, 0 if last >= until else 1)
        return Coverage(max((last - first).days, 0), over)

    @property
    def records_events(self) -> bool:
        """Whether the client sent events by the end of the window: before its first event, no events means nothing."""
        return bool(self.conversions) or (self.events_since is not None and self.events_since < self.window.end)

    def serving(self, metric: str) -> tuple[int, ...]:
        """Return the accounts whose platform has this metric for accounts."""
        return tuple(
            sorted(account for account, platform in self.accounts.items() if reads(platform, Level.ACCOUNT, metric))
        )

    def by_account(self, metric: str) -> dict[int, dict[date, Number]]:
        """Return {account: {day: value}} of one metric inside the window."""
        values_by_account: dict[int, dict[date, Number]] = {}
        day_values = [day_value for day_value in self.days if day_value.metric == metric]
        for day_value in sorted(day_values, key=lambda day_value: day_value.value):
            if day_value.day in self.window and day_value.account_id in self.accounts:
                values_by_account.setdefault(day_value.account_id, {})[day_value.day] = day_value.value
        return values_by_account


def newest(posts: Iterable[PostFacts]) -> tuple[PostFacts, ...]:
    """Return each post once, with its newest reading, by id; the order of the input has no effect."""
    readings = list(posts)
    newest_by_id = {post.post_id: post for post in readings}
    if len(newest_by_id) < len(readings):
        readings.sort(key=lambda post: (post.read_at, sorted((k, float(v)) for k, v in post.values.items())))
        newest_by_id = {post.post_id: post for post in readings}
    return tuple(newest_by_id[key] for key in sorted(newest_by_id))


def of_accounts(window: ClientWindow, accounts: Mapping[int, Platform]) -> ClientWindow:
    """Return the part of a window that belongs to some accounts, without events, which belong to the client."""
    return replace(
        window,
        accounts=accounts,
        posts=tuple(post for post in window.posts if post.account_id in accounts),
        days=tuple(day for day in window.days if day.account_id in accounts),
        own=tuple(value for value in window.own if value.account_id in accounts),
        followers=tuple(follower for follower in window.followers if follower.account_id in accounts),
        at_ages={age: _of_accounts(aged, accounts) for age, aged in window.at_ages.items()},
        conversions=(),
        approvals=(),
        costs=(),
        new_customers=None,
    )


def _of_accounts(aged: AgedPosts, accounts: Mapping[int, Platform]) -> AgedPosts:
    posts = tuple(post for post in aged.posts if post.account_id in accounts)
    return AgedPosts(posts, aged.pending & {post.post_id for post in posts})


FOLLOWERS = "followers"
RESPONSE_METRICS = frozenset({*ENGAGEMENTS, "reach"})
# The metrics of posts that are read at fixed ages.
AGED_METRICS = frozenset({*ENGAGEMENTS, "reach", "views", "link_clicks"})

EXPOSURE, SECOND_EXPOSURE, INTERACTIONS = "views", "reach", "total_interactions"
MONITORED_METRICS = (EXPOSURE, INTERACTIONS)

AccountDays = Mapping[tuple[int, str], Mapping[date, float]]
PostsADay = Mapping[int, Mapping[date, int]]


@lru_cache(maxsize=64)
def dates_of(window: DateRange) -> tuple[date, ...]:
    return tuple(window.start + index * ONE_DAY for index in range(window.days))
