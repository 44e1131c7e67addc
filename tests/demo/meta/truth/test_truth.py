"""The numbers contradict neither each other nor what Meta says about them."""

from datetime import timedelta

import pytest

from sophia.demo.meta.truth.attention import posting_exponent
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import DEMOGRAPHICS, REACTIONS, BetterContent, Busier, Post
from sophia.demo.meta.world.pacific import day_close, days_between, last_closed_day, pacific_day
from sophia.demo.meta.world.world import World, build_world


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    """Nothing is drawn from the machine: an equal call gives an equal world, another seed another one."""
    again = build_world(businesses=4, posts_per_account=30, now=world.built_at, old_media=True)
    assert again == world
    assert again.posts(world.pages[0].id) == world.posts(world.pages[0].id)
    assert build_world(8, 4, 30, now=world.built_at) != world


def test_each_account_published_what_was_asked_for(world: World) -> None:
    """Every account has its 30 posts up to now and more to come, with the shares of reels that were asked for."""
    for business in world.businesses:
        posts = [post for post in world.posts(business.page.id) if post.created_at <= world.built_at]
        media = [medium for medium in world.media(business.instagram.id) if medium.created_at <= world.built_at]
        assert (len(posts), len(media)) == (30, 30)
        assert sum(post.kind == "reel" for post in posts) == 6
        assert sum(medium.product_type == "REELS" for medium in media) == 10
        assert world.posts(business.page.id)[0].created_at > world.built_at


@pytest.mark.parametrize("period", ["week", "days_28"])
def test_uniques_lie_between_the_largest_day_and_the_sum_of_days(world: World, truth: Truth, period: str) -> None:
    """Reach of a rolling period is at least that of its largest day and at most the sum of its days (A5)."""
    now, page, length = world.built_at, world.pages[0], {"week": 7, "days_28": 28}[period]
    days = days_between(last_closed_day(now) - timedelta(days=20), last_closed_day(now))
    series = truth.page_series(page, "page_total_media_view_unique", period, days, now)
    for day, value in zip(days, series, strict=True):
        window = days_between(day - timedelta(days=length - 1), day)
        daily = [truth.page_figures(page, each, now).reach for each in window]
        assert isinstance(value, int)
        assert max(daily) <= value < sum(daily)


def test_counts_are_added_up_over_rolling_periods(world: World, truth: Truth) -> None:
    """A week of views is the sum of its seven days."""
    now, page = world.built_at, world.pages[0]
    last = last_closed_day(now)
    week = truth.page_series(page, "page_media_view", "week", [last], now)[0]
    assert week == sum(truth.page_figures(page, day, now).views for day in days_between(last - timedelta(days=6), last))


def test_followers_change_by_follows_less_unfollows(world: World, truth: Truth) -> None:
    """The level of followers moves each day by exactly that day's follows and unfollows (A8)."""
    now = world.built_at
    for day in days_between(last_closed_day(now) - timedelta(days=40), last_closed_day(now)):
        before = day - timedelta(days=1)
        page, account = world.pages[1], world.instagram_accounts[1]
        figures = truth.page_figures(page, day, day_close(day))
        assert truth.followers_on(page, day) - truth.followers_on(page, before) == figures.follows - figures.unfollows
        numbers = truth.instagram_figures(account, day, day_close(day))
        change = truth.followers_on(account, day) - truth.followers_on(account, before)
        assert change == numbers.follows - numbers.unfollows


def _posts(world: World) -> list[Post]:
    return [post for page in world.pages for post in world.posts(page.id) if post.created_at <= world.built_at]


def test_lifetime_counters_never_fall_and_move_on_the_hour(world: World, truth: Truth) -> None:
    """A post's counters grow with the hour and stand still within it (A2)."""
    for post in _posts(world)[::7]:
        moments = [post.created_at + timedelta(hours=hours) for hours in range(0, 400, 9)]
        views = [truth.post_lifetime(post, "post_media_view", moment) for moment in moments]
        assert views == sorted(views, key=lambda value: value if isinstance(value, int) else 0)
        hour = moments[5].replace(minute=0, second=0)
        late = hour + timedelta(minutes=59)
        assert truth.post_lifetime(post, "post_clicks", hour) == truth.post_lifetime(post, "post_clicks", late)


