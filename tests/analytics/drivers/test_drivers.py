"""Who decided a change: parts that add up, turn with the windows, and find what was planted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit, Part, split_drivers
from sophia.analytics.drivers.sentences import say_drivers
from sophia.analytics.drivers.units import ClientWindows, DaysWindow, PostsWindow
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import build_world
from sophia.errors import InvalidInputError

SOME = settings(max_examples=25, deadline=None)
FORMATS = ("photo", "reel")
Portfolio = list[ClientWindows]
Make = Callable[..., Portfolio]


def days(seed: int, clients: int = 12, *, length: int = 14, platform: float = 0.0) -> Portfolio:
    """A portfolio as days, in which only the platform changed, by `platform` on the log scale."""
    random = np.random.default_rng(seed)
    found = []
    for client in range(clients):
        level = random.lognormal(7, 0.5)
        windows = []
        for side in (0, 1):
            exposure = np.round(level * np.exp(random.normal(side * platform, 0.15, length))) + 1
            engagements = random.poisson(0.05 * exposure) + 1
            windows.append(
                DaysWindow(tuple(exposure.tolist()), tuple(engagements.tolist()), int(random.integers(4, 12)))
            )
        found.append(ClientWindows(client, *windows))
    return found


def posts(seed: int, clients: int = 12, *, platform: float = 0.0, formats: tuple[str, ...] = FORMATS) -> Portfolio:
    """The same as posts; reels are shown twice as much as photos, and people respond to them twice as much."""
    random = np.random.default_rng(seed)
    found = []
    for client in range(clients):
        level = random.lognormal(6, 0.5)
        windows = []
        for side in (0, 1):
            kinds = random.integers(0, len(formats), random.integers(6, 20))
            exposure = np.round(level * (1 + kinds) * np.exp(random.normal(side * platform, 0.3, len(kinds)))) + 1
            engagements = random.poisson(0.05 * (1 + kinds) * exposure) + 1
            names = tuple(formats[kind] for kind in kinds)
            windows.append(PostsWindow(names, tuple(exposure.tolist()), tuple(engagements.tolist())))
        found.append(ClientWindows(client, *windows))
    return found


def scaled(window: DaysWindow | PostsWindow, exposure: float, engagements: float) -> DaysWindow | PostsWindow:
    return replace(
        window,
        exposure=tuple(None if value is None else value * exposure for value in window.exposure),
        engagements=tuple(None if value is None else value * engagements for value in window.engagements),
    )


def backwards(client: ClientWindows) -> ClientWindows:
    """The client with its posts in the opposite order; days have one order only."""
    windows = [
        PostsWindow(window.formats[::-1], window.exposure[::-1], window.engagements[::-1])
        if isinstance(window, PostsWindow)
        else window
        for window in (client.before, client.after)
    ]
    return ClientWindows(client.client_id, *windows)


def logs(split: DriverSplit) -> dict[str, float]:
    return {driver: part.log for driver in DRIVERS if (part := split.part(driver)) is not None}


def known(part: Part | None) -> Part:
    assert part is not None
    return part


both_kinds = pytest.mark.parametrize("make", [days, posts])


# -- properties --------------------------------------------------------------------------------------------------------


@both_kinds
@SOME
@given(seed=st.integers(0, 10**6), clients=st.integers(1, 12))
def test_parts_add_up(make: Make, seed: int, clients: int) -> None:
    """The parts that there are add up to the change of engagements, with or without enough others."""
    portfolio = make(seed, clients)
    for client in portfolio:
        split = split_drivers(portfolio, draws=20)[client.client_id]
        before, after = (sum(value or 0 for value in side.engagements) for side in (client.before, client.after))
        assert sum(logs(split).values()) == pytest.approx(log(after / before))
        assert known(split.whole).log == pytest.approx(log(after / before))
        assert (split.platform is None) == (clients < 6)


@both_kinds
@SOME
@given(seed=st.integers(0, 10**6), factor=st.floats(0.05, 20))
def test_what_everybody_gets_is_the_platform(make: Make, seed: int, factor: float) -> None:
    """All exposure, and the engagements with it, times a factor: the platform part moves by it, nothing else moves."""
    portfolio = make(seed)
    moved = [replace(client, after=scaled(client.after, factor, factor)) for client in portfolio]
    before, after = split_drivers(portfolio, draws=20), split_drivers(moved, draws=20)
    for client in portfolio:
        change = {
            name: value - logs(before[client.client_id])[name] for name, value in logs(after[client.client_id]).items()
        }
        assert change == pytest.approx(
            {"platform": log(factor), "distribution": 0, "posting": 0, "people": 0}, abs=1e-9
        )


@both_kinds
@SOME
@given(seed=st.integers(0, 10**6))
def test_swapping_windows_turns_every_sign(make: Make, seed: int) -> None:
    """Forward and backward are the same story: estimates, intervals and all."""
    portfolio = make(seed)
    swapped = [ClientWindows(client.client_id, client.after, client.before) for client in portfolio]
    forward, backward = split_drivers(portfolio, draws=50), split_drivers(swapped, draws=50)
    for client_id, split in forward.items():
        for driver in (*DRIVERS, "whole"):
            there, back = known(getattr(split, driver)), known(getattr(backward[client_id], driver))
            assert there.low is not None
            assert there.high is not None
            assert (back.log, back.low, back.high) == pytest.approx((-there.log, -there.high, -there.low), abs=1e-9)


@both_kinds
@SOME
@given(seed=st.integers(0, 10**6), shuffled=st.randoms(use_true_random=False))
def test_order_and_repetition_decide_nothing(make: Make, seed: int, shuffled: "np.random.Generator") -> None:
    """The same seed gives the same answer, to the last digit, in whatever order clients come."""
    portfolio = make(seed)
    first = split_drivers(portfolio, seed=seed, draws=50)
    shuffled.shuffle(portfolio)
    again = split_drivers([backwards(client) for client in portfolio], seed=seed, draws=50)
    assert again == first
    assert split_drivers(portfolio, seed=seed + 1, draws=50) != first


@SOME
@given(seed=st.integers(0, 10**6), times=st.integers(2, 4))
def test_more_posts_are_posting(seed: int, times: int) -> None:
    """Whoever publishes the same posts several times over has more posting, and nothing else."""
    portfolio = posts(seed, formats=("photo",))
    first = portfolio[0]
    assert isinstance(first.after, PostsWindow)
    more = PostsWindow(first.after.formats * times, first.after.exposure * times, first.after.engagements * times)
    before = logs(split_drivers(portfolio, draws=20)[0])
    after = logs(split_drivers([replace(first, after=more), *portfolio[1:]], draws=20)[0])
    change = {name: after[name] - before[name] for name in after}
    assert change == pytest.approx({"platform": 0, "distribution": 0, "posting": log(times), "people": 0}, abs=1e-9)


def test_days_with_more_posts_follow_the_portfolio() -> None:
    """Days: exposure grows with posts as it does for everybody; the exponent is learnt, here 0.8."""
    random = np.random.default_rng(4)
    portfolio = []
    for client in range(30):
        counts = random.integers(4, 20, 2)
        windows = [
            DaysWindow(
                tuple((1000 * count**0.8 * np.exp(random.normal(0, 0.05, 14))).tolist()),
                tuple((50 * count**0.8 * np.exp(random.normal(0, 0.05, 14))).tolist()),
                int(count),
            )
            for count in counts
        ]
        portfolio.append(ClientWindows(client, *windows))
    for client_id, split in split_drivers(portfolio).items():
        before, after = portfolio[client_id].before, portfolio[client_id].after
        assert isinstance(before, DaysWindow)
        assert isinstance(after, DaysWindow)
        assert known(split.posting).log == pytest.approx(0.8 * log((after.posts or 0) / (before.posts or 0)), abs=0.1)
        assert known(split.distribution).log == pytest.approx(0, abs=0.15)


# -- what was planted --------------------------------------------------------------------------------------------------


@both_kinds
@pytest.mark.parametrize(("clients", "portfolios"), [(6, 61), (14, 25)])
def test_intervals_hold_the_truth(make: Make, clients: int, portfolios: int) -> None:
    """Of every part at least nine intervals of ten hold what was planted, in the smallest portfolios too."""
    held: dict[str, list[bool]] = {"platform": [], "distribution": [], "people": []}
    for seed in range(portfolios):
        planted = 0.02 * (seed - portfolios // 2)
        for split in split_drivers(make(seed, clients, platform=planted), draws=200).values():
            for driver, found in held.items():
                part, truth = known(getattr(split, driver)), planted if driver == "platform" else 0.0
                assert part.low is not None
                assert part.high is not None
                found.append(part.low <= truth <= part.high)
    assert {driver: float(np.mean(found)) >= 0.9 for driver, found in held.items()} == dict.fromkeys(held, True)


@both_kinds
def test_better_content_is_people(make: Make) -> None:
    """A client whose posts get two reactions where they got one is named by people, while the platform falls."""
    found = []
    for seed in range(20):
        portfolio = make(seed, 14, platform=-0.2)
        better = replace(portfolio[3], after=scaled(portfolio[3].after, 1.0, 2.0))
        split = split_drivers([*portfolio[:3], better, *portfolio[4:]])[3]
        louder = abs(known(split.posting).log) > known(split.people).log
        found.append(known(split.people).verdict == "up" and (louder or split.main_driver == "people"))
        assert known(split.people).log == pytest.approx(log(2), abs=0.35)
    assert sum(found) >= 19


def test_merely_posting_more_is_not_people() -> None:
    """Whoever posts twice as much, the same as ever, has engagement up by posting, and people as before."""
    named = []
    for seed in range(20):
        portfolio = posts(seed, 14)
        extra = posts(seed + 1000, 14)[3].after
        first = portfolio[3]
        assert isinstance(first.before, PostsWindow)
        assert isinstance(extra, PostsWindow)
        level = np.mean([value or 0 for value in first.before.exposure]) / np.mean(
            [value or 0 for value in extra.exposure]
        )
        extra = scaled(extra, float(level), float(level))
        assert isinstance(extra, PostsWindow)
        more = PostsWindow(extra.formats * 3, extra.exposure * 3, extra.engagements * 3)
        split = split_drivers([*portfolio[:3], replace(first, after=more), *portfolio[4:]])[3]
        named.append(split.main_driver)
    assert named.count("posting") >= 15
    assert named.count("people") <= 1


def split_of(whole: float, platform: float, distribution: float, *, sure: bool = False) -> DriverSplit:
    """A split with these parts on the log scale; the platform is certain, the client's own distribution only if `sure`."""
    rest = whole - platform - distribution
    return DriverSplit(
        client_id=1,
        whole=Part(whole, whole - 0.1, whole + 0.1),
        platform=Part(platform, platform - 0.05, platform + 0.05),
        distribution=Part(distribution, distribution - 0.1, distribution + (0.1 if sure else 1.0)),
        posting=Part(0.0, 0.0, 0.0),
        people=Part(rest, rest - 0.5, rest + 0.5),
        others=9,
        others_alike=8,
        units=(7, 7),
        reasons={},
    )


