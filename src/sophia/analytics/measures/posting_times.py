"""When people respond: weekday × hour in the client's zone, with the number of posts behind every cell."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import NamedTuple

from sophia.analytics.measures.facts import PostFacts, newest
from sophia.analytics.measures.responses import Effect, GroupResponse, log_responses, responses

DAYS, HOURS = range(7), range(24)


class Slot(NamedTuple):
    """An hour of the week; Monday is 0, and hour 20 lasts from 20:00 to 20:59."""

    weekday: int
    hour: int


def posting_times(posts: Iterable[PostFacts], zone: tzinfo) -> dict[Slot, GroupResponse]:
    """All 168 hours of a week, in order, each with its factor or the reason why there is none (G11)."""
    found: dict[Slot, list[float]] = {Slot(day, hour): [] for day in DAYS for hour in HOURS}
    each = newest(posts)
    known = log_responses(each)
    for post in each:
        if post.post_id in known:
            local = post.published_at.astimezone(zone)
            found[Slot(local.weekday(), local.hour)].append(known[post.post_id])
    return responses(found)


def best_times(times: dict[Slot, GroupResponse], most: int = 5) -> tuple[Slot, ...]:
    """The hours that are better for certain, the best first; none where nobody can tell."""
    better = [(slot, one) for slot, one in times.items() if one.effect is Effect.BETTER]
    ordered = sorted(better, key=lambda pair: (-float(pair[1].factor.value or 0), pair[0]))
    return tuple(slot for slot, _ in ordered[:most])