def test_totals_equal_the_sum_of_their_parts(world: World, truth: Truth) -> None:
    """Clicks by type, reactions by type and organic plus paid plays add up to their totals."""
    now = world.built_at
    for post in _posts(world)[::5]:
        by_type = truth.post_lifetime(post, "post_clicks_by_type", now)
        assert not isinstance(by_type, int | float)
        assert sum(by_type.values()) == truth.post_lifetime(post, "post_clicks", now)
        reactions = truth.post_lifetime(post, "post_reactions_by_type_total", now)
        assert not isinstance(reactions, int | float)
        single = {kind: truth.post_lifetime(post, f"post_reactions_{kind}_total", now) for kind in REACTIONS}
        assert {kind: count for kind, count in single.items() if count} == dict(reactions)
        figures = truth.post_figures(post, now)
        assert figures.reach <= figures.views
        assert figures.plays <= figures.views
        assert truth.post_counts(figures)["reactions"] <= sum(reactions.values())


def test_days_of_a_post_add_up_to_its_lifetime(world: World, truth: Truth) -> None:
    """The daily gains of a post's plays give its lifetime value at the last midnight."""
    post = next(post for post in _posts(world) if post.is_video and post.created_at.month == 10)
    last = last_closed_day(world.built_at)
    days = days_between(pacific_day(post.created_at), last)
    total = sum(truth.post_day(post, "post_video_views", day) for day in days)
    assert total == truth.post_lifetime(post, "post_video_views", day_close(last))


def test_instagram_breakdowns_add_up_and_agree(world: World, truth: Truth) -> None:
    """Two dimensions together give each dimension alone, and all of them the total (H7)."""
    now, account = world.built_at, world.instagram_accounts[1]
    days = days_between(last_closed_day(now) - timedelta(days=9), last_closed_day(now))
    for metric in ("reach", "views"):
        total = truth.instagram_window(account, metric, days, now)
        both = truth.instagram_window_parts(account, metric, days, ("media_product_type", "follow_type"), now)
        alone = truth.instagram_window_parts(account, metric, days, ("follow_type",), now)
        assert sum(both.values()) == sum(alone.values()) == total
        folded: dict[tuple[str, ...], int] = {}
        for (_, follow_type), part in both.items():
            folded[follow_type,] = folded.get((follow_type,), 0) + part
        assert folded == alone
    ages = truth.demographics(account, DEMOGRAPHICS[0], ("age",), now)
    cells = truth.demographics(account, DEMOGRAPHICS[0], ("age", "gender"), now)
    assert sum(part for (age, _), part in cells.items() if age == "25-34") == ages["25-34",]


def test_the_last_two_days_are_restated(world: World, truth: Truth) -> None:
    """A day is served slightly lower until 48 hours after it closed, then it stays (A13)."""
    page, day = world.pages[0], last_closed_day(world.built_at)
    closed = day_close(day)
    served = [
        truth.page_day(page, "page_media_view", day, closed + timedelta(hours=hours)) for hours in (1, 30, 48, 99)
    ]
    assert served[0] < served[1] < served[2] == served[3]  # type: ignore[operator]


def test_a_restatement_changes_the_day_and_every_total_over_it(world: World, truth: Truth) -> None:
    """`restate` is what Meta serves from then on, in weeks too."""
    now, page = world.built_at, world.pages[0]
    day = last_closed_day(now) - timedelta(days=5)
    before = truth.page_series(page, "page_media_view", "week", [last_closed_day(now)], now)[0]
    old = truth.page_day(page, "page_media_view", day, now)
    truth.restate(page.id, "page_media_view", day, 1_000_000)
    after = truth.page_series(page, "page_media_view", "week", [last_closed_day(now)], now)[0]
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert isinstance(old, int)
    assert after - before == 1_000_000 - old


