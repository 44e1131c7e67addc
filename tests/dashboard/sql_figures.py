"""What the pages must show, computed from a SQLite store with SQL that shares nothing with Sophia.

The names of Meta's metrics and the formulas are those of docs/metrics.md, docs/reports.md and docs/data-for-analysts.md.
A figure is a number, a pair of bounds, or None where there is none.
"""

import math
import sqlite3
from datetime import UTC, date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

from tests.dashboard.sql_rows import (
    AGED,
    COUNTER,
    DAILY,
    DAY,
    EPOCH,
    EVENTS,
    FIRST_COUNTER,
    FOLLOWERS,
    INTERACTIONS,
    LINK_CLICKS,
    OLD_DAYS,
    PACIFIC,
    PARTS,
    POST_REACH,
    POST_VIEWS,
    POSTS,
    REACH,
    READ_DAYS,
    VIEWS,
    PostRow,
    Shown,
    Week,
    mean,
    number,
    ratio,
    utc,
)


def compared_at_age(before: "ClientInSql", now: "ClientInSql", name: str, days: int) -> tuple[Shown, Shown]:
    """Both values of the change of a KPI of posts at an age; a rate has the mix of platforms of the window before."""
    if name == "engagements":
        return before.engagement_at(days), now.engagement_at(days)
    sides = [
        {platform: side.aged(days, platform) for platform in set(side.accounts.values())} for side in (before, now)
    ]
    shared = [on for on in sides[0] if all(on in side and isinstance(side[on][0][name], float | int) for side in sides)]
    weights = {on: sides[0][on][1].get(name, 1.0) for on in shared}
    if not shared or not sum(weights.values()):
        return None, None
    first, second = (
        math.fsum(float(side[on][0][name]) * weights[on] for on in shared) / sum(weights.values())  # type: ignore[arg-type]
        for side in sides
    )
    return first, second


