"""What drove a change: parts that add up, intervals that hold the planted cause, and silence where nothing is known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.drivers.invented import (
    AFTER,
    HISTORY,
    LENGTH,
    PERIODS,
    TOTAL,
    holds,
    logs,
    portfolio,
    present,
    scaled,
)

from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit, Part, split_drivers
from sophia.analytics.drivers.sentences import say_drivers
from sophia.analytics.drivers.series import ClientDays, Periods, PublishedPost
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import build_world
from sophia.errors import InvalidInputError

SOME = settings(max_examples=20, deadline=None)


# -- properties --------------------------------------------------------------------------------------------------------


@SOME
@given(seed=st.integers(0, 10**6), clients=st.integers(1, 12))
def test_parts_add_up(seed: int, clients: int) -> None:
    """The parts add up to the change of engagements, with or without enough other clients."""
    invented = portfolio(seed, clients)
    splits = split_drivers(invented, PERIODS, draws=20)
    for client in invented:
        split = splits[client.client_id]
        before, after = (sum(value or 0 for value in client.engagements[PERIODS.of(side)]) for side in (0, 1))
        assert sum(logs(split).values()) == pytest.approx(log(after / before))
        assert present(split.whole).log == pytest.approx(log(after / before))
        assert (split.platform is None) == (clients < 6)


@SOME
@given(seed=st.integers(0, 10**6), factor=st.floats(0.05, 20))
def test_the_size_of_a_client_has_no_effect(seed: int, factor: float) -> None:
    """All days of a client times a factor are the same story."""
    invented = portfolio(seed)
    larger = [scaled(invented[0], factor, factor, 0), *invented[1:]]
    first, second = (split_drivers(clients, PERIODS, draws=50) for clients in (invented, larger))
    for client, split in first.items():
        assert logs(second[client]) == pytest.approx(logs(split), abs=2e-3)


@SOME
@given(seed=st.integers(0, 10**6), shuffled=st.randoms(use_true_random=False))
def test_the_order_of_clients_and_posts_has_no_effect(seed: int, shuffled: "np.random.Generator") -> None:
    """The same seed gives the same result, to the last digit."""
    invented = [replace(client, posts=_with_values(client)) for client in portfolio(seed, 8)]
    first = split_drivers(invented, PERIODS, seed=seed, draws=50)
    shuffled.shuffle(invented)
    backwards = [replace(client, posts=client.posts[::-1]) for client in invented]
    assert split_drivers(backwards, PERIODS, seed=seed, draws=50) == first
    assert split_drivers(invented, PERIODS, seed=seed + 1, draws=50) != first


def _with_values(client: ClientDays) -> tuple[PublishedPost, ...]:
    return tuple(
        replace(post, format=("photo", "reel")[index % 2], exposure=100.1 * (index + 1), engagements=3.3 + index)
        for index, post in enumerate(client.posts)
    )


# -- planted causes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clients", [6, 12, 20])
def test_intervals_hold_the_truth(clients: int) -> None:
    """H1: of every part at least 88 % of the intervals hold what was planted, in the smallest portfolios too."""
    held: dict[str, list[bool]] = {"platform": [], "distribution": [], "people": []}
    for seed in range(240 // clients):
        planted = 0.03 * (seed % 13 - 6)
        for split in split_drivers(portfolio(seed, clients, platform=planted), PERIODS, draws=200).values():
            for driver, column in held.items():
                column.append(holds(getattr(split, driver), planted if driver == "platform" else 0.0))
    assert {driver: float(np.mean(column)) >= 0.88 for driver, column in held.items()} == dict.fromkeys(held, True)


@pytest.mark.parametrize("clients", [6, 12, 20, 50])
def test_posting_holds_when_clients_have_exponents_of_their_own(clients: int) -> None:
    """One exponent for all held 78, 58 and 43 % of the truths with 6, 12 and 20 clients."""
    held = []
    for seed in range(max(150 // clients, 4)):
        invented = portfolio(seed, clients, exponents=(0.5, 0.2), busier=2.0)
        twins = portfolio(seed, clients, exponents=(0.5, 0.2), busier=2.0, noise=0.0)
        splits = split_drivers(invented, PERIODS, draws=200)
        held += [holds(splits[twin.client_id].posting, _planted_posting(twin)) for twin in twins]
    assert np.mean(held) >= 0.9


def _planted_posting(client: ClientDays) -> float:
    """Return the change of exposure of a client without noise."""
    before, after = (sum(value or 0.0 for value in client.exposure[PERIODS.of(side)]) for side in (0, 1))
    return log(after / before)


def test_in_a_quiet_portfolio_nothing_is_certain() -> None:
    """H12: of portfolios in which nothing happens at most one week in ten shows a confident statement."""
    quiet = []
    for seed in range(60):
        splits = split_drivers(portfolio(seed, exponents=(0.0, 0.0)), PERIODS, draws=400).values()
        quiet.append(
            not any(present(getattr(split, name)).is_confident for split in splits for name in (*DRIVERS, "whole"))
        )
    assert np.mean(quiet) >= 0.9


def test_better_content_is_people() -> None:
    """A client with twice the reactions is named by people, while the platform falls for all."""
    named = []
    for seed in range(20):
        invented = portfolio(seed, 14, platform=-0.2)
        better = [scaled(client, 1.0, 2.0) if client.client_id == 3 else client for client in invented]
        split = split_drivers(better, PERIODS)[3]
        named.append(split.main_driver)
        assert present(split.people).log == pytest.approx(log(2), abs=0.35)
    assert named.count("people") >= 19


def test_the_platform_is_named() -> None:
    """Half the views for all is the platform, and of no client its own distribution."""
    for seed in range(5):
        splits = split_drivers(portfolio(seed, 20, platform=log(0.5)), PERIODS).values()
        assert [split.main_driver for split in splits].count("platform") >= 12
        assert not any(split.main_driver == "distribution" for split in splits)


def test_only_posting_more_is_not_people() -> None:
    """A client that publishes three times as much, and whose views follow, has posting, and people as before."""
    named = []
    for seed in range(10):
        split = split_drivers(portfolio(seed, 14, busier=4.0, exponents=(0.9, 0.0)), PERIODS)[3]
        named.append(split.main_driver)
        assert present(split.posting).log == pytest.approx(0.9 * log(3.4), abs=0.5)
    assert named.count("posting") >= 7
    assert "people" not in named


def test_a_change_of_formats_is_posting() -> None:
    """From photos to reels, with twice the exposure and twice the response: posting, not distribution, not people."""
    invented = portfolio(5, 14, noise=0.05)
    first = invented[0]
    reels = tuple(
        PublishedPost(
            post.day,
            "reel" if post.day >= AFTER or post.day % 9 == 0 else "photo",
            200.0 if post.day % 9 == 0 else 100.0,
            20.0 if post.day % 9 == 0 else 5.0,
        )
        for post in first.posts
    )
    changed = replace(scaled(first, 2.0, 4.0), posts=reels)
    split = split_drivers([changed, *invented[1:]], PERIODS)[0]
    assert present(split.posting).log > 0.4
    assert present(split.people).log < 0.4


def test_a_holiday_is_not_the_platform() -> None:
    """A holiday in one country halves three days of most clients; without a calendar it is the platform, with it not."""
    with_calendar, without = [], []
    for seed in range(10):
        days = {AFTER + 1, AFTER + 2, AFTER + 3}
        hit = [_on_holiday(client, days) if client.client_id % 4 else client for client in portfolio(seed, 16)]
        told = [replace(client, special=frozenset(days)) if client.client_id % 4 else client for client in hit]
        without.append(holds(split_drivers(hit, PERIODS)[0].platform, 0.0))
        with_calendar.append(holds(split_drivers(told, PERIODS)[0].platform, 0.0))
    assert sum(with_calendar) >= 9
    assert sum(without) <= 5


def _on_holiday(client: ClientDays, days: set[int]) -> ClientDays:
    halved = (
        tuple(None if x is None else x * (0.3 if day in days else 1.0) for day, x in enumerate(column))
        for column in (client.exposure, client.engagements)
    )
    exposure, engagements = halved
    return replace(client, exposure=exposure, engagements=engagements)


def test_the_simulated_algorithm_change() -> None:
    """The demo's algorithm change, four weeks before and after it, is found as the platform part of every Page."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    truth = Truth(build_world(now=now, businesses=14))
    change = truth.world.algorithm_change
    held = []
    clients = [_page_days(truth, page.number, change.day, now) for page in truth.world.pages]
    for split in split_drivers(clients, Periods(0, 28, 28)).values():
        platform = present(split.platform)
        assert platform.verdict == "down"
        assert split.others_alike >= 11
        held += [holds(platform, log(change.factor)), holds(split.people, 0.0)]
    assert np.mean(held) >= 0.9


