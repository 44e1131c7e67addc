"""Benchmarks: like with like, old ones flagged, clients hidden, bad lines named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.benchmarks.comparison import (
    DENOMINATORS,
    NO_BENCHMARK,
    OF_ZERO,
    SEED,
    TOO_FEW_CLIENTS,
    Benchmark,
    compare,
    is_old,
    matching_benchmarks,
    parse_benchmarks,
    portfolio_quantiles,
)
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.analytics.benchmarks.numerators import NOT_STATED, parse_numerator
from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.analytics.kpis.kpis import KPIS, REACH_GROWTH
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform

TODAY = date(2026, 11, 22)
RATE = "engagement_rate_by_followers"
HEAD = "industry,platform,metric,statistic,value_percent,data_year,source,provenance\n"
GOOD = "pet shops,instagram,save_rate,median,0.8,2026,Our survey,Asked 40 shops\n"


def rate(value: float) -> Figure:
    return Figure(value=value, unit=FigureUnit.PERCENT)


def like(own: Figure) -> Callable[[Benchmark | None], Figure]:
    """The same figure whatever the benchmark counts."""
    return lambda _: own


def test_platforms_are_not_mixed() -> None:
    """G9: Facebook is compared with Facebook, whatever the order of the rows."""
    for platform, value in ((Platform.FACEBOOK, "0.024"), (Platform.INSTAGRAM, "0.16")):
        for rows in (SEED, SEED[::-1]):
            (found,) = compare(like(rate(0.2)), rows, platform, RATE, "Retail", TODAY)
            assert found.benchmark is not None
            assert (found.benchmark.value_percent, found.same_industry) == (Decimal(value), True)
            assert found.points.value == pytest.approx(0.2 - float(value))


def test_only_like_is_compared() -> None:
    """G4, G9: no rate by reach with one by followers; an industry that nobody studied is compared with all."""
    (none,) = compare(like(rate(5)), SEED, Platform.INSTAGRAM, "engagement_rate_by_reach", "retail", TODAY)
    assert (none.benchmark, none.points.reason) == (None, NO_BENCHMARK)
    everybody = compare(like(rate(0.48)), SEED, Platform.INSTAGRAM, RATE, "pet shops", TODAY)
    assert [one.benchmark.source[:5] for one in everybody if one.benchmark] == ["Socia", "Rival"]
    assert [one.percent.value for one in everybody] == [pytest.approx(0.0), pytest.approx(100 * 0.12 / 0.36)]
    assert not any(one.same_industry for one in everybody)
    assert (
        compare(like(missing(FigureUnit.PERCENT, "Why.")), SEED, Platform.INSTAGRAM, RATE, None, TODAY)[0].points.reason
        == "Why."
    )


def test_a_benchmark_of_zero() -> None:
    """G9: the difference is known, the percentage is not, and says why."""
    zero = replace(SEED[0], value_percent=Decimal(0))
    (found,) = compare(like(rate(0.5)), [zero], zero.platform, RATE, None, TODAY)
    assert (found.points.value, found.percent.value, found.percent.reason) == (0.5, None, OF_ZERO)


@pytest.mark.parametrize(
    ("today", "old"), [(date(2026, 6, 30), False), (date(2026, 7, 1), True), (date(2025, 1, 1), False)]
)
def test_old_data_are_flagged(today: date, old: bool) -> None:
    """More than 18 months after the end of 2024, which the data describe."""
    assert is_old(SEED[0], today) is old


def test_the_seed_says_where_it_comes_from() -> None:
    """G9: denominator, statistic, year, source and provenance on every row; keys are unique and fit the table."""
    assert len(SEED) == 32
    keys = {(one.industry, one.platform, one.metric, one.statistic, one.source, one.data_year) for one in SEED}
    assert len(keys) == len(SEED)
    columns = IndustryBenchmark.__table__.columns
    for one in SEED:
        assert one.provenance
        assert one.denominator == "followers"
        assert 0 < one.value_percent < 100
        assert one.numerator == parse_numerator(one.metric, one.numerator) != NOT_STATED
        assert "saves" not in one.numerator, "saves cannot be seen from outside an account"
        for name in ("industry", "metric", "numerator", "denominator", "statistic", "source"):
            assert len(getattr(one, name)) <= columns[name].type.length  # type: ignore[attr-defined]
    assert {one.metric for one in SEED} == {RATE}
    assert set(DENOMINATORS) <= {kpi.name for kpi in (*KPIS, REACH_GROWTH)}


def test_the_portfolio_hides_its_clients() -> None:
    """Seven clients are too few; figures that are not known do not count; no quarter is the number of one client."""
    figures = {client: rate(client) for client in range(1, 10)}
    found = portfolio_quantiles(figures, FigureUnit.PERCENT)
    assert [one.value for one in (found.lower, found.middle, found.upper)] == [3, 5, 7]
    assert found.n == 9
    values = {float(one.value or 0) ** 2 for one in figures.values()}
    squares = {client: rate(float(one.value or 0) ** 2) for client, one in figures.items()}
    blurred = portfolio_quantiles(squares, FigureUnit.PERCENT)
    assert not {blurred.lower.value, blurred.middle.value, blurred.upper.value} & values, "a client's own number shows"
    few = figures | {1: missing(FigureUnit.PERCENT, "No."), 2: Figure(value=1, unit=FigureUnit.COUNT)}
    assert portfolio_quantiles(few, FigureUnit.PERCENT).middle.reason == TOO_FEW_CLIENTS


def test_a_file_of_ones_own() -> None:
    """Commas or semicolons, with a byte order mark, with sample sizes or without."""
    wanted = Benchmark(
        industry="pet shops",
        platform=Platform.INSTAGRAM,
        metric="save_rate",
        numerator="saves",
        statistic="median",
        value_percent=Decimal("0.8"),
        data_year=2026,
        sample_size=None,
        source="Our survey",
        provenance="Asked 40 shops",
        is_own=True,
    )
    for text in (HEAD + GOOD, "\ufeff" + (HEAD + GOOD).replace(",", ";").replace("\n", "\r\n"), HEAD.upper() + GOOD):
        assert parse_benchmarks(text) == ((wanted,), ())
    sized = HEAD.replace("\n", ",sample_size\n") + GOOD.replace("\n", ",40\n")
    assert parse_benchmarks(sized)[0][0].sample_size == 40
    assert matching_benchmarks([wanted], Platform.INSTAGRAM, "save_rate", "PET SHOPS") == (wanted,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace("0.8", "0,8"), "more cells"),
        (GOOD.replace("0.8", "many"), "0.36"),
        (GOOD.replace("0.8", "1_0"), "0.36"),
        (GOOD.replace("0.8", "NaN"), "0.36"),
        (GOOD.replace("0.8", "-1"), "0.36"),
        (GOOD.replace("0.8", "101"), "100"),
        (GOOD.replace("0.8", "0.12345"), "4 decimals"),
        (GOOD.replace("Our survey", "Our\x00survey"), "cannot be shown"),
        (GOOD.replace("2026", "26"), "2004"),
        (GOOD.replace("instagram", "tiktok"), "facebook or instagram"),
        (GOOD.replace("save_rate", "vibes"), "vibes"),
        (GOOD.replace("median", "best"), "statistic"),
        (GOOD.replace("Our survey", ""), "source"),
        (GOOD.replace("Our survey", "x" * 201), "200"),
        ("pet shops,instagram\n", "empty"),
        (GOOD, "earlier line"),
    ],
)
def test_bad_lines_are_named(line: str, said: str) -> None:
    """With their number, and the others are taken."""
    other = GOOD.replace("pet shops", "zoos")
    good, bad = parse_benchmarks(HEAD + GOOD + "\n" + line + other)
    assert [one.industry for one in good] == ["pet shops", "zoos"]
    assert [one.line for one in bad] == [4]
    assert said in bad[0].problem


@pytest.mark.parametrize("text", ["", "industry,platform\n", 'industry,"pla'])
def test_files_without_columns_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_benchmarks(text)


def test_ones_own_come_first() -> None:
    """G9: before what was shipped for the same industry, however old; never in the place of another industry."""
    own = replace(SEED[1], is_own=True, data_year=2020, source="Our survey")
    assert matching_benchmarks([*SEED, own], SEED[1].platform, RATE, None)[0] == own
    assert own not in matching_benchmarks([*SEED, own], SEED[1].platform, RATE, "retail")


def test_names_of_industries_are_folded() -> None:
    """G9: Pet Shops and pet shops are one industry, and so one line of a file repeats the other."""
    good, bad = parse_benchmarks(HEAD + GOOD + GOOD.replace("pet shops", "Pet  SHOPS"))
    assert ([one.industry for one in good], [one.line for one in bad]) == (["pet shops"], [3])


def test_another_denominator_is_refused() -> None:
    """G9: a save rate by followers is not like ours."""
    head, line = HEAD.replace("\n", ",denominator\n"), GOOD.replace("\n", ",followers\n")
    assert "divided by reach" in parse_benchmarks(head + line)[1][0].problem


@pytest.mark.parametrize(
    ("metric", "text", "numerator"),
    [
        (RATE, "comments + Likes", "likes+comments"),
        (RATE, "saves+shares+comments+likes", "likes+comments+shares+saves"),
        (RATE, "", "not stated"),
        (RATE, "Not stated", "not stated"),
        ("save_rate", "", "saves"),
        ("click_through_rate", "link clicks", "link clicks"),
    ],
)
def test_numerators_have_one_form(metric: str, text: str, numerator: str) -> None:
    """G9: two files that count the same say the same, whatever the order of their words."""
    assert parse_numerator(metric, text) == numerator


@pytest.mark.parametrize(
    ("metric", "text"), [(RATE, "likes+likes"), (RATE, "likes+clicks"), (RATE, "+"), ("save_rate", "likes")]
)
def test_other_numerators_are_refused(metric: str, text: str) -> None:
    """G9: a save rate that counts likes is not like ours."""
    head, line = HEAD.replace("\n", ",numerator\n"), GOOD.replace("save_rate", metric).replace("\n", f",{text}\n")
    good, bad = parse_benchmarks(head + line)
    assert (good, [one.line for one in bad]) == ((), [2])


@given(st.text(max_size=300))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """No other exception, whatever stands in the file."""
    assert len(parse_benchmarks(HEAD + GOOD)[0]) == 1
    for given_ in (text, HEAD + text):
        try:
            good, bad = parse_benchmarks(given_)
        except InvalidInputError:
            continue
        assert len(good) + len(bad) <= len(given_)