class ClientInSql:
    """The figures of one client in one window."""

    def __init__(self, connection: sqlite3.Connection, client: int, week: Week) -> None:
        self.connection, self.client, self.week = connection, client, week
        self.accounts: dict[int, str] = dict(
            connection.execute("SELECT id, platform FROM accounts WHERE client_id = ?", (client,))
        )

    def daily(self, account: int, names: dict[str, str], week: Week, period: str = "day") -> dict[date, float]:
        name = names.get(self.accounts[account], "")
        arguments = account, name, period, number(week.start), number(week.end)
        return {EPOCH + day * DAY: float(value) for day, value in self.connection.execute(DAILY, arguments)}

    def total(self, names: dict[str, str], week: Week) -> float | None:
        """The sum over days and accounts; None when an account has no day."""
        days = [self.daily(account, names, week) for account in self.accounts]
        return sum(sum(account.values()) for account in days) if days and all(days) else None

    def compared(self, names: dict[str, str]) -> tuple[float | None, float | None]:
        """(before, after) of the days that both windows have, account by account."""
        before, after = 0.0, 0.0
        first, second = self.week.earlier(), self.week
        for account in self.accounts:
            old, new = self.daily(account, names, first), self.daily(account, names, second)
            both = {day for day in new if day - (second.start - first.start) in old}
            if not both:
                return None, None
            after += sum(new[day] for day in both)
            before += sum(old[day - (second.start - first.start)] for day in both)
        return (before, after) if self.accounts else (None, None)

    def reach(self) -> Shown:
        """Meta's own number of one account, else bounds: the largest part, and the sum of the parts."""
        last = Week(self.week.end - DAY, self.week.end)
        days = (self.week.end - self.week.start).days
        period = {1: "day", 7: "week", 28: "days_28"}.get(days, "")
        lows, highs, complete = [], [], True
        for account in self.accounts:
            own = self.daily(account, REACH, last, period)
            parts = own or self.daily(account, REACH, self.week)
            if parts:
                lows.append(max(parts.values()))
                highs.append(sum(parts.values()))
            complete &= bool(own) or len(parts) == days
        if not lows:
            return None
        if len(self.accounts) == 1 and complete and lows == highs:
            return lows[0]
        return (max(lows), sum(highs)) if complete else (max(lows), float("nan"))

    @cached_property
    def posts(self) -> list[PostRow]:
        bounds = [
            datetime.combine(day, time(), PACIFIC).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
            for day in (self.week.start, self.week.end)
        ]
        rows = self.connection.execute(POSTS, (self.client, *bounds)).fetchall()
        return [self.post(*row) for row in rows]

    def post(self, post: int, account: int, platform: str, kind: str, published_at: str) -> PostRow:
        end = number(self.week.end)
        in_time, later = self.connection.execute(READ_DAYS, (end, end, post)).fetchone()
        is_late = in_time is None and later is not None
        published = utc(published_at).astimezone(PACIFIC).date()

        def counter(pattern: str) -> float | None:
            statement = FIRST_COUNTER if is_late else COUNTER
            value = self.connection.execute(statement, (end, post, pattern)).fetchone()[0]
            return None if value is None else float(value)

        story = kind == "story" and platform == "facebook"
        return PostRow(
            post,
            account,
            platform,
            kind,
            utc(published_at),
            {part: counter(pattern) for part, pattern in PARTS[platform].items()},
            counter("STORY\\_TOTAL\\_MEDIA\\_VIEW\\_UNIQUE" if story else POST_REACH[platform]),
            counter("STORY\\_MEDIA\\_VIEW" if story else POST_VIEWS[platform]),
            counter(LINK_CLICKS[platform]),
            later - number(published) if is_late else None,
        )

    @cached_property
    def engaging(self) -> list[PostRow]:
        return [post for post in self.posts if not post.is_story]

    def followers(self, account: int) -> tuple[float | None, float | None]:
        """The last totals before and inside the window, each at most a week old."""
        before = self.daily(account, FOLLOWERS, Week(self.week.start - 7 * DAY, self.week.start))
        inside = self.daily(account, FOLLOWERS, Week(max(self.week.start, self.week.end - 7 * DAY), self.week.end))
        return before[max(before)] if before else None, inside[max(inside)] if inside else None

    def nearest_followers(self, account: int) -> tuple[float | None, float | None]:
        """(first total from the start on, first total after the end or else the last one inside), for missing totals."""
        later = self.daily(account, FOLLOWERS, Week(self.week.start, date(2100, 1, 1)))
        after = [day for day in later if day >= self.week.end]
        end = min(after) if after else max(later, default=None)
        return later[min(later)] if later else None, None if end is None else later[end]

    def all_followers(self) -> float | None:
        totals = []
        for account in self.accounts:
            end = self.followers(account)[1]
            totals.append(self.nearest_followers(account)[1] if end is None else end)
        known = [total for total in totals if total is not None]
        return sum(known) if known and len(known) == len(totals) else None

    def bases(self) -> dict[int, float | None]:
        """The followers of each account at the start, or the first total later."""
        return {account: self.followers(account)[0] or self.nearest_followers(account)[0] for account in self.accounts}

    def lateness(self, name: str) -> str:
        """Whether the values of a KPI are from the window, of old posts read later, or of young ones."""
        if name == "followers":
            return "young" if any(self.followers(account)[1] is None for account in self.accounts) else "in time"
        posts = self.engaging
        if name == "click_through_rate":
            posts = [post for post in self.posts if (post.platform == "facebook") != post.is_story]
        if name == "save_rate":
            posts = [post for post in posts if "saved" in post.parts]
        ages = [post.late_age for post in posts]
        late = [age for age in ages if age is not None]
        by_followers = name in ("engagement_rate_by_followers", "amplification_rate")
        if by_followers and any(self.followers(post.account)[0] is None for post in self.engaging):
            return "young"
        if not late or name == "posts":
            return "in time"
        return "young" if min(late) < OLD_DAYS else "old"

    def net_followers(self) -> tuple[float | None, float | None]:
        """(net new followers, growth in percent); None when an account lacks one of its totals."""
        levels = [self.followers(account) for account in self.accounts]
        starts = [start for start, end in levels if start is not None and end is not None]
        ends = [end for start, end in levels if start is not None and end is not None]
        if not levels or len(starts) < len(levels):
            return None, None
        return sum(ends) - sum(starts), 100 * (sum(ends) - sum(starts)) / sum(starts)

    def at_age(self, post: PostRow, days: int) -> PostRow:
        """The post with its counters at an age, on a straight line between the answers on both sides."""
        if post.is_story:
            return post
        moment = post.published_at + days * DAY

        def counter(pattern: str) -> float | None:
            rows = [
                (series, utc(at), float(value))
                for series, at, value in self.connection.execute(AGED, (post.id, pattern))
            ]
            before = max((at for _, at, _ in rows if at <= moment), default=None)
            after = min((at for _, at, _ in rows if at >= moment), default=None)
            if before is None or after is None:
                return None
            low, high = (
                sum({series: value for series, at, value in rows if at <= end}.values()) for end in (before, after)
            )
            if low == high:
                return low
            if (after - before) / DAY > 0.3 * days:
                return None
            return low + (high - low) * ((moment - before) / (after - before))

        return PostRow(
            post.id,
            post.account,
            post.platform,
            post.kind,
            post.published_at,
            {part: counter(pattern) for part, pattern in PARTS[post.platform].items()},
            counter(POST_REACH[post.platform]),
            counter(POST_VIEWS[post.platform]),
            counter(LINK_CLICKS[post.platform]),
            None,
        )

    def is_pending(self, days: int, now: datetime) -> bool:
        """Whether a post has not reached the age, or may still be read close to it."""
        return any(
            now < post.published_at + days * DAY
            or (now < post.published_at + 1.3 * days * DAY and self.has_no_values(self.at_age(post, days)))
            for post in self.engaging
        )

    @staticmethod
    def has_no_values(post: PostRow) -> bool:
        return {*post.parts.values(), post.reach, post.views, post.link_clicks} == {None}

    def engagement_at(self, days: int) -> Shown:
        """The total at an age, or its lower bound when a post has no value."""
        values = [self.at_age(post, days).engagement for post in self.engaging]
        known = [value for value in values if value is not None]
        if not known:
            return None
        return sum(known) if len(known) == len(values) else (sum(known), float("nan"))

    def at_ages(self, now: datetime) -> dict[str, Shown]:
        """Engagement and engagement rate of the posts at 24 hours, 7 days and 28 days."""
        figures: dict[str, Shown] = {}
        for days, words in ((1, "24_hours"), (7, "7_days"), (28, "28_days")):
            pending = self.is_pending(days, now)
            rate = self.of_posts([self.at_age(post, days) for post in self.posts])["engagement_rate_by_reach"]
            figures[f"engagements_at_{words}"] = None if pending else self.engagement_at(days)
            figures[f"engagement_rate_at_{words}"] = None if pending else rate
        return figures

    def aged(self, days: int, platform: str) -> tuple[dict[str, Shown], dict[str, float]]:
        """(the KPIs of posts at an age on one platform, their denominators)."""
        accounts = [account for account, on in self.accounts.items() if on == platform]
        posts = [self.at_age(post, days) for post in self.posts if post.account in accounts]
        engaged = [post for post in posts if post.engagement is not None]
        bases = self.bases()
        shared = [post for post in posts if not post.is_story and post.parts["shares"] is not None]
        clicked = [
            post for post in posts if (post.platform == "facebook") != post.is_story and post.link_clicks is not None
        ]
        counted = float(len(engaged))
        return self.of_posts(posts), {
            "engagement_rate_by_reach": sum(post.reach or 0 for post in engaged),
            "mean_engagement_rate_by_reach": counted,
            "engagement_rate_by_followers": counted,
            "engagement_rate_by_views": sum(post.views or 0 for post in engaged),
            "share_rate": sum(post.reach or 0 for post in shared),
            "amplification_rate": sum(
                bases[account] or 0 for account in {post.account for post in posts if not post.is_story}
            ),
            "click_through_rate": sum(post.views or 0 for post in clicked),
        }

    def of_posts(self, given: list[PostRow] | None = None) -> dict[str, Shown]:
        whole = self.posts if given is None else given
        posts, starts = [post for post in whole if not post.is_story], self.bases()
        engaged = [post for post in posts if post.engagement is not None]
        rated = [post for post in engaged if post.reach]
        followed = [post for post in engaged if starts[post.account]]
        sharing = [post for post in posts if post.parts["shares"] is not None]
        bases = [starts[account] for account in {post.account for post in posts}]
        clicked = [post for post in whole if post.platform == "facebook" or post.is_story]
        clicked = [post for post in clicked if not (post.platform == "facebook" and post.is_story)]
        amplified = 100 * sum(post.parts["shares"] or 0 for post in sharing) / sum(base or 0 for base in bases) \
            if sharing and bases and None not in bases else None  # fmt: skip
        return {
            "posts": float(len(whole)),
            "engagements": sum(post.engagement or 0 for post in engaged) if engaged else None,
            "engagement_rate_by_reach": ratio((post.engagement, post.reach) for post in engaged),
            "mean_engagement_rate_by_reach": mean([100 * (post.engagement or 0) / (post.reach or 1) for post in rated]),
            "engagement_rate_by_followers": mean(
                [100 * (post.engagement or 0) / (starts[post.account] or 1) for post in followed]
            ),
            "engagement_rate_by_views": ratio((post.engagement, post.views) for post in engaged),
            "save_rate": ratio((post.parts["saved"], post.reach) for post in posts if "saved" in post.parts),
            "share_rate": ratio((post.parts["shares"], post.reach) for post in posts),
            "amplification_rate": amplified,
            "click_through_rate": ratio((post.link_clicks, post.views) for post in clicked),
        }

    def profile_click_rate(self) -> float | None:
        pairs: list[tuple[float | None, float | None]] = []
        for account, platform in self.accounts.items():
            if platform == "instagram":
                clicks = self.daily(account, {"instagram": "website_clicks"}, self.week)
                views = self.daily(account, VIEWS, self.week)
                pairs += [(clicks[day], views[day]) for day in clicks if day in views]
        return ratio(pairs)

    def sales(self) -> dict[str, Shown]:
        ever = self.connection.execute(
            "SELECT count(*) FROM conversion_events WHERE client_id = ?", (self.client,)
        ).fetchone()[0]
        rows = self.connection.execute(EVENTS, (self.client, str(self.week.start), str(self.week.end))).fetchall()
        sold = [row for row in rows if row[0] == "conversion"]
        clicks = sum(row[0] == "utm_click" for row in rows)
        paid = [float(row[1]) for row in sold if row[1] is not None]
        refunds = sum(float(row[1]) for row in rows if row[0] == "refund" and row[1] is not None)
        customers = {row[3] for row in sold if row[1] is not None}
        net = sum(paid) - refunds if paid or refunds else None
        return {
            "conversions": float(len(sold)) if ever else None,
            "conversion_rate": 100 * len(sold) / clicks if clicks else None,
            "revenue": net,
            "average_order_value": mean(paid),
            "revenue_per_customer": None if net is None or not customers or None in customers else net / len(customers),
        }

    def customers(self) -> dict[str, Shown]:
        """First-time buyers of the window, its share of the recorded costs, and the cost of such a customer."""
        rows = self.connection.execute(
            "SELECT customer_key, min(event_date) FROM conversion_events WHERE client_id = ? AND removed_at IS NULL"
            " AND event_type = 'conversion' AND event_date < ? GROUP BY customer_key",
            (self.client, str(self.week.end)),
        ).fetchall()
        unknown = self.connection.execute(
            "SELECT count(*) FROM conversion_events WHERE client_id = ? AND removed_at IS NULL AND customer_key IS NULL"
            " AND event_type = 'conversion' AND event_date >= ? AND event_date < ?",
            (self.client, str(self.week.start), str(self.week.end)),
        ).fetchone()[0]
        new = sum(customer is not None and first >= str(self.week.start) for customer, first in rows)
        customers = None if unknown or not rows else float(new)
        cost = self.cost()
        return {
            "new_customers": customers,
            "marketing_cost": cost,
            "customer_acquisition_cost": cost / customers if cost is not None and customers else None,
        }

    def cost(self) -> float | None:
        """The costs of the window's days, each cost spread evenly; None unless every day has a cost."""
        rows = self.connection.execute(
            "SELECT start_date, end_date, amount FROM marketing_costs WHERE client_id = ? AND removed_at IS NULL",
            (self.client,),
        ).fetchall()
        costs = [(date.fromisoformat(first), date.fromisoformat(last), float(amount)) for first, last, amount in rows]
        days = [self.week.start + index * DAY for index in range((self.week.end - self.week.start).days)]
        by_day = [
            [amount / ((last - first).days + 1) for first, last, amount in costs if first <= day <= last]
            for day in days
        ]
        return sum(sum(day) for day in by_day) if all(by_day) else None

    def decisions(self) -> dict[str, Shown]:
        """Decisions of the window, by the client's own days; edits until the decision count."""
        zone = ZoneInfo(
            self.connection.execute("SELECT timezone FROM clients WHERE id = ?", (self.client,)).fetchone()[0]
        )
        bounds = [datetime.combine(day, time(), zone) for day in (self.week.start, self.week.end)]
        rows = self.connection.execute(
            "SELECT e.draft_id, e.kind, e.happened_at FROM approval_events e JOIN content_drafts d ON d.id = e.draft_id"
            " WHERE d.client_id = ? ORDER BY e.happened_at, e.id",
            (self.client,),
        ).fetchall()
        edits: dict[int, int] = {}
        made: dict[int, int] = {}
        decided: dict[int, tuple[bool, int, int]] = {}
        for draft, kind, text in rows:
            moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
            edits[draft] = edits.get(draft, 0) + (kind == "edited")
            made[draft] = made.get(draft, 0) + (kind == "regenerated")
            if kind in ("approved", "rejected") and bounds[0] <= moment < bounds[1]:
                decided[draft] = kind == "approved", edits[draft], made[draft]
        if not decided:
            names = ("approval_rate", "rejection_rate", "edit_rate", "edits_per_draft", "regenerations_per_draft")
            return dict.fromkeys(names)
        count = len(decided)
        return {
            "approval_rate": 100 * sum(approved for approved, _, _ in decided.values()) / count,
            "rejection_rate": 100 * sum(not approved for approved, _, _ in decided.values()) / count,
            "edit_rate": 100 * sum(changed > 0 for _, changed, _ in decided.values()) / count,
            "edits_per_draft": sum(changed for _, changed, _ in decided.values()) / count,
            "regenerations_per_draft": sum(again for _, _, again in decided.values()) / count,
        }

    def kpis(self) -> dict[str, Shown]:
        """The figures of the window by the name of their definition."""
        net, growth = self.net_followers()
        return {
            "reach": self.reach(),
            "views": self.total(VIEWS, self.week),
            "net_new_followers": net,
            "audience_growth": growth,
            "followers": self.all_followers(),
            "profile_click_rate": self.profile_click_rate(),
            **self.of_posts(),
            **self.sales(),
            **self.customers(),
            **self.decisions(),
        }

    def covered_days(self) -> int:
        """The days on which every account has views and interactions."""
        days = [self.daily(account, names, self.week) for account in self.accounts for names in (VIEWS, INTERACTIONS)]
        return len(set.intersection(*(set(account) for account in days))) if days else 0

    def top_posts(self) -> list[tuple[float, float | None]]:
        """(engagement, reach) of the five posts with the most."""
        posts = [(post.engagement, post.reach, post.id) for post in self.engaging if post.engagement is not None]
        ordered = sorted(posts, key=lambda post: (-post[0], -(post[1] or 0), post[2]))
        return [(engagement, reach) for engagement, reach, _ in ordered[:5]]