def test_who_made_a_small_part_did_not_decide() -> None:
    """H1: of a fall by half a certain −11 % is a part, and not the main driver; nor is anything of no change."""
    found = split_of(log(0.47), log(0.89), log(0.59))
    assert (found.main_driver, found.certain_driver) == (None, "platform")
    assert split_of(log(0.47), log(0.89), log(0.59), sure=True).main_driver == "distribution"
    assert split_of(log(0.8), log(0.85), log(0.99)).main_driver == "platform"
    assert split_of(0.0, log(0.85), -log(0.85)).certain_driver is None


def test_certain_and_too_small_is_as_before() -> None:
    """H1: what nobody would notice is not told as a change."""
    tiny = replace(split_of(log(0.8), log(0.85), 0.0), distribution=Part(-0.002, -0.003, -0.001))
    assert "This client's distribution changed as that of the other clients." in say_drivers(tiny, tiny).text
    assert "lower distribution" not in say_drivers(tiny, tiny).text


def test_a_change_of_formats_is_posting() -> None:
    """From photos to reels, shown twice as much with twice the response: posting, not distribution, not people."""
    portfolio = posts(5, 14)
    photos = PostsWindow(("photo",) * 10, (500.0, 520.0, 480.0, 510.0, 490.0) * 2, (25.0,) * 10)
    reels = PostsWindow(("reel",) * 10, (1000.0, 1040.0, 960.0, 1020.0, 980.0) * 2, (100.0,) * 10)
    split = split_drivers([ClientWindows(99, photos, reels), *portfolio])[99]
    assert known(split.posting).log == pytest.approx(log(4), abs=0.2)
    assert known(split.people).log == pytest.approx(0, abs=0.15)
    assert known(split.people).verdict == "not enough evidence"