def _page_days(truth: Truth, number: int, change: date, now: datetime) -> ClientDays:
    page = truth.world.pages[number]
    first = change - timedelta(days=28)
    window = [first + timedelta(days=day) for day in range(56)]
    columns = [
        truth.page_series(page, name, "day", window, now) for name in ("page_media_view", "page_post_engagements")
    ]
    exposure, engagements = (tuple(float(x) for x in column if isinstance(x, int)) for column in columns)
    days = [(post.created_at.date() - first).days for post in truth.world.posts(page.id)]
    posts = tuple(PublishedPost(day, "post") for day in days if -28 <= day < 56)
    return ClientDays(number, exposure, engagements, posts, (0, 56))


# -- the main driver ---------------------------------------------------------------------------------------------------


def split_of(whole: float, platform: float, distribution: float, *, certain: bool = False) -> DriverSplit:
    """A split with these parts; the platform is confident, the client's own distribution only if `certain`."""
    rest = whole - platform - distribution
    return DriverSplit(
        client_id=1,
        whole=Part(whole, whole - 0.1, whole + 0.1, is_confident=True),
        platform=Part(platform, platform - 0.05, platform + 0.05, is_confident=True),
        distribution=Part(distribution, distribution - 0.1, distribution + 0.1, is_confident=certain),
        posting=Part(0.0, 0.0, 0.0),
        people=Part(rest, rest - 0.5, rest + 0.5),
        main_driver=None,
        others=9,
        others_alike=8,
        units=(7, 7),
        reasons={},
    )


