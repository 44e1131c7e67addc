"""What posts had when they reached an age, so that old and young ones can be compared (H1)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.measures.facts import PostFacts
from sophia.analytics.measures.figures import ONE_DAY
from sophia.analytics.queries.meanings import Meaning
from sophia.analytics.queries.post_values import SeenPost, values_by
from sophia.meta.catalogue import Level, Period
from sophia.meta.reporting_zone import day_start, reporting_day

# A snapshot that is older than the age by more than so many days does not stand for it; at one day none may be.
TOLERANCES: Mapping[int, int] = {1: 0, 7: 1, 28: 2}


def facts_at_age(
    session: Session, posts: Sequence[SeenPost], age: int, means: Mapping[int, Meaning]
) -> dict[int, PostFacts]:
    """{post: what its counters said `age` reporting days after the one on which it was published}; one query.

    A counter that was not read in time is missing: what was read later holds what came later too.
    """
    known = {post.id: post for post in posts}
    metrics = {
        number: meaning
        for number, meaning in means.items()
        if meaning.level is Level.POST and meaning.period == Period.LIFETIME.value
    }
    reached = {post.id: reporting_day(post.published_at) + age * ONE_DAY for post in posts}
    before: dict[date, list[int]] = defaultdict(list)
    for number, day in reached.items():
        before[day + ONE_DAY].append(number)
    values: dict[int, dict[str, int | float]] = defaultdict(dict)
    for number, metric, day, value in values_by(session, before, list(metrics), None):
        meaning, post = metrics[metric], known[number]
        in_time = reached[number] - day <= timedelta(days=TOLERANCES[age])
        if in_time and meaning.platform is post.platform and meaning.describes(post.kind):
            values[number][meaning.metric] = values[number].get(meaning.metric, 0) + value
    return {
        post.id: PostFacts(
            post_id=post.id,
            account_id=post.account_id,
            platform=post.platform,
            kind=post.kind,
            published_at=post.published_at,
            read_at=day_start(reached[post.id] + ONE_DAY),
            values=dict(sorted(values[post.id].items())),
            draft_id=post.draft_id,
            pillar=post.pillar,
        )
        for post in posts
    }
