"""One client's week, invented: what tests of the calculations are given."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sophia.analytics.figures.facts import ClientWindow, DayValue, FollowerLevels, PostFacts
from sophia.analytics.figures.figures import Number
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import DateRange

WEEK = DateRange(date(2026, 11, 2), date(2026, 11, 9))
AFTER = WEEK.end
PAGE, GRAM = 1, 2
BOTH = {PAGE: Platform.FACEBOOK, GRAM: Platform.INSTAGRAM}
READ_AT = datetime(2026, 11, 9, 12, tzinfo=UTC)


def post(post_id: int, values: Mapping[str, Number], **more: Any) -> PostFacts:
    """An Instagram post unless said otherwise."""
    given: dict[str, Any] = {
        "account_id": GRAM,
        "platform": Platform.INSTAGRAM,
        "kind": ObjectKind.FEED,
        "published_at": datetime(2026, 11, 3, 20, tzinfo=UTC),
        "read_at": READ_AT,
    }
    return PostFacts(post_id=post_id, values=values, **given | more)


def page_post(post_id: int, values: Mapping[str, Number], **more: Any) -> PostFacts:
    facebook = {"account_id": PAGE, "platform": Platform.FACEBOOK, "kind": ObjectKind.POST}
    return post(post_id, values, **facebook | more)


def numbers(
    reach: Number, likes: Number = 0, comments: Number = 0, shares: Number = 0, saved: Number = 0
) -> dict[str, Number]:
    """A whole Instagram post; views are twice the reach."""
    people = {"reach": reach, "views": 2 * reach}
    return people | {"likes": likes, "comments": comments, "shares": shares, "saved": saved}


def daily(account_id: int, metric: str, *values: Number | None, first: date = WEEK.start) -> tuple[DayValue, ...]:
    """One value a day from `first` on; None leaves the day out."""
    return tuple(
        DayValue(account_id, first + timedelta(days=index), metric, value)
        for index, value in enumerate(values)
        if value is not None
    )


def client(**given: Any) -> ClientWindow:
    """One Instagram account with 1,000 followers, a week that is over, unless said otherwise."""
    usual: dict[str, Any] = {
        "window": WEEK,
        "today": AFTER,
        "accounts": {GRAM: Platform.INSTAGRAM},
        "followers": (FollowerLevels(GRAM, 1000, 1070),),
    }
    return ClientWindow(**usual | given)