def test_the_certain_driver_is_the_largest_confident_part() -> None:
    """H1: in the direction of the change; a part that contains unknown others is none."""
    assert split_of(log(0.47), log(0.89), log(0.59)).certain_driver == "platform"
    assert split_of(log(0.47), log(0.89), log(0.59), certain=True).certain_driver == "distribution"
    assert split_of(0.0, log(0.85), -log(0.85)).certain_driver is None
    alone = replace(split_of(log(0.47), log(0.89), log(0.59), certain=True), platform=None)
    assert (alone.inseparable, alone.certain_driver) == (("platform",), None)
    assert alone.confident_part("distribution") is None


def test_a_main_driver_is_truly_the_largest_part() -> None:
    """Where two causes are about equal none is named; where one is named it is the larger in at least 85 %."""
    right = []
    for seed in range(30):
        random = np.random.default_rng(seed)
        causes = random.normal(0, 0.4, (12, 2))
        invented = [
            scaled(client, exp(own), exp(own + response))
            for client, (own, response) in zip(portfolio(seed), causes, strict=True)
        ]
        for client, split in split_drivers(invented, PERIODS).items():
            own, response = causes[client]
            if split.main_driver in ("distribution", "people"):
                right.append((split.main_driver == "distribution") == (abs(own) > abs(response)))
    assert len(right) > 60
    assert np.mean(right) >= 0.85


def test_confident_and_tiny_is_no_change() -> None:
    """H1: an effect that is too small to notice is not reported as a change."""
    tiny = replace(split_of(log(0.8), log(0.85), 0.0), distribution=Part(-0.002, -0.003, -0.001, is_confident=True))
    assert "This client's distribution changed as that of the other clients." in say_drivers(tiny, tiny).text
    assert "lower distribution" not in say_drivers(tiny, tiny).text


# -- what is missing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clients", [1, 2, 5])
def test_too_few_others(clients: int) -> None:
    """L30: without five others the algorithm and the distribution cannot be separated; no main driver is named."""
    invented = [scaled(client, 0.4, 0.4) for client in portfolio(1, clients)]
    for split in split_drivers(invented, PERIODS).values():
        assert split.platform is None
        word = "is 1 other client" if clients == 2 else f"are {clients - 1} other clients"
        assert split.reasons == {"platform": f"there {word} to compare with, and 5 are needed"}
        assert (split.inseparable, split.main_driver) == (("platform",), None)
        assert split.certain_driver not in ("platform", "distribution")
        text = say_drivers(split, split).text
        assert text.count("cannot be separated") == 1
        assert "lower distribution than the other clients" not in text


def test_a_failed_post_walk_changes_no_part() -> None:
    """L30: posts that were not listed are unknown, not zero. No part but posting changes, and that one is unknown."""
    invented = portfolio(3, 14)
    first = invented[0]
    lost = replace(first, posts=tuple(post for post in first.posts if post.day < AFTER), listed=(0, AFTER))
    with_posts = split_drivers(invented, PERIODS)
    without = split_drivers([lost, *invented[1:]], PERIODS)
    assert without[0].posting is None
    assert without[0].reasons == {"posting": "the posts of one of the periods are not completely known"}
    assert (without[0].inseparable, without[0].main_driver) == (("posting",), None)
    assert "fewer" not in say_drivers(without[0], without[0]).text
    for client in range(14):
        before, after = with_posts[client], without[client]
        for driver in ("platform", "people", "whole"):
            assert present(getattr(after, driver)).log == pytest.approx(present(getattr(before, driver)).log, abs=0.03)
        if client:
            assert present(after.posting).log == pytest.approx(present(before.posting).log, abs=0.03)
    zero = split_drivers([replace(lost, listed=(0, TOTAL)), *invented[1:]], PERIODS)
    assert present(zero[0].posting).percent < -20