def test_the_algorithm_change_hits_every_account_alike(world: World, truth: Truth) -> None:
    """From its day on both platforms show about a fifth less, while visits to the profile stay."""
    change = world.algorithm_change
    far = world.built_at
    before = days_between(change.day - timedelta(days=14), change.day - timedelta(days=1))
    after = days_between(change.day, change.day + timedelta(days=13))

    def ratio(numbers: list[list[int]]) -> float:
        return sum(numbers[1]) / sum(numbers[0])

    quiet = world.businesses[0]  # neither campaign nor viral day in these weeks
    page, account = quiet.page, quiet.instagram
    views = ratio([[truth.page_figures(page, day, far).views for day in days] for days in (before, after)])
    visits = ratio(
        [[truth.instagram_figures(account, day, far).profile_views for day in days] for days in (before, after)]
    )
    assert 0.7 < views < 0.9
    assert visits > 0.85


def test_planted_events_can_be_found(world: World, truth: Truth) -> None:
    """The viral day stands out, and campaign posts carry their campaign."""
    viral = world.viral_day
    page = world.businesses[viral.business_number].page
    usual = truth.page_figures(page, viral.day - timedelta(days=7), world.built_at).views
    assert truth.page_figures(page, viral.day, world.built_at).views > 3 * usual
    for campaign in world.campaigns:
        posts = world.posts(world.businesses[campaign.business_number].page.id)
        marked = [post for post in posts if post.campaign == campaign]
        assert marked
        assert all(campaign.covers(pacific_day(post.created_at)) for post in marked)
        assert all(campaign.slug in post.message for post in marked)


def test_better_content_is_reacted_to_more_and_seen_as_before(world: World) -> None:
    """From its day on the planted client gets more reactions from as many views; nobody else's figures move."""
    day = pacific_day(world.built_at) - timedelta(days=10)
    better = build_world(
        businesses=4,
        posts_per_account=30,
        now=world.built_at,
        old_media=True,
        better_content=BetterContent(1, day, 1.5),
    )
    usual, now = Truth(world), world.built_at
    changed = Truth(better)
    for number, business in enumerate(world.businesses):
        for offset in (-1, 1):
            on = day + timedelta(days=offset)
            before, after = (one.page_figures(business.page, on, now) for one in (usual, changed))
            assert (before.views, before.reach, before.follows) == (after.views, after.reach, after.follows)
            if number == 1 and offset == 1:
                assert abs(after.reactions - 1.5 * before.reactions) <= 6  # each of six kinds is a whole number
            else:
                assert after == before
    for old, new in zip(world.posts(world.pages[1].id), better.posts(world.pages[1].id), strict=True):
        likes = [one.post_figures(post, now).like for one, post in ((usual, old), (changed, new))]
        expected = 1.5 if pacific_day(new.created_at) >= day else 1.0
        assert abs(likes[1] - expected * likes[0]) <= 1.5


def test_views_follow_posts_by_an_exponent_of_the_account(world: World) -> None:
    """Accounts differ, so that a method that assumes one exponent for all of them is wrong in this world."""
    exponents = [posting_exponent(world, page) for page in world.pages]
    assert all(0.2 <= exponent <= 0.8 for exponent in exponents)
    assert len(set(exponents)) == len(exponents)


def test_a_busier_client_published_half_as_much_before(world: World) -> None:
    """Until its day every other post is left out, and the client is seen less; what is published is as good as ever."""
    day = pacific_day(world.built_at) - timedelta(days=30)
    busier = build_world(businesses=4, posts_per_account=30, now=world.built_at, old_media=True, busier=Busier(2, day))
    page, now = world.pages[2], world.built_at
    old, new = world.posts(page.id), busier.posts(page.id)
    assert [post for post in old if pacific_day(post.created_at) >= day] == [
        post for post in new if pacific_day(post.created_at) >= day
    ]
    assert sum(pacific_day(post.created_at) < day for post in new) == sum(
        pacific_day(post.created_at) < day and post.serial % 2 == 0 for post in old
    )
    for offset, factor in ((-1, 0.5 ** posting_exponent(busier, page)), (1, 1.0)):
        before, after = (
            one.page_figures(page, day + timedelta(days=offset), now) for one in (Truth(world), Truth(busier))
        )
        assert abs(after.views - factor * before.views) <= 1
        assert abs(after.comments - factor * before.comments) <= 1
