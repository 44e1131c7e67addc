"""Posts whose comments are to be read: with the newest count that is known of each."""

from datetime import timedelta

from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.comments.queries import posts_to_read
from sophia.portfolio.models import Post


def test_each_post_has_its_own_newest_count(filling: Filling) -> None:
    """A2: posts that were last read on different days keep their own last counts; a post without a reading has none."""
    account = filling.account(filling.client("Hats"), "instagram")
    metric = filling.metric("instagram", "post", "comments", "lifetime")
    days = {"old": {YESTERDAY - 2 * ONE_DAY: 3, YESTERDAY - ONE_DAY: 4}, "new": {YESTERDAY: 9}, "unread": {}}
    for name, values in days.items():
        details = {"kind": "feed", "published_at": NOW - timedelta(days=5), "first_seen_at": NOW}
        post = filling.add(Post(account_id=account, platform_post_id=name, **details))
        if values:
            filling.readings(account, filling.series(account, metric, post), values, filling.fetch(account))
    with filling.database.read() as session:
        posts = posts_to_read(session, account, NOW - timedelta(days=30))
    assert {post.platform_post_id: post.counted for post in posts} == {"old": 4, "new": 9, "unread": None}