def test_a_day_without_posts_listed_is_unknown_in_history_too() -> None:
    """L30: a walk that failed two months ago makes no client that follows its posts less."""
    invented = portfolio(4, 14, exponents=(0.7, 0.1), busier=2.0)
    holed = [
        replace(client, posts=tuple(p for p in client.posts if p.day >= 40), listed=(40, TOTAL)) for client in invented
    ]
    whole, part = split_drivers(invented, PERIODS), split_drivers(holed, PERIODS)
    for client, split in whole.items():
        assert present(part[client].posting).log == pytest.approx(present(split.posting).log, abs=0.25)


def test_a_missing_day_is_not_zero() -> None:
    """A day without a reading leaves the comparison, with the day at its place in the other period."""
    invented = portfolio(2)
    first = invented[0]
    exposure = tuple(None if day == AFTER else value for day, value in enumerate(first.exposure))
    split = split_drivers([replace(first, exposure=exposure), *invented[1:]], PERIODS)[0]
    assert split.units == (6, 6)
    kept = [day for day in range(LENGTH) if day != 0]
    before, after = (sum(first.engagements[start + day] or 0 for day in kept) for start in (HISTORY, AFTER))
    assert present(split.whole).log == pytest.approx(log(after / before))


def test_parts_without_readings_have_a_reason() -> None:
    """No readings, no exposure, no reactions: None with the reason; the others are split without it."""
    invented = portfolio(3)
    first = invented[0]
    nothing, zeros = (None,) * LENGTH, (0.0,) * LENGTH
    odd = [
        replace(first, client_id=100, exposure=(*first.exposure[:AFTER], *nothing)),
        replace(first, client_id=101, exposure=(*first.exposure[:AFTER], *zeros)),
        replace(first, client_id=102, engagements=(*first.engagements[:AFTER], *zeros)),
    ]
    splits = split_drivers([*invented, *odd], PERIODS)
    everything = ("distribution", "people", "platform", "posting", "whole")
    assert {client: splits[client].reasons for client in range(100, 103)} == {
        100: dict.fromkeys(everything, "there are no readings in one of the periods"),
        101: dict.fromkeys(everything, "there were no views in one of the periods"),
        102: dict.fromkeys(("people", "whole"), "there were no engagements in one of the periods"),
    }
    assert (splits[0].others, splits[102].others) == (12, 12)


def test_a_client_without_history_is_split_too() -> None:
    """A client that was connected two weeks ago borrows noise and exponent from the portfolio."""
    invented = portfolio(6, 14)
    gone = (None,) * HISTORY
    fresh = replace(
        invented[0],
        exposure=(*gone, *invented[0].exposure[HISTORY:]),
        engagements=(*gone, *invented[0].engagements[HISTORY:]),
        listed=(HISTORY, TOTAL),
    )
    split = split_drivers([fresh, *invented[1:]], PERIODS)[0]
    assert set(logs(split)) == set(DRIVERS)
    assert holds(split.platform, 0.0)
    assert holds(split.people, 0.0)


def test_two_days_have_no_interval() -> None:
    """With two days in a period there is an estimate, no interval, and no verdict."""
    splits = split_drivers(portfolio(1), Periods(HISTORY, AFTER, 2))
    assert present(splits[0].people).percent_interval is None
    assert present(splits[0].people).verdict == present(splits[0].distribution).verdict == "not enough evidence"


def test_percent_is_the_effect_of_the_part_alone() -> None:
    assert Part(log(0.8), log(0.5), log(2)).percent == pytest.approx(-20)
    assert Part(log(0.8), log(0.5), log(2)).percent_interval == pytest.approx((-50, 100))
    verdicts = [
        Part(x, x - 0.1, x + 0.1, is_confident=certain).verdict
        for x, certain in ((0.2, True), (0.2, False), (-0.2, True))
    ]
    assert verdicts == ["up", "not enough evidence", "down"]


def test_no_clients() -> None:
    assert split_drivers([], PERIODS) == {}


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_impossible_numbers_are_refused(value: float) -> None:
    """H4: no NaN passes as a number."""
    client = portfolio(1, 1)[0]
    with pytest.raises(InvalidInputError, match="finite and not negative"):
        split_drivers([replace(client, exposure=(value, *client.exposure[1:]))], PERIODS)


def test_days_that_do_not_match_are_refused() -> None:
    client = portfolio(1, 1)[0]
    with pytest.raises(InvalidInputError, match="same days"):
        split_drivers([client, replace(client, client_id=2, exposure=client.exposure[1:])], PERIODS)
    with pytest.raises(InvalidInputError, match="came twice"):
        split_drivers([client, client], PERIODS)
    for periods in (Periods(AFTER, HISTORY, 7), Periods(HISTORY, AFTER, 8), Periods(-1, 7, 7), Periods(0, 7, 0)):
        with pytest.raises(InvalidInputError, match="Both periods"):
            split_drivers([client], periods)