def test_the_simulated_algorithm_change() -> None:
    """The demo's algorithm change, four weeks before and after it, is found as the platform part of every Page."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    world = build_world(now=now, businesses=14)
    truth = Truth(world)
    change = world.algorithm_change
    held = []
    portfolio = [
        ClientWindows(
            page.number,
            *(_page_days(truth, page.number, change.day + timedelta(days=28 * side), now) for side in (-1, 0)),
        )
        for page in world.pages
    ]
    for split in split_drivers(portfolio).values():
        platform, people = known(split.platform), known(split.people)
        assert platform.verdict == "down"
        assert split.others_alike >= 11
        assert platform.percent_interval is not None
        assert people.low is not None
        assert people.high is not None
        held.append(platform.percent_interval[0] <= 100 * (change.factor - 1) <= platform.percent_interval[1])
        held.append(people.low <= 0.0 <= people.high)
    assert np.mean(held) >= 0.9


def _page_days(truth: Truth, number: int, first: date, now: datetime) -> DaysWindow:
    page = truth.world.pages[number]
    window = [first + timedelta(days=day) for day in range(28)]
    exposure = truth.page_series(page, "page_media_view", "day", window, now)
    engagements = truth.page_series(page, "page_post_engagements", "day", window, now)
    published = sum(
        1 for post in truth.world.posts(page.id) if first <= post.created_at.date() < first + timedelta(days=28)
    )
    numbers = [tuple(float(value) for value in column if isinstance(value, int)) for column in (exposure, engagements)]
    return DaysWindow(numbers[0], numbers[1], published)


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_too_few_others() -> None:
    """Without five others nothing is said about the platform; distribution holds what the exposure did."""
    split = split_drivers(days(1, 5))[2]
    assert split.platform is None
    assert split.reasons == {"platform": "there are 4 other clients to compare with, and 5 are needed"}
    assert split.others == 4
    assert set(logs(split)) == {"distribution", "posting", "people"}


def test_a_missing_day_is_not_zero() -> None:
    """A day without a reading leaves the comparison, with the day at its place in the other window."""
    portfolio = days(2)
    whole = portfolio[0]
    assert isinstance(whole.after, DaysWindow)
    holed = replace(whole, after=replace(whole.after, exposure=(None, *whole.after.exposure[1:])))
    cut = ClientWindows(
        0,
        *(
            scaled(
                replace(window, exposure=(0.0, *window.exposure[1:]), engagements=(0.0, *window.engagements[1:])), 1, 1
            )
            for window in (whole.before, whole.after)
        ),
    )
    with_hole = split_drivers([holed, *portfolio[1:]])[0]
    assert with_hole.units == (13, 13)
    assert known(with_hole.whole).log == pytest.approx(known(split_drivers([cut, *portfolio[1:]])[0].whole).log)


def test_nothing_is_said_without_figures() -> None:
    """No readings, no exposure, no reactions, no posts: None with the reason, and the others are split without it."""
    portfolio = days(3)
    length = 14
    nothing = (None,) * length
    zeros = (0.0,) * length
    some = (10.0,) * length
    odd = [
        ClientWindows(100, DaysWindow(some, some, 3), DaysWindow(nothing, some, 3)),
        ClientWindows(101, DaysWindow(zeros, some, 3), DaysWindow(some, some, 3)),
        ClientWindows(102, DaysWindow(some, some, 3), DaysWindow(some, zeros, 3)),
        ClientWindows(103, DaysWindow(some, some, 3), DaysWindow(some, some, 0)),
        ClientWindows(104, DaysWindow(some, some, None), DaysWindow(some, some, 3)),
    ]
    splits = split_drivers([*portfolio, *odd])
    reasons = {client: splits[client].reasons for client in range(100, 105)}
    everything = ("distribution", "people", "platform", "posting", "whole")
    assert reasons == {
        100: dict.fromkeys(everything, "there are no readings in one of the periods"),
        101: dict.fromkeys(everything, "there were no views in one of the periods"),
        102: dict.fromkeys(("people", "whole"), "there were no engagements in one of the periods"),
        103: {"posting": "there were no posts in one of the periods"},
        104: {"posting": "the number of posts is unknown in one of the periods"},
    }
    assert (splits[0].others, splits[103].others) == (12, 13)
    assert sum(logs(splits[103]).values()) == pytest.approx(0)
    assert known(splits[0].platform).log == pytest.approx(
        known(split_drivers([*portfolio, odd[2]])[0].platform).log, abs=0.05
    )


def test_two_posts_have_no_interval() -> None:
    """With two posts in a window there is an estimate, no interval, and no verdict."""
    few = PostsWindow(("photo", "photo"), (100.0, 120.0), (5.0, 9.0))
    split = split_drivers([*posts(1), ClientWindows(99, few, scaled(few, 3, 9))])[99]
    assert known(split.people).log == pytest.approx(log(3), abs=0.05)
    assert (known(split.people).low, known(split.people).percent_interval) == (None, None)
    assert known(split.people).verdict == known(split.distribution).verdict == "not enough evidence"


def test_equal_posts_prove_little() -> None:
    """The same ten figures in both windows are ten other posts: the change is none, and the interval is not."""
    window = PostsWindow(("photo",) * 10, tuple(100.0 * 1.5**place for place in range(10)), (40.0,) * 10)
    split = split_drivers([*posts(1), ClientWindows(99, window, window)])[99]
    assert known(split.whole).log == 0.0
    for part in (split.distribution, split.people):
        low, high = known(part).low, known(part).high
        assert low is not None
        assert high is not None
        assert low < -0.3 < 0.3 < high


def test_percent_says_what_the_part_alone_would_do() -> None:
    assert Part(log(0.8), log(0.5), log(2)).percent == pytest.approx(-20)
    assert Part(log(0.8), log(0.5), log(2)).percent_interval == pytest.approx((-50, 100))
    assert [Part(0.1, *ends).verdict for ends in ((0.05, 0.2), (-0.1, 0.2), (-0.2, -0.1))] == [
        "up",
        "not enough evidence",
        "down",
    ]
    assert exp(Part(1, None, None).log) == pytest.approx(exp(1))


def test_no_clients() -> None:
    assert split_drivers([]) == {}


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_impossible_numbers_are_refused(value: float) -> None:
    """H4: no NaN slips through as a number."""
    one, other = DaysWindow((value,), (1.0,), 1), DaysWindow((1.0,), (1.0,), 1)
    with pytest.raises(InvalidInputError, match="finite and not negative"):
        split_drivers([ClientWindows(1, one, other)])


def test_windows_that_do_not_fit_are_refused() -> None:
    day, longer = DaysWindow((1.0,), (1.0,), 1), DaysWindow((1.0, 2.0), (1.0, 2.0), 1)
    post = PostsWindow(("photo",), (1.0,), (1.0,))
    for pair, message in (
        ((day, longer), "equal lengths"),
        ((day, post), "Days and posts"),
        ((post, PostsWindow(("photo",), (1.0, 2.0), (1.0,))), "Each post needs"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            split_drivers([ClientWindows(1, *pair)])
    with pytest.raises(InvalidInputError, match="came twice"):
        split_drivers([ClientWindows(1, day, day), ClientWindows(1, day, day)])
